"""How long to wait before asking again."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lumedesk.domain.kinds import HISTORIES, Kind
from lumedesk.work.pace import FAST_S, HIDDEN_S, MAX_BACKOFF_S, MAX_REST_S, NORMAL_S, STILL_S, Pace
from tests.support.clock import FakeClock

MIDDLE = 0.5  # of the spread, where it changes nothing


@pytest.fixture
def pace(clock: FakeClock) -> Pace:
    return Pace(clock.ticks)


def pause(pace: Pace, kind: Kind = Kind.TRADES, failures: int = 0, took_s: float = 0.0) -> float:
    return pace.pause(kind, failures, took_s, MIDDLE)


def test_without_news_it_is_calm(pace: Pace) -> None:
    assert {pause(pace, kind) for kind in HISTORIES} == {NORMAL_S}
    assert pause(pace, Kind.ACCOUNTS) == NORMAL_S
    assert pause(pace, Kind.WALLETS) == STILL_S


def test_it_is_fast_while_something_moves(pace: Pace, clock: FakeClock) -> None:
    pace.note(Kind.TRADES, changed=True, unfinished=True)
    assert pause(pace) == FAST_S
    assert pause(pace, Kind.ACCOUNTS) == FAST_S  # balances follow
    assert pause(pace, Kind.DEPOSITS) == NORMAL_S
    assert pause(pace, Kind.WALLETS) == STILL_S
    clock.advance(181)
    assert pause(pace) == NORMAL_S
    pace.note(Kind.TRADES, changed=False, unfinished=True)
    assert pause(pace) == NORMAL_S
    pace.note(Kind.TRADES, changed=True, unfinished=False)
    assert pause(pace) == NORMAL_S


def test_nobody_looking_makes_it_slow(pace: Pace) -> None:
    pace.note(Kind.TRADES, changed=True, unfinished=True)
    pace.is_hidden = True
    assert {pause(pace, kind) for kind in Kind} == {HIDDEN_S}


def test_failures_back_off_up_to_a_limit(pace: Pace) -> None:
    assert [pause(pace, failures=number) for number in (1, 2, 3, 4, 5, 6, 1_000_000)] == [
        *(FAST_S, 4.0, 8.0, 16.0, 32.0),
        *(MAX_BACKOFF_S, MAX_BACKOFF_S),
    ]


def test_a_list_that_takes_long_is_asked_for_rarely(pace: Pace) -> None:
    assert pause(pace, took_s=1) == NORMAL_S
    assert pause(pace, took_s=20) == 100


def test_an_exchange_the_computer_slept_through_does_not_stop_the_polling(pace: Pace) -> None:
    assert pause(pace, took_s=8 * 3600) == MAX_REST_S
    assert pause(pace, failures=1, took_s=8 * 3600) == MAX_BACKOFF_S


@given(
    kind=st.sampled_from(Kind),
    failures=st.integers(0, 10**9),
    took_s=st.floats(0, 1e9),
    chance=st.floats(0, 1),
    hidden=st.booleans(),
)
def test_a_pause_is_never_nothing_and_never_for_ever(
    kind: Kind, failures: int, took_s: float, chance: float, hidden: bool
) -> None:
    pace = Pace(lambda: 0.0)
    pace.is_hidden = hidden
    assert 0.85 * FAST_S <= pace.pause(kind, failures, took_s, chance) <= 1.15 * MAX_REST_S


def test_clients_that_started_together_drift_apart(pace: Pace) -> None:
    assert pace.pause(Kind.TRADES, 0, 0, 0.0) < pace.pause(Kind.TRADES, 0, 0, 1.0)
