"""Keeps the mirror equal to the server's lists: one loop per kind of record, all on the worker."""

import asyncio
import logging
import random
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Protocol

from lumedesk.api.client import CurrencyListing, LumetradeClient
from lumedesk.api.parse import Listing
from lumedesk.domain.clocks import Clock
from lumedesk.domain.codec import encode
from lumedesk.domain.errors import DeskError
from lumedesk.domain.kinds import Kind
from lumedesk.domain.statuses import FINAL_CODES
from lumedesk.store.mirror import Dataset, Mirror, MirrorReader
from lumedesk.work.engine import Unexpected
from lumedesk.work.pace import Pace

AnyListing = Listing[Any] | CurrencyListing

log = logging.getLogger(__name__)

_MAX_RETRY_AFTER_S = 600.0


class Looked(Protocol):
    """Hears of each list that was read: whether every row came and could be read, when it was asked for, with which key."""

    def __call__(self, kind: Kind, *, is_whole: bool, asked_at: datetime, key_fingerprint: str) -> None:
        """On the worker."""


@dataclass(frozen=True, slots=True)
class DatasetState:
    """How far one kind's records can be trusted. `error` is why the last attempt failed; None once it succeeded."""

    confirmed_at: datetime | None = None
    error: DeskError | None = None
    set_aside: int = 0


@dataclass(frozen=True, slots=True)
class FeedReport:
    """What one poll brought. `records` is set for a small kind that changed, `touched` holds a history's changed rows.

    `is_whole`: the list came whole and every row could be read.
    """

    kind: Kind
    state: DatasetState
    records: tuple[Any, ...] | None = None
    touched: tuple[int, ...] = ()
    is_whole: bool = False


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
    ) -> None:
        """`report` and `looked` (after each list that was read) are called on the worker."""
        self._key_fingerprint = client.key_fingerprint
        self._mirror = mirror
        self._reader = reader
        self._clock = clock
        self._pace = pace
        self._report = report
        self._looked = looked
        self._writing = asyncio.Lock()
        # A list asked for later is taken in later: an older answer never overwrites a newer one.
        self._turns = {kind: asyncio.Lock() for kind in Kind}
        self._kicks = {kind: asyncio.Event() for kind in Kind}
        self._known: dict[Kind, Dataset] = {}
        for kind in Kind:
            if (dataset := reader.dataset(kind)) is not None:
                self._known[kind] = dataset
        self._fetches: dict[Kind, Callable[[], Awaitable[AnyListing]]] = {
            Kind.ACCOUNTS: client.list_accounts,
            Kind.WALLETS: client.list_wallets,
            Kind.CURRENCIES: client.list_currencies,
            Kind.BENEFICIARIES: client.list_beneficiaries,
            Kind.TRADES: client.list_trades,
            Kind.DEPOSITS: client.list_deposits,
            Kind.WITHDRAWALS: client.list_withdrawals,
        }

    async def run(self) -> None:
        """Poll every kind until cancelled."""
        async with asyncio.TaskGroup() as group:
            for kind in Kind:
                group.create_task(self._keep_current(kind))

    async def poll_now(self, kind: Kind) -> None:
        """Read one list afresh, whatever its turn. Errors: DeskError."""
        report = await self._attempt(kind)
        self._report(report)
        if report.state.error is not None:
            raise report.state.error

    def kick(self, kinds: tuple[Kind, ...]) -> None:
        """Poll these kinds now rather than at their next turn."""
        for kind in kinds:
            self._kicks[kind].set()

    def save_ages(self) -> None:
        """Note when each kind was last confirmed: polls that bring nothing new write nothing, so this waits for the end."""
        self._mirror.begin()
        for kind, dataset in self._known.items():
            self._mirror.write_dataset(kind, dataset)
        self._mirror.commit()

    async def _keep_current(self, kind: Kind) -> None:
        failures = 0
        while True:
            self._kicks[kind].clear()
            started = time.monotonic()
            report = await self._attempt(kind)
            failures = failures + 1 if report.state.error else 0
            self._report(report)
            pause = self._pace.pause(kind, failures, time.monotonic() - started, random.random())
            if report.state.error is not None:
                pause = max(pause, min(report.state.error.retry_after_s or 0.0, _MAX_RETRY_AFTER_S))
            try:
                async with asyncio.timeout(pause):
                    await self._kicks[kind].wait()
            except TimeoutError:
                pass

    async def _attempt(self, kind: Kind) -> FeedReport:
        """Poll once. Whatever goes wrong is told in the report: one kind's trouble must not end the others' loops."""
        try:
            async with self._turns[kind]:
                asked_at = self._clock.now()
                report = await self._poll(kind)
            changed = bool(report.touched or report.records)
            self._pace.note(kind, changed=changed, unfinished=self._unfinished(kind))
            if self._looked is not None:
                self._looked(kind, is_whole=report.is_whole, asked_at=asked_at, key_fingerprint=self._key_fingerprint)
        except DeskError as error:
            return self._failed(kind, error)
        except Exception as error:
            log.exception("polling %s failed", kind.table)
            return self._failed(kind, Unexpected(f"{type(error).__name__}: {error}"))
        return report

    async def _poll(self, kind: Kind) -> FeedReport:
        listing = await self._fetches[kind]()
        is_partial = isinstance(listing, Listing) and listing.partial
        known = self._known.get(kind)
        if known is not None and known.digest == listing.digest:
            self._known[kind] = dataset = replace(known, confirmed_at=self._clock.now())
            state = DatasetState(dataset.confirmed_at, None, dataset.set_aside)
            return FeedReport(kind, state, is_whole=not (is_partial or dataset.set_aside))
        async with self._writing:
            self._mirror.begin()
            try:
                records, touched, set_aside = await self._take_in(kind, listing)
                dataset = Dataset(listing.digest, self._clock.now(), set_aside)
                self._mirror.write_dataset(kind, dataset)
                self._mirror.commit()
            finally:
                self._mirror.rollback()
        self._known[kind] = dataset
        state = DatasetState(dataset.confirmed_at, None, set_aside)
        return FeedReport(kind, state, records, touched, is_whole=not (is_partial or set_aside))

    async def _take_in(self, kind: Kind, listing: AnyListing) -> tuple[tuple[Any, ...] | None, tuple[int, ...], int]:
        if isinstance(listing, CurrencyListing):
            return self._take_in_currencies(listing)
        records: list[Any] = []
        touched: list[int] = []
        small: list[tuple[str, bytes]] = []
        set_aside = 0
        for rows, unreadable in listing.pieces():
            keyed = [(key, row) for row in rows if (key := kind.key(row.record))]
            # A record without an id can't be told from others: it is counted, never guessed at.
            set_aside += len(unreadable) + len(rows) - len(keyed)
            if kind.is_history:
                triples = ((key, row.raw, row.record) for key, row in keyed)
                touched += self._mirror.write_history(kind, triples, self._clock.now())
            else:
                records += [row.record for _, row in keyed]
                small += [(key, row.raw) for key, row in keyed]
            await asyncio.sleep(0)
        if kind.is_history:
            return None, tuple(touched), set_aside
        self._mirror.write_small(kind, small)
        return tuple(records), (), set_aside

    def _take_in_currencies(self, listing: CurrencyListing) -> tuple[tuple[Any, ...], tuple[int, ...], int]:
        """The list's shape is undocumented, so what was understood is kept rather than what came."""
        currencies, set_aside = listing.read()
        self._mirror.write_small(Kind.CURRENCIES, [(each.code, encode(each)) for each in currencies])
        return tuple(currencies), (), len(set_aside)

    def _failed(self, kind: Kind, error: DeskError) -> FeedReport:
        known = self._known.get(kind)
        if known is None:
            return FeedReport(kind, DatasetState(None, error))
        return FeedReport(kind, DatasetState(known.confirmed_at, error, known.set_aside))

    def _unfinished(self, kind: Kind) -> bool:
        return kind.is_history and self._reader.unfinished(kind, FINAL_CODES) > 0
