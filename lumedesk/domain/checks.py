"""What is looked at before a withdrawal is reviewed: plain functions over plain facts, each with its verdict in words."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from enum import Enum
from statistics import median_low

from lumedesk.domain.intents import OPEN, Intent, State, WithdrawalTerms, likeness_of
from lumedesk.domain.limits import LEAST_PAST, CurrencyLimits, Limits, Threshold, times, typed_from
from lumedesk.domain.money import added, grouped, less
from lumedesk.domain.records import Account, Beneficiary, Withdrawal
from lumedesk.domain.sightings import Sighting, changes, pays_to, seen_details
from lumedesk.domain.times import instant

LEAST_REASON = 5
STALE_AFTER = timedelta(minutes=2)
_FAR_TIMES_LARGEST = 3
_FAR_TIMES_MEDIAN = 10
# Money that came back, or never left.
_NOT_PAID = frozenset({"FAILED", "CANCELLED", "REVERSED"})
_NOT_MOVED = frozenset({State.NOT_SENT, State.REFUSED, State.NOT_RECEIVED})

Likeness = tuple[str, ...]


class CheckVerdict(Enum):
    """Go on, go on with a reason, or don't."""

    OK = "OK"
    WARN = "Look"
    STOP = "Stop"


@dataclass(frozen=True, slots=True)
class Check:
    """One finding. `attestation` is what the operator has to declare, in its own words; empty where nothing."""

    name: str
    verdict: CheckVerdict
    words: str
    needs_reason: bool = False
    attestation: str = ""


@dataclass(frozen=True, slots=True)
class Facts:
    """All that the checks look at. `past` holds withdrawals of this currency, `intents` all that the journal knows."""

    beneficiary: Beneficiary
    amount: Decimal
    account: Account | None
    # When the balance was last confirmed; None when it never was.
    balance_at: datetime | None
    now: datetime
    past: tuple[Withdrawal, ...] = ()
    past_is_known: bool = True
    intents: tuple[Intent, ...] = ()
    # Likenesses of orders whose outcome nobody knows, as the movements tell them.
    unresolved: frozenset[Likeness] = frozenset()
    limits: Limits = field(default_factory=Limits)
    limits_trouble: str = ""
    sighting: Sighting | None = None
    sightings_trouble: str = ""

    @property
    def currency(self) -> str:
        """The currency of the payment."""
        return self.beneficiary.currency or ""

    @property
    def likeness(self) -> Likeness:
        """What makes another order look like this one."""
        terms = WithdrawalTerms(self.beneficiary.id or "", "", None, self.currency, self.amount)
        return likeness_of(terms)


def run_checks(facts: Facts) -> tuple[Check, ...]:
    """All checks, always in the same order."""
    return (
        unresolved_lookalike(facts),
        balance_age(facts),
        balance_covers(facts),
        *limit_checks(facts),
        same_payment_lately(facts),
        unusual_size(facts),
        first_payment(facts),
        changed_since_seen(facts),
    )


def unresolved_lookalike(facts: Facts) -> Check:
    """Stop while an order like this one has no known outcome: it may be executed yet."""
    name = "Unresolved payments"
    under_way = any(each.state in OPEN and each.likeness == facts.likeness for each in facts.intents)
    if under_way or facts.likeness in facts.unresolved:
        words = "An earlier withdrawal of this amount to this beneficiary has no known outcome. Resolve it first."
        return Check(name, CheckVerdict.STOP, words)
    return Check(name, CheckVerdict.OK, "No payment like this one is waiting for its outcome.")


def balance_age(facts: Facts) -> Check:
    """Stop on a stale balance: reading it again is quick."""
    name = "Age of the balance"
    if facts.balance_at is None:
        return Check(name, CheckVerdict.STOP, "The balance was never read. Refresh it first.")
    age = facts.now - facts.balance_at
    if age > STALE_AFTER:
        minutes = int(age.total_seconds() // 60)
        return Check(
            name, CheckVerdict.STOP, f"The balance was last read {_many(minutes, 'minute')} ago. Refresh it first."
        )
    seconds = int(age.total_seconds())
    return Check(name, CheckVerdict.OK, f"Read {_many(seconds, 'second')} ago." if seconds > 0 else "Read just now.")


def balance_covers(facts: Facts) -> Check:
    """Stop where the money isn't there."""
    name = "Balance"
    balance = facts.account.balance if facts.account else None
    if balance is None:
        return Check(name, CheckVerdict.STOP, f"The {facts.currency} balance isn't known.")
    if facts.amount > balance:
        return Check(
            name, CheckVerdict.STOP, f"{_sum(facts)} is more than the {grouped(balance)} {facts.currency} available."
        )
    left = less(balance, facts.amount)
    fee = "; a fee on top of it would not be covered" if not left else ", less the fee"
    return Check(name, CheckVerdict.OK, f"Leaves {grouped(left)} {facts.currency}{fee}.")


def limit_checks(facts: Facts) -> tuple[Check, ...]:
    """Warn above each local limit that is set. The days are calendar days in UTC, this payment included."""
    limits = facts.limits.of(facts.currency)
    for_one = facts.limits.of_beneficiary(facts.beneficiary.id or "", facts.currency)
    if facts.limits_trouble:
        return (Check("Limits", CheckVerdict.WARN, facts.limits_trouble, needs_reason=True),)
    if limits == CurrencyLimits(typed_from=limits.typed_from) and for_one is None:
        return (Check("Limits", CheckVerdict.OK, f"No limits are set for {facts.currency}."),)
    found = [_limit("Limit for one payment", limits.single, facts.amount, facts)]
    if limits.daily is not None:
        found.append(_limit("Limit for a day", limits.daily, added(facts.amount, sent_today(facts)), facts))
    if for_one is not None:
        total = added(facts.amount, sent_today(facts, to_this_one=True))
        found.append(_limit("Limit for this beneficiary and day", for_one, total, facts))
    return tuple(each for each in found if each is not None)


def same_payment_lately(facts: Facts) -> Check:
    """Warn when the same amount went to the same beneficiary within the days that the limits name."""
    name = "Same payment lately"
    days = facts.limits.repeat_days
    since = facts.now - timedelta(days=days)
    if not facts.past_is_known:
        return Check(
            name, CheckVerdict.WARN, "Past withdrawals aren't loaded yet, so it can't be told.", needs_reason=True
        )
    times_of = [
        at
        for each in _paid(facts.past)
        if each.amount == facts.amount
        and pays_to(facts.beneficiary, each)
        and (at := _at(each)) is not None
        and at >= since
    ]
    times_of += [
        at
        for intent in facts.intents
        if intent.likeness == facts.likeness
        and intent.state is State.ACCEPTED
        and (at := _armed(intent)) is not None
        and at >= since
    ]
    if times_of:
        latest = max(times_of)
        words = f"The same amount went to this beneficiary on {latest:%d %b %Y at %H:%M} UTC. It may be paid already."
        return Check(name, CheckVerdict.WARN, words, needs_reason=True)
    return Check(name, CheckVerdict.OK, f"Not this amount to this beneficiary within {_many(days, 'day')}.")


def unusual_size(facts: Facts) -> Check:
    """Warn when it is far more than what was paid before: over 3 times the largest, or over 10 times the median."""
    name = "Usual size"
    past = past_amounts(facts.past)
    if len(past) < LEAST_PAST:
        words = f"Fewer than {LEAST_PAST} earlier payments in {facts.currency}: nothing to compare with."
        return Check(name, CheckVerdict.OK, words)
    largest, median = max(past), median_low(past)
    if facts.amount > times(largest, _FAR_TIMES_LARGEST):
        words = f"More than {_FAR_TIMES_LARGEST} times the largest payment so far, {grouped(largest)} {facts.currency}."
    elif facts.amount > times(median, _FAR_TIMES_MEDIAN):
        words = f"More than {_FAR_TIMES_MEDIAN} times the median payment, {grouped(median)} {facts.currency}."
    else:
        return Check(name, CheckVerdict.OK, f"In the range of {len(past)} earlier payments in {facts.currency}.")
    return Check(name, CheckVerdict.WARN, words, needs_reason=True)


def first_payment(facts: Facts) -> Check:
    """Warn on the first payment to a destination; it takes a declaration rather than a reason."""
    name = "First payment"
    if was_paid_before(facts):
        return Check(name, CheckVerdict.OK, "This beneficiary was paid before.")
    return Check(
        name,
        CheckVerdict.WARN,
        "The desk knows of no earlier payment to this beneficiary.",
        attestation="I compared the destination with one I got from the beneficiary by a way other than e-mail.",
    )


def changed_since_seen(facts: Facts) -> Check:
    """Warn when the beneficiary reads differently than when it was last seen; a new destination should rest for a day."""
    name = "Beneficiary's details"
    if facts.sightings_trouble:
        return Check(name, CheckVerdict.WARN, facts.sightings_trouble, needs_reason=True)
    if facts.sighting is None:
        return Check(name, CheckVerdict.OK, "Seen for the first time: nothing to compare with.")
    differing = changes(facts.sighting.details, seen_details(facts.beneficiary))
    if not differing:
        return Check(name, CheckVerdict.OK, f"As seen on {facts.sighting.seen_at:%d %b %Y}.")
    names = ", ".join(each.label for each in differing[:5])
    until = facts.sighting.cooling_until(facts.now)
    rest = f" Cooling-off until {until:%d %b %H:%M} UTC." if until else ""
    return Check(name, CheckVerdict.WARN, f"Different since it was last seen: {names}.{rest}", needs_reason=True)


def was_paid_before(facts: Facts) -> bool:
    """Whether the history, the journal or the record of what was seen knows of a payment to this beneficiary."""
    if facts.sighting is not None and facts.sighting.used_at is not None:
        return True
    return any(pays_to(facts.beneficiary, each) for each in _paid(facts.past)) or any(
        intent.state is State.ACCEPTED and _is_to(intent, facts.beneficiary) for intent in facts.intents
    )


def sent_today(facts: Facts, *, to_this_one: bool = False) -> Decimal:
    """What left, or may have left, in this currency since midnight UTC; only to this beneficiary if so asked."""
    midnight = facts.now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    listed = [
        each
        for each in _paid(facts.past)
        if (at := _at(each)) is not None and at >= midnight and (not to_this_one or pays_to(facts.beneficiary, each))
    ]
    known = {each.transaction_id for each in facts.past}
    total = Decimal(0)
    for each in listed:
        total = added(total, each.amount or Decimal(0))
    for intent in facts.intents:
        terms = intent.terms
        if not isinstance(terms, WithdrawalTerms) or terms.currency != facts.currency or intent.state in _NOT_MOVED:
            continue
        at = _armed(intent)
        is_listed = intent.transaction_id is not None and intent.transaction_id in known
        if at is None or at < midnight or is_listed or (to_this_one and not _is_to(intent, facts.beneficiary)):
            continue
        total = added(total, terms.amount)
    return total


def past_amounts(past: Iterable[Withdrawal]) -> tuple[Decimal, ...]:
    """The amounts that were really paid."""
    return tuple(each.amount for each in _paid(past) if each.amount is not None)


def typing_threshold(facts: Facts) -> Threshold | None:
    """From which amount on it has to be typed once more at the review."""
    balance = facts.account.balance if facts.account else None
    return typed_from(facts.limits.of(facts.currency), past_amounts(facts.past), balance)


def is_reason(text: str) -> bool:
    """Whether a text says enough to stand in the audit log."""
    return len("".join(text.split())) >= LEAST_REASON


def _limit(name: str, limit: Decimal | None, total: Decimal, facts: Facts) -> Check | None:
    if limit is None:
        return None
    bound = f"{grouped(limit)} {facts.currency}"
    if total > limit:
        words = f"{grouped(total)} {facts.currency} would be above the limit of {bound}."
        return Check(name, CheckVerdict.WARN, words, needs_reason=True)
    return Check(name, CheckVerdict.OK, f"{grouped(total)} of {bound}.")


def _paid(past: Iterable[Withdrawal]) -> list[Withdrawal]:
    return [each for each in past if each.status not in _NOT_PAID]


def _at(withdrawal: Withdrawal) -> datetime | None:
    moment = instant(withdrawal.created_at)
    return None if moment is None else moment.at


def _armed(intent: Intent) -> datetime | None:
    moment = instant(intent.arming.armed_at)
    return None if moment is None else moment.at


def _is_to(intent: Intent, beneficiary: Beneficiary) -> bool:
    return isinstance(intent.terms, WithdrawalTerms) and intent.terms.beneficiary_id == beneficiary.id


def _sum(facts: Facts) -> str:
    return f"{grouped(facts.amount)} {facts.currency}"


def _many(count: int, unit: str) -> str:
    return f"{count} {unit}{'' if count == 1 else 's'}"
