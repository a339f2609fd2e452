"""What of a history an operator wants to see: in days of their own calendar, exact amounts and values; kept by name.

A filter knows days, a query instants: the same filter means the same days wherever and whenever it is applied.
"""

import re
from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from decimal import Decimal
from typing import Any

import msgspec
from msgspec.structs import replace

from lumedesk.domain.kinds import Kind
from lumedesk.domain.money import AmountError, checked, fixed
from lumedesk.domain.text import shown

MAX_NAME = 60
_MAX_TEXT = 1_000
_MAX_VALUES = 1_000
_DAY = re.compile(r"([0-9]{4})-([0-9]{2})-([0-9]{2})")
_AMOUNT = re.compile(r"[0-9]{1,60}(\.[0-9]{1,40})?")
_MEMBERS = frozenset({"text", "any_of", "first_day", "last_day", "amount", "least", "most"})


class DayError(ValueError):
    """A day that can't be used; the text says what to write instead."""


class FilterError(ValueError):
    """A saved filter, or the name of one, that can't be used; the text says why."""


class Filterable(msgspec.Struct, frozen=True):
    """By what a history can be filtered: columns of values, and columns of amounts."""

    values: tuple[str, ...]
    amounts: tuple[str, ...]


FILTERABLE: Mapping[Kind, Filterable] = {
    Kind.TRADES: Filterable(("status", "pair"), ("from_amount", "to_amount")),
    Kind.DEPOSITS: Filterable(("status", "currency"), ("amount",)),
    Kind.WITHDRAWALS: Filterable(("status", "currency"), ("amount",)),
}


class HistoryFilter(msgspec.Struct, frozen=True):
    """All that is given must hold; nothing given shows all rows.

    `any_of`: a column, and the values of which it has one. Both days are inclusive, as are both amounts of the column
    `amount`. Equal filters are equal objects, however they came about.
    """

    text: str = ""
    any_of: tuple[tuple[str, tuple[str, ...]], ...] = ()
    first_day: date | None = None
    last_day: date | None = None
    amount: str = ""
    least: Decimal | None = None
    most: Decimal | None = None

    @property
    def is_empty(self) -> bool:
        """Whether it shows all rows."""
        return self == HistoryFilter()

    def values(self, column: str) -> tuple[str, ...]:
        """The values wanted in a column, in order; none where all are."""
        return dict(self.any_of).get(column, ())

    def with_text(self, text: str) -> "HistoryFilter":
        """The same, looking for `text`."""
        return replace(self, text=text.strip())

    def with_values(self, column: str, values: Iterable[str]) -> "HistoryFilter":
        """The same with just these values in a column; without any, all are wanted."""
        wanted = dict(self.any_of) | {column: tuple(sorted(set(values)))}
        return replace(self, any_of=tuple((name, each) for name, each in sorted(wanted.items()) if each))

    def with_days(self, first: date | None, last: date | None) -> "HistoryFilter":
        """The same for these days. Errors: DayError when the last one is before the first one."""
        if first is not None and last is not None and last < first:
            raise DayError("The last day is before the first one.")
        return replace(self, first_day=first, last_day=last)

    def with_amount(self, column: str, least: Decimal | None, most: Decimal | None) -> "HistoryFilter":
        """The same for amounts of a column from `least` to `most`. Errors: AmountError when there is nothing between."""
        if least is not None and most is not None and most < least:
            raise AmountError("The highest amount is below the lowest one.")
        has_end = least is not None or most is not None
        return replace(self, amount=column if has_end else "", least=least, most=most)

    def asked(self, zone: tzinfo | None = None) -> dict[str, Any]:
        """The fields of a HistoryQuery that it stands for. `zone` is whose days are meant, None this computer's."""
        return {
            "text": self.text,
            "any_of": self.any_of,
            "since": None if self.first_day is None else day_begins(self.first_day, zone),
            "until": None if self.last_day is None else _day_ends(self.last_day, zone),
            "amount": self.amount,
            "least": self.least,
            "most": self.most,
        }


def read_day(text: str) -> date:
    """Read a day as `2026-05-11`. Errors: DayError."""
    match = _DAY.fullmatch(text.strip())
    if match is None:
        raise DayError("Write the day as year-month-day: 2026-05-11.")
    try:
        return date(*map(int, match.groups()))
    except ValueError as error:
        raise DayError(f"There is no {shown(text.strip(), 20)} in the calendar.") from error


def day_begins(day: date, zone: tzinfo | None = None) -> datetime:
    """The instant, in UTC, at which a day begins in `zone`, None for this computer's.

    Where clocks go forward at midnight the day begins after the gap; where midnight comes twice, at the first one.
    """
    midnight = datetime.combine(day, time.min, zone)
    try:
        return midnight.astimezone(UTC)
    except (OverflowError, OSError, ValueError):
        # The calendar's ends, and years for which this system knows no zone.
        return midnight.replace(tzinfo=UTC)


def _day_ends(day: date, zone: tzinfo | None) -> datetime | None:
    """The instant at which the next day begins; None after the last day there is."""
    return None if day == date.max else day_begins(day + timedelta(days=1), zone)


def periods(today: date) -> dict[str, tuple[date, date]]:
    """The first and last day of each period that has a name, seen from `today`."""
    day = timedelta(days=1)
    month = today.replace(day=1)
    # Seen from the calendar's first month there is none before.
    before = month - day if month > date.min else month
    return {
        "today": (today, today),
        "yesterday": (today - day, today - day) if today > date.min else (today, today),
        "week": (today - min(6 * day, today - date.min), today),
        "days-30": (today - min(29 * day, today - date.min), today),
        "month": (month, today),
        "last-month": (before.replace(day=1), before),
        "year": (today.replace(month=1, day=1), today),
    }


def checked_name(name: str) -> str:
    """The name as it is kept. Errors: FilterError."""
    name = " ".join(name.split())
    if not name:
        raise FilterError("Give the filter a name.")
    if len(name) > MAX_NAME:
        raise FilterError(f"A name has {MAX_NAME} characters at most.")
    if shown(name) != name:
        raise FilterError("There is a character in the name that can't be seen. Type it anew.")
    return name


def plain(each: HistoryFilter) -> dict[str, Any]:
    """A filter as JSON has it: days and amounts as text. What isn't set is left out."""
    told: dict[str, Any] = {
        "text": each.text,
        "any_of": {column: list(values) for column, values in each.any_of},
        "first_day": each.first_day.isoformat() if each.first_day else "",
        "last_day": each.last_day.isoformat() if each.last_day else "",
        "amount": each.amount,
        "least": "" if each.least is None else fixed(each.least),
        "most": "" if each.most is None else fixed(each.most),
    }
    return {name: value for name, value in told.items() if value}


def from_plain(kind: Kind, value: Any) -> HistoryFilter:
    """What `plain` wrote, to the digit. Errors: FilterError for all else.

    One that is half understood would show other rows under the same name: it is not understood at all.
    """
    if not isinstance(value, dict):
        raise FilterError("it isn't built as a filter is")
    strange = set(value) - _MEMBERS
    if strange:
        raise FilterError(f"nobody knows what {min(strange)[:40]!r} means")
    known = FILTERABLE[kind]
    try:
        read = HistoryFilter().with_text(_text(value.get("text", "")))
        for column, values in _columns(value.get("any_of", {}), known):
            read = read.with_values(column, values)
        read = read.with_days(_day(value.get("first_day")), _day(value.get("last_day")))
        return read.with_amount(_amount_column(value, known), _amount(value.get("least")), _amount(value.get("most")))
    except (DayError, AmountError) as error:
        raise FilterError(str(error)) from error


def _text(value: Any) -> str:
    if not isinstance(value, str) or len(value) > _MAX_TEXT:
        raise FilterError("what it looks for isn't a text")
    return value


def _columns(value: Any, known: Filterable) -> Iterable[tuple[str, list[str]]]:
    if not isinstance(value, dict):
        raise FilterError("its values aren't built as a filter's are")
    for column, values in value.items():
        if column not in known.values:
            raise FilterError(f"nothing is filtered by {column[:40]!r}")
        if not isinstance(values, list) or not values or len(values) > _MAX_VALUES:
            raise FilterError(f"{column!r} has no list of values")
        if not all(isinstance(each, str) and each for each in values):
            raise FilterError(f"a value of {column!r} isn't a text")
        yield column, values


def _day(value: Any) -> date | None:
    if value is None:
        return None
    if not isinstance(value, str):
        raise FilterError("a day of it isn't a text")
    return read_day(value)


def _amount_column(value: dict[str, Any], known: Filterable) -> str:
    column = value.get("amount", "")
    has_end = "least" in value or "most" in value
    if has_end != bool(column) or (column and column not in known.amounts):
        raise FilterError("it doesn't say which amounts it means")
    return str(column)


def _amount(value: Any) -> Decimal | None:
    if value is None:
        return None
    if not isinstance(value, str) or not _AMOUNT.fullmatch(value):
        raise FilterError(f"{str(value)[:40]!r} isn't an amount")
    return checked(Decimal(value))
