"""The desk's own limits on withdrawals: advisory, kept on this computer, unknown to the server and to other workstations."""

from collections.abc import Mapping
from decimal import Context, Decimal, Inexact
from statistics import median_low

import msgspec
from msgspec.structs import replace

from lumedesk.domain.money import checked

DEFAULT_REPEAT_DAYS = 7
MAX_REPEAT_DAYS = 90
# With fewer past payments than these, nothing is usual yet.
LEAST_PAST = 5
_TIMES_MEDIAN = 10
_EXACT = Context(prec=240, traps=[Inexact])


class CurrencyLimits(msgspec.Struct, frozen=True):
    """Limits in one currency; None where none is set. A day is a calendar day in UTC."""

    single: Decimal | None = None
    daily: Decimal | None = None
    beneficiary_daily: Decimal | None = None
    # From this amount on it has to be typed once more; None: `typed_from` has a default.
    typed_from: Decimal | None = None

    def __post_init__(self) -> None:
        for amount in (self.single, self.daily, self.beneficiary_daily, self.typed_from):
            _check(amount)

    @property
    def is_empty(self) -> bool:
        """Whether nothing is limited."""
        return self == CurrencyLimits()


class Limits(msgspec.Struct, frozen=True):
    """All limits of a profile. `beneficiaries` holds a daily limit by id, in place of the currency's for each."""

    currencies: Mapping[str, CurrencyLimits] = msgspec.field(default_factory=dict)
    beneficiaries: Mapping[str, Decimal] = msgspec.field(default_factory=dict)
    # The same payment within so many days is asked about.
    repeat_days: int = DEFAULT_REPEAT_DAYS

    def __post_init__(self) -> None:
        for amount in self.beneficiaries.values():
            _check(amount)
        if not 1 <= self.repeat_days <= MAX_REPEAT_DAYS:
            raise ValueError(f"{self.repeat_days} days is not between 1 and {MAX_REPEAT_DAYS}")

    def of(self, currency: str) -> CurrencyLimits:
        """The limits in `currency`; empty ones where none are set."""
        return self.currencies.get(currency, CurrencyLimits())

    def of_beneficiary(self, beneficiary_id: str, currency: str) -> Decimal | None:
        """What may go to one beneficiary in a day: its own limit, or the currency's for each."""
        return self.beneficiaries.get(beneficiary_id, self.of(currency).beneficiary_daily)

    def with_currency(self, currency: str, limits: CurrencyLimits) -> "Limits":
        """The same with other limits in one currency; empty ones are left out."""
        others = {code: each for code, each in self.currencies.items() if code != currency}
        return replace(self, currencies=others if limits.is_empty else others | {currency: limits})

    def with_beneficiary(self, beneficiary_id: str, daily: Decimal | None) -> "Limits":
        """The same with another daily limit for one beneficiary; None takes it away."""
        others = {each: amount for each, amount in self.beneficiaries.items() if each != beneficiary_id}
        return replace(self, beneficiaries=others if daily is None else others | {beneficiary_id: daily})


class Threshold(msgspec.Struct, frozen=True):
    """From `amount` on, the amount has to be typed once more; `why` says where that comes from."""

    amount: Decimal
    why: str


def typed_from(limits: CurrencyLimits, past: tuple[Decimal, ...], balance: Decimal | None) -> Threshold | None:
    """Tell from which amount on it is typed once more; None where nothing is known.

    The first of these that is known: what the limits say; half of the limit for one payment; ten times the median of at
    least five past payments; half of what is available.
    """
    if limits.typed_from is not None:
        return Threshold(limits.typed_from, "set in the limits")
    if limits.single is not None:
        return Threshold(_half(limits.single), "half of the limit for one payment")
    if len(past) >= LEAST_PAST:
        return Threshold(times(median_low(past), _TIMES_MEDIAN), f"{_TIMES_MEDIAN} times the usual payment")
    if balance is not None and balance > 0:
        return Threshold(_half(balance), "half of what is available")
    return None


def times(amount: Decimal, factor: int) -> Decimal:
    """The exact product."""
    return _EXACT.multiply(amount, factor)


def _half(amount: Decimal) -> Decimal:
    return _EXACT.divide(amount, 2)


def _check(amount: Decimal | None) -> None:
    """Errors: ValueError (AmountError is one)."""
    if amount is not None and checked(amount) <= 0:
        raise ValueError("a limit is more than zero")
