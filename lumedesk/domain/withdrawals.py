"""The withdrawal, step by step: what has been chosen, what is missing, and the order it comes to. No widgets, no network."""

import uuid
from dataclasses import dataclass, field, replace
from decimal import Decimal
from enum import IntEnum
from typing import Any

from lumedesk.domain.intents import WithdrawalTerms, likeness_of
from lumedesk.domain.money import AmountError, grouped, less, typed_amount
from lumedesk.domain.records import Account, Beneficiary


class Step(IntEnum):
    """The wizard's steps, in order."""

    BENEFICIARY = 0
    AMOUNT = 1
    REVIEW = 2
    RESULT = 3


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
class WithdrawalFlow:
    """An immutable draft: each answer makes the next one. `account` is the one the money leaves, as last read."""

    beneficiary: Beneficiary | None = None
    account: Account | None = None
    decimals: int | None = None
    typed: str = ""
    # Destinations and amounts whose earlier order has no known outcome; they can't be sent again.
    blocked: frozenset[tuple[str, ...]] = frozenset()
    uuid: str = field(default_factory=lambda: str(uuid.uuid4()))

    def choose(self, beneficiary: Beneficiary, account: Account | None, decimals: int | None) -> "WithdrawalFlow":
        """Take a beneficiary with the account of its currency; the amount typed so far stays."""
        return replace(self, beneficiary=beneficiary, account=account, decimals=decimals)

    def type_amount(self, text: str) -> "WithdrawalFlow":
        """Take what stands in the amount field, whatever it is."""
        return replace(self, typed=text)

    def with_account(self, account: Account | None) -> "WithdrawalFlow":
        """Take a fresher balance."""
        return replace(self, account=account)

    def missing(self, step: Step) -> str | None:
        """Why `step` isn't complete, in words for the operator; None when it is."""
        if self.beneficiary is None or not self.beneficiary.id or not self.beneficiary.currency:
            return "Choose who gets the money."
        if step is Step.BENEFICIARY:
            return None
        try:
            self._amount()
        except AmountError as error:
            return str(error)
        return None

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

    def order(self) -> WithdrawalOrder:
        """The order this draft comes to. Errors: ValueError while something is missing."""
        problem = self.missing(Step.REVIEW)
        if problem is not None or self.beneficiary is None or not self.beneficiary.id or not self.beneficiary.currency:
            raise ValueError(problem)
        return self._order(self.beneficiary, self._amount())

    def _amount(self) -> Decimal:
        amount = typed_amount(self.typed)
        currency = self.beneficiary.currency if self.beneficiary else None
        _, _, exponent = amount.as_tuple()
        if self.decimals is not None and isinstance(exponent, int) and -exponent > self.decimals:
            raise AmountError(f"{currency} has {self.decimals} decimals at most.")
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
