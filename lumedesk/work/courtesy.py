"""Lets the window go first.

Python runs one thread at a time, and a picture of a table needs its turn many hundred times: each time it would have to
wait for whoever computes meanwhile. So what computes long waits, between two steps, until the picture is there.
"""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from weakref import WeakKeyDictionary

from PySide6.QtCore import QCoreApplication

# However long a picture takes, nobody waits for it longer than this at a time.
_PATIENCE_S = 0.03
_LOOK_AGAIN_S = 0.001


class Courtesy:
    """Knows whether the window paints. One for all of a program: see `of`."""

    def __init__(self) -> None:
        self._is_idle = threading.Event()
        self._is_idle.set()

    @classmethod
    def of(cls, app: QCoreApplication | None) -> "Courtesy":
        """The application's, made when first asked for."""
        return cls() if app is None else _MADE.setdefault(app, cls())

    @contextmanager
    def asked(self) -> Iterator[None]:
        """What is done within goes first. On the window's thread, not within itself."""
        self._is_idle.clear()
        try:
            yield
        finally:
            self._is_idle.set()

    @property
    def is_wanted(self) -> bool:
        """Whether the window paints."""
        return not self._is_idle.is_set()

    async def wait(self) -> None:
        """Give other work its turn, and the window all the time it needs within reason. On any loop but the window's."""
        # The window's own module loads this one, and needn't wait for that one.
        import asyncio

        await asyncio.sleep(0)
        until = time.perf_counter() + _PATIENCE_S
        while not self._is_idle.is_set() and time.perf_counter() < until:  # noqa: ASYNC110 - told by another thread
            await asyncio.sleep(_LOOK_AGAIN_S)

    def wait_in_thread(self) -> None:
        """The same in the midst of a step: no other work on this thread gets its turn. Costs nothing while nobody paints."""
        if not self._is_idle.is_set():
            self._is_idle.wait(_PATIENCE_S)


# Not among the application's children: to look for one there, PySide loads every kind of QObject, for 10 ms.
_MADE: "WeakKeyDictionary[QCoreApplication, Courtesy]" = WeakKeyDictionary()
