"""When the desk locks, what a passphrase must be, and what wrong ones cost."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lumedesk.domain.lock import (
    IdleWatch,
    LockSettings,
    Reason,
    delay_s,
    passphrase_problem,
    remaining_s,
)
from lumedesk.domain.naps import Naps
from tests.support.clock import FakeClock

SETTINGS = LockSettings(idle_minutes=10)


class Awake:
    """A clock that stands still in sleep, in the test's hand: the computer's own can't be put to sleep here."""

    def __init__(self, clock: FakeClock) -> None:
        self._clock = clock
        self._asleep_s = 0.0

    def __call__(self) -> float:
        return self._clock.ticks() - self._asleep_s

    def sleep(self, seconds: float) -> None:
        self._clock.advance(seconds)
        self._asleep_s += seconds


@pytest.fixture
def awake(clock: FakeClock) -> Awake:
    return Awake(clock)


@pytest.fixture
def watch(clock: FakeClock, awake: Awake) -> IdleWatch:
    return IdleWatch(clock, Naps(clock, awake), by_wall_clock=False)


@pytest.mark.parametrize(
    ("tries", "seconds"),
    [(0, 0), (1, 0), (3, 0), (4, 2), (5, 4), (6, 8), (7, 16), (11, 256), (12, 300), (13, 300), (10**9, 300)],
)
def test_each_wrong_try_beyond_three_costs_twice_the_time(tries: int, seconds: float) -> None:
    assert delay_s(tries) == seconds


def test_what_is_left_of_a_delay_is_told_by_the_wall_clock(clock: FakeClock) -> None:
    now = clock.now()
    assert remaining_s(6, now, now) == 8
    assert remaining_s(6, now - timedelta(seconds=5), now) == 3
    assert remaining_s(6, now - timedelta(days=9), now) == 0
    assert remaining_s(3, now, now) == 0


@given(st.integers(0, 10**6), st.timedeltas())
def test_a_clock_that_was_set_back_never_makes_it_longer(tries: int, ago: timedelta) -> None:
    now = FakeClock().now()
    try:
        at = now - ago
    except OverflowError:
        return
    assert 0 <= remaining_s(tries, at, now) <= delay_s(tries)


def test_tries_without_a_time_cost_their_whole_delay(clock: FakeClock) -> None:
    assert remaining_s(5, None, clock.now()) == 4


@pytest.mark.parametrize(
    ("text", "again", "problem"),
    [
        ("", "", "at least 10"),
        ("a" * 9, "a" * 9, "at least 10"),
        ("a" * 10, "a" * 10, ""),
        ("          ", "          ", ""),
        ("a" * 200, "a" * 200, ""),
        ("a" * 201, "a" * 201, "at most 200"),
        ("correct horse", "correct horsf", "differ"),
        ("correct horse", "", "differ"),
    ],
)
def test_a_passphrase_is_long_enough_and_typed_twice(text: str, again: str, problem: str) -> None:
    told = passphrase_problem(text, again)
    assert (problem in told) if problem else told == ""


@pytest.mark.parametrize("minutes", [-1, 241])
def test_settings_out_of_bounds_are_none(minutes: int) -> None:
    with pytest.raises(ValueError, match="minutes"):
        LockSettings(idle_minutes=minutes)


def test_what_the_desk_locks_on() -> None:
    never = LockSettings(idle_minutes=0, with_system=False)
    assert [reason for reason in Reason if SETTINGS.locks_on(reason)] == list(Reason)
    assert [reason for reason in Reason if never.locks_on(reason)] == [Reason.ASKED]


def test_why_it_is_locked_is_said_for_each_reason() -> None:
    assert SETTINGS.told(Reason.IDLE) == "Locked after 10 minutes without input."
    assert LockSettings(idle_minutes=1).told(Reason.IDLE) == "Locked after a minute without input."
    assert len({SETTINGS.told(reason) for reason in Reason}) == len(Reason)


def test_it_locks_once_nothing_was_done_for_so_long(watch: IdleWatch, clock: FakeClock) -> None:
    clock.advance(599)
    assert watch.why_lock(SETTINGS) is None
    clock.advance(1)
    assert watch.why_lock(SETTINGS) is Reason.IDLE
    assert watch.why_lock(LockSettings(idle_minutes=0)) is None


def test_activity_begins_the_time_anew(watch: IdleWatch, clock: FakeClock) -> None:
    clock.advance(599)
    watch.note_activity()
    clock.advance(599)
    assert watch.why_lock(SETTINGS) is None
    clock.advance(1)
    assert watch.why_lock(SETTINGS) is Reason.IDLE
    watch.restart()
    assert watch.why_lock(SETTINGS) is None


def test_sleep_is_told_once_and_before_idleness(watch: IdleWatch, awake: Awake) -> None:
    awake.sleep(8 * 3600)
    assert watch.why_lock(SETTINGS) is Reason.SLEPT
    assert watch.why_lock(SETTINGS) is Reason.IDLE
    watch.restart()
    assert watch.why_lock(SETTINGS) is None


def test_drifting_clocks_never_add_up_to_a_sleep(watch: IdleWatch, awake: Awake) -> None:
    told = []
    for _ in range(300):
        awake.sleep(0.01)
        told.append(watch.why_lock(SETTINGS))
    assert told == [None] * 300


def test_where_no_clock_stands_still_a_jump_of_the_wall_clock_tells_a_sleep(clock: FakeClock) -> None:
    watch = IdleWatch(clock, Naps(clock), by_wall_clock=True)
    clock.advance(30)
    assert watch.why_lock(SETTINGS) is None
    clock.advance(31)
    assert watch.why_lock(SETTINGS) is Reason.SLEPT
    assert watch.why_lock(SETTINGS) is None
    watching_clocks = IdleWatch(clock, Naps(clock), by_wall_clock=False)
    clock.advance(31)
    assert watching_clocks.why_lock(SETTINGS) is None
