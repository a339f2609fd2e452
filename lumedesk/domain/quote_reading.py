"""The undocumented answer to a quote request, read tolerantly: usual names, nesting, units. What it means is for quotes.py."""

import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any, Generic, TypeVar

import msgspec

from lumedesk.domain.money import AmountError, checked, grouped
from lumedesk.domain.text import shown
from lumedesk.domain.times import instant

T = TypeVar("T")
Names = tuple[frozenset[str], ...]

# Names are compared without case, hyphens and underscores. `from: {amount}` counts as `fromamount`, a one-element list as
# its element. Of several groups of names the first that is there decides; of one group the shallowest.
_SIDES = {
    "from": ("from", "sell", "sold", "source", "pay", "debit", "input", "send"),
    "to": ("to", "buy", "bought", "target", "destination", "receive", "credit", "output"),
}
_REFERENCE: Names = (
    # The API's own name for it outranks whatever else identifies something in the answer.
    frozenset({"quotestr", "quotestring"}),
    frozenset({"quotereference", "quoteref", "quoteid", "quotetoken", "rfqid", "rfqreference", "rfqtoken"}),
    frozenset({"reference", "ref"}),
)
_RATE: Names = (frozenset({"rate"}), frozenset({"price", "quoterate", "exchangerate", "fxrate", "rateamount"}))
_INVERTED: Names = (frozenset({"israteinverted", "rateinverted", "isinverted", "inverted"}),)
_FEE: Names = (
    frozenset({"totalfee", "feetotal", "totalfeeamount"}),
    frozenset({"fee", "fees", "feeamount", "feevalue", "commission", "charge"}),
)
_FEE_CURRENCY: Names = (frozenset({"feecurrency", "totalfeecurrency", "feecurrencycode"}),)
_PAIR: Names = (frozenset({"pair", "currencypair", "symbol", "instrument"}),)
_INTENT: Names = (frozenset({"quoteintent", "intent", "quotetype"}),)
_STATUS: Names = (frozenset({"quotestatus", "status", "quotestate"}),)

_ENDS = re.compile(
    r"(quote)?(expires|expiresat|expireat|expirests|expiresby|expire|expiry|expiryat|expirytime|expirydate|expirytimestamp|"
    r"expiration|expirationtime|expirationdate|expirationtimestamp|validuntil|validto|validtill|goodtill|gooduntil|deadline)"
)
_LIVES = re.compile(
    r"(?:quote)?(?:expiresin|expiryin|ttl|timetolive|validfor|validity|validityperiod|lifetime|lifespan|"
    r"holdtime|holdfor|expiry|expiration|timeleft)(?:in)?"
    r"(?P<unit>s|sec|secs|second|seconds|ms|msec|milli|millis|millisecond|milliseconds)?"
)
_MADE = re.compile(r"(quote)?(createdat|created|createdon|createdtime|creationtime|quotedat|issuedat|timestamp)")
_SPAN = re.compile(r"(?P<number>[0-9]+(\.[0-9]+)?)\s*(?P<unit>s|sec|seconds|ms|milliseconds)", re.ASCII | re.IGNORECASE)
_ISO_SPAN = re.compile(r"PT(?:([0-9]+)M)?(?:([0-9]+(?:\.[0-9]+)?)S)?", re.ASCII | re.IGNORECASE)

# Values in here describe something else than the quote.
_OTHER_THINGS = frozenset({"previous", "market", "limits", "minimum", "maximum", "alternatives", "error", "errors"})
_MAX_DEPTH = 8
_MAX_ENTRIES = 2_000
# A life without a unit: nobody holds a price for a quarter of an hour, and a wrong guess this way round only ends it early.
_MILLISECONDS_FROM = 1_000


class Reading(msgspec.Struct, Generic[T], frozen=True):
    """One thing that was looked for. `doubt` says why a value that is there can't be used."""

    value: T | None = None
    doubt: str | None = None


class Side(msgspec.Struct, frozen=True):
    """What is paid, or received."""

    amount: Reading[Decimal]
    currency: Reading[str]


class Expiry(msgspec.Struct, frozen=True):
    """All that an answer says about its end, by the server's clock (`ends_at`) or in seconds from its making."""

    made_at: datetime | None
    ends_at: tuple[datetime, ...]
    lives_s: tuple[float, ...]


class QuoteAnswer(msgspec.Struct, frozen=True):
    """An answer's parts, as far as they are there."""

    quote_str: Reading[str]
    paid: Side
    received: Side
    rate: Reading[Decimal]
    is_rate_inverted: Reading[bool]
    fee: Reading[Decimal]
    fee_currency: str | None
    fee_is_in_parts: bool
    pair: str | None
    intent: str | None
    status: str | None
    expiry: Expiry
    is_too_large: bool


def read_answer(fields: dict[str, Any]) -> QuoteAnswer:
    """Find the parts of a quote in any JSON object. Never raises; never chooses between two values."""
    found = _Found(fields)
    return QuoteAnswer(
        quote_str=found.one(_REFERENCE, _text, "references"),
        paid=_side(found, "from"),
        received=_side(found, "to"),
        rate=found.one(_RATE, plain_amount, "rates"),
        is_rate_inverted=found.one(_INVERTED, _flag, "directions of the rate"),
        fee=found.one(_FEE, plain_amount, "fees"),
        fee_currency=found.one(_FEE_CURRENCY, _text, "").value,
        fee_is_in_parts=found.fee_is_in_parts,
        pair=found.one(_PAIR, _text, "").value,
        intent=found.one(_INTENT, _text, "").value,
        status=found.one(_STATUS, _text, "").value,
        expiry=_expiry(found),
        is_too_large=found.is_too_large,
    )


def plain_amount(value: Any) -> Decimal | None:
    """A number, or a string of plain digits with a point. Decimal itself would take "NaN", "1_000" and other scripts."""
    if isinstance(value, bool) or not isinstance(value, int | str | Decimal):
        return None
    if isinstance(value, str):
        value = value.strip()
        if not (value.isascii() and value.replace(".", "", 1).isdigit()):
            return None
    try:
        return checked(Decimal(value))
    except (AmountError, ArithmeticError):
        return None


class _Entry(msgspec.Struct, frozen=True):
    depth: int
    name: str
    # With the name of the object that it is in: `from: {amount}` gives `fromamount`.
    joined: str
    value: Any


class _Found:
    """Everything in an answer by name, the shallowest first."""

    def __init__(self, answer: dict[str, Any]) -> None:
        self.entries: list[_Entry] = []
        self.fee_is_in_parts = False
        self.is_too_large = False
        for entry in self._walk(answer):
            if len(self.entries) == _MAX_ENTRIES:
                self.is_too_large = True
                break
            self.entries.append(entry)

    def one(self, groups: Names, read: Callable[[Any], T | None], what: str) -> Reading[T]:
        """The value under one of these names. `what` names several of them in the words of the doubt."""
        for names in groups:
            hits = [entry for entry in self.entries if entry.name in names or entry.joined in names]
            if hits:
                shallowest = min(entry.depth for entry in hits)
                return _agreed([entry.value for entry in hits if entry.depth == shallowest], read, what)
        return Reading()

    def _walk(self, answer: dict[str, Any]) -> Iterator[_Entry]:
        level: list[tuple[str, dict[str, Any]]] = [("", answer)]
        for depth in range(_MAX_DEPTH):
            deeper: list[tuple[str, dict[str, Any]]] = []
            for parent, item in level:
                for key, value in item.items():
                    name = _bare(key)
                    if isinstance(value, dict | list):
                        deeper += self._inside(name, value)
                    elif value is not None:
                        yield _Entry(depth, name, parent + name, value)
            level = deeper

    def _inside(self, name: str, value: dict[str, Any] | list[Any]) -> list[tuple[str, dict[str, Any]]]:
        if name in _OTHER_THINGS:
            return []
        if isinstance(value, dict):
            return [(name, value)]
        items = [item for item in value if isinstance(item, dict)]
        if name in {"fees", "charges", "commissions"} and len(items) > 1:
            self.fee_is_in_parts = True
            return []
        return [(name.removesuffix("s"), item) for item in items]


def _bare(name: str) -> str:
    return name.replace("_", "").replace("-", "").replace(" ", "").casefold()


def _agreed(values: list[Any], read: Callable[[Any], T | None], what: str) -> Reading[T]:
    readings = [read(value) for value in values]
    distinct: list[T] = []
    for reading in readings:
        if reading is None:
            return Reading(doubt=f"The server's answer states {what or 'values'} in a form that can't be read.")
        if reading not in distinct:
            distinct.append(reading)
    if len(distinct) == 1:
        return Reading(distinct[0])
    listed = " and ".join(grouped(each) if isinstance(each, Decimal) else shown(str(each), 40) for each in distinct[:3])
    return Reading(doubt=f"The server's answer states different {what}: {listed}.")


def _side(found: _Found, side: str) -> Side:
    words = _SIDES[side]
    amounts = {f"{word}{tail}" for word in words for tail in ("amount", "currencyamount", "value", "quantity")}
    amounts |= {f"amount{word}" for word in words} | {
        f"{word}amount{tail}" for word in words for tail in ("value", "amount")
    }
    currencies = {f"{word}{tail}" for word in words for tail in ("currency", "currencycode", "asset", "ccy")}
    currencies |= {f"currency{word}" for word in words} | {f"{word}amountcurrency" for word in words}
    verb = "pay" if side == "from" else "receive"
    return Side(
        found.one((frozenset(amounts),), plain_amount, f"amounts to {verb}"),
        found.one((frozenset(currencies),), _text, f"currencies to {verb}"),
    )


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) and value.strip() else None


def _flag(value: Any) -> bool | None:
    if isinstance(value, bool):
        return value
    return {"true": True, "false": False}.get(value.casefold()) if isinstance(value, str) else None


def _expiry(found: _Found) -> Expiry:
    """Every moment and life that is named, wherever it stands: the earliest will count, so nothing needs choosing."""
    made: list[datetime] = []
    ends: list[datetime] = []
    lives: list[float] = []
    for entry in found.entries:
        moment = _moment(entry.value)
        if moment is not None and _MADE.fullmatch(entry.name):
            made.append(moment)
        elif moment is not None and (_ENDS.fullmatch(entry.name) or _LIVES.fullmatch(entry.name)):
            ends.append(moment)
        elif moment is None:
            lives += _life(entry)
    # Of several beginnings the latest leaves the least time.
    return Expiry(max(made, default=None), tuple(ends), tuple(lives))


def _life(entry: _Entry) -> list[float]:
    named = _LIVES.fullmatch(entry.name)
    if named is None and not _ENDS.fullmatch(entry.name):
        return []
    value, unit = entry.value, (named["unit"] if named else None) or ""
    if isinstance(value, str):
        if (spelled := _ISO_SPAN.fullmatch(value.strip())) and any(spelled.groups()):
            return [60.0 * float(spelled[1] or 0) + float(spelled[2] or 0)]
        if span := _SPAN.fullmatch(value.strip()):
            value, unit = span["number"], span["unit"].casefold()
        elif value.strip().startswith("-"):
            return [0.0] if plain_amount(value.strip()[1:]) is not None else []
    number = plain_amount(value)
    if number is None:
        return []
    in_milliseconds = unit.startswith("m") if unit else number >= _MILLISECONDS_FROM
    return [float(number) / 1000 if in_milliseconds else float(number)]


def _moment(value: Any) -> datetime | None:
    """ISO, or seconds or milliseconds since 1970 by their size; None for anything else."""
    if isinstance(value, str) and (read := instant(value)) is not None:
        return read.at
    number = plain_amount(value)
    if number is None:
        return None
    for factor in (1, 1000):
        # The years 2001 to 2286.
        if 10**9 * factor <= number < 10**10 * factor:
            return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=float(number * (1000 // factor)))
    return None
