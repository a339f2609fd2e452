"""How long the window's event loop stands still: a tick every millisecond, and a stall of known length to check it by."""

import ctypes
import threading
import time

from PySide6.QtCore import QObject, Qt, QTimer

from tests.bench.waiting import until

# How long the known stall lasts, and what it may read as.
HELD_MS = 250.0
_READS_AS = (240.0, 270.0)


class Void(Exception):
    """The measuring itself can't be trusted in this run; the text says why."""


class Gaps(QObject):
    """Notes the time between two ticks, in milliseconds, while it runs. The ticks' own distance is in each figure."""

    def __init__(self) -> None:
        super().__init__()
        self.figures: list[float] = []
        self._last = 0.0
        self._timer = QTimer(self)
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.setInterval(1)
        self._timer.timeout.connect(self._tick)

    def start(self) -> None:
        """Begin anew."""
        self.figures = []
        self._last = time.perf_counter()
        self._timer.start()

    def stop(self) -> list[float]:
        """End, with the time since the last tick as one more figure: a stall that lasts until now is one, too."""
        self._tick()
        self._timer.stop()
        return self.figures

    def _tick(self) -> None:
        now = time.perf_counter()
        self.figures.append((now - self._last) * 1000)
        self._last = now


def hold_the_gil(for_ms: float) -> None:
    """Keep every other thread from running Python for so long, as one long call into C that keeps the GIL does."""
    # PyDLL, unlike CDLL, keeps the GIL during the call.
    ctypes.PyDLL(None).usleep(int(for_ms * 1000))


def control() -> float:
    """What a stall of 250 ms on another thread reads as. Errors: Void when it isn't about 250 ms."""
    gaps = Gaps()
    gaps.start()
    until(lambda: len(gaps.figures) > 50, "ticks")
    thread = threading.Thread(target=hold_the_gil, args=(HELD_MS,))
    # Not started from the UI thread's own tick: Thread.start() waits for the thread, and would hide the stall in it.
    starter = threading.Thread(target=lambda: (thread.start(), thread.join()))
    starter.start()
    enough = len(gaps.figures) + 100
    until(lambda: not starter.is_alive() and len(gaps.figures) > enough, "the stall")
    starter.join()
    longest = max(gaps.stop())
    if not _READS_AS[0] <= longest <= _READS_AS[1]:
        raise Void(f"a stall of {HELD_MS:.0f} ms read as {longest:.1f} ms")
    return longest
