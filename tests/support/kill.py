"""Kills a child that gives an order, at a named moment, starts anew on what it left, and says what is wrong then."""

import asyncio
import contextlib
import itertools
import json
import os
import random
import shutil
import signal
import sys
import uuid
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lumedesk.sandbox.launch import SandboxAddress, SandboxOptions, SandboxProcess
from tests.support.kill_judge import Facts, Run, judged
from tests.support.kill_line import Line, Moment, Watch
from tests.support.sandbox import headers

ROOT = Path(__file__).resolve().parents[2]
ORDERS = ("withdrawal", "confirmation")
_PATHS = {
    "withdrawal": ("/api/v1/beneficiaries/withdrawals", "createWithdrawal", "/api/v1/withdrawals"),
    "confirmation": ("/api/v1/trades/quote/confirm", "confirmQuote", "/api/v1/trades"),
}
# Short lists keep a run short; and each sandbox sees the same few amounts again and again, so that the baseline matters.
_RUNS_PER_SANDBOX = 100
_AMOUNTS = ("100.05", "250.40", "75.10")
_LONGEST_DELAY_S = 0.03
_MOMENT_WORDS = {
    "before": "before {}",
    "in": "in the commit of {}",
    "between": "between {} and its head marker",
    "after": "after {}",
}


@dataclass(frozen=True, slots=True)
class Point:
    """Where a child dies: at a moment of a durable write, on the wire, or at a random instant after it said `after`.

    With `cut` the wire moment cuts the line instead, and the child dies at the write that follows. At a birth no order is
    given: it dies while it begins the books.
    """

    name: str
    write: str = ""
    moment: str = ""
    wire: Moment | None = None
    cut: bool = False
    after: str = ""
    is_birth: bool = False

    @property
    def kills_on_the_wire(self) -> bool:
        return self.wire is not None and not self.cut

    @property
    def must_hit(self) -> bool:
        """False where the child may be through before the kill comes."""
        return not self.after and not self.is_birth


def _writes(name: str, *moments: str) -> list[Point]:
    words = name if "'" in name else f"the {name} step"
    return [Point(_MOMENT_WORDS[moment].format(words), name, moment) for moment in moments or _MOMENT_WORDS]


# Between a step and its audit row nothing happens: after the one is before the other.
WRITE_POINTS = [
    *_writes("arming"),
    *_writes("arming's audit row", "in", "between", "after"),
    *_writes("SENDING"),
    *_writes("outcome"),
    *_writes("outcome's audit row", "in", "between", "after"),
]
WIRE_POINTS = [
    Point("before connecting", "connecting"),
    *(Point(moment.value, wire=moment) for moment in Moment),
]
CUT_POINTS = [
    Point("cut before the server commits, before the outcome step", "outcome", "before", Moment.LOST, cut=True),
    Point("cut once the server committed, before the outcome step", "outcome", "before", Moment.COMMITTED, cut=True),
    Point("cut once the server committed, after the outcome step", "outcome", "after", Moment.COMMITTED, cut=True),
    Point("cut in the answer, after the outcome's audit row", "outcome's audit row", "after", Moment.HALF_ANSWER, True),
]
RANDOM_POINTS = [
    Point("0 to 30 ms after the order was given", after="go"),
    Point("0 to 30 ms after its arming began", after="arming"),
]
BIRTH_POINT = Point("at any write while the books are begun", "any", "disk", is_birth=True)
POINTS = (*WRITE_POINTS, *WIRE_POINTS, *CUT_POINTS, *RANDOM_POINTS, BIRTH_POINT)
RECOVERY_POINTS = [
    point for name in ("recovery", "recovery's audit row", "finding", "finding's audit row") for point in _writes(name)
]


@dataclass(frozen=True, slots=True)
class Case:
    """One run to make. `number` varies what the name of the point leaves open."""

    order: str
    point: Point
    number: int
    planted: str = ""


def cases(runs: int, points: Iterable[Point] = POINTS, orders: Iterable[str] = ORDERS, planted: str = "") -> list[Case]:
    """`runs` of each order at each point, mixed so that each sandbox sees all of them."""
    each = [(order, point) for order in orders for point in points]
    return [Case(order, point, number, planted) for number in range(runs) for order, point in each]


async def campaign(
    wanted: list[Case],
    folder: Path,
    workers: int = 0,
    progress: Callable[[int], None] = lambda _done: None,
    is_enough: Callable[[], bool] = lambda: False,
) -> list[Run]:
    """Make all these runs, or as many as until `is_enough`; several at once, each worker with a sandbox and line of its own."""
    waiting = iter(enumerate(wanted))
    done: dict[int, Run] = {}

    async def work(number: int) -> None:
        async with Worker(folder / f"worker{number}") as worker:
            for index, case in waiting:
                done[index] = await worker.run(case)
                progress(len(done))
                if is_enough():
                    return

    async with asyncio.TaskGroup() as group:
        for number in range(workers or min(len(wanted), (os.cpu_count() or 1) + 1)):
            group.create_task(work(number))
    return [done[index] for index in sorted(done)]


class Worker:
    """Makes one run after the other."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._line = Line()
        self._parent = Parent()
        self._sandbox: SandboxProcess | None = None
        self._address: SandboxAddress | None = None
        self._payee: dict[str, Any] = {}
        self._runs = itertools.count()
        self._seen: dict[str, tuple[int, frozenset[str]]] = {}
        self._url = ""

    async def __aenter__(self) -> "Worker":
        self._folder.mkdir(parents=True)
        await self._parent.start()
        self._url = f"http://127.0.0.1:{await self._line.start()}"
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._line.close()
        await self._parent.stop()
        if self._sandbox is not None:
            await asyncio.to_thread(self._sandbox.stop)

    async def run(self, case: Case) -> Run:
        """Kill one child, start anew, look at everything."""
        number = next(self._runs)
        if number % _RUNS_PER_SANDBOX == 0:
            await self._renew()
        path, operation, listing = _PATHS[case.order]
        folder = self._folder / str(number)
        job = self._job(case, folder)
        folder.mkdir()
        # Nobody else asks this sandbox for anything: what the last run left is what this one finds.
        posts, ids = self._seen.get(operation, (0, frozenset()))
        self._line.watch = self._watch(case, path, folder)
        victim = await self._child(job | {"do": "recover" if case.point.is_birth else "give"} | _kill_of(case))
        at_kill = await self._posts(operation) - posts, await self._ids(listing) - ids
        interrupted = None
        if case.number % 2:
            interrupted = await self._child(job | {"do": "recover"} | _recovery_kill_of(case))
        recovered = await self._child(job | {"do": "recover"})
        self._seen[operation] = await self._posts(operation), await self._ids(listing)
        at_end = self._seen[operation][0] - posts, self._seen[operation][1] - ids
        shutil.rmtree(folder)
        facts = Facts(*at_kill, *at_end, victim, interrupted, recovered)
        return Run(case.order, case.point.name, facts, tuple(judged(facts, must_die=case.point.must_hit)))

    def _job(self, case: Case, folder: Path) -> dict[str, Any]:
        assert self._address is not None
        return {
            "order": case.order,
            "folder": str(folder),
            "url": self._url,
            "key": self._address.credentials.key,
            "secret": self._address.credentials.secret.reveal(),
            "payee": self._payee,
            "uuid": str(uuid.uuid4()),
            "amount": _AMOUNTS[case.number % len(_AMOUNTS)],
            "planted": case.planted,
            # The two orders share the writes of a birth between them.
            "nth": 2 * case.number + ORDERS.index(case.order) if case.point.is_birth else case.number,
            "waits": False,
            "write": "",
            "moment": "",
            "kill_after": None,
        }

    def _watch(self, case: Case, path: str, folder: Path) -> Watch:
        kill = self._parent.kill if case.point.kills_on_the_wire else None
        return Watch(path, folder / "posting", case.point.wire, kill)

    async def _child(self, job: dict[str, Any]) -> "Ended":
        ended = await self._parent.child(job)
        await self._line.settled()
        return ended

    async def _renew(self) -> None:
        if self._sandbox is not None:
            await asyncio.to_thread(self._sandbox.stop)
        self._sandbox = SandboxProcess(SandboxOptions(history=0, speed=0, quote_seconds=3000))
        self._address = await asyncio.to_thread(self._sandbox.start)
        self._line.upstream = int(self._address.base_url.rpartition(":")[2])
        self._seen = {operation: (0, await self._ids(listing)) for _, operation, listing in _PATHS.values()}
        self._payee = (await self._ask("/api/v1/beneficiaries?currency=ZAR"))[0]

    async def _posts(self, operation: str) -> int:
        return int((await self._ask("/_sandbox/requests")).get(operation, 0))

    async def _ids(self, listing: str) -> frozenset[str]:
        return frozenset(row["transactionId"] for row in await self._ask(listing))

    async def _ask(self, path: str) -> Any:
        """Ask the sandbox itself, past the line."""
        assert self._address is not None
        lines = [f"GET {path} HTTP/1.1", "Host: sandbox", "Connection: close"]
        lines += [f"{name}: {value}" for name, value in headers(self._address.credentials).items()]
        reader, writer = await asyncio.open_connection("127.0.0.1", self._line.upstream)
        try:
            writer.write("\r\n".join([*lines, "", ""]).encode())
            head, _, body = (await reader.read()).partition(b"\r\n\r\n")
        finally:
            writer.close()
            with contextlib.suppress(OSError):
                await writer.wait_closed()
        assert head.startswith(b"HTTP/1.1 200"), head
        return json.loads(body)


def _kill_of(case: Case) -> dict[str, Any]:
    point = case.point
    return {
        "write": point.write,
        "moment": point.moment,
        "waits": point.kills_on_the_wire or point.after,
        "kill_after": _soon(point.after) if point.after else None,
    }


def _recovery_kill_of(case: Case) -> dict[str, Any]:
    """Every second run of a point dies in its recovery too: at a random instant or at one of its writes."""
    turn = case.number // 2
    if turn % 2:
        return {"kill_after": _soon("go")}
    # Which of them comes next differs from point to point, so that a few runs of each come by all.
    point = RECOVERY_POINTS[(turn // 2 + len(case.point.name) * 7) % len(RECOVERY_POINTS)]
    return {"write": point.write, "moment": point.moment}


def _soon(word: str) -> tuple[str, float]:
    return word, random.uniform(0, _LONGEST_DELAY_S)


@dataclass(frozen=True, slots=True)
class Ended:
    """How a child ended, and what it had said."""

    code: int
    is_stuck: bool
    said: tuple[str, ...]

    @property
    def was_killed(self) -> bool:
        return self.code == -signal.SIGKILL and not self.is_stuck

    def told(self, word: str) -> list[str]:
        """What followed this word, each time that it was said."""
        return [line[len(word) :].strip() for line in self.said if line.split(" ")[0] == word]


class Parent:
    """The warm process that children are forked from."""

    def __init__(self) -> None:
        self._process: asyncio.subprocess.Process | None = None
        self._pid: asyncio.Future[int] | None = None
        self._dead: asyncio.Event | None = None

    async def start(self) -> None:
        self._process = await asyncio.create_subprocess_exec(
            sys.executable,
            *("-m", "tests.support.kill_victim"),
            cwd=ROOT,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            limit=2**24,
        )

    async def stop(self) -> None:
        if self._process is not None and self._process.stdin is not None:
            self._process.stdin.close()
            await self._process.wait()

    async def child(self, job: dict[str, Any]) -> Ended:
        """Let a child do this; returns when it is dead. Errors: EOFError when the parent itself died."""
        assert self._process is not None
        assert self._process.stdin is not None
        self._pid = asyncio.get_running_loop().create_future()
        self._dead = asyncio.Event()
        self._process.stdin.write(json.dumps(job).encode() + b"\n")
        self._pid.set_result((await self._read())["pid"])
        ended = await self._read()
        self._dead.set()
        return Ended(ended["ended"], ended["is_stuck"], tuple(ended["said"]))

    async def kill(self) -> None:
        """Kill the child that is alive, and wait until it is dead."""
        assert self._pid is not None
        assert self._dead is not None
        pid = await self._pid
        # Its parent waits for it only once its pipe has ended, so the number can't be another's meanwhile.
        if not self._dead.is_set():
            os.kill(pid, signal.SIGKILL)
            await self._dead.wait()

    async def _read(self) -> Any:
        assert self._process is not None
        assert self._process.stdout is not None
        line = await self._process.stdout.readline()
        if not line:
            raise EOFError("the parent of the children ended")
        return json.loads(line)
