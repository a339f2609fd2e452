"""Timestamps with and without a zone, and everything a server might write instead."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lumedesk.domain import times
from lumedesk.domain.times import Instant, instant, micros

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "at", "assumed"),
    [
        ("2026-05-11T10:15:30Z", datetime(2026, 5, 11, 10, 15, 30, tzinfo=UTC), False),
        ("2026-05-11T10:15:35", datetime(2026, 5, 11, 10, 15, 35, tzinfo=UTC), True),
        ("2026-05-11 10:15", datetime(2026, 5, 11, 10, 15, tzinfo=UTC), True),
        ("2026-05-11T10:15:30+02:00", datetime(2026, 5, 11, 8, 15, 30, tzinfo=UTC), False),
        ("2026-05-11T10:15:30-0330", datetime(2026, 5, 11, 13, 45, 30, tzinfo=UTC), False),
        ("2026-05-11T10:15:30.123456789Z", datetime(2026, 5, 11, 10, 15, 30, 123456, tzinfo=UTC), False),
        ("2026-05-11T10:15:30,5Z", datetime(2026, 5, 11, 10, 15, 30, 500000, tzinfo=UTC), False),
        ("2016-12-31T23:59:60Z", datetime(2017, 1, 1, tzinfo=UTC), False),
        ("2026-05-11T24:00:00Z", datetime(2026, 5, 12, tzinfo=UTC), False),
    ],
)
def test_what_the_api_sends_is_read(text: str, at: datetime, assumed: bool) -> None:
    assert instant(text) == Instant(at, assumed_utc=assumed)


@pytest.mark.parametrize(
    "text",
    [
        None,
        "",
        "yesterday",
        "2026-13-01T00:00:00Z",
        "2026-02-30T00:00:00Z",
        "2026-05-11T25:00:00Z",
        "9999-12-31T24:00:00Z",
        "٢٠٢٦-05-11T10:15:30Z",
        "0001-01-01T00:00:00+23:59",
    ],
)
def test_what_is_no_time_is_none(text: str | None) -> None:
    assert instant(text) is None
    assert micros(text) is None


@given(
    st.text(max_size=40) | st.from_regex(r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d(:\d\d)?([.,]\d{1,20})?([Zz]|[+-]\d\d:?\d\d)?")
)
def test_reading_a_time_never_raises(text: str) -> None:
    moment = instant(text)
    assert (moment is None) == (micros(text) is None)
    assert moment is None or moment.at.tzinfo is UTC


_MOMENTS = st.integers(0, 4_000_000_000).map(lambda second: datetime.fromtimestamp(second, UTC))
_WRITTEN = st.builds("{:%Y-%m-%dT%H:%M:%S}{}".format, _MOMENTS, st.sampled_from(["", "Z", ".5Z", "+02:00"]))


@given(st.lists(_WRITTEN))
def test_micros_of_many_times_are_those_of_each(texts: list[str]) -> None:
    with pytest.MonkeyPatch.context() as changed:
        # More days than are remembered, and each time asked for twice, among others.
        changed.setattr(times, "_MOST_DAYS", 3)
        for text in [*texts, *texts]:
            moment = instant(text)
            assert moment is not None
            assert micros(text) == (moment.at - EPOCH) // timedelta(microseconds=1), text


@pytest.mark.parametrize(
    "text", ["2026-05-12T24:00:00Z", "2026-05-12T10:15:60Z", "2026-05-11T10:15:30z", "2026-05-11T10:15:30"]
)
def test_what_rolls_over_is_not_remembered(text: str) -> None:
    before = micros(text)
    for plain in ("2026-05-12T00:00:00Z", "2026-05-12T10:15:59Z", "2026-05-11T10:15:30Z"):
        assert micros(plain) == (datetime.fromisoformat(plain) - EPOCH) // timedelta(microseconds=1)
    assert micros(text) == before


@given(st.datetimes(timezones=st.just(UTC)), st.datetimes(timezones=st.just(UTC)))
def test_micros_order_like_the_moments(one: datetime, other: datetime) -> None:
    first, second = micros(one.isoformat()), micros(other.isoformat())
    assert first is not None
    assert second is not None
    assert (first < second) == (one < other)
