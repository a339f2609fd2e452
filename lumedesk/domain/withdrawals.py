"""The withdrawal, step by step: what has been chosen, what is missing, and the order it comes to. No widgets, no network."""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from enum import IntEnum
from typing import Any

from lumedesk.domain.amount_entry import PLAIN, Convention, Entry, read_amount
from lumedesk.domain.checks import LEAST_REASON, Check, CheckVerdict, is_reason
from lumedesk.domain.intents import WithdrawalTerms, likeness_of
from lumedesk.domain.limits import Threshold
from lumedesk.domain.money import AmountError, fixed, grouped, less
from lumedesk.domain.records import Account, Beneficiary
from lumedesk.domain.sightings import Change


class Step(IntEnum):
    """The wizard's steps, in order. SENDING shows what was reviewed and lets nothing be changed."""

    BENEFICIARY = 0
    AMOUNT = 1
    CHECKS = 2
    REVIEW = 3
    SENDING = 4
    RESULT = 5


@dataclass(frozen=True, slots=True)
class WithdrawalOrder:
    """What is sent, exactly as reviewed. `uuid` is this order's own: one order is given at most once."""

    uuid: str
    beneficiary_id: str
    beneficiary_name: str
    details: Any
    currency: str
    amount: Decimal
    # For the audit log: what was checked, and why the operator went on.
    notes: dict[str, Any] | None = None
    # The intent that this order tries anew, if it does.
    retry_of: str | None = None

    @property
    def likeness(self) -> tuple[str, ...]:
        """What makes two orders look alike on the server's side."""
        return likeness_of(self.terms)

    @property
    def terms(self) -> WithdrawalTerms:
        """What the journal keeps of it."""
        return WithdrawalTerms(self.beneficiary_id, self.beneficiary_name, self.details, self.currency, self.amount)


@dataclass(frozen=True, slots=True)
class Draft:
    """What is kept of a withdrawal that was closed before it was sent. The rest is looked up and checked anew."""

    beneficiary_id: str
    typed: str


@dataclass(frozen=True, slots=True)
class WithdrawalFlow:
    """An immutable draft: each answer makes the next one. `account` is the one the money leaves, as last read."""

    beneficiary: Beneficiary | None = None
    account: Account | None = None
    decimals: int | None = None
    typed: str = ""
    # Destinations and amounts whose earlier order has no known outcome; they can't be sent again.
    blocked: frozenset[tuple[str, ...]] = frozenset()
    uuid: str = field(default_factory=lambda: str(uuid.uuid4()))
    convention: Convention = PLAIN
    # How the beneficiary differs from when it was last seen, and whether the operator has verified that.
    changes: tuple[Change, ...] = ()
    is_acknowledged: bool = False
    # The text whose reading was confirmed, where it could be read in two ways.
    confirmed: str | None = None
    checks: tuple[Check, ...] = ()
    # By the name of the check.
    reasons: Mapping[str, str] = field(default_factory=dict)
    attested: frozenset[str] = frozenset()
    threshold: Threshold | None = None
    retyped: str = ""
    retry_of: str | None = None

    # What the operator answers

    def choose(
        self,
        beneficiary: Beneficiary,
        account: Account | None,
        decimals: int | None,
        changes: tuple[Change, ...] = (),
    ) -> "WithdrawalFlow":
        """Take a beneficiary with the account of its currency; the amount typed so far stays."""
        if beneficiary == self.beneficiary and changes == self.changes:
            return replace(self, account=account, decimals=decimals)
        chosen = replace(self, beneficiary=beneficiary, account=account, decimals=decimals, changes=changes)
        return replace(chosen, is_acknowledged=False)._unanswered()

    def unchoose(self) -> "WithdrawalFlow":
        """Take the beneficiary back; the amount typed so far stays."""
        return replace(self, beneficiary=None, account=None, decimals=None, changes=())._unanswered()

    def acknowledge(self, *, is_acknowledged: bool) -> "WithdrawalFlow":
        """The operator has verified what changed, or takes that back."""
        return replace(self, is_acknowledged=is_acknowledged)

    def type_amount(self, text: str) -> "WithdrawalFlow":
        """Take what stands in the amount field, whatever it is."""
        return self if text == self.typed else replace(self, typed=text, confirmed=None)._unanswered()

    def confirm_reading(self) -> "WithdrawalFlow":
        """The amount is meant as it was read."""
        return replace(self, confirmed=self.typed)

    def type_all(self) -> "WithdrawalFlow":
        """Take all that is available; what the desk writes itself needs no confirming."""
        if self.account is None or self.account.balance is None:
            return self
        return self.type_amount(self.convention.write(self.account.balance)).confirm_reading()

    def give_reason(self, check: str, text: str) -> "WithdrawalFlow":
        """Why the operator goes on in spite of a check."""
        return replace(self, reasons={**self.reasons, check: text})

    def attest(self, check: str, *, is_attested: bool) -> "WithdrawalFlow":
        """Declare what a check asks for, or take it back."""
        return replace(self, attested=self.attested | {check} if is_attested else self.attested - {check})

    def retype(self, text: str) -> "WithdrawalFlow":
        """Take what stands in the field that asks for the amount once more."""
        return replace(self, retyped=text)

    # What happens meanwhile

    def with_account(self, account: Account | None) -> "WithdrawalFlow":
        """Take a fresher balance."""
        return replace(self, account=account)

    def with_blocked(self, blocked: frozenset[tuple[str, ...]]) -> "WithdrawalFlow":
        """Take what must not be sent again, as it is now."""
        return replace(self, blocked=blocked)

    def with_checks(self, checks: tuple[Check, ...], threshold: Threshold | None) -> "WithdrawalFlow":
        """Take fresh results. A reason given for other words than a check says now doesn't stand any more."""
        before = {each.name: each.words for each in self.checks}
        standing = {each.name for each in checks if before.get(each.name) == each.words}
        reasons = {name: text for name, text in self.reasons.items() if name in standing}
        return replace(self, checks=checks, threshold=threshold, reasons=reasons, attested=self.attested & standing)

    def anew(self, retry_of: str | None) -> "WithdrawalFlow":
        """The same draft as another order, after one that moved no money."""
        return replace(self, uuid=str(uuid.uuid4()), retry_of=retry_of, retyped="")

    # What it comes to

    def missing(self, step: Step) -> str | None:
        """Why `step`, or one before it, isn't complete, in words for the operator; None when it is."""
        steps = (self._missing_beneficiary, self._missing_amount, self._missing_checks, self._missing_review)
        return next((why for look in steps[: step + 1] if (why := look()) is not None), None)

    @property
    def first_incomplete(self) -> Step:
        """Where to go on: the first step that lacks something, or the review."""
        return next((step for step in Step if step < Step.REVIEW and self.missing(step) is not None), Step.REVIEW)

    @property
    def entry(self) -> Entry | None:
        """What the typed text reads as, whether or not it may be sent; None for what isn't an amount."""
        try:
            return read_amount(self.typed, self.convention, self.decimals)
        except AmountError:
            return None

    @property
    def needs_confirming(self) -> bool:
        """Whether the text could be read in two ways and nobody has said which one is meant."""
        entry = self.entry
        return entry is not None and entry.ambiguous_as is not None and self.confirmed != self.typed

    @property
    def needs_retyping(self) -> bool:
        """Whether the amount is so large that it has to be typed once more."""
        amount = self.amount
        return amount is not None and self.threshold is not None and amount >= self.threshold.amount

    @property
    def amount(self) -> Decimal | None:
        """The amount, when it may be sent."""
        try:
            return self._amount()
        except AmountError:
            return None

    @property
    def balance_after(self) -> Decimal | None:
        """What is left available, before any fee; None when that isn't known."""
        amount = self.amount
        if amount is None or self.account is None or self.account.balance is None:
            return None
        return less(self.account.balance, amount)

    @property
    def draft(self) -> Draft | None:
        """What to keep when the wizard is closed now; None when there is nothing worth it."""
        if self.beneficiary is None or not self.beneficiary.id or not self.typed.strip():
            return None
        return Draft(self.beneficiary.id, self.typed)

    def order(self) -> WithdrawalOrder:
        """The order this draft comes to. Errors: ValueError while something is missing."""
        problem = self.missing(Step.REVIEW)
        if problem is not None or self.beneficiary is None or not self.beneficiary.id or not self.beneficiary.currency:
            raise ValueError(problem)
        return replace(self._order(self.beneficiary, self._amount()), notes=self._notes(), retry_of=self.retry_of)

    # Each step by itself

    def _missing_beneficiary(self) -> str | None:
        if self.beneficiary is None or not self.beneficiary.id or not self.beneficiary.currency:
            return "Choose who gets the money."
        if self.changes and not self.is_acknowledged:
            return "Verify what changed, and say so."
        return None

    def _missing_amount(self) -> str | None:
        try:
            amount = self._amount()
        except AmountError as error:
            return str(error)
        return f"Say whether {fixed(amount)} is meant." if self.needs_confirming else None

    def _missing_checks(self) -> str | None:
        if not self.checks:
            return "The checks haven't been made yet."
        for each in self.checks:
            if each.verdict is CheckVerdict.STOP:
                return f"{each.name}: {each.words}"
            if each.needs_reason and not is_reason(self.reasons.get(each.name, "")):
                return f"{each.name}: give a reason of at least {LEAST_REASON} characters."
            if each.attestation and each.name not in self.attested:
                return f"{each.name}: your declaration is missing."
        return None

    def _missing_review(self) -> str | None:
        if not self.needs_retyping:
            return None
        try:
            typed = read_amount(self.retyped, self.convention, self.decimals)
        except AmountError as error:
            return str(error) if self.retyped.strip() else "Type the amount once more."
        return None if typed.amount == self._amount() else "That isn't the amount above."

    def _amount(self) -> Decimal:
        amount = read_amount(self.typed, self.convention, self.decimals).amount
        currency = self.beneficiary.currency if self.beneficiary else None
        if self.account is None:
            raise AmountError(f"You hold no {currency} account to send from.")
        if self.account.balance is None:
            raise AmountError(f"The {currency} balance isn't known, so the amount can't be checked.")
        if amount > self.account.balance:
            raise AmountError(f"That is more than the {grouped(self.account.balance)} {currency} available.")
        if self.beneficiary is not None and self._order(self.beneficiary, amount).likeness in self.blocked:
            raise AmountError(
                "An earlier withdrawal of this amount to this beneficiary has no known outcome. Resolve it first."
            )
        return amount

    def _order(self, beneficiary: Beneficiary, amount: Decimal) -> WithdrawalOrder:
        return WithdrawalOrder(
            self.uuid,
            beneficiary.id or "",
            beneficiary.nickname or "",
            beneficiary.withdraw_form_details,
            beneficiary.currency or "",
            amount,
        )

    def _notes(self) -> dict[str, Any]:
        """What was found and what the operator said to it."""
        found = [
            {
                "check": each.name,
                "found": each.verdict.value,
                "words": each.words,
                **({"reason": self.reasons[each.name].strip()} if each.needs_reason else {}),
                **({"declared": each.attestation} if each.attestation else {}),
            }
            for each in self.checks
        ]
        notes: dict[str, Any] = {"typed": self.typed, "checks": found}
        if self.changes:
            changed = [f"{each.label}: {each.old or '–'} → {each.new or '–'}" for each in self.changes]
            notes["changes acknowledged"] = changed
        if self.needs_retyping:
            notes["typed once more"] = self.retyped
        return notes

    def _unanswered(self) -> "WithdrawalFlow":
        """Whatever was said about another beneficiary or amount doesn't hold for this one."""
        return replace(self, checks=(), reasons={}, attested=frozenset(), threshold=None, retyped="")
