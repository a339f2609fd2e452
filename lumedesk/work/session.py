"""The current state of one profile, as the windows see it: what is known, how fresh it is, and what can be asked for.

Lives on the UI thread. The work itself is in feeds.py and movements.py, on the worker.
"""

import asyncio
import logging
from collections.abc import Callable, Coroutine
from enum import Enum
from pathlib import Path
from typing import Any, Protocol, TypeVar

from PySide6.QtCore import QObject, QTimer, Signal

from lumedesk.api.client import LumetradeClient
from lumedesk.domain.clocks import Clock
from lumedesk.domain.codec import Codec
from lumedesk.domain.credentials import Secret
from lumedesk.domain.errors import DeskError, Offline, Unauthorised, Unreachable, Unreadable, Wire
from lumedesk.domain.intents import Terms, other_key_problem
from lumedesk.domain.kinds import HISTORIES, Kind
from lumedesk.domain.records import Account, Record
from lumedesk.logs import redacted
from lumedesk.store.mirror import HistoryQuery, Mirror, MirrorReader
from lumedesk.store.owner import OwnerFile
from lumedesk.store.paths import ProfilePaths
from lumedesk.work.books import Books
from lumedesk.work.engine import Engine, Ticket, Unexpected
from lumedesk.work.feeds import DatasetState, FeedReport, Feeds
from lumedesk.work.movements import Movements
from lumedesk.work.pace import Pace
from lumedesk.work.preferences import Preferences
from lumedesk.work.safeguards import Safeguards
from lumedesk.work.sending import NotArmed
from lumedesk.work.watching import alike_query

T = TypeVar("T")
log = logging.getLogger(__name__)

_MAX_CONNECT_PAUSE_S = 30.0
_MAX_RETRY_AFTER_S = 600.0
# Before polling begins again that a defect broke off.
_POLLING_PAUSE_S = 1.0
_FOLLOW_MS = 2_000


class Connection(Enum):
    """How the desk stands with the server."""

    CONNECTING = "Connecting"
    ONLINE = "Connected"
    TROUBLED = "Not reachable"
    REFUSED = "Key not accepted"
    STRANGER = "Somebody else's key"
    OFFLINE = "Working offline"
    VIEW_ONLY = "View only"


class Connector(Protocol):
    """Makes a client for the profile, and takes down what it needed for that."""

    async def connect(self, on_in_flight: Callable[[int], None]) -> LumetradeClient:
        """Errors: DeskError."""

    async def close(self) -> None:
        """Leave no process or socket behind."""


class Session(QObject):
    """One profile's data and actions. All signals are emitted on the UI thread."""

    # (Kind): the records of a small kind are different now.
    records_changed = Signal(object)
    # (Kind, tuple of row numbers): rows of a history were added or changed.
    history_changed = Signal(object, object)
    # (Kind): its age, error or count of unreadable rows is different now.
    state_changed = Signal(object)
    # (Connection)
    connection_changed = Signal(object)
    # (int): requests under way.
    in_flight_changed = Signal(int)

    def __init__(
        self,
        engine: Engine,
        mirror_path: Path,
        connector: Connector | None,
        books: Books,
        clock: Clock,
        *,
        key: Secret | None = None,
        view_only: bool = False,
        may_send: bool = True,
        parent: QObject | None = None,
    ) -> None:
        """`connector` None means to work offline; `view_only` that another process writes these files.

        `key` is the local files' own, None where they are in the clear. Without `may_send` nothing that moves money is
        ever offered or sent.

        Errors: MirrorError when the local file can't be used.
        """
        super().__init__(parent)
        self.clock = clock
        self.may_send = may_send
        self._engine = engine
        self._connector = connector
        self._mirror = None if view_only else Mirror(mirror_path, key)
        self._reader = MirrorReader(mirror_path, key)
        self._worker_reader = MirrorReader(mirror_path, key)
        self._pace = Pace()
        self._client: LumetradeClient | None = None
        self._feeds: Feeds | None = None
        self._life: asyncio.Task[Any] | None = None
        self._changing = asyncio.Lock()
        # Whether the client's key is known to be this profile's owner's: until then nobody gets the client.
        self._is_owners = False
        # What closes the clients and connectors of earlier keys; a step leaves the list once it is done.
        self._left_over: list[Callable[[], Coroutine[Any, Any, None]]] = []
        self._owner = OwnerFile(ProfilePaths(mirror_path.parent).owner, key)
        # Which key is in use, as the journal names it; empty before the first connection.
        self.key_fingerprint = ""
        self._try_again = asyncio.Event()
        self._records: dict[Kind, tuple[Any, ...]] = {}
        self._states: dict[Kind, DatasetState] = {}
        without = Connection.VIEW_ONLY if view_only else Connection.OFFLINE
        self.connection = Connection.CONNECTING if connector else without
        self.in_flight = 0
        self._books = books
        paths = ProfilePaths(mirror_path.parent)
        self.safeguards = Safeguards(paths.limits, paths.seen, clock, engine, key=key, view_only=view_only, parent=self)
        self.movements = Movements(engine, books, self, clock, self, may_send=may_send)
        self.preferences = Preferences(paths.preferences, engine, self)
        self._load_mirror()
        self._follow = QTimer(self)
        if view_only:
            self._follow_writer()

    def start(self) -> None:
        """Connect and keep everything current; answers arrive as signals."""
        if self._connector is not None:
            self._engine.submit(self._live(self._connector), self, failed=self._take_trouble)

    @property
    def can_change_key(self) -> bool:
        """Whether another key may take this one's place: not offline, which is a choice, nor where another process sends."""
        return self._connector is not None and self._mirror is not None

    def reconnect(self, connector: Connector) -> None:
        """Go on with another key. What is being sent is waited for; nothing that is shown or drafted is lost.

        Errors: RuntimeError where the key can't be changed.
        """
        if not self.can_change_key:
            raise RuntimeError("this session stays off the network")
        before, self._connector = self._connector, connector
        if before is not None:
            self._left_over.append(before.close)
        self._set_connection(Connection.CONNECTING)
        self._engine.submit(self._live_anew(connector), self, failed=self._take_trouble)

    def stop(self) -> None:
        """Cancel everything under way and close what is open. Bounded in time."""
        self._follow.stop()
        # The writer closes last: only it can bring everything into the one file.
        self._reader.close()
        self._engine.stop(self._farewell)

    # What is known

    def records(self, kind: Kind) -> tuple[Any, ...]:
        """The records of a small kind, in the server's order."""
        return self._records.get(kind, ())

    def state(self, kind: Kind) -> DatasetState:
        """How fresh a kind is."""
        return self._states.get(kind, DatasetState())

    def order(
        self, query: HistoryQuery, owner: QObject, done: Callable[[Any], None], failed: Callable[[DeskError], None]
    ) -> Ticket[Any]:
        """Find the rows of a history on the worker. Shape: an array of row numbers, in the query's order."""

        async def find() -> Any:
            return self._worker_reader.order(query)

        return self._engine.submit(find(), owner, done, failed)

    def documents(self, kind: Kind, rows: list[int]) -> dict[int, bytes]:
        """The JSON of a few rows, read at once from the local file."""
        return self._reader.documents(kind, rows)

    def find(self, kind: Kind, key: str) -> Any:
        """The history record with this id as last seen, read at once from the local file; None where there is none."""
        document = self._reader.document(kind, key)
        return None if document is None else _CODECS[kind].decode(document)

    def recent(self, limit: int) -> list[tuple[Kind, Record]]:
        """The latest few records of all histories, newest first, read at once from the local file."""
        return [(kind, _CODECS[kind].decode(doc)) for kind, doc in self._reader.recent(limit)]

    def distinct(self, kind: Kind, column: str, owner: QObject, done: Callable[[list[str]], None]) -> None:
        """The different values of a history's column, found on the worker."""

        async def find() -> list[str]:
            return self._worker_reader.distinct(kind, column)

        self._engine.submit(find(), owner, done)

    # What can be asked for

    @property
    def is_offline(self) -> bool:
        """True when nothing is ever fetched or sent: by choice, or because another process does."""
        return self._connector is None

    @property
    def cannot_send(self) -> str:
        """Why nothing that moves money can be sent, in words for its buttons; empty when it can."""
        if not self.may_send:
            return "This profile is for looking only: nothing can be sent."
        if self.movements.refusal:
            return self.movements.refusal
        if self.is_offline:
            return "Working offline: nothing can be sent. Start without --offline to connect."
        if self.connection is Connection.STRANGER:
            return "This key belongs to somebody else: it sees none of this profile's accounts."
        if self.connection is Connection.REFUSED:
            return "The server doesn't accept the API key."
        return other_key_problem(self.movements.intents, self.key_fingerprint)

    def refresh(self, *kinds: Kind) -> None:
        """Ask the server for these kinds now; all kinds when none is named."""
        wanted = kinds or tuple(Kind)

        async def kick() -> None:
            self._try_again.set()
            if self._feeds is not None:
                self._feeds.kick(wanted)

        self._engine.submit(kick(), self)

    def set_hidden(self, *, hidden: bool) -> None:
        """Slow down while the window can't be seen."""
        if self._pace.is_hidden and not hidden:
            self.refresh()
        self._pace.is_hidden = hidden

    def create_account(
        self, currency: str, owner: QObject, done: Callable[[Account], None], failed: Callable[[DeskError], None]
    ) -> None:
        """Open an account in `currency`.

        Errors reach `failed`: NotFound (not offered to this user), Conflict (exists), NotArmed (nothing may be sent).
        """
        problem = self.cannot_send

        async def create() -> Account:
            if problem and not self.is_offline:
                raise NotArmed(problem)
            try:
                client = self.connected()
                self.movements.check(client)
                return await client.create_account(currency)
            finally:
                self.refresh(Kind.ACCOUNTS)

        self._engine.submit(create(), owner, done, failed)

    def connected(self) -> LumetradeClient:
        """The client, for work that runs on the worker. Errors: Offline, Unreachable."""
        if self._client is None or not self._is_owners:
            raise Offline if self.is_offline else Unreachable("Not connected yet.", wire=Wire.NOT_SENT)
        return self._client

    # On the worker

    async def poll_now(self, kind: Kind) -> None:
        """Read a list afresh. Errors: DeskError."""
        if self._feeds is None:
            raise Unreachable("Not connected yet.", wire=Wire.NOT_SENT)
        await self._feeds.poll_now(kind)

    def alike(self, terms: Terms) -> list[Any]:
        """The mirror's rows that may be an order of these terms."""
        kind, equal = alike_query(terms)
        return [_CODECS[kind].decode(document) for document in self._worker_reader.matching(kind, equal)]

    async def _live_anew(self, connector: Connector) -> None:
        async with self._changing:
            if self._life is not None:
                self._life.cancel()
                await asyncio.wait([self._life])
            if self._client is not None:
                self._left_over.insert(0, self._client.aclose)
            self._client, self._feeds, self._is_owners = None, None, False
            # An order under way has the old client in hand, and its outcome is wanted. Stopped meanwhile, the farewell
            # waits for it and closes what is left.
            await self.movements.settle()
            await self._close_left_over()
        # One that was replaced again meanwhile is left over by the next one.
        if connector is self._connector:
            await self._live(connector)

    async def _close_left_over(self) -> None:
        while self._left_over:
            step = self._left_over[0]
            try:
                await step()
            except Exception:
                log.exception("closing failed")
            self._left_over.remove(step)

    async def _live(self, connector: Connector) -> None:
        self._life = asyncio.current_task()
        attempts = 0
        while self._client is None:
            try:
                self._client = await connector.connect(self._note_in_flight)
            except DeskError as error:
                self._engine.on_ui(lambda error=error: self._take_trouble(error))  # type: ignore[misc]
                attempts += 1
                await self._wait_to_try(attempts)
        if self._mirror is None:
            self._is_owners = True
            return
        fingerprint = self._client.key_fingerprint
        self._engine.on_ui(lambda: self._take_key(fingerprint))
        if await self._is_strangers(self._client):
            self._engine.on_ui(lambda: self._set_connection(Connection.STRANGER))
            return
        self._is_owners = True
        self._feeds = Feeds(
            self._client, self._mirror, self._worker_reader, self.clock, self._pace, self._post, self.movements.look
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
        documents = self._worker_reader.small(Kind.ACCOUNTS)
        ids = (Kind.ACCOUNTS.key(_CODECS[Kind.ACCOUNTS].decode(document)) for document in documents)
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
                after = _connection_after(error)
                self._engine.on_ui(lambda error=error, after=after: self._take_trouble(error, after))  # type: ignore[misc]
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
                self._engine.on_ui(lambda trouble=trouble: self._take_trouble(trouble))  # type: ignore[misc]
                await asyncio.sleep(_POLLING_PAUSE_S)

    def _post(self, report: FeedReport) -> None:
        self._engine.on_ui(lambda: self._take(report))

    def _note_in_flight(self, count: int) -> None:
        self._engine.on_ui(lambda: self._take_in_flight(count))

    async def _farewell(self) -> None:
        steps: list[Callable[[], Coroutine[Any, Any, None]]] = [self.movements.linger]
        if self._client is not None:
            steps.append(self._client.aclose)
        steps.append(self._close_left_over)
        if self._connector is not None:
            steps.append(self._connector.close)
        for step in steps:
            try:
                await step()
            except Exception:
                log.exception("closing failed")
        if self._feeds is not None:
            try:
                self._feeds.save_ages()
            except Exception:
                log.exception("the ages weren't saved")
        self._worker_reader.close()
        if self._mirror is not None:
            self._mirror.close()
        self._books.close()

    # On the UI thread

    def _load_mirror(self) -> None:
        for kind in Kind:
            dataset = self._reader.dataset(kind)
            if dataset is not None:
                self._states[kind] = DatasetState(dataset.confirmed_at, None, dataset.set_aside)
            if kind not in HISTORIES:
                self._records[kind] = tuple(_CODECS[kind].decode(doc) for doc in self._reader.small(kind))

    def _follow_writer(self) -> None:
        """View only: show what the other process saves, as it saves it."""
        self._seen_version = self._reader.version()
        self._follow.setInterval(_FOLLOW_MS)
        self._follow.timeout.connect(self._look_for_writes)
        self._follow.start()

    def _look_for_writes(self) -> None:
        version = self._reader.version()
        if version == self._seen_version:
            return
        self._seen_version = version
        before = dict(self._records)
        self._load_mirror()
        for kind in Kind:
            self.state_changed.emit(kind)
            if kind in HISTORIES:
                self._announce_history(kind)
            elif self._records[kind] != before.get(kind):
                self.records_changed.emit(kind)

    def _announce_history(self, kind: Kind) -> None:
        def announce(rows: Any) -> None:
            # Which of them changed isn't known here, so all may have.
            self.history_changed.emit(kind, tuple(rows))

        self.order(HistoryQuery(kind), self, announce, self._take_trouble)

    def _take_key(self, fingerprint: str) -> None:
        self.key_fingerprint = fingerprint
        self.movements.changed.emit()

    def _take(self, report: FeedReport) -> None:
        self._states[report.kind] = report.state
        self._set_connection(_connection_after(report.state.error))
        if report.records is not None and report.records != self._records.get(report.kind):
            self._records[report.kind] = report.records
            self.records_changed.emit(report.kind)
        if report.touched:
            self.history_changed.emit(report.kind, report.touched)
        self.state_changed.emit(report.kind)

    def _take_trouble(self, error: DeskError, connection: Connection = Connection.TROUBLED) -> None:
        self._set_connection(connection)
        for kind in Kind:
            known = self.state(kind)
            self._states[kind] = DatasetState(known.confirmed_at, error, known.set_aside)
            self.state_changed.emit(kind)

    def _set_connection(self, connection: Connection) -> None:
        if connection is not self.connection:
            self.connection = connection
            self.connection_changed.emit(connection)

    def _take_in_flight(self, count: int) -> None:
        self.in_flight = count
        self.in_flight_changed.emit(count)


def _connection_after(error: DeskError | None) -> Connection:
    if isinstance(error, Unauthorised):
        return Connection.REFUSED
    # A server that answers, even with an error, is connected.
    return Connection.ONLINE if error is None or error.wire is Wire.ANSWERED else Connection.TROUBLED


_CODECS: dict[Kind, Codec[Any]] = {kind: Codec(kind.record) for kind in Kind}
