"""Keeps the mirror equal to the server's lists: one loop per kind of record, all on the worker."""

import asyncio
import logging
import random
import time
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from typing import Any, Protocol

from msgspec.structs import replace

from lumedesk.api.arrival import Arrival
from lumedesk.api.client import CurrencyListing, LumetradeClient
from lumedesk.api.parse import Listing, Row
from lumedesk.api.recognising import Recogniser
from lumedesk.domain.alerts import Noticed
from lumedesk.domain.clocks import Clock
from lumedesk.domain.codec import encode
from lumedesk.domain.errors import DeskError
from lumedesk.domain.kinds import HISTORIES, Kind
from lumedesk.domain.statuses import FINAL_CODES
from lumedesk.store.arriving import TakenIn
from lumedesk.store.datasets import Dataset
from lumedesk.store.mirror import Mirror
from lumedesk.store.mirror_file import is_damage
from lumedesk.store.reader import MirrorReader
from lumedesk.work.courtesy import Courtesy
from lumedesk.work.engine import Unexpected
from lumedesk.work.lookups import DataUnreadable
from lumedesk.work.pace import Pace
from lumedesk.work.states import DatasetState, FeedReport
from lumedesk.work.taking_in import GivingWay, Taking, Writing, catch_up, settle

AnyListing = Listing[Any] | CurrencyListing

log = logging.getLogger(__name__)

_MAX_RETRY_AFTER_S = 600.0
# What is shown is written so much later: several answers in a row make one writing, and none of them waits for it.
_WRITTEN_AFTER_S = 0.1


class Looked(Protocol):
    """Hears of each list that was read: whether every row came and could be read, when it was asked for, with which key."""

    def __call__(self, kind: Kind, *, is_whole: bool, asked_at: datetime, key_fingerprint: str) -> None:
        """On the worker."""


class Feeds:
    """All polling loops of one connected profile. Built and used on the worker only."""

    def __init__(
        self,
        client: LumetradeClient,
        mirror: Mirror,
        reader: MirrorReader,
        clock: Clock,
        pace: Pace,
        report: Callable[[FeedReport], None],
        looked: Looked | None = None,
        noticed: Callable[[Sequence[Noticed]], None] = lambda _noticed: None,
        keep_since: Callable[[], datetime | None] = lambda: None,
        courtesy: Courtesy | None = None,
    ) -> None:
        """`report`, `looked` (after each list that was read) and `noticed` are called on the worker.

        `keep_since` says from when on what is over is kept; None keeps all.
        """
        self._noticed = noticed
        self._keep_since = keep_since
        self._client = client
        self._key_fingerprint = client.key_fingerprint
        self._mirror = mirror
        self._reader = reader
        self._clock = clock
        self._pace = pace
        self._report = report
        self._looked = looked
        self._writing = Writing()
        self._courtesy = courtesy or Courtesy()
        self._giving_way = GivingWay(lambda: client.is_asked)
        # A list asked for later is taken in later: an older answer never overwrites a newer one.
        self._turns = {kind: asyncio.Lock() for kind in Kind}
        self._kicks = {kind: asyncio.Event() for kind in Kind}
        # Lists of small kinds that are shown already.
        self._unwritten: dict[Kind, tuple[Sequence[tuple[str, bytes]], Dataset]] = {}
        self._recognisers = {kind: Recogniser() for kind in HISTORIES}
        self._known: dict[Kind, Dataset] = {}
        for kind in Kind:
            if (dataset := reader.dataset(kind)) is not None:
                self._known[kind] = dataset
        self._fetches: dict[Kind, Callable[[], Awaitable[AnyListing]]] = {
            Kind.ACCOUNTS: client.list_accounts,
            Kind.WALLETS: client.list_wallets,
            Kind.CURRENCIES: client.list_currencies,
            Kind.BENEFICIARIES: client.list_beneficiaries,
        }

    async def run(self) -> None:
        """Poll every kind until cancelled."""
        async with asyncio.TaskGroup() as group:
            for kind in Kind:
                group.create_task(self._keep_current(kind, group))

    async def poll_now(self, kind: Kind) -> None:
        """Read one list afresh, whatever its turn. Errors: DeskError."""
        report = await self._attempt(kind)
        self._report(report)
        await self._write_down(kind)
        if report.state.error is not None:
            raise report.state.error

    def kick(self, kinds: tuple[Kind, ...]) -> None:
        """Poll these kinds now rather than at their next turn."""
        for kind in kinds:
            self._kicks[kind].set()

    def save_ages(self) -> None:
        """Note when each kind was last confirmed: polls that bring nothing new write nothing, so this waits for the end.

        What is shown but not written yet is written first: whoever reads the file next goes by what it holds.
        """
        for kind, unwritten in list(self._unwritten.items()):
            self._write_now(kind, *unwritten, is_whole=True)
            del self._unwritten[kind]
        self._mirror.begin()
        for kind, dataset in self._known.items():
            self._mirror.write_dataset(kind, dataset)
        self._mirror.commit()

    async def _keep_current(self, kind: Kind, group: asyncio.TaskGroup) -> None:
        failures, writing = 0, None
        if kind.is_history:
            await self._make_findable(kind)
        while True:
            self._kicks[kind].clear()
            started = time.monotonic()
            report = await self._attempt(kind)
            failures = failures + 1 if report.state.error else 0
            self._report(report)
            if writing is None or writing.done():
                # Whoever asks again needn't wait for the disk, which may be making an index just now.
                writing = group.create_task(self._write_soon(kind))
            pause = self._pace.pause(kind, failures, time.monotonic() - started, random.random())
            if report.state.error is not None:
                pause = max(pause, min(report.state.error.retry_after_s or 0.0, _MAX_RETRY_AFTER_S))
            try:
                async with asyncio.timeout(pause):
                    await self._kicks[kind].wait()
            except TimeoutError:
                pass

    async def _write_soon(self, kind: Kind) -> None:
        await asyncio.sleep(_WRITTEN_AFTER_S)
        await self._write_down(kind)

    async def _write_down(self, kind: Kind) -> None:
        """Write what was shown already, and move what was written into the file once it is much. What fails is told."""
        try:
            while kind in self._unwritten or self._mirror.wants_checkpoint:
                if kind in self._unwritten:
                    async with self._writing:
                        # The latest by now, not the one that there was before the wait.
                        if (unwritten := self._unwritten.pop(kind, None)) is not None:
                            self._write_now(kind, *unwritten, is_whole=True)
                if self._mirror.wants_checkpoint:
                    await settle(self._mirror, self._writing)
        except Exception as error:
            log.exception("%s couldn't be written", kind.table)
            if is_damage(error):
                self._mirror.note_damage()
            self._report(self._failed(kind, Unexpected(f"{type(error).__name__}: {error}")))
            if not kind.is_history and (known := self._known.get(kind)) is not None:
                # It is not what is shown: the next answer is read, also where it is this one again.
                self._known[kind] = replace(known, digest=b"")

    async def _make_findable(self, kind: Kind) -> None:
        """What the desk was at when it ended. Whatever goes wrong is told: it must not end the loops."""
        try:
            if await catch_up(self._mirror, self._writing, kind, self._courtesy, self._giving_way):
                self._report(FeedReport(kind, _state(self._known.get(kind)), is_findable=True))
        except Exception as error:
            log.exception("%s can't all be found", kind.table)
            if is_damage(error):
                self._mirror.note_damage()
            self._report(self._failed(kind, DataUnreadable(f"{type(error).__name__}: {error}")))

    async def _attempt(self, kind: Kind) -> FeedReport:
        """Poll once. Whatever goes wrong is told in the report: one kind's trouble must not end the others' loops."""
        try:
            async with self._turns[kind]:
                asked_at = self._clock.now()
                report = await self._poll(kind)
            changed = report.touched is None or bool(report.touched or report.records or report.is_findable)
            self._pace.note(kind, changed=changed, unfinished=self._unfinished(kind))
            if self._looked is not None:
                self._looked(kind, is_whole=report.is_whole, asked_at=asked_at, key_fingerprint=self._key_fingerprint)
        except DeskError as error:
            return self._failed(kind, error)
        except Exception as error:
            log.exception("polling %s failed", kind.table)
            if is_damage(error):
                self._mirror.note_damage()
                return self._failed(kind, DataUnreadable(str(error)))
            return self._failed(kind, Unexpected(f"{type(error).__name__}: {error}"))
        return report

    async def _poll(self, kind: Kind) -> FeedReport:
        return await (self._poll_history(kind) if kind.is_history else self._poll_small(kind))

    async def _poll_history(self, kind: Kind) -> FeedReport:
        known = self._known.get(kind)
        taken = None

        async def take(arrival: Arrival) -> tuple[Dataset, TakenIn] | None:
            nonlocal taken
            taken = Taking(
                self._mirror,
                self._writing,
                kind,
                self._clock.now(),
                self._keep_since(),
                shown,
                self._courtesy,
                self._recognisers[kind],
                self._giving_way,
            )
            return await taken.take(arrival, self._clock.now)

        def shown() -> None:
            self._report(FeedReport(kind, _state(self._known.get(kind)), touched=None))

        found = await self._client.arrive(kind, (known.digest or None) if known is not None else None, take)
        if found is None:
            if known is None:
                raise AssertionError("a list can be the same only as one before")
            self._known[kind] = dataset = replace(known, confirmed_at=self._clock.now())
            return FeedReport(kind, _state(dataset), is_whole=not dataset.set_aside)
        dataset, brought = found
        self._known[kind] = dataset
        is_whole = not (taken is None or taken.is_partial or dataset.set_aside)
        if brought.noticed:
            self._noticed(brought.noticed)
        touched = brought.touched
        if brought.is_behind:
            self._report(FeedReport(kind, _state(dataset), touched=None))
            await catch_up(self._mirror, self._writing, kind, self._courtesy, self._giving_way)
            touched = ()
        return FeedReport(kind, _state(dataset), None, touched, is_findable=brought.is_behind, is_whole=is_whole)

    async def _poll_small(self, kind: Kind) -> FeedReport:
        listing = await self._fetches[kind]()
        is_partial = isinstance(listing, Listing) and listing.partial
        rows, known = self._latest(kind)
        if known is not None and known.digest == listing.digest:
            dataset = replace(known, confirmed_at=self._clock.now())
            if kind in self._unwritten:
                self._unwritten[kind] = (rows, dataset)
            else:
                self._known[kind] = dataset
            return FeedReport(kind, _state(dataset), is_whole=not (is_partial or dataset.set_aside))
        records, rows, set_aside = self._read_small(kind, listing)
        dataset = Dataset(listing.digest, self._clock.now(), set_aside)
        is_whole = not (is_partial or set_aside)
        if rows and is_whole:
            # What is shown needn't wait for the disk, nor for a long list that is just being written.
            self._unwritten[kind] = (rows, dataset)
            return FeedReport(kind, _state(dataset), records, is_whole=True)
        is_taken = await self._write_small(kind, rows, dataset, is_whole=is_whole)
        return FeedReport(kind, _state(dataset), records if is_taken else None, is_whole=is_whole)

    async def _write_small(
        self, kind: Kind, rows: Sequence[tuple[str, bytes]], dataset: Dataset, *, is_whole: bool
    ) -> bool:
        """Whether the list was taken for what it is."""
        async with self._writing:
            # What was shown before is older, and must not be written after this.
            if (unwritten := self._unwritten.pop(kind, None)) is not None:
                self._write_now(kind, *unwritten, is_whole=True)
            return self._write_now(kind, rows, dataset, is_whole=is_whole)

    def _write_now(self, kind: Kind, rows: Sequence[tuple[str, bytes]], dataset: Dataset, *, is_whole: bool) -> bool:
        self._mirror.begin()
        try:
            is_taken, noticed = self._mirror.write_small(kind, rows, dataset.confirmed_at, is_whole=is_whole)
            self._mirror.write_dataset(kind, dataset)
            self._mirror.commit()
        finally:
            self._mirror.rollback()
        self._known[kind] = dataset
        if noticed:
            self._noticed(noticed)
        return is_taken

    def _read_small(self, kind: Kind, listing: AnyListing) -> tuple[tuple[Any, ...], list[tuple[str, bytes]], int]:
        """The records, their JSON by id, and how many can't be read."""
        if isinstance(listing, CurrencyListing):
            # The list's shape is undocumented, so what was understood is kept rather than what came.
            currencies, unread = listing.read()
            return tuple(currencies), [(each.code, encode(each)) for each in currencies], len(unread)
        keyed: dict[str, Row[Any]] = {}
        set_aside = 0
        for rows, unreadable in listing.pieces():
            set_aside += len(unreadable)
            for row in rows:
                # A record without an id can't be told from others: it is counted, never guessed at.
                if (key := kind.key(row.record)) and key not in keyed:
                    keyed[key] = row
                else:
                    set_aside += 1
        return tuple(row.record for row in keyed.values()), [(key, row.raw) for key, row in keyed.items()], set_aside

    def _failed(self, kind: Kind, error: DeskError) -> FeedReport:
        return FeedReport(kind, _state(self._latest(kind)[1], error))

    def _latest(self, kind: Kind) -> tuple[Sequence[tuple[str, bytes]], Dataset | None]:
        """What is shown: the list that isn't written yet, if there is one."""
        return self._unwritten.get(kind, ((), self._known.get(kind)))

    def _unfinished(self, kind: Kind) -> bool:
        return kind.is_history and self._reader.unfinished(kind, FINAL_CODES) > 0


def _state(dataset: Dataset | None, error: DeskError | None = None) -> DatasetState:
    return (
        DatasetState(None, error) if dataset is None else DatasetState(dataset.confirmed_at, error, dataset.set_aside)
    )
