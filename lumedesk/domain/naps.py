"""Tells whether the computer slept, where its clocks can show that."""

import sys
import time
from collections.abc import Callable

from lumedesk.domain.clocks import Clock, SystemClock

_MAX_DRIFT_S = 1.0


class Naps:
    """Holds a clock that counts sleep against one that stands still in it. Both run on from `restart`."""

    def __init__(self, clock: Clock, awake: Callable[[], float] | None = None) -> None:
        """Without `awake` the computer's own is taken for its own clock; an invented clock never sleeps."""
        if awake is None:
            # On Windows this one counts sleep too: there only the deadline and the wall clock tell.
            is_real = isinstance(clock, SystemClock) and sys.platform != "win32"
            awake = time.monotonic if is_real else clock.ticks
        self._ticks = clock.ticks
        self._awake = awake
        self.restart()

    def restart(self) -> None:
        """Count from now."""
        self._apart_s = self._ticks() - self._awake()

    def has_slept(self) -> bool:
        """True when more than a second went by that nobody was awake for."""
        return self._ticks() - self._awake() - self._apart_s > _MAX_DRIFT_S
