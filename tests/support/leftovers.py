"""What a test may leave behind: threads, processes, running timers, windows. Said in words, for the check in conftest."""

import contextlib
import gc
import os
import sys
import threading
import time
import weakref
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

_PATIENCE_S = 2.0

Found = set[tuple[str, int]]


def leftovers(timers: "weakref.WeakSet[Any]") -> Found:
    """Everything that is running now, as (what it is, its identity)."""
    return _threads() | _processes() | _qt(timers)


def settled(before: Found, timers: "weakref.WeakSet[Any]") -> Found:
    """What has come since `before` and stays: deferred deletions and ends under way get a moment."""
    until = time.monotonic() + _PATIENCE_S
    while (found := leftovers(timers) - before) and time.monotonic() < until:
        _process_events()
        gc.collect()
        for thread in threading.enumerate():
            if thread.name in {what for what, _ in found}:
                thread.join(0.05)
    return found


@contextlib.contextmanager
def watched_timers() -> Iterator["weakref.WeakSet[Any]"]:
    """Every QTimer that is started meanwhile."""
    started: weakref.WeakSet[Any] = weakref.WeakSet()
    qt = sys.modules.get("PySide6.QtCore")
    if qt is None:
        yield started
        return
    start: Callable[..., None] = qt.QTimer.start

    def noted(timer: Any, *arguments: Any) -> None:
        started.add(timer)
        start(timer, *arguments)

    qt.QTimer.start = noted
    try:
        yield started
    finally:
        qt.QTimer.start = start


def _threads() -> Found:
    return {(thread.name, id(thread)) for thread in threading.enumerate() if not thread.name.startswith("Dummy-")}


def _processes() -> Found:
    found: Found = set()
    for listed in Path("/proc/self/task").glob("*/children"):
        with contextlib.suppress(OSError):
            found |= {(f"process {pid} of {os.getpid()}", int(pid)) for pid in listed.read_text().split()}
    return found


def _qt(timers: "weakref.WeakSet[Any]") -> Found:
    widgets = sys.modules.get("PySide6.QtWidgets")
    if widgets is None or widgets.QApplication.instance() is None:
        return set()
    import shiboken6

    running = {
        (f"timer of {timer.parent()!r}", id(timer))
        for timer in list(timers)
        if shiboken6.isValid(timer) and timer.isActive()
    }
    return running | {
        (f"window {type(window).__name__} {window.objectName()!r}", id(window))
        for window in widgets.QApplication.topLevelWidgets()
        # What drops down from a field goes with the field, and is made when it is first needed.
        if window.metaObject().className() != "QComboBoxPrivateContainer"
    }


def _process_events() -> None:
    qt = sys.modules.get("PySide6.QtCore")
    if qt is not None and qt.QCoreApplication.instance() is not None:
        qt.QCoreApplication.processEvents()
        qt.QCoreApplication.sendPostedEvents(None, qt.QEvent.Type.DeferredDelete)
