"""The sandbox's time and what is due in it: nothing runs by itself, all of it catches up when somebody looks."""

import heapq
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from itertools import count

Action = Callable[[], None]


class Clock:
    """Two readings of one clock.

    `wall` is what timestamps and the life of a quote go by. `world` counts seconds at the sandbox's pace: everything
    that moves by itself is scheduled on it. At speed 0 only `advance` moves the world.
    """

    def __init__(self, speed: float = 1.0, source: Callable[[], float] = time.time) -> None:
        self._speed = speed
        self._source = source
        self._start = source()
        self._elapsed = 0.0
        self._advanced = 0.0

    def advance(self, seconds: float) -> None:
        """Move both readings forward."""
        self._advanced += seconds

    def wall(self) -> datetime:
        """Aware UTC."""
        return datetime.fromtimestamp(self._start, UTC) + timedelta(seconds=self._passed() + self._advanced)

    def world(self) -> float:
        """Seconds since the start, at the sandbox's pace."""
        return self._passed() * self._speed + self._advanced

    def _passed(self) -> float:
        # Someone may set the computer's clock back; a ledger can't.
        self._elapsed = max(self._elapsed, self._source() - self._start)
        return self._elapsed


class Timeline:
    """What is still to happen, in order. `now` is the moment of the action that runs, else of the last look."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._due: list[tuple[float, int, Action]] = []
        self._numbers = count()
        self._world = clock.world()
        self.now = clock.wall()

    def after(self, seconds: float, action: Action) -> None:
        """Run `action` once that much of the world's time has passed."""
        heapq.heappush(self._due, (self._world + seconds, next(self._numbers), action))

    def catch_up(self) -> None:
        """Run all that is due, each action at the moment it was due."""
        world, wall = self._clock.world(), self._clock.wall()
        before, pace = self._world, (wall - self.now) / (world - self._world) if world > self._world else timedelta()
        start = self.now
        while self._due and self._due[0][0] <= world:
            self._world, _, action = heapq.heappop(self._due)
            self.now = start + pace * (self._world - before)
            action()
        self._world, self.now = world, wall


def zoned(moment: datetime) -> str:
    """`2026-05-11T10:15:30Z`."""
    return f"{moment:%Y-%m-%dT%H:%M:%S}Z"


def zoneless(moment: datetime) -> str:
    """`2026-05-11T10:15:35`: UTC without saying so, as the vendor does for completion times."""
    return f"{moment:%Y-%m-%dT%H:%M:%S}"


def exact(moment: datetime) -> str:
    """With milliseconds: a quote's life is short."""
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{moment.microsecond // 1000:03d}Z"
