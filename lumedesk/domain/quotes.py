"""Asking for a price and holding it to its deadline. A quote is one immutable snapshot: what is shown is what is sent."""

import math
from collections import deque
from datetime import datetime, timedelta
from decimal import ROUND_HALF_EVEN, Context, Decimal
from enum import Enum
from fractions import Fraction
from typing import Any

import msgspec

from lumedesk.domain.clocks import Clock
from lumedesk.domain.money import grouped
from lumedesk.domain.quote_reading import Expiry, QuoteAnswer, Side, read_answer
from lumedesk.domain.text import shown

# Used, and labelled as assumed, when the server's answer names no expiry that can be believed.
ASSUMED_LIFE_S = 10.0
# A confirmation must arrive before the quote expires: this, or the p95 of recent round trips, whichever is larger.
SAFETY_MARGIN_S = 0.5
# Beyond this disagreement of the two clocks, one of them was moved, or the computer slept.
MAX_DISAGREEMENT_S = 1.0
FOR_INFORMATION = "This price is for information only."

_MAX_LIFE_S = 3600.0
# An expiry that only this computer's clock can be held against is believed no further than this.
_MAX_LIFE_BY_OWN_CLOCK_S = 60.0
# The Date header is cut to the second.
_DATE_CUT_S = 1.0
_DEAD_STATUSES = frozenset({"expired", "rejected", "cancelled", "canceled", "failed", "declined", "error"})


class Intent(Enum):
    """What a quote is for: a look at the price, or a price that may be confirmed."""

    INDICATIVE = "indicative"
    CLIENT_LINKED = "client_linked"


class Death(Enum):
    """Why a quote can't be confirmed any more."""

    EXPIRED = "expired"
    CLOCK_MOVED = "clock moved"


class QuoteRequest(msgspec.Struct, frozen=True):
    """What the operator asks a price for: exactly one side's amount is given."""

    from_currency: str
    to_currency: str
    from_amount: Decimal | None = None
    to_amount: Decimal | None = None
    intent: Intent = Intent.CLIENT_LINKED


class RawQuote(msgspec.Struct, frozen=True):
    """The answer to a quote request, as it came: the vendor documents none of its fields."""

    fields: dict[str, Any]
    server_date: datetime | None
    round_trip_s: float


class QuoteOrder(msgspec.Struct, frozen=True):
    """What confirming a quote sends: the reference and one side's amount, both taken from the quote itself."""

    quote_str: str
    from_currency: str
    to_currency: str
    from_amount: Decimal | None = None
    to_amount: Decimal | None = None


class QuotePreferences(msgspec.Struct, frozen=True):
    """How one operator likes quotes. Amounts are in the currency they are compared with; 0 always asks for a hold."""

    hold_from: Decimal = Decimal(100_000)
    hold_from_by_currency: dict[str, Decimal] = msgspec.field(default_factory=dict)
    two_step: bool = False
    auto_refresh: bool = False
    max_refreshes: int = 20
    tolerance_bp: Decimal = Decimal(25)
    assumed_life_s: float = ASSUMED_LIFE_S
    max_balance_age_s: float = 120.0

    def asks_for_hold(self, quote: "Quote") -> bool:
        """True when either side of the quote reaches its currency's threshold."""
        sides = (
            (quote.from_amount, quote.request.from_currency),
            (quote.to_amount, quote.request.to_currency),
        )
        return any(
            amount is not None and amount >= self.hold_from_by_currency.get(currency, self.hold_from)
            for amount, currency in sides
        )


class RoundTrips:
    """How long recent exchanges took, for the safety margin."""

    def __init__(self, kept: int = 40) -> None:
        self._recent: deque[float] = deque(maxlen=kept)

    def note(self, round_trip_s: float) -> None:
        """Remember one exchange."""
        self._recent.append(round_trip_s)

    def p95_s(self) -> float:
        """The duration that 95 of 100 exchanges stay within; 0 when nothing is known."""
        ordered = sorted(self._recent)
        return ordered[math.ceil(0.95 * len(ordered)) - 1] if ordered else 0.0


class Quote(msgspec.Struct, frozen=True):
    """A price with its deadline, in ticks of the desk's clock. `problem` says why it can't be confirmed, if so."""

    request: QuoteRequest
    quote_str: str | None
    from_amount: Decimal | None
    to_amount: Decimal | None
    rate: Decimal | None
    is_rate_inverted: bool
    fee: Decimal | None
    received_at: datetime
    received_ticks: float
    deadline_ticks: float
    life_is_assumed: bool
    problem: str | None
    fee_currency: str | None = None
    fee_is_in_parts: bool = False
    assumed_life_s: float = ASSUMED_LIFE_S

    @property
    def deadline_at(self) -> datetime:
        """The deadline by the wall clock as it was when the quote arrived."""
        return self.received_at + timedelta(seconds=self.deadline_ticks - self.received_ticks)

    @property
    def price(self) -> Fraction | None:
        """What one unit paid brings, fees included, exactly; None without two positive amounts."""
        if self.from_amount is None or self.to_amount is None or self.from_amount <= 0 or self.to_amount <= 0:
            return None
        return Fraction(self.to_amount) / Fraction(self.from_amount)

    def remaining_s(self, ticks: float) -> float:
        """Seconds left to confirm; 0 once it is too late."""
        return max(0.0, self.deadline_ticks - ticks)

    def life_s(self) -> float:
        """Seconds there were to confirm when the quote arrived."""
        return max(0.0, self.deadline_ticks - self.received_ticks)

    def death(self, ticks: float, now: datetime | None = None) -> Death | None:
        """Why it has died; None while it lives. Without `now` only the boot clock is asked."""
        if now is not None:
            passed_s = (now - self.received_at).total_seconds()
            if abs(passed_s - (ticks - self.received_ticks)) > MAX_DISAGREEMENT_S:
                return Death.CLOCK_MOVED
            if now >= self.deadline_at:
                return Death.EXPIRED
        if ticks < self.received_ticks:
            return Death.CLOCK_MOVED
        return Death.EXPIRED if ticks >= self.deadline_ticks else None

    def may_confirm(self, ticks: float, now: datetime | None = None) -> bool:
        """True while confirming is allowed: a whole, firm quote before its deadline by both clocks."""
        return self.problem is None and self.death(ticks, now) is None

    def is_alive(self, clock: Clock) -> bool:
        """`may_confirm` by both of this clock's readings; for any thread."""
        return self.may_confirm(clock.ticks(), clock.now())

    def order(self) -> QuoteOrder:
        """What confirming sends. Errors: ValueError for a quote with a problem."""
        if self.problem is not None or self.quote_str is None:
            raise ValueError(self.problem or "the quote has no reference")
        by_from = self.request.from_amount is not None
        return QuoteOrder(
            self.quote_str,
            self.request.from_currency,
            self.request.to_currency,
            from_amount=self.from_amount if by_from else None,
            to_amount=None if by_from else self.to_amount,
        )


def read_quote(
    raw: RawQuote,
    request: QuoteRequest,
    received_at: datetime,
    received_ticks: float,
    *,
    sent_ticks: float | None = None,
    latency_p95_s: float | None = None,
    assumed_life_s: float = ASSUMED_LIFE_S,
) -> Quote:
    """Read the undocumented answer tolerantly. Never raises: what is missing or contradicts the request is `problem`.

    The life counts from when the request was sent, the earliest that the server can have made the quote: `sent_ticks`,
    or what the round trip says when that is earlier. `latency_p95_s` is of recent round trips; without it this one's counts.
    """
    answer = read_answer(raw.fields)
    life_s = _life_s(answer.expiry, raw.server_date, received_at)
    sent = received_ticks - max(0.0, raw.round_trip_s)
    if sent_ticks is not None:
        sent = min(sent, sent_ticks)
    margin_s = max(SAFETY_MARGIN_S, raw.round_trip_s if latency_p95_s is None else latency_p95_s)
    return Quote(
        request=request,
        quote_str=answer.quote_str.value,
        from_amount=answer.paid.amount.value,
        to_amount=answer.received.amount.value,
        rate=answer.rate.value,
        is_rate_inverted=answer.is_rate_inverted.value is True,
        fee=answer.fee.value,
        received_at=received_at,
        received_ticks=received_ticks,
        deadline_ticks=max(received_ticks, sent + (assumed_life_s if life_s is None else life_s) - margin_s),
        life_is_assumed=life_s is None,
        problem=_problem(answer, request),
        fee_currency=answer.fee_currency,
        fee_is_in_parts=answer.fee_is_in_parts,
        assumed_life_s=assumed_life_s,
    )


def _life_s(expiry: Expiry, server_date: datetime | None, received_at: datetime) -> float | None:
    """Seconds from the request to the expiry: the shortest of all credible readings, None without one."""
    lives = [life for life in expiry.lives_s if life <= _MAX_LIFE_S]
    # The server's own clock, by what it says of itself; ours only when it says nothing.
    starts = [] if expiry.made_at is None else [expiry.made_at]
    if server_date is not None:
        # It was up to a second later there than the header says.
        starts.append(server_date + timedelta(seconds=_DATE_CUT_S))
    longest = _MAX_LIFE_S if starts else _MAX_LIFE_BY_OWN_CLOCK_S
    by_clock = [(end - start).total_seconds() for end in expiry.ends_at for start in starts or [received_at]]
    lives += [life for life in by_clock if life <= longest]
    return max(0.0, min(lives)) if lives else None


def _problem(answer: QuoteAnswer, request: QuoteRequest) -> str | None:
    paid, received = answer.paid.amount.value, answer.received.amount.value
    doubts = (answer.paid, answer.received)
    for reading in (each.amount for each in doubts):
        if reading.doubt is not None and "different" in reading.doubt:
            return reading.doubt
    if paid is None or received is None:
        return "The server's answer doesn't state both amounts in a form that can be read."
    if paid <= 0 or received <= 0:
        return "The server's answer states an amount that isn't more than zero."
    contradiction = _contradiction(answer, request)
    if contradiction is not None:
        return contradiction
    if answer.is_too_large:
        return "The server's answer is too large to be read with certainty."
    if request.intent is Intent.INDICATIVE:
        return FOR_INFORMATION
    if answer.intent is not None and answer.intent.casefold() == Intent.INDICATIVE.value:
        return "The server answered with a price that is for information only."
    if answer.status is not None and answer.status.casefold() in _DEAD_STATUSES:
        return f"The server marks this quote as {shown(answer.status.casefold(), 20)}."
    if answer.quote_str.doubt is not None and "different" in answer.quote_str.doubt:
        return answer.quote_str.doubt
    if answer.quote_str.value is None:
        return "The server's answer carries no reference to confirm."
    return answer.rate.doubt or answer.is_rate_inverted.doubt or answer.fee.doubt


def _contradiction(answer: QuoteAnswer, request: QuoteRequest) -> str | None:
    """What in the answer isn't what was asked for."""
    sides: tuple[tuple[str, Decimal | None, str, Side], ...] = (
        ("sell", request.from_amount, request.from_currency, answer.paid),
        ("buy", request.to_amount, request.to_currency, answer.received),
    )
    for verb, asked, currency, side in sides:
        quoted = side.amount.value
        if asked is not None and quoted is not None and asked != quoted:
            return f"You asked to {verb} {grouped(asked)}, but the server quoted {grouped(quoted)}."
        if side.currency.doubt is not None:
            return side.currency.doubt
        named = side.currency.value
        if named is not None and named.strip().casefold() != currency.casefold():
            return f"You asked for {currency}, but the server quoted {shown(named, 20)}."
    codes = [code for code in (answer.pair or "").replace("_", "/").replace("-", "/").split("/") if code]
    asked_pair = {request.from_currency.casefold(), request.to_currency.casefold()}
    if len(codes) == 2 and {code.strip().casefold() for code in codes} != asked_pair:
        return f"You asked for {request.from_currency} and {request.to_currency}, but the server quoted another pair."
    return None


# Comparing prices


class Direction(Enum):
    """Which way a price went for whoever pays `from` and receives `to`."""

    BETTER = "better"
    WORSE = "worse"
    SAME = "the same"


class Change(msgspec.Struct, frozen=True):
    """A difference in price, in basis points of the earlier one: `bp` is signed and rounded to a tenth."""

    bp: Decimal
    direction: Direction


def change_between(before: Quote | None, after: Quote) -> Change | None:
    """How `after` compares with `before`; None when they aren't prices of one pair."""
    if before is None or not _is_one_pair(before, after) or before.price is None or after.price is None:
        return None
    return change_of(before.price, after.price)


def change_of(before: Fraction, after: Fraction) -> Change:
    """The difference between two prices, each of which is more than zero."""
    exact = (after / before - 1) * 10_000
    direction = Direction.SAME if exact == 0 else Direction.BETTER if exact > 0 else Direction.WORSE
    return Change(Decimal(round(exact * 10)).scaleb(-1), direction)


def needs_acknowledgement(previous: Quote | None, fresh: Quote, tolerance_bp: Decimal) -> bool:
    """True when the price moved further than the operator tolerates, to whichever side, or can't be compared."""
    if previous is None:
        return False
    if not _is_one_pair(previous, fresh) or previous.price is None or fresh.price is None:
        return True
    return abs((fresh.price / previous.price - 1) * 10_000) > Fraction(tolerance_bp)


def inverse_rate(rate: Decimal, digits: int = 10) -> Decimal | None:
    """One over `rate`, to so many significant digits, without trailing zeros; None where there is none."""
    if not rate.is_finite() or rate <= 0:
        return None
    inverse = Context(prec=digits, rounding=ROUND_HALF_EVEN).divide(Decimal(1), rate)
    return inverse.normalize(Context(prec=digits))


def implied_rate(quote: Quote, digits: int = 10) -> Decimal | None:
    """What one unit paid brings by the quoted amounts, to so many significant digits."""
    if quote.price is None or quote.from_amount is None or quote.to_amount is None:
        return None
    context = Context(prec=digits, rounding=ROUND_HALF_EVEN)
    return context.divide(quote.to_amount, quote.from_amount).normalize(context)


def _is_one_pair(before: Quote, after: Quote) -> bool:
    one, other = before.request, after.request
    return (one.from_currency, one.to_currency) == (other.from_currency, other.to_currency)
