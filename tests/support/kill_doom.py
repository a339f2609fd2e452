"""Kills the process it is in, as `kill -9` does, at a named moment of a durable write. The desk itself knows nothing of it."""

import functools
import json
import os
import signal
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import apsw

from lumedesk.store import chain, cipher


class Say:
    """The child's voice. What it said is heard although it is killed in the next instant."""

    def __init__(self, fd: int) -> None:
        self._fd = fd

    def __call__(self, what: str) -> None:
        os.write(self._fd, f"{what}\n".encode())


def die(say: Say) -> None:
    """End as by `kill -9`."""
    say("point")
    os.kill(os.getpid(), signal.SIGKILL)


def write_name(book: str, kind: str, body: bytes) -> str:
    """What the harness calls a row that is about to be appended."""
    if book == "audit":
        named = {"armed": "arming's audit row", "recovered": "recovery's audit row", "likely": "finding's audit row"}
        return named.get(kind, "" if kind in ("quoted", "stopped") else "outcome's audit row")
    if kind == "arm":
        return "arming"
    step = json.loads(body)
    if step["state"] == "sending":
        return "SENDING"
    return {"recovery": "recovery", "lists": "finding"}.get(step["ground"], "outcome")


class Doom:
    """Kills this process at one moment of one durable write: before, in, between (commit and head marker), or after.

    Or at the nth write or sync of all on the books' files: such a doom has the moment "disk".
    """

    def __init__(self, write: str, moment: str, nth: int, say: Say) -> None:
        self._write = write
        self._moment = moment
        self._nth = nth
        self._say = say
        self._is_now = False

    def set(self) -> None:
        """Wrap the functions that write."""
        append, mark = chain.ChainedLog.append, chain._write_marker

        def doomed_append(log: Any, at: str, subject: str, kind: str, body: bytes, *check: Any) -> Any:
            self._is_now = write_name(log._path.stem, kind, body) == self._write
            self._meet("before")
            entry = append(log, at, subject, kind, body, *check)
            self._meet("after")
            self._is_now = False
            return entry

        def doomed_mark(marker: Path, seq: int, digest: bytes) -> None:
            self._meet("between")
            mark(marker, seq, digest)

        chain.ChainedLog.append = doomed_append  # type: ignore[method-assign]
        chain._write_marker = doomed_mark
        if self._moment in ("in", "disk"):
            DoomedDisk.install(self)

    def meet_disk(self, file: str, event: str, tear: Callable[[], None]) -> None:
        """In the commit: with a torn frame header, with a torn page, or with all written but not synced."""
        if self._moment == "disk":
            self._nth -= Path(file).name.startswith(("journal.sqlite", "audit.sqlite"))
            if self._nth < 0:
                tear()
                die(self._say)
            return
        wanted = ("header", "page", "sync")[self._nth % 3]
        if self._is_now and self._moment == "in" and file.endswith("-wal") and event == wanted:
            tear()
            die(self._say)

    def _meet(self, moment: str) -> None:
        if self._is_now and moment == self._moment:
            die(self._say)


class DoomedDisk(apsw.VFSFile):
    """A file of SQLite's whose writes can end half-way."""

    base = "unix"  # below the cipher: what is torn is what reaches the disk
    doom: Doom

    def __init__(self, name: Any, flags: Any) -> None:
        self._name = str(name.filename() if isinstance(name, apsw.URIFilename) else name)
        super().__init__(self.base, name, flags)

    @classmethod
    def install(cls, doom: Doom) -> None:
        cls.doom = doom

        class DoomedVfs(apsw.VFS):
            def __init__(self) -> None:
                super().__init__("doomed", cls.base)

            def xOpen(self, name: Any, flags: Any) -> apsw.VFSFile:  # noqa: N802 - SQLite's name
                return cls(name, flags)

        cls.vfs = DoomedVfs()  # type: ignore[attr-defined]
        opened = functools.partial(apsw.Connection, vfs="multipleciphers-doomed")
        cipher.apsw = SimpleNamespace(mc_version=apsw.mc_version, Connection=opened)  # type: ignore[assignment]

    def xWrite(self, data: bytes, offset: int) -> None:  # noqa: N802 - SQLite's name
        def tear() -> None:
            super(DoomedDisk, self).xWrite(bytes(data)[: len(data) // 2], offset)

        self.doom.meet_disk(self._name, "header" if len(data) < 100 else "page", tear)
        super().xWrite(data, offset)

    def xSync(self, flags: int) -> None:  # noqa: N802 - SQLite's name
        self.doom.meet_disk(self._name, "sync", lambda: None)
        super().xSync(flags)
