"""Sleep shows where a clock that counts it runs away from one that doesn't."""

from lumedesk.domain.clocks import SystemClock
from lumedesk.domain.naps import Naps
from tests.support.clock import FakeClock


def test_time_that_nobody_was_awake_for_is_sleep() -> None:
    clock, awake = FakeClock(), [50.0]
    naps = Naps(clock, lambda: awake[0])
    clock.advance(10)
    awake[0] += 9.5
    assert not naps.has_slept()
    clock.advance(1)
    assert naps.has_slept()
    naps.restart()
    assert not naps.has_slept()


def test_an_invented_clock_never_sleeps_and_a_real_one_has_not_just_now() -> None:
    clock = FakeClock()
    naps = Naps(clock)
    clock.advance(3_600)
    assert not naps.has_slept()
    assert not Naps(SystemClock()).has_slept()
