"""How the model's processes end, its disks are slow and its clocks move: planted into the chained log, for one world."""

from datetime import timedelta
from typing import Any

import pytest

from lumedesk.store import chain
from tests.support.clock import FakeClock


class Crash(BaseException):
    """The process ends here."""


class Bomb:
    """Ends the process `fuse` appends from now: before the commit, before the marker, or after both."""

    def __init__(self, patch: pytest.MonkeyPatch, clock: FakeClock) -> None:
        self.fuse = 0
        self.place = ""
        self.delay_s = 0.0
        self._is_between = False
        append, mark, connect = chain.ChainedLog.append, chain._write_marker, chain.ChainedLog._open

        def appended(log: Any, *arguments: Any) -> Any:
            place = self.place if self.fuse == 1 else ""
            self.fuse = max(0, self.fuse - 1)
            clock.advance(self.delay_s)
            if place == "before":
                raise Crash
            self._is_between = place == "between"
            entry = append(log, *arguments)
            self._is_between = False
            if place == "after":
                raise Crash
            return entry

        def marked(*arguments: Any) -> None:
            if self._is_between:
                self._is_between = False
                raise Crash
            mark(*arguments)

        def opened(log: Any) -> Any:
            connection = connect(log)
            connection.pragma("synchronous", "off")
            return connection

        patch.setattr(chain.ChainedLog, "append", appended)
        patch.setattr(chain.ChainedLog, "_open", opened)
        patch.setattr(chain, "_write_marker", marked)
        patch.setattr(chain.os, "fsync", lambda _file: None)


class MovedClock(FakeClock):
    def jump(self, seconds: float) -> None:
        """The wall clock alone."""
        self._at += timedelta(seconds=seconds)
