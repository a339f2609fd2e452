"""One profile's connection: its client, whose key that is, and its polling; all of it replaced together. On the worker."""

import asyncio
import logging
from collections.abc import Callable, Coroutine, Sequence
from datetime import datetime
from typing import Any, Protocol

from lumedesk.api.client import LumetradeClient
from lumedesk.domain.alerts import Noticed
from lumedesk.domain.clocks import Clock
from lumedesk.domain.codec import Codec
from lumedesk.domain.errors import DeskError, Unreadable
from lumedesk.domain.kinds import HISTORIES, Kind
from lumedesk.domain.records import Account
from lumedesk.logs import redacted
from lumedesk.store.mirror import Mirror
from lumedesk.store.owner import OwnerFile
from lumedesk.store.reader import MirrorReader
from lumedesk.work.courtesy import Courtesy
from lumedesk.work.engine import Unexpected
from lumedesk.work.feeds import Feeds
from lumedesk.work.movements import Movements
from lumedesk.work.pace import Pace
from lumedesk.work.states import Connection, Connector, DatasetState, FeedReport, connection_after
from lumedesk.work.taking_in import Writing, catch_up

log = logging.getLogger(__name__)

_MAX_CONNECT_PAUSE_S = 30.0
_MAX_RETRY_AFTER_S = 600.0
# Before polling begins again that a defect broke off.
_POLLING_PAUSE_S = 1.0
# How many requests are under way is told so much after it changed, as it is by then: most are over before it could be read.
_IN_FLIGHT_TOLD_S = 0.1
_ACCOUNT: Codec[Account] = Codec(Account)


class Hearer(Protocol):
    """Who is told what the link does, on the UI thread."""

    def take(self, report: FeedReport) -> None:
        """A poll ended, or rows can be seen of one that goes on."""

    def take_trouble(self, error: DeskError, connection: Connection = Connection.TROUBLED) -> None:
        """Nothing at all could be asked for."""

    def take_key(self, fingerprint: str) -> None:
        """The server is asked with this key from now on."""

    def take_connection(self, connection: Connection) -> None:
        """The desk stands so with the server now."""

    def take_in_flight(self, count: int) -> None:
        """So many requests are under way."""

    def take_noticed(self, noticed: Sequence[Noticed]) -> None:
        """A list did what it must not."""


class Link:
    """Connects, polls, and lets go again. `mirror` is None where another process writes it: then nothing is polled."""

    def __init__(
        self,
        hearer: Hearer,
        on_ui: Callable[[Callable[[], None]], None],
        mirror: Mirror | None,
        reader: MirrorReader,
        owner: OwnerFile,
        movements: Movements,
        clock: Clock,
        pace: Pace,
        left: list[Connector],
        courtesy: Courtesy,
    ) -> None:
        """`left`: connectors that nobody uses any more, to be closed; each leaves the list once it is."""
        self._left = left
        self._courtesy = courtesy
        self._hearer = hearer
        self._on_ui = on_ui
        self._mirror = mirror
        self._reader = reader
        self._owner = owner
        self._movements = movements
        self._clock = clock
        self._pace = pace
        self._client: LumetradeClient | None = None
        self._feeds: Feeds | None = None
        self._life: asyncio.Task[Any] | None = None
        self._wanted: Connector | None = None
        self._changing = asyncio.Lock()
        # Whether the client's key is known to be this profile's owner's: until then nobody gets the client.
        self._is_owners = False
        # Clients of earlier keys; each leaves the list once it is closed.
        self._old_clients: list[LumetradeClient] = []
        self._try_again = asyncio.Event()
        self._in_flight = self._in_flight_told = 0
        self._telling_in_flight: asyncio.TimerHandle | None = None
        # From when on what is over is kept; None keeps all.
        self.keep_since: Callable[[], datetime | None] = lambda: None

    @property
    def client(self) -> LumetradeClient | None:
        """The client of the profile's owner; None while there is none."""
        return self._client if self._is_owners else None

    async def live(self, connector: Connector) -> None:
        """Connect and poll until something else is wanted."""
        self._wanted = connector
        await self._live(connector)

    async def live_anew(self, connector: Connector | None, between: Callable[[], object] | None = None) -> None:
        """Let go of what there is, run `between` in a thread, and live with `connector`; None is offline.

        What is being sent is waited for.
        """
        self._wanted = connector
        async with self._changing:
            if self._life is not None:
                self._life.cancel()
                await asyncio.wait([self._life])
            if self._client is not None:
                self._old_clients.append(self._client)
            feeds = self._feeds
            self._client, self._feeds, self._is_owners = None, None, False
            try:
                # An order under way has the old client in hand, and its outcome is wanted. Stopped meanwhile, the farewell
                # waits for it and closes what is left.
                await self._movements.settle()
            finally:
                # Only then: it may have been reading a list.
                self._save_ages(feeds)
            await self._close_what_is_left()
            if between is not None:
                await asyncio.to_thread(between)
        # One that was replaced again meanwhile is left over by the next one.
        if connector is not None and connector is self._wanted:
            await self._live(connector)

    async def catch_up(self) -> None:
        """Without a server: make findable what was only shown when the desk ended."""
        if self._mirror is None:
            return
        for kind in HISTORIES:
            if await catch_up(self._mirror, Writing(), kind, self._courtesy):
                state = self._state_of(kind)
                self._tell(lambda kind=kind, state=state: self._hearer.take(FeedReport(kind, state, is_findable=True)))  # type: ignore[misc]

    def kick(self, kinds: tuple[Kind, ...]) -> None:
        """Ask the server for these kinds now."""
        self._try_again.set()
        if self._feeds is not None:
            self._feeds.kick(kinds)

    async def poll_now(self, kind: Kind) -> bool:
        """Read a list afresh; False while not connected. Errors: DeskError."""
        if self._feeds is None:
            return False
        await self._feeds.poll_now(kind)
        return True

    async def farewell(self, connector: Connector | None) -> None:
        """Close what is open, in an order that loses nothing."""
        # The steps may take longer than they are given.
        self._save_ages(self._feeds)
        steps: list[Callable[[], Coroutine[Any, Any, None]]] = [self._movements.linger]
        if self._client is not None:
            steps.append(self._client.aclose)
        steps.append(self._close_what_is_left)
        if connector is not None:
            steps.append(connector.close)
        for step in steps:
            try:
                await step()
            except Exception:
                log.exception("closing failed")
        self._save_ages(self._feeds)

    def _tell(self, call: Callable[[], None]) -> None:
        self._on_ui(call)

    def _state_of(self, kind: Kind) -> DatasetState:
        dataset = self._reader.dataset(kind)
        return DatasetState() if dataset is None else DatasetState(dataset.confirmed_at, None, dataset.set_aside)

    def _save_ages(self, feeds: Feeds | None) -> None:
        if feeds is not None:
            try:
                feeds.save_ages()
            except Exception:
                log.exception("the ages weren't saved")

    async def _close_what_is_left(self) -> None:
        while self._old_clients or self._left:
            try:
                if self._old_clients:
                    await self._old_clients[0].aclose()
                else:
                    await self._left[0].close()
            except Exception:
                log.exception("closing failed")
            (self._old_clients or self._left).pop(0)

    async def _live(self, connector: Connector) -> None:
        self._life = asyncio.current_task()
        attempts = 0
        while self._client is None:
            try:
                self._client = await connector.connect(self._note_in_flight)
            except DeskError as error:
                self._tell(lambda error=error: self._hearer.take_trouble(error))  # type: ignore[misc]
                attempts += 1
                await self._wait_to_try(attempts)
        if self._mirror is None:
            self._is_owners = True
            return
        fingerprint = self._client.key_fingerprint
        self._tell(lambda: self._hearer.take_key(fingerprint))
        if await self._is_strangers(self._client):
            self._tell(lambda: self._hearer.take_connection(Connection.STRANGER))
            return
        self._is_owners = True
        self._feeds = Feeds(
            self._client,
            self._mirror,
            self._reader,
            self._clock,
            self._pace,
            self._post,
            self._movements.look,
            self._note_oddities,
            self.keep_since,
            self._courtesy,
        )
        await self._poll_for_ever(self._feeds)

    async def _wait_to_try(self, attempts: int, at_least_s: float = 0.0) -> None:
        self._try_again.clear()
        try:
            async with asyncio.timeout(max(min(_MAX_CONNECT_PAUSE_S, 2.0**attempts), at_least_s)):
                await self._try_again.wait()
        except TimeoutError:
            pass

    async def _is_strangers(self, client: LumetradeClient) -> bool:
        """Whether a key that is new here sees none of the accounts that are known: then nothing of it may be written."""
        ids = (Kind.ACCOUNTS.key(_ACCOUNT.decode(document)) for document in self._reader.small(Kind.ACCOUNTS))
        known = frozenset(each for each in ids if each)
        if known and self._owner.key_fingerprint != client.key_fingerprint:
            found = await self._accounts_of(client)
            if found and not found & known:
                await client.aclose()
                self._client = None
                return True
        self._owner.keep(client.key_fingerprint)
        return False

    async def _accounts_of(self, client: LumetradeClient) -> frozenset[str]:
        attempts = 0
        while True:
            try:
                listing = await client.list_accounts()
                rows = [row for rows, _ in listing.pieces() for row in rows]
                found = frozenset(key for row in rows if (key := Kind.ACCOUNTS.key(row.record)))
                if not found and len(listing):
                    raise Unreadable("None of the key's accounts can be read, so nobody knows whose it is.")
                return found
            except DeskError as error:
                after = connection_after(error)
                self._tell(lambda error=error, after=after: self._hearer.take_trouble(error, after))  # type: ignore[misc]
                attempts += 1
                await self._wait_to_try(attempts, min(error.retry_after_s or 0.0, _MAX_RETRY_AFTER_S))

    async def _poll_for_ever(self, feeds: Feeds) -> None:
        while True:
            try:
                await feeds.run()
            except asyncio.CancelledError:
                raise
            except BaseException as error:
                log.exception("polling broke off and begins again")
                trouble = Unexpected(redacted(f"{type(error).__name__}: {error}"))
                self._tell(lambda trouble=trouble: self._hearer.take_trouble(trouble))  # type: ignore[misc]
                await asyncio.sleep(_POLLING_PAUSE_S)

    def _post(self, report: FeedReport) -> None:
        self._tell(lambda: self._hearer.take(report))

    def _note_oddities(self, noticed: Sequence[Noticed]) -> None:
        self._movements.note_oddities(noticed)
        self._tell(lambda: self._hearer.take_noticed(noticed))

    def _note_in_flight(self, count: int) -> None:
        self._in_flight = count
        if self._telling_in_flight is None:
            loop = asyncio.get_running_loop()
            self._telling_in_flight = loop.call_later(_IN_FLIGHT_TOLD_S, self._tell_in_flight)

    def _tell_in_flight(self) -> None:
        self._telling_in_flight = None
        if (count := self._in_flight) != self._in_flight_told:
            self._in_flight_told = count
            self._tell(lambda: self._hearer.take_in_flight(count))
