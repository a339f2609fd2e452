"""Filters of a history: exact through JSON, days that begin when the calendar's do, and nothing half understood."""

import json
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lumedesk.domain.filters import (
    FILTERABLE,
    DayError,
    FilterError,
    HistoryFilter,
    checked_name,
    day_begins,
    from_plain,
    plain,
    read_day,
)
from lumedesk.domain.kinds import HISTORIES, Kind
from lumedesk.domain.money import AmountError, fixed
from lumedesk.domain.queries import HistoryQuery

# By their digits: arithmetic would round to 28 of them.
amounts = st.builds(
    lambda units, places: Decimal((0, tuple(map(int, str(units))), -places)), st.integers(0, 10**30), st.integers(0, 18)
)
texts = st.text(st.characters(exclude_categories=("Cs",)), min_size=1, max_size=12)


@st.composite
def filters(draw: st.DrawFn, kind: Kind) -> HistoryFilter:
    made = HistoryFilter().with_text(draw(texts | st.just("")))
    for column in FILTERABLE[kind].values:
        made = made.with_values(column, draw(st.lists(texts, max_size=4)))
    days = sorted(draw(st.lists(st.dates(), min_size=2, max_size=2)))
    made = made.with_days(*[day if draw(st.booleans()) else None for day in days])
    ends = sorted(draw(st.lists(amounts, min_size=2, max_size=2)))
    column = draw(st.sampled_from(FILTERABLE[kind].amounts))
    return made.with_amount(column, *[end if draw(st.booleans()) else None for end in ends])


@pytest.mark.parametrize("kind", sorted(HISTORIES, key=lambda kind: kind.table))
@given(data=st.data())
def test_any_filter_comes_back_exactly(kind: Kind, data: st.DataObject) -> None:
    made = data.draw(filters(kind))
    back = from_plain(kind, json.loads(json.dumps(plain(made))))
    assert back == made
    for one, other in ((back.least, made.least), (back.most, made.most)):
        assert (one is None) is (other is None)
        assert one is None or other is None or fixed(one) == fixed(other)


@given(made=filters(Kind.TRADES))
def test_a_filter_hides_something_just_when_its_query_may(made: HistoryFilter) -> None:
    assert HistoryQuery(Kind.TRADES, **made.asked(UTC)).is_filtered is not made.is_empty


def test_how_a_filter_came_about_makes_no_difference() -> None:
    one = HistoryFilter().with_values("pair", ["B/C", "A/B"]).with_values("status", ["COMPLETED"])
    other = HistoryFilter().with_values("status", ["COMPLETED"]).with_values("pair", ["A/B", "B/C", "A/B"])
    assert one == other
    assert one.values("pair") == ("A/B", "B/C")
    assert one.values("currency") == ()
    assert one.with_values("pair", []).with_values("status", []) == HistoryFilter()
    assert HistoryFilter().with_amount("to_amount", None, None) == HistoryFilter()
    assert HistoryFilter().with_text("  ") == HistoryFilter()


def test_what_lies_the_wrong_way_round_is_refused() -> None:
    with pytest.raises(DayError, match="before"):
        HistoryFilter().with_days(date(2026, 5, 2), date(2026, 5, 1))
    with pytest.raises(AmountError, match="below"):
        HistoryFilter().with_amount("amount", Decimal("1.01"), Decimal("1.001"))
    same = HistoryFilter().with_amount("amount", Decimal("1.0"), Decimal("1.00"))
    assert same.asked()["most"] == 1


@pytest.mark.parametrize(("text", "day"), [("2026-05-11", date(2026, 5, 11)), (" 2024-02-29 ", date(2024, 2, 29))])
def test_days_as_they_are_typed(text: str, day: date) -> None:
    assert read_day(text) == day


@pytest.mark.parametrize(
    "text", ["", "2026-5-11", "11.05.2026", "05/11/2026", "2026-W19-1", "20260511", "٢٠٢٦-٠٥-١١", "2026-05-11T00:00"]
)
def test_days_are_written_in_one_way(text: str) -> None:
    with pytest.raises(DayError, match="year-month-day"):
        read_day(text)


@pytest.mark.parametrize("text", ["2026-02-29", "2026-13-01", "2026-00-10", "0000-01-01", "2026-05-32"])
def test_days_that_are_not_in_the_calendar(text: str) -> None:
    with pytest.raises(DayError, match=text):
        read_day(text)


@pytest.mark.parametrize(
    ("zone", "day", "begins", "ends"),
    [
        ("Africa/Johannesburg", date(2026, 5, 11), "2026-05-10T22:00", "2026-05-11T22:00"),
        # 23 and 25 hours long.
        ("Europe/Berlin", date(2026, 3, 29), "2026-03-28T23:00", "2026-03-29T22:00"),
        ("Europe/Berlin", date(2026, 10, 25), "2026-10-24T22:00", "2026-10-25T23:00"),
        # Clocks went from 24:00 to 01:00, and from 24:00 back to 23:00.
        ("America/Sao_Paulo", date(2018, 11, 4), "2018-11-04T03:00", "2018-11-05T02:00"),
        ("America/Sao_Paulo", date(2018, 2, 17), "2018-02-17T02:00", "2018-02-18T03:00"),
        # Midnight came twice.
        ("America/Havana", date(2025, 11, 2), "2025-11-02T04:00", "2025-11-03T05:00"),
        # A day that was left out is empty.
        ("Pacific/Apia", date(2011, 12, 30), "2011-12-30T10:00", "2011-12-30T10:00"),
    ],
)
def test_days_begin_and_end_as_the_calendar_s_do(zone: str, day: date, begins: str, ends: str) -> None:
    asked = HistoryFilter().with_days(day, day).asked(ZoneInfo(zone))
    assert [asked["since"], asked["until"]] == [datetime.fromisoformat(f"{at}+00:00") for at in (begins, ends)]


@pytest.mark.parametrize("zone", ["Europe/Berlin", "America/Sao_Paulo", "Australia/Lord_Howe", "Asia/Beirut", "UTC"])
@given(minutes=st.integers(0, 40 * 366 * 24 * 60))
def test_every_moment_lies_within_its_own_day_alone(zone: str, minutes: int) -> None:
    at = datetime(1990, 1, 1, tzinfo=UTC) + timedelta(minutes=minutes)
    there = ZoneInfo(zone)
    day = at.astimezone(there).date()
    held = []
    for each in (day - timedelta(days=1), day, day + timedelta(days=1)):
        asked = HistoryFilter().with_days(each, each).asked(there)
        held.append(asked["since"] <= at < asked["until"])
    assert held == [False, True, False]


def test_the_calendar_s_ends_are_no_error() -> None:
    east = timezone(timedelta(hours=12))
    asked = HistoryFilter().with_days(date.min, date.max).asked(east)
    assert asked["since"] == datetime.min.replace(tzinfo=UTC)
    assert asked["until"] is None
    assert day_begins(date(1850, 1, 1)).tzinfo is UTC


@pytest.mark.parametrize(
    "value",
    [
        None,
        [],
        {"sum": "1"},
        {"text": 7},
        {"text": "x" * 1001},
        {"any_of": []},
        {"any_of": {"pair": ["A/B"]}},
        {"any_of": {"status": []}},
        {"any_of": {"status": "COMPLETED"}},
        {"any_of": {"status": [""]}},
        {"any_of": {"status": [None]}},
        {"first_day": "2026-5-1"},
        {"first_day": 20260501},
        {"first_day": "2026-05-02", "last_day": "2026-05-01"},
        {"least": "5"},
        {"amount": "amount"},
        {"amount": ["amount"], "least": "5"},
        {"amount": "to_amount", "least": "5"},
        {"amount": "amount", "least": 5},
        {"amount": "amount", "least": "-5"},
        {"amount": "amount", "least": "1e5"},
        {"amount": "amount", "least": "NaN"},
        {"amount": "amount", "least": "2", "most": "1"},
    ],
)
def test_what_is_not_understood_is_refused_as_a_whole(value: Any) -> None:
    with pytest.raises(FilterError):
        from_plain(Kind.DEPOSITS, value)


def test_names_are_kept_in_one_way() -> None:
    assert checked_name("  Rand  payouts\tin May ") == "Rand payouts in May"
    assert checked_name("Ümläut 💸") == "Ümläut 💸"
    for name in ("", "  ", "x" * 61, "abc\u202e", "a\u200bb"):
        with pytest.raises(FilterError):
            checked_name(name)
