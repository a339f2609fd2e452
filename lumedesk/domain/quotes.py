"""Asking for a price and holding it to its deadline. A quote is one immutable snapshot: what is shown is what is sent."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import Enum
from typing import Any

from lumedesk.domain.money import AmountError, checked, grouped
from lumedesk.domain.times import instant

# Used, and labelled as assumed, when the server's answer names no expiry that can be believed.
ASSUMED_LIFE_S = 10.0
# A confirmation must arrive before the quote expires; this is kept back beyond the measured round trip.
SAFETY_MARGIN_S = 0.5
_MAX_LIFE_S = 3600.0


class Intent(Enum):
    """What a quote is for: a look at the price, or a price that may be confirmed."""

    INDICATIVE = "indicative"
    CLIENT_LINKED = "client_linked"


@dataclass(frozen=True, slots=True)
class QuoteRequest:
    """What the operator asks a price for: exactly one side's amount is given."""

    from_currency: str
    to_currency: str
    from_amount: Decimal | None = None
    to_amount: Decimal | None = None
    intent: Intent = Intent.CLIENT_LINKED


@dataclass(frozen=True, slots=True)
class RawQuote:
    """The answer to a quote request, as it came: the vendor documents none of its fields."""

    fields: dict[str, Any]
    server_date: datetime | None
    round_trip_s: float


@dataclass(frozen=True, slots=True)
class QuoteOrder:
    """What confirming a quote sends: the reference and one side's amount, both taken from the quote itself."""

    quote_str: str
    from_currency: str
    to_currency: str
    from_amount: Decimal | None = None
    to_amount: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Quote:
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

    def remaining_s(self, ticks: float) -> float:
        """Seconds left to confirm; 0 once it is too late."""
        return max(0.0, self.deadline_ticks - ticks)

    def life_s(self) -> float:
        """Seconds there were to confirm when the quote arrived."""
        return max(0.0, self.deadline_ticks - self.received_ticks)

    def may_confirm(self, ticks: float) -> bool:
        """True while confirming is allowed: a whole, firm quote before its deadline."""
        return self.problem is None and ticks < self.deadline_ticks

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


def read_quote(raw: RawQuote, request: QuoteRequest, received_at: datetime, received_ticks: float) -> Quote:
    """Read the undocumented answer tolerantly. Never raises: what is missing or contradicts the request is `problem`."""
    found = _Fields(raw.fields)
    from_amount = found.amount("fromamount", "sellamount")
    to_amount = found.amount("toamount", "buyamount")
    quote_str = found.text("quotestr", "quotestring", "quotereference", "quoteref", "quoteid", "reference")
    life_s = _life(found, raw, received_at)
    is_assumed = life_s is None
    margin_s = raw.round_trip_s + SAFETY_MARGIN_S
    return Quote(
        request=request,
        quote_str=quote_str,
        from_amount=from_amount,
        to_amount=to_amount,
        rate=found.amount("rate", "price", "quoterate"),
        is_rate_inverted=found.values.get("israteinverted") is True,
        fee=found.amount("fee", "feeamount", "totalfee"),
        received_at=received_at,
        received_ticks=received_ticks,
        deadline_ticks=received_ticks + max(0.0, (ASSUMED_LIFE_S if life_s is None else life_s) - margin_s),
        life_is_assumed=is_assumed,
        problem=_problem(found, request, quote_str, from_amount, to_amount),
    )


class _Fields:
    """An answer's values by name, whatever the names' case and underscores and however deep; the shallowest wins."""

    def __init__(self, answer: dict[str, Any]) -> None:
        self.values: dict[str, Any] = {}
        for name, value in _walk(answer):
            self.values.setdefault(name.replace("_", "").replace("-", "").casefold(), value)

    def text(self, *names: str) -> str | None:
        for name in names:
            value = self.values.get(name)
            if isinstance(value, str) and value.strip():
                return value
        return None

    def amount(self, *names: str) -> Decimal | None:
        for name in names:
            value = self.values.get(name)
            if isinstance(value, bool) or not isinstance(value, int | str | Decimal):
                continue
            # A string must be plain digits: Decimal itself would take "NaN", "1_000" and other scripts' digits.
            if isinstance(value, str) and not (value.isascii() and value.replace(".", "", 1).isdigit()):
                continue
            try:
                return checked(Decimal(value))
            except (AmountError, ArithmeticError):
                continue
        return None


def _walk(answer: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    level: list[dict[str, Any]] = [answer]
    while level:
        for item in level:
            yield from item.items()
        level = [value for item in level for value in item.values() if isinstance(value, dict)]


def _life(found: _Fields, raw: RawQuote, received_at: datetime) -> float | None:
    """Seconds from the answer's making to its expiry: the shortest of all credible readings, None without one."""
    lives: list[float] = []
    expiry = instant(found.text("expiresat", "expiry", "expiration", "expirytime", "validuntil", "validto"))
    if expiry is not None:
        made = instant(found.text("createdat", "quotedat", "timestamp"))
        # The server's own clock, by what it says of itself; ours only when it says nothing.
        starts = [start for start in (made.at if made else None, raw.server_date) if start is not None]
        lives += [(expiry.at - start).total_seconds() for start in starts or [received_at]]
    seconds = found.amount("expiresin", "expiresinseconds", "validforseconds", "ttl", "ttlseconds")
    if seconds is not None:
        lives.append(float(seconds))
    millis = found.amount("expiresinms", "expiresinmillis", "validforms", "ttlms")
    if millis is not None:
        lives.append(float(millis) / 1000)
    credible = [life for life in lives if life <= _MAX_LIFE_S]
    return max(0.0, min(credible)) if credible else None


def _problem(
    found: _Fields,
    request: QuoteRequest,
    quote_str: str | None,
    from_amount: Decimal | None,
    to_amount: Decimal | None,
) -> str | None:
    if from_amount is None or to_amount is None:
        return "The server's answer doesn't state both amounts."
    if from_amount <= 0 or to_amount <= 0:
        return "The server's answer states an amount that isn't more than zero."
    for side, asked, answered in (("sell", request.from_amount, from_amount), ("buy", request.to_amount, to_amount)):
        if asked is not None and asked != answered:
            return f"You asked to {side} {grouped(asked)}, but the server quoted {grouped(answered)}."
    for name, asked_currency in (("fromcurrency", request.from_currency), ("tocurrency", request.to_currency)):
        answered_currency = found.text(name)
        if answered_currency is not None and answered_currency != asked_currency:
            return f"You asked for {asked_currency}, but the server quoted {answered_currency}."
    if request.intent is Intent.INDICATIVE:
        return "This price is for information only."
    if quote_str is None:
        return "The server's answer carries no reference to confirm."
    return None
