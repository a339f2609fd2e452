"""Takes one history's list from the network into the mirror while it comes in. Runs on the worker, in small steps."""

import asyncio
import time
from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any, Literal, TypeVar

from lumedesk.api.arrival import Arrival
from lumedesk.api.parse import unreadable
from lumedesk.api.recognising import Recogniser
from lumedesk.api.rows import RowReader
from lumedesk.api.splitting import Piece, Same, Splitter
from lumedesk.domain.codec import UnreadableJson
from lumedesk.domain.kinds import Kind
from lumedesk.store.arriving import Arriving, TakenIn
from lumedesk.store.datasets import Dataset
from lumedesk.store.mirror import Mirror
from lumedesk.work.courtesy import Courtesy

T = TypeVar("T")

# Rows that came are told of early, then after a while, then ever more seldom: each time the tables order all there is.
_FIRST_TOLD = 50
_TOLD_AGAIN_S = 2.0
_ROWS_FIRST_S = 0.5
# While somebody waits for another answer, a long list waits too: for so long at most, and then not again for a while.
_GIVES_WAY_S = 0.02
_GIVES_WAY_AGAIN_S = 0.1
_LOOKS_AGAIN_S = 0.001
# From a click to the request it makes, it takes so many rounds of the loop. Only then is it known that somebody waits.
_ROUNDS = 3
# Between two steps other work gets its turn; none holds it for longer than this.
_STEP_S = 0.004


class Writing(asyncio.Lock):
    """Held while anything is written to the mirror: one connection writes it all. `is_wanted`: somebody waits for it."""

    def __init__(self) -> None:
        super().__init__()
        self._waiting = 0

    @property
    def is_wanted(self) -> bool:
        """Whether whoever holds it should soon let it go."""
        return self._waiting > 0

    async def acquire(self) -> Literal[True]:
        """As asyncio has it."""
        self._waiting += 1
        try:
            return await super().acquire()
        finally:
            self._waiting -= 1


class GivingWay:
    """Lets short exchanges go before what a long list brings: each of their steps would have to wait for one of its own."""

    def __init__(self, is_asked: Callable[[], bool] = lambda: False) -> None:
        """`is_asked`: whether somebody waits for another answer. On any thread."""
        self._is_asked = is_asked
        self._next_at = 0.0

    @property
    def is_wanted(self) -> bool:
        """Whether it is time to wait."""
        return self._is_asked() and time.perf_counter() >= self._next_at

    async def wait(self) -> None:
        """Until nobody waits any more, or long enough."""
        for _ in range(_ROUNDS):
            await asyncio.sleep(0)
        until = time.perf_counter() + _GIVES_WAY_S
        while self.is_wanted:
            await asyncio.sleep(_LOOKS_AGAIN_S)
            self._note(until)

    def wait_in_thread(self) -> None:
        """The same for work in a thread."""
        until = time.perf_counter() + _GIVES_WAY_S
        while self.is_wanted:
            time.sleep(_LOOKS_AGAIN_S)
            self._note(until)

    def _note(self, until: float) -> None:
        now = time.perf_counter()
        if now >= until:
            self._next_at = now + _GIVES_WAY_AGAIN_S


class Taking:
    """One list on its way. `shown` is called, on the worker, when rows can be seen that could not before."""

    def __init__(
        self,
        mirror: Mirror,
        writing: Writing,
        kind: Kind,
        seen_at: datetime,
        keep_since: datetime | None,
        shown: Callable[[], None],
        courtesy: Courtesy,
        recogniser: Recogniser | None = None,
        giving_way: GivingWay | None = None,
    ) -> None:
        """`writing` is held while anything is being written: one connection writes all lists.

        `recogniser`: the one that saw this kind's list before.
        """
        self._giving_way = giving_way or GivingWay()
        self._mirror = mirror
        self._writing = writing
        self._kind = kind
        self._seen_at = seen_at
        self._keep_since = keep_since
        self._shown = shown
        self._courtesy = courtesy
        self._recogniser = recogniser or Recogniser()
        self._reader = RowReader(kind)
        self._set_aside = 0
        self._told = 0
        self._tell_at = 0.0
        self._told_again_s = _TOLD_AGAIN_S
        self._holds = False
        self.is_partial = False

    async def take(self, arrival: Arrival, now: Callable[[], datetime]) -> tuple[Dataset, TakenIn] | None:
        """Take the list in, whole or not at all; None when it is known to be the same. Errors: DeskError."""
        async with self._writing:
            arriving = self._mirror.arriving(self._kind, self._seen_at, self._keep_since, self._courtesy.wait_in_thread)
        self._recogniser.keep_only(arriving.known, arrival.known)
        splitter = Splitter(arriving.known, self._kind.table, self._recogniser)
        try:
            async for data in arrival.pieces(self._recogniser):
                await self._write(arriving, splitter.feed(data))
            if arrival.is_same:
                return None
            await self._write(arriving, splitter.end())
            self.is_partial = splitter.is_partial
            return await self._finish(arriving, arrival.digest, now())
        except UnreadableJson as error:
            raise unreadable(str(error), arrival.request_id) from error
        finally:
            await self._end(arriving)

    async def _write(self, arriving: Arriving, told: Iterable[Same | Piece]) -> None:
        began = time.perf_counter()
        for each in told:
            if isinstance(each, Same):
                arriving.same(each.first, each.end)
                continue
            rows, set_aside = self._reader.read(each.body, each.rows)
            self._set_aside += set_aside
            await self._hold()
            arriving.take(each.body, rows, set_aside)
            if self._writing.is_wanted:
                arriving.let_go()
            if not arriving.holds_a_transaction:
                self._release()
            is_wanted = self._courtesy.is_wanted or self._giving_way.is_wanted
            if is_wanted or time.perf_counter() - began > _STEP_S:
                self._tell(arriving)
                await self._courtesy.wait()
                await self._giving_way.wait()
                began = time.perf_counter()
        self._tell(arriving)

    async def _hold(self) -> None:
        if not self._holds:
            await self._writing.acquire()
            self._holds = True

    def _release(self) -> None:
        self._holds = False
        self._writing.release()

    def _tell(self, arriving: Arriving) -> None:
        now = time.perf_counter()
        if arriving.shown > max(self._told, _FIRST_TOLD - 1) and now >= self._tell_at:
            self._told = arriving.shown
            self._tell_at = now + self._told_again_s
            self._told_again_s *= 2
            self._shown()

    async def _finish(self, arriving: Arriving, digest: bytes, at: datetime) -> tuple[Dataset, TakenIn]:
        await self._hold()
        dataset = Dataset(digest, at, self._set_aside + arriving.doubles)
        return dataset, arriving.finish(dataset, is_partial=self.is_partial)

    async def _end(self, arriving: Arriving) -> None:
        """Leave nothing of a list that broke off; harmless after a whole one."""
        try:
            if arriving.is_open:
                await self._hold()
                if await _in_thread(arriving.abandon):
                    self._shown()
        finally:
            if self._holds:
                self._release()


async def catch_up(
    mirror: Mirror, writing: Writing, kind: Kind, courtesy: Courtesy, giving_way: GivingWay | None = None
) -> bool:
    """Make all rows of a history findable that are only shown yet; whether there were any. Others write in between."""
    if not mirror.is_behind(kind):
        return False
    # The rows themselves come first.
    await asyncio.sleep(_ROWS_FIRST_S)

    others = giving_way or GivingWay()

    def goes_on() -> bool:
        others.wait_in_thread()
        return not writing.is_wanted

    def step(of: Kind) -> int:
        return mirror.catch_up(of, goes_on, courtesy.wait_in_thread)

    async with writing:
        await _in_thread(mirror.prepare_to_catch_up, kind)
    for each in (step, mirror.make_index):
        is_left = True
        while is_left:
            async with writing:
                is_left = bool(await _in_thread(each, kind))
            await asyncio.sleep(0)
    return True


async def settle(mirror: Mirror, writing: Writing) -> None:
    """Move what was written into the file."""
    async with writing:
        await _in_thread(mirror.checkpoint)


async def _in_thread(call: Callable[..., T], *arguments: Any) -> T:
    """Run `call` in a thread and don't leave before it does, cancelled or not: what it uses is then free for others."""
    work = asyncio.ensure_future(asyncio.to_thread(call, *arguments))
    try:
        return await asyncio.shield(work)
    finally:
        if not work.done():
            await asyncio.wait([work])
