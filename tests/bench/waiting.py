"""Lets Qt work until something has happened: without the rest of the program, which not every figure may have loaded."""

from collections.abc import Callable

from PySide6.QtCore import QCoreApplication, QElapsedTimer, QEventLoop, QTimer

# A million rows are ordered in a second at most, and Qt's own model filled in a minute; what takes longer never comes.
PATIENCE_S = 240.0
# What happens on other threads is looked at so often, at the latest.
PULSE_MS = 5


def until(
    happened: Callable[[], object], what: str, deadline_s: float = PATIENCE_S, *, pulse_ms: int = PULSE_MS
) -> None:
    """Work until then. Errors: AssertionError when it doesn't happen.

    `pulse_ms`: more where one of Qt's events tells it, and looking would be measured with what is waited for.
    """
    watch = QElapsedTimer()
    watch.start()
    pulse = QTimer()
    pulse.start(pulse_ms)
    while not happened():
        if watch.hasExpired(int(deadline_s * 1000)):
            raise AssertionError(f"waited {deadline_s:g} s in vain for {what}")
        QCoreApplication.processEvents(QEventLoop.ProcessEventsFlag.WaitForMoreEvents)
