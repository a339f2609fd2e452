"""One start, timed: `python -m tests.bench.start_child empty` or `… desk DATA_DIR`. Prints milliseconds as JSON and ends.

Time counts from what STARTED_AT says, which whoever starts this process notes before it does.
"""

import json
import os
import sys
import time
from typing import Any


def main(which: str, *arguments: str) -> int:
    """Show one window or the other."""
    return _empty() if which == "empty" else _desk(arguments[0])


def _passed_ms() -> float:
    return (time.clock_gettime(time.CLOCK_MONOTONIC) - float(os.environ["STARTED_AT"])) * 1000


def _tell(**told: float) -> None:
    print(json.dumps(told), flush=True)  # noqa: T201 - whoever started it reads this
    # Its end isn't measured.
    os._exit(0)


def _empty() -> int:
    from PySide6.QtCore import QTimer
    from PySide6.QtWidgets import QApplication, QMainWindow

    class Empty(QMainWindow):
        def paintEvent(self, event: Any) -> None:
            super().paintEvent(event)
            QTimer.singleShot(0, lambda: _tell(window=_passed_ms()))

    app = QApplication(sys.argv[:1])
    window = Empty()
    window.resize(1440, 900)
    window.show()
    return int(app.exec())


def _desk(data_dir: str) -> int:
    from lumedesk import cli, running

    shown = running.first_picture

    def noted(profile: Any) -> Any:
        window = shown(profile)
        painted_ms = _passed_ms()

        def tell() -> None:
            rows_ms = _passed_ms()
            # Not the empty page: what was saved is on the screen.
            from tests.support.first_rows import painted_rows

            assert painted_rows(window)
            _tell(window=painted_ms, rows=rows_ms)

        window.page_painted.connect(tell)
        return window

    running.first_picture = noted
    return cli.main(["--data-dir", data_dir])


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
