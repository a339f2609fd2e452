"""The clocks that deadlines are measured on, handed in so that tests can move them."""

import sys
import time
from datetime import UTC, datetime
from typing import Protocol


class Clock(Protocol):
    """Wall time for people, ticks for deadlines."""

    def now(self) -> datetime:
        """The wall time, aware, in UTC."""

    def ticks(self) -> float:
        """Seconds that never run backwards and go on while the computer sleeps."""


class SystemClock:
    """The computer's own clocks. time.monotonic stops in sleep on Linux and macOS (python/cpython#86273)."""

    def __init__(self) -> None:
        # On macOS CLOCK_MONOTONIC goes on in sleep; on Linux that one is CLOCK_BOOTTIME; Windows has neither.
        name = {"linux": "CLOCK_BOOTTIME", "darwin": "CLOCK_MONOTONIC"}.get(sys.platform, "")
        self._source: int | None = getattr(time, name, None)

    def now(self) -> datetime:
        """The wall time, aware, in UTC."""
        return datetime.now(UTC)

    def ticks(self) -> float:
        """Seconds since an arbitrary point, sleep included."""
        return time.monotonic() if self._source is None else time.clock_gettime(self._source)
