"""A quote's end: counted from the request, on two clocks, with a margin; and how prices compare."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lumedesk.domain.quotes import (
    SAFETY_MARGIN_S,
    Change,
    Death,
    Direction,
    Quote,
    QuotePreferences,
    RoundTrips,
    change_between,
    implied_rate,
    inverse_rate,
    needs_acknowledgement,
    read_quote,
)
from tests.support.builders import a_quote_request, a_raw_quote
from tests.support.clock import FakeClock

AT = datetime(2026, 5, 11, 10, 15, 30, tzinfo=UTC)
TICKS = 1_000.0


def quoted(request: Any = None, trip_s: float = 0.0, **fields: Any) -> Quote:
    return read_quote(a_raw_quote(round_trip_s=trip_s, **fields), request or a_quote_request(), AT, TICKS)


def after(seconds: float) -> datetime:
    return AT + timedelta(seconds=seconds)


# The deadline


@pytest.mark.parametrize(
    ("trip_s", "latency_s", "kept_back_s"),
    [
        (0.2, None, 0.2 + SAFETY_MARGIN_S),
        (2.0, None, 2.0 + 2.0),
        (0.2, 0.1, 0.2 + SAFETY_MARGIN_S),
        (0.2, 1.5, 0.2 + 1.5),
    ],
)
def test_the_round_trip_and_the_margin_are_kept_back(
    trip_s: float, latency_s: float | None, kept_back_s: float
) -> None:
    quote = read_quote(a_raw_quote(round_trip_s=trip_s), a_quote_request(), AT, TICKS, latency_p95_s=latency_s)
    assert quote.life_s() == pytest.approx(15 - kept_back_s)


def test_a_request_that_was_sent_before_its_round_trip_says_counts_from_then() -> None:
    # The computer slept while the answer was on its way: the stopwatch stood still, the boot clock didn't.
    raw = a_raw_quote(round_trip_s=0.2)
    quote = read_quote(raw, a_quote_request(), AT, TICKS, sent_ticks=TICKS - 9)
    assert quote.life_s() == pytest.approx(15 - 9 - SAFETY_MARGIN_S)
    assert read_quote(raw, a_quote_request(), AT, TICKS, sent_ticks=TICKS).life_s() == pytest.approx(14.3)


def test_a_quote_that_took_longer_than_it_lives_is_dead_on_arrival() -> None:
    quote = quoted(trip_s=20)
    assert (quote.life_s(), quote.remaining_s(TICKS)) == (0, 0)
    assert quote.death(TICKS, AT) is Death.EXPIRED


def test_of_date_and_creation_the_one_that_leaves_less_counts() -> None:
    expiry = {"expiresIn": None, "expiresAt": "2026-05-11T10:15:45Z"}
    made_late = quoted(createdAt="2026-05-11T10:15:34Z", server_date=AT, **expiry)
    assert made_late.life_s() == pytest.approx(11 - SAFETY_MARGIN_S)
    made_early = quoted(createdAt="2026-05-11T10:15:20Z", server_date=AT, **expiry)
    assert made_early.life_s() == pytest.approx(14 - SAFETY_MARGIN_S)


def test_the_assumed_life_can_be_set() -> None:
    quote = read_quote(a_raw_quote(expiresIn=None, round_trip_s=0), a_quote_request(), AT, TICKS, assumed_life_s=5)
    assert quote.life_s() == pytest.approx(4.5)
    assert (quote.life_is_assumed, quote.assumed_life_s) == (True, 5)


def test_the_p95_of_recent_round_trips() -> None:
    trips = RoundTrips(kept=20)
    assert trips.p95_s() == 0
    trips.note(9.0)
    assert trips.p95_s() == 9.0
    for number in range(1, 21):
        trips.note(number / 10)
    assert trips.p95_s() == 1.9


# The two clocks


@pytest.mark.parametrize(
    ("passed_s", "wall_s", "death"),
    [
        (5.0, 5.0, None),
        (5.0, 6.0, None),
        (5.0, 4.0, None),
        (5.0, 6.01, Death.CLOCK_MOVED),
        (5.0, 3.99, Death.CLOCK_MOVED),
        (5.0, 3_605.0, Death.CLOCK_MOVED),
        (5.0, -3_595.0, Death.CLOCK_MOVED),
        # It slept, on a computer whose boot clock doesn't count that.
        (0.5, 300.0, Death.CLOCK_MOVED),
        # It slept past the end, and both clocks say so.
        (300.0, 300.0, Death.EXPIRED),
        (14.49, 14.49, None),
        (14.5, 14.49, Death.EXPIRED),
        (14.49, 14.5, Death.EXPIRED),
        (-0.1, -0.1, Death.CLOCK_MOVED),
    ],
)
def test_it_lives_only_while_both_clocks_agree_and_both_are_before_the_end(
    passed_s: float, wall_s: float, death: Death | None
) -> None:
    quote = quoted()
    assert quote.death(TICKS + passed_s, after(wall_s)) is death
    assert quote.may_confirm(TICKS + passed_s, after(wall_s)) is (death is None)


def test_alive_by_a_clock() -> None:
    clock = FakeClock(AT, TICKS)
    quote = quoted()
    assert quote.is_alive(clock)
    clock.advance(14)
    assert quote.is_alive(clock)
    clock.advance(1)
    assert not quote.is_alive(clock)


def test_a_living_quote_with_a_problem_is_not_alive_to_confirm() -> None:
    assert not quoted(quoteStr=None).is_alive(FakeClock(AT, TICKS))


# Comparing


def test_a_change_is_told_exactly_in_basis_points_with_its_direction() -> None:
    before = quoted(toAmount=1840)
    assert change_between(before, quoted(toAmount=1841)) == Change(Decimal("5.4"), Direction.BETTER)
    assert change_between(before, quoted(toAmount=1839)) == Change(Decimal("-5.4"), Direction.WORSE)
    assert change_between(before, quoted(toAmount="1840.00")) == Change(Decimal("0.0"), Direction.SAME)
    assert change_between(None, before) is None


def test_a_change_too_small_to_show_still_has_a_direction() -> None:
    change = change_between(quoted(toAmount="1840"), quoted(toAmount="1840.00000000000000000001"))
    assert change == Change(Decimal("0.0"), Direction.BETTER)


def test_paying_less_for_the_same_is_better() -> None:
    asked = a_quote_request(from_amount=None, to_amount=Decimal(1840))
    change = change_between(quoted(asked, fromAmount=100), quoted(asked, fromAmount=99))
    assert change is not None
    assert change.direction is Direction.BETTER


def test_other_pairs_and_missing_prices_do_not_compare() -> None:
    other = quoted(a_quote_request(to_currency="NGN"))
    assert change_between(quoted(), other) is None
    assert change_between(quoted(), quoted(toAmount=None)) is None


@pytest.mark.parametrize(
    ("bought", "asks"),
    [("1840", False), ("1841.84", False), ("1841.8400001", True), ("1838.16", False), ("1838.1599999", True)],
)
def test_beyond_the_tolerance_it_asks_again_even_when_better(bought: str, asks: bool) -> None:
    assert needs_acknowledgement(quoted(toAmount=1840), quoted(toAmount=bought), Decimal(10)) is asks


def test_what_cannot_be_compared_asks_and_a_first_quote_does_not() -> None:
    assert needs_acknowledgement(quoted(toAmount=None), quoted(), Decimal(10))
    assert not needs_acknowledgement(None, quoted(), Decimal(10))


@given(st.decimals(min_value="0.00000001", max_value="99999999", places=8))
def test_an_inverse_is_within_half_a_unit_of_its_last_digit(rate: Decimal) -> None:
    inverse = inverse_rate(rate)
    assert inverse is not None
    assert abs(inverse * rate - 1) <= Decimal("5e-10")


def test_inverse_and_implied_rates() -> None:
    assert inverse_rate(Decimal("18.4")) == Decimal("0.05434782609")
    assert inverse_rate(Decimal(4)) == Decimal("0.25")
    assert inverse_rate(Decimal(0)) is None
    assert implied_rate(quoted()) == Decimal("18.4")
    assert implied_rate(quoted(toAmount=None)) is None


def test_a_hold_is_asked_for_from_either_side_s_threshold() -> None:
    quote = quoted(toAmount=1840)
    assert not QuotePreferences().asks_for_hold(quote)
    assert QuotePreferences(hold_from=Decimal(1840)).asks_for_hold(quote)
    assert QuotePreferences(hold_from_by_currency={"USDT": Decimal(100)}).asks_for_hold(quote)
    assert not QuotePreferences(
        hold_from=Decimal(1), hold_from_by_currency={"USDT": Decimal(101), "ZAR": Decimal(1841)}
    ).asks_for_hold(quote)
