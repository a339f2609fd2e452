"""The process that is killed while it takes in lists: the desk's own client, feeds and mirror on a real server, no windows.

`python -m tests.support.ingest_victim` reads jobs, a JSON line each, forks a child for each from a parent that is warm, and
says how it ended. A child tells each write and sync of the mirror's files through a pipe, so that its end can be chosen by
how far it came, never by the time.
"""

import asyncio
import contextlib
import gc
import importlib
import json
import logging
import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from lumedesk.domain.kinds import HISTORIES
from lumedesk.store.mirror import Mirror
from lumedesk.store.paths import ProfilePaths
from lumedesk.store.reader import MirrorReader
from lumedesk.work.courtesy import Courtesy
from lumedesk.work.feeds import Feeds
from lumedesk.work.pace import Pace
from lumedesk.work.taking_in import Writing, catch_up, settle
from tests.support.clock import FakeClock
from tests.support.keys import STORE_KEY
from tests.support.kill_doom import DoomedDisk
from tests.support.list_server import CREDENTIALS
from tests.support.wire import a_client

ROOT = Path(__file__).resolve().parents[2]
FIRST_LIST = datetime(2026, 5, 11, 12, tzinfo=UTC)
# A child that nobody killed by then is stuck.
_PATIENCE_S = 30.0
# What httpx would load at its first request, in every child anew.
_WARM = ("httpcore", "h11", "certifi", "anyio.streams.tls", "anyio._backends._asyncio")


@dataclass(frozen=True, slots=True)
class Job:
    """Take in the lists at `url` into the mirror in `folder`, the `nth` lists since the first.

    It dies at its write number `die_at`, half of which reached the disk if it is `torn`; or is killed from outside as soon
    as it has told of write number `kill_at`, while it goes on. 0 for neither. `only_opens`: as a start without network.
    """

    folder: str
    url: str
    nth: int
    die_at: int = 0
    torn: bool = False
    kill_at: int = 0
    only_opens: bool = False


@dataclass(frozen=True, slots=True)
class Ended:
    """How a child ended, after how many writes, and how much memory it had at most, in KiB."""

    code: int
    writes: int
    peak_kib: int

    @property
    def was_killed(self) -> bool:
        return self.code == -signal.SIGKILL


async def take_in(folder: Path, url: str, nth: int) -> None:
    """Start on a mirror, read every history once, make all of it findable, and end as the desk does."""
    paths = ProfilePaths(folder)
    clock = FakeClock(FIRST_LIST + timedelta(hours=nth))
    mirror = Mirror(paths.mirror, STORE_KEY)
    reader = MirrorReader(paths.mirror, STORE_KEY)
    try:
        async with a_client(url, credentials=CREDENTIALS) as client:
            feeds = Feeds(client, mirror, reader, clock, Pace(), lambda _report: None)
            await asyncio.gather(*(feeds.poll_now(kind) for kind in HISTORIES))
        for kind in HISTORIES:
            await catch_up(mirror, Writing(), kind, Courtesy())
        await settle(mirror, Writing())
    finally:
        reader.close()
        mirror.close()


class Victims:
    """The warm parent, seen from the test. `with` starts and ends it."""

    def __enter__(self) -> "Victims":
        command = (sys.executable, "-m", "tests.support.ingest_victim")
        self._process = subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        return self

    def __exit__(self, *_: object) -> None:
        self._process.communicate()

    def give(self, job: Job) -> None:
        """Let a child do this; `ended` is to be asked before the next."""
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(asdict(job)).encode() + b"\n")
        self._process.stdin.flush()

    def ended(self) -> Ended:
        """Wait until the child is dead. Errors: RuntimeError when it failed."""
        assert self._process.stdout is not None
        told = json.loads(self._process.stdout.readline())
        if told["code"] not in (0, -signal.SIGKILL):
            raise RuntimeError(f"the child failed with {told['code']}")
        return Ended(**told)

    def run(self, job: Job) -> Ended:
        self.give(job)
        return self.ended()


class Doom:
    """Tells of each write, and ends the process at one of them. What `kill_doom.DoomedDisk` asks."""

    def __init__(self, job: Job, tell: Callable[[], None]) -> None:
        self._job = job
        self._tell = tell
        self._writes = 0

    def meet_disk(self, file: str, _event: str, tear: Callable[[], None]) -> None:
        if not Path(file).name.startswith("mirror.sqlite"):
            return
        self._writes += 1
        self._tell()
        if self._writes == self._job.die_at:
            if self._job.torn:
                tear()
            os.kill(os.getpid(), signal.SIGKILL)


def main() -> int:
    """Tend one child after the other until the input ends."""
    for name in _WARM:
        importlib.import_module(name)
    gc.freeze()
    for line in sys.stdin.buffer:
        job = Job(**json.loads(line))
        hear, tell = os.pipe()
        pid = os.fork()
        if pid == 0:
            os.close(hear)
            _live(job, tell)
        os.close(tell)
        writes = _tended(pid, hear, job.kill_at)
        os.close(hear)
        _, status, used = os.wait4(pid, 0)
        ended = Ended(os.waitstatus_to_exitcode(status), writes, used.ru_maxrss)
        os.write(1, json.dumps(asdict(ended)).encode() + b"\n")
    return 0


def _live(job: Job, tell: int) -> None:
    """The child's whole life. It never returns into the parent's loop."""
    code = 1
    try:
        gc.disable()
        # The harness's pipes are the parent's alone.
        nothing = os.open(os.devnull, os.O_RDWR)
        os.dup2(nothing, 0)
        os.dup2(nothing, 1)
        DoomedDisk.install(Doom(job, lambda: os.write(tell, b".")))  # type: ignore[arg-type]
        if job.only_opens:
            Mirror(ProfilePaths(Path(job.folder)).mirror, STORE_KEY).close()
        else:
            asyncio.run(take_in(Path(job.folder), job.url, job.nth))
        code = 0
    except BaseException:
        logging.getLogger(__name__).exception("the child failed")
    finally:
        os._exit(code)


def _tended(pid: int, hear: int, kill_at: int) -> int:
    """How many writes it told of until it was dead."""
    writes, due = 0, time.monotonic() + _PATIENCE_S
    while True:
        if not select.select([hear], [], [], max(0.0, due - time.monotonic()))[0]:
            due = time.monotonic() + _PATIENCE_S
            _kill(pid)
            continue
        piece = os.read(hear, 1)
        if not piece:
            return writes
        writes += 1
        if writes == kill_at:
            _kill(pid)


def _kill(pid: int) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)


if __name__ == "__main__":
    sys.exit(main())
