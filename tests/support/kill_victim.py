"""The process that gets killed: it gives one order, or starts anew after a kill; each is forked from a parent that is warm.

`python -m tests.support.kill_victim` reads jobs, a JSON line each, forks a child for each, says its process id, and once it
is dead how it ended and what it had said. The child has the desk's own parts but for the windows: Movements, Books, Feeds,
the mirror and the client. Only the engine is another, because a child needs no second thread.
"""

import asyncio
import contextlib
import gc
import importlib
import json
import os
import select
import signal
import sys
import time
import traceback
from collections.abc import Callable, Coroutine
from decimal import Decimal
from pathlib import Path
from typing import Any

from lumedesk.api.client import LumetradeClient
from lumedesk.api.endpoint import Endpoint
from lumedesk.api.transport import Transport
from lumedesk.domain.clocks import SystemClock
from lumedesk.domain.codec import Codec
from lumedesk.domain.credentials import Credentials, Secret
from lumedesk.domain.errors import DeskError
from lumedesk.domain.intents import Intent
from lumedesk.domain.kinds import Kind
from lumedesk.domain.movements import Outcome
from lumedesk.domain.quotes import Quote, QuoteRequest
from lumedesk.domain.withdrawals import WithdrawalOrder
from lumedesk.store.journal import Journal
from lumedesk.store.mirror import Mirror
from lumedesk.store.paths import make_private_folder, profile_paths
from lumedesk.store.reader import MirrorReader
from lumedesk.work.books import Books
from lumedesk.work.feeds import Feeds
from lumedesk.work.movements import Movements
from lumedesk.work.pace import Pace
from lumedesk.work.watching import alike_query
from tests.support import kill_planted
from tests.support.keys import STORE_KEY
from tests.support.kill_doom import Doom, Say, die

# A child that nobody killed by then is stuck.
PATIENCE_S = 30.0
# How long an order that is over waits for the kill that is on its way.
_LINGER_S = 3.0
_ORDER_PARTS = {("beneficiaries", "withdrawals"), ("trades", "quote", "confirm")}

# What httpx would load at its first request, in every child anew.
_WARM = ("httpcore", "h11", "certifi", "anyio.streams.tls", "anyio._backends._asyncio")

Job = dict[str, Any]


class LoopEngine:
    """Stands in for Engine: work runs on the one loop there is, and its result is handed over at once."""

    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[None]] = set()

    def submit(self, work: Coroutine[Any, Any, Any], owner: object, done: Any = None, failed: Any = None) -> None:
        async def run() -> None:
            try:
                result = await work
            except DeskError as error:
                if failed is not None:
                    failed(error)
            else:
                if done is not None:
                    done(result)

        task = asyncio.ensure_future(run())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def on_ui(self, call: Callable[[], None]) -> None:
        call()


class Start:
    """One start of the desk on one profile's files. What Movements needs of a session, it is too."""

    def __init__(self, job: Job) -> None:
        paths = profile_paths(Path(job["folder"]), "kill")
        make_private_folder(paths.folder)
        clock = SystemClock()
        self.books = Books(
            paths.journal, paths.audit, (paths.head_of(paths.journal), paths.head_of(paths.audit)), clock, key=STORE_KEY
        )
        self._mirror = Mirror(paths.mirror, STORE_KEY)
        self._reader = MirrorReader(paths.mirror, STORE_KEY)
        credentials = Credentials(job["key"], Secret(job["secret"]))
        self.client = LumetradeClient(Transport(Endpoint(job["url"]), credentials, deadline_s=10.0))
        self.movements = Movements(LoopEngine(), self.books, self, clock)  # type: ignore[arg-type]
        self._feeds = Feeds(
            self.client, self._mirror, self._reader, clock, Pace(), lambda _report: None, self.movements.look
        )

    def connected(self) -> LumetradeClient:
        return self.client

    async def poll_now(self, kind: Kind) -> None:
        await self._feeds.poll_now(kind)

    def alike(self, terms: Any) -> list[Any]:
        kind, equal = alike_query(terms)
        return [Codec[Any](kind.record).decode(document) for document in self._reader.matching(kind, equal)]

    def refresh(self, *kinds: Kind) -> None:
        """The lists are polled by hand here."""

    async def close(self) -> None:
        await self.client.aclose()
        self._reader.close()
        self._mirror.close()
        self.books.close()


# What a child does


async def give(job: Job, say: Say) -> None:
    """Give the order."""
    start = Start(job)
    if job["order"] == "confirmation":
        await start.poll_now(Kind.TRADES)
        request = QuoteRequest("USDT", "ZAR", from_amount=Decimal(job["amount"]))
        quote: Quote = await _heard(lambda done, failed: start.movements.request_quote(request, None, done, failed))  # type: ignore[arg-type]
        say("go")
        outcome: Outcome = await _heard(lambda done, _: start.movements.confirm(quote, None, done))  # type: ignore[arg-type]
    else:
        payee = job["payee"]
        order = WithdrawalOrder(
            job["uuid"], payee["id"], payee["nickname"], payee["withdrawFormDetails"], "ZAR", Decimal(job["amount"])
        )
        say("go")
        outcome = await _heard(lambda done, _: start.movements.withdraw(order, None, done))  # type: ignore[arg-type]
    say(f"done {outcome.verdict.value} {outcome.error or ''}".strip())
    if job["waits"]:  # for the kill that is on its way
        await asyncio.sleep(_LINGER_S)


async def recover(job: Job, say: Say) -> None:
    """Start on what the kill left, and once more on what that start left."""
    say("go")
    for _ in range(2):
        say("found " + json.dumps(await _found(job)))


async def _found(job: Job) -> Job:
    """Start, read the list twice, end. Shape: what the books hold then."""
    start = Start(job)
    if job["planted"]:
        await kill_planted.at_recovery(job["planted"], start)
    kind = Kind.TRADES if job["order"] == "confirmation" else Kind.WITHDRAWALS
    for _ in range(2):
        await start.poll_now(kind)
    books = start.books
    found = {
        "refusal": books.refusal,
        "intents": [_plain(intent) for intent in books.intents],
        "audit": [[row.seq, row.what, row.about] for row in books.audit_rows() if row.what != "quoted"],
    }
    await start.close()
    return found


def _plain(intent: Intent) -> Job:
    return {
        "uuid": intent.uuid,
        "state": intent.state.value,
        "id": intent.transaction_id,
        "candidates": list(intent.steps[-1].candidates),
        "steps": [[step.state.value, step.ground.value] for step in intent.steps],
    }


async def _heard(ask: Callable[[Callable[[Any], None], Callable[[DeskError], None]], object]) -> Any:
    answer: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
    ask(answer.set_result, answer.set_exception)
    return await answer


def _set_hooks(job: Job, say: Say) -> None:
    """Say what the harness needs to hear, and die where the job says."""
    arm, post = Journal.arm, Transport.post

    def heard_arm(journal: Journal, arming: Any) -> Intent:
        say("arming")
        intent = arm(journal, arming)
        say("armed")
        return intent

    async def heard_post(transport: Transport, *parts: str, body: bytes) -> Any:
        if parts in _ORDER_PARTS:
            (Path(job["folder"]) / "posting").touch()
            if job["write"] == "connecting":
                die(say)
        return await post(transport, *parts, body=body)

    Journal.arm = heard_arm  # type: ignore[method-assign]
    Transport.post = heard_post  # type: ignore[method-assign]
    if job["moment"]:
        Doom(job["write"], job["moment"], job["nth"], say).set()


# The parent


def main() -> int:
    """Tend one child after the other until the input ends."""
    for name in _WARM:
        importlib.import_module(name)
    gc.freeze()
    for line in sys.stdin.buffer:
        job = json.loads(line)
        hear, tell = os.pipe()
        pid = os.fork()
        if pid == 0:
            os.close(hear)
            _live(job, Say(tell))
        os.close(tell)
        _report({"pid": pid})
        said, is_stuck = _tended(pid, hear, job["kill_after"])
        os.close(hear)
        _, status = os.waitpid(pid, 0)
        ended = os.waitstatus_to_exitcode(status)
        _report({"ended": ended, "is_stuck": is_stuck, "said": said.decode(errors="replace").splitlines()})
    return 0


def _live(job: Job, say: Say) -> None:
    """The child's whole life. It never returns into the parent's loop."""
    code = 1
    try:
        gc.disable()
        # The harness's pipes are the parent's alone.
        nothing = os.open(os.devnull, os.O_RDWR)
        os.dup2(nothing, 0)
        os.dup2(nothing, 1)
        _set_hooks(job, say)
        if job["planted"]:
            kill_planted.plant(job["planted"])
        asyncio.run((give if job["do"] == "give" else recover)(job, say))
        code = 0
    except BaseException:  # noqa: BLE001 - all is told
        say("trace " + traceback.format_exc().replace("\n", " | "))
    finally:
        os._exit(code)


def _tended(pid: int, hear: int, kill_after: tuple[str, float] | None) -> tuple[bytes, bool]:
    """All that the child says until it is dead; killed so long after a word, if asked. True: it had to be ended."""
    word, delay_s = kill_after or ("", 0.0)
    said, is_stuck = b"", False
    due = time.monotonic() + PATIENCE_S
    is_timed = False
    while True:
        if select.select([hear], [], [], max(0.0, due - time.monotonic()))[0]:
            piece = os.read(hear, 65_536)
            if not piece:
                return said, is_stuck
            said += piece
            if word and not is_timed and f"{word}\n".encode() in said:
                is_timed, due = True, time.monotonic() + delay_s
        else:
            is_stuck = is_stuck or not is_timed
            due = time.monotonic() + PATIENCE_S
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)


def _report(what: Job) -> None:
    os.write(1, json.dumps(what).encode() + b"\n")


if __name__ == "__main__":
    sys.exit(main())
