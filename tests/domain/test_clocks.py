"""The computer's clocks, and the tests' own."""

import sys
import time
from datetime import UTC, datetime, timedelta

import pytest

from lumedesk.domain.clocks import SystemClock
from tests.support.clock import FakeClock


def test_wall_time_is_utc() -> None:
    now = SystemClock().now()
    assert now.tzinfo is UTC
    assert abs(datetime.now(UTC) - now) < timedelta(seconds=5)


def test_ticks_never_run_backwards() -> None:
    clock = SystemClock()
    ticks = [clock.ticks() for _ in range(100)]
    assert ticks == sorted(ticks)


@pytest.mark.skipif(sys.platform != "linux", reason="each platform has its own")
def test_ticks_go_on_while_the_computer_sleeps() -> None:
    before = time.clock_gettime(time.CLOCK_BOOTTIME)
    assert before <= SystemClock().ticks() <= time.clock_gettime(time.CLOCK_BOOTTIME)


def test_elsewhere_the_ordinary_clock_serves(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "win32")
    before = time.monotonic()
    assert before <= SystemClock().ticks() <= time.monotonic()


def test_the_tests_clock_moves_only_when_told() -> None:
    clock = FakeClock()
    before = clock.now(), clock.ticks()
    assert (clock.now(), clock.ticks()) == before
    clock.advance(2.5)
    assert (clock.now() - before[0], clock.ticks() - before[1]) == (timedelta(seconds=2.5), 2.5)
