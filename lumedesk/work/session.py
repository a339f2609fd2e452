"""The current state of one profile, as the windows see it: what is known, how fresh it is, and what can be asked for.

Lives on the UI thread. The work itself is in link.py, feeds.py and movements.py, on the worker.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import shiboken6
from PySide6.QtCore import QCoreApplication, QObject, QTimer, Signal

from lumedesk.domain.alerts import Noticed
from lumedesk.domain.clocks import Clock
from lumedesk.domain.codec import Codec
from lumedesk.domain.credentials import Secret
from lumedesk.domain.errors import DeskError, Offline, Unreachable, Wire
from lumedesk.domain.intents import Terms, other_key_problem
from lumedesk.domain.kinds import HISTORIES, Kind
from lumedesk.domain.records import Account, Record
from lumedesk.logs import redacted
from lumedesk.store.mirror import Mirror
from lumedesk.store.mirror_file import MirrorError
from lumedesk.store.owner import OwnerFile
from lumedesk.store.paths import ProfilePaths
from lumedesk.store.private_file import NotWritable
from lumedesk.store.reader import Stored
from lumedesk.store.retention import read_retention, write_retention
from lumedesk.work.courtesy import Courtesy
from lumedesk.work.engine import Engine, Unexpected
from lumedesk.work.pace import Pace
from lumedesk.work.record_files import RecordFiles
from lumedesk.work.states import Connection, Connector, DatasetState, FeedReport, connection_after

if TYPE_CHECKING:
    # Each is loaded when it is first asked for: what shows the records that are known needs none of them.
    from lumedesk.api.client import LumetradeClient
    from lumedesk.work.books import Books
    from lumedesk.work.link import Link
    from lumedesk.work.lookups import Lookups
    from lumedesk.work.movements import Movements
    from lumedesk.work.preferences import Preferences
    from lumedesk.work.safeguards import Safeguards
    from lumedesk.work.saved_filters import SavedFilters

__all__ = ["Connection", "Connector", "Session"]

T = TypeVar("T")
log = logging.getLogger(__name__)

_FOLLOW_MS = 2_000


class Session(QObject):
    """One profile's data and actions. All signals are emitted on the UI thread."""

    # (Kind): the records of a small kind are different now.
    records_changed = Signal(object)
    # (Kind, tuple of row numbers or None): rows of a history were added or changed; None is more than can be told. With
    # none in the tuple they are as they were, but may be found otherwise.
    history_changed = Signal(object, object)
    # (Kind): its age, error or count of unreadable rows is different now.
    state_changed = Signal(object)
    # (Connection)
    connection_changed = Signal(object)
    # (int): requests under way.
    in_flight_changed = Signal(int)
    # A list did what it must not, or somebody has seen that it did.
    alerts_changed = Signal()

    def __init__(
        self,
        engine: Engine,
        mirror_path: Path,
        connector: Connector | None,
        open_books: Callable[[], Books],
        clock: Clock,
        *,
        key: Secret | None = None,
        view_only: bool = False,
        may_send: bool = True,
        parent: QObject | None = None,
    ) -> None:
        """`connector` None means to work offline; `view_only` that another process writes these files.

        `open_books` is called once, on the UI thread, at the first look at `movements`. `key` is the local files' own, None
        where they are in the clear. Without `may_send` nothing that moves money is ever offered or sent.

        Errors: MirrorError when the local file can't be used.
        """
        super().__init__(parent)
        self._mirror_path = mirror_path
        self._paths = ProfilePaths(mirror_path.parent)
        self._view_only = view_only
        self.clock = clock
        self.may_send = may_send
        self._engine = engine
        self._connector = connector
        self._chose_offline = False
        self._left: list[Connector] = []
        self._courtesy = Courtesy.of(QCoreApplication.instance())
        self._records: dict[Kind, tuple[Any, ...]] = {}
        self._states: dict[Kind, DatasetState] = {}
        self._files = RecordFiles(mirror_path, key, view_only=view_only)
        try:
            self._load_mirror()
        except MirrorError:
            if not self._files.set_aside():
                raise
            self._load_mirror()
        self._pace = Pace()
        self._key = key
        self._link_made: Link | None = None
        # Which key is in use, as the journal names it; empty before the first connection.
        self.key_fingerprint = ""
        self._without = Connection.VIEW_ONLY if view_only else Connection.OFFLINE
        self.connection = Connection.CONNECTING if connector else self._without
        self.in_flight = 0
        self._open_books = open_books
        # For how many days finished records are kept; None for ever.
        self.retention = read_retention(self._paths.retention)
        self._follow = QTimer(self)
        if view_only:
            self._follow_writer()

    # Its parts, made by the first look at each, on the UI thread

    @cached_property
    def _books(self) -> Books:
        return self._open_books()

    @cached_property
    def movements(self) -> Movements:
        """What moves money, and what became of it."""
        from lumedesk.work.movements import Movements

        return Movements(self._engine, self._books, self, self.clock, self, may_send=self.may_send)

    @cached_property
    def lookups(self) -> Lookups:
        """What answers questions to the saved data."""
        from lumedesk.work.lookups import Lookups

        return Lookups(self._engine, self._mirror_path, self._key, self)

    @cached_property
    def filters(self) -> SavedFilters:
        """The filters that were saved by name."""
        from lumedesk.work.saved_filters import SavedFilters

        path, view_only = self._paths.filters, self._view_only
        return SavedFilters(path, self.clock, self._engine, key=self._key, view_only=view_only, parent=self)

    @cached_property
    def safeguards(self) -> Safeguards:
        """What keeps withdrawals safe."""
        from lumedesk.work.safeguards import Safeguards

        paths, view_only = (self._paths.limits, self._paths.seen), self._view_only
        return Safeguards(*paths, self.clock, self._engine, key=self._key, view_only=view_only, parent=self)

    @cached_property
    def preferences(self) -> Preferences:
        """How the operator likes quotes."""
        from lumedesk.work.preferences import Preferences

        return Preferences(self._paths.preferences, self._engine, self)

    def _make_movements(self) -> None:
        """Here, before the worker looks at them."""
        _ = self.movements

    def _make_parts(self) -> None:
        """Make those that the worker looks at too, be it only to close them."""
        _ = self.movements, self.lookups

    def start(self) -> None:
        """Connect and keep everything current; answers arrive as signals."""
        self._make_parts()
        connector = self._connector

        async def begin() -> None:
            if self.retention is not None:
                await self._link.live_anew(None, self._forget_old)
            await (self._link.catch_up() if connector is None else self._link.live(connector))

        self._engine.submit(begin(), self, failed=self.take_trouble)

    @property
    def can_change_key(self) -> bool:
        """Whether another key may take this one's place: not offline, which is a choice, nor where another process sends."""
        return not self.is_offline and self._files.writer is not None

    def reconnect(self, connector: Connector) -> None:
        """Go on with another key. What is being sent is waited for; nothing that is shown or drafted is lost.

        Errors: RuntimeError where the key can't be changed.
        """
        if not self.can_change_key:
            raise RuntimeError("this session stays off the network")
        if self._connector is not None:
            self._left.append(self._connector)
        self._connector = connector
        self._change_link(connector)

    @property
    def can_choose_offline(self) -> bool:
        """Whether there is a server that one may leave and come back to."""
        return self._connector is not None and self._files.writer is not None

    def set_offline(self, *, offline: bool) -> None:
        """Leave the server alone, or go back to it. What is being sent is waited for. Nothing where there is no choice."""
        if offline == self._chose_offline or not self.can_choose_offline:
            return
        self._chose_offline = offline
        self._change_link(None if offline else self._connector)
        for kind in Kind:
            self.state_changed.emit(kind)

    def stop(self) -> None:
        """Cancel everything under way and close what is open. Bounded in time."""
        self._make_parts()
        self._follow.stop()
        self._files.reader.close()
        self._engine.stop(self._farewell)

    # What is known

    def records(self, kind: Kind) -> tuple[Any, ...]:
        """The records of a small kind, in the server's order."""
        return self._records.get(kind, ())

    def state(self, kind: Kind) -> DatasetState:
        """How fresh a kind is."""
        return self._states.get(kind, DatasetState())

    def documents(self, kind: Kind, rows: Sequence[int]) -> dict[int, Stored]:
        """The JSON of a few rows, read at once from the local file."""
        return self._files.reader.documents(kind, rows)

    def find(self, kind: Kind, key: str) -> Any:
        """The history record with this id as last seen, read at once from the local file; None where there is none."""
        document = self._files.reader.document(kind, key)
        return None if document is None else _CODECS[kind].decode(document)

    def recent(self, limit: int) -> list[tuple[Kind, Record]]:
        """The latest few records of all histories, newest first, read at once from the local file; none where it is damaged."""
        try:
            latest = self._files.reader.recent(limit)
        except MirrorError as error:
            log.warning("%s", str(error))
            # The next start mends it; this one shows what can be read.
            self._files.note_damage()
            return []
        return [(kind, _CODECS[kind].decode(doc)) for kind, doc in latest]

    # What can be asked for

    @property
    def is_offline(self) -> bool:
        """True when nothing is ever fetched or sent: by choice, or because another process does."""
        return self._connector is None or self._chose_offline

    @property
    def cannot_send(self) -> str:
        """Why nothing that moves money can be sent, in words for its buttons; empty when it can."""
        if not self.may_send:
            return "This profile is for looking only: nothing can be sent."
        if self.movements.refusal:
            return self.movements.refusal
        if self._connector is None:
            return "Working offline: nothing can be sent. Start without --offline to connect."
        if self._chose_offline:
            return "Working offline: nothing can be sent. Choose Desk, Work offline again to connect."
        if self.connection is Connection.STRANGER:
            return "This key belongs to somebody else: it sees none of this profile's accounts."
        if self.connection is Connection.REFUSED:
            return "The server doesn't accept the API key."
        if self.connection is not Connection.ONLINE:
            return "The server can't be reached: nothing can be sent."
        return other_key_problem(self.movements.intents, self.key_fingerprint)

    def refresh(self, *kinds: Kind) -> None:
        """Ask the server for these kinds now; all kinds when none is named."""
        wanted = kinds or tuple(Kind)
        self._make_movements()

        async def kick() -> None:
            self._link.kick(wanted)

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
        from lumedesk.work.sending import NotArmed

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

    def acknowledge(self, number: int, done: Callable[[], None], failed: Callable[[DeskError], None]) -> None:
        """Somebody has seen an alert."""
        self._make_movements()

        async def write() -> None:
            self._writer().acknowledge(number, self.clock.now())
            self._books.note("alert acknowledged", str(number), {})

        def tell(_nothing: None) -> None:
            done()
            self.alerts_changed.emit()

        self._engine.submit(write(), self, tell, failed)

    def set_retention(self, days: int | None, done: Callable[[], None], failed: Callable[[DeskError], None]) -> None:
        """Keep finished records for so many days, None for ever; older ones go at once. Errors: NotSaved."""
        from lumedesk.work.preferences import NotSaved

        async def write() -> None:
            try:
                write_retention(self._paths.retention, days)
            except NotWritable as error:
                raise NotSaved(str(error), wire=Wire.NOT_SENT) from error

        def tell(_nothing: None) -> None:
            self.retention = days
            # Read anew either way: what is kept longer now comes with the next lists.
            self._rewrite(self._forget_old, done, failed)

        self._engine.submit(write(), self, tell, failed)

    def wipe_history(self, owner: QObject, done: Callable[[], None], failed: Callable[[DeskError], None]) -> None:
        """Remove all records from this computer; online, they come again."""

        def tell() -> None:
            self._load_mirror(empty=True)
            self._announce_all()
            if shiboken6.isValid(owner):
                done()

        def tell_failure(error: DeskError) -> None:
            if shiboken6.isValid(owner):
                failed(error)

        self._rewrite(lambda: self._writer().wipe(), tell, tell_failure)

    def connected(self) -> LumetradeClient:
        """The client, for work that runs on the worker. Errors: Offline, Unreachable."""
        if self.is_offline:
            raise Offline
        client = self._link.client
        if client is None:
            raise Unreachable("Not connected yet.", wire=Wire.NOT_SENT)
        return client

    # On the worker

    async def poll_now(self, kind: Kind) -> None:
        """Read a list afresh. Errors: DeskError."""
        if not await self._link.poll_now(kind):
            raise Unreachable("Not connected yet.", wire=Wire.NOT_SENT)

    def alike(self, terms: Terms) -> list[Any]:
        """The mirror's rows that may be an order of these terms."""
        from lumedesk.work.watching import alike_query

        kind, equal = alike_query(terms)
        return [_CODECS[kind].decode(document) for document in self._files.worker_reader.matching(kind, equal)]

    @cached_property
    def _owner(self) -> OwnerFile:
        """Who the profile's key belongs to. On the worker: what it is sealed with takes long to load."""
        return OwnerFile(self._paths.owner, self._key)

    @property
    def _link(self) -> Link:
        if self._link_made is None:
            # On the worker, and only once something is asked of the server: HTTP takes 100 ms to import.
            from lumedesk.work.link import Link

            self._link_made = Link(
                self,
                self._engine.on_ui,
                self._files.writer,
                self._files.worker_reader,
                self._owner,
                self.movements,
                self.clock,
                self._pace,
                self._left,
                self._courtesy,
            )
            self._link_made.keep_since = self._keep_since
        return self._link_made

    def _writer(self) -> Mirror:
        if self._files.writer is None:
            raise Unreachable("Another LumeDesk writes this profile's files.", wire=Wire.NOT_SENT)
        return self._files.writer

    def _keep_since(self) -> datetime | None:
        return None if self.retention is None else self.clock.now() - timedelta(days=self.retention)

    def _forget_old(self) -> None:
        since = self._keep_since()
        if self._files.writer is not None and since is not None:
            for kind in HISTORIES:
                self._files.writer.forget_before(kind, since)
        self._engine.on_ui(self._announce_all)

    async def _farewell(self) -> None:
        try:
            await self._link.farewell(self._connector)
        except Exception:
            log.exception("closing failed")
        self.lookups.close()
        self._files.close_worker()
        self._books.close()

    # On the UI thread

    def _change_link(self, connector: Connector | None, between: Callable[[], object] | None = None) -> None:
        self._set_connection(self._without if connector is None else Connection.CONNECTING)
        self._make_movements()

        async def change() -> None:
            await self._link.live_anew(connector, between)

        self._engine.submit(change(), self, failed=self.take_trouble)

    def _rewrite(
        self, change: Callable[[], object], done: Callable[[], None], failed: Callable[[DeskError], None]
    ) -> None:
        """Change the mirror while nothing is polled, in a thread; then go on as before."""

        def rewrite() -> None:
            try:
                change()
            except Exception as error:
                log.exception("the saved data couldn't be changed")
                trouble = (
                    error if isinstance(error, DeskError) else Unexpected(redacted(f"{type(error).__name__}: {error}"))
                )
                self._engine.on_ui(lambda: failed(trouble))
            else:
                self._engine.on_ui(done)

        self._change_link(None if self.is_offline else self._connector, rewrite)

    def _load_mirror(self, *, empty: bool = False) -> None:
        for kind in Kind:
            dataset = self._files.reader.dataset(kind)
            if dataset is not None:
                self._states[kind] = DatasetState(dataset.confirmed_at, None, dataset.set_aside)
            elif empty:
                self._states[kind] = DatasetState()
            if kind not in HISTORIES:
                self._records[kind] = tuple(_CODECS[kind].decode(doc) for doc in self._files.reader.small(kind))

    def _announce_all(self) -> None:
        for kind in Kind:
            self.state_changed.emit(kind)
            if kind in HISTORIES:
                self.history_changed.emit(kind, None)
            else:
                self.records_changed.emit(kind)
        self.alerts_changed.emit()

    def _follow_writer(self) -> None:
        """View only: show what the other process saves, as it saves it."""
        self._seen_version = self._files.reader.version()
        self._follow.setInterval(_FOLLOW_MS)
        self._follow.timeout.connect(self._look_for_writes)
        self._follow.start()

    def _look_for_writes(self) -> None:
        version = self._files.reader.version()
        if version == self._seen_version:
            return
        self._seen_version = version
        before = dict(self._records)
        self._load_mirror()
        for kind in Kind:
            self.state_changed.emit(kind)
            if kind in HISTORIES:
                # Which of them changed isn't known here, so all may have.
                self.history_changed.emit(kind, None)
            elif self._records[kind] != before.get(kind):
                self.records_changed.emit(kind)
        self.alerts_changed.emit()

    # What the link tells

    def take(self, report: FeedReport) -> None:
        """A poll ended, or rows can be seen of one that goes on."""
        self._states[report.kind] = report.state
        if not self.is_offline:
            self._set_connection(connection_after(report.state.error))
        if report.records is not None and report.records != self._records.get(report.kind):
            self._records[report.kind] = report.records
            self.records_changed.emit(report.kind)
        if report.touched is None or report.touched or report.is_findable:
            self.history_changed.emit(report.kind, report.touched)
        self.state_changed.emit(report.kind)

    def take_trouble(self, error: DeskError, connection: Connection = Connection.TROUBLED) -> None:
        """Nothing at all could be asked for."""
        if not self.is_offline:
            self._set_connection(connection)
        for kind in Kind:
            known = self.state(kind)
            self._states[kind] = DatasetState(known.confirmed_at, error, known.set_aside)
            self.state_changed.emit(kind)

    def take_key(self, fingerprint: str) -> None:
        """The server is asked with this key from now on."""
        self.key_fingerprint = fingerprint
        self.movements.changed.emit()

    def take_connection(self, connection: Connection) -> None:
        """The desk stands so with the server now."""
        self._set_connection(connection)

    def take_in_flight(self, count: int) -> None:
        """So many requests are under way."""
        self.in_flight = count
        self.in_flight_changed.emit(count)

    def take_noticed(self, noticed: Sequence[Noticed]) -> None:
        """A list did what it must not."""
        if noticed:
            self.alerts_changed.emit()

    def _set_connection(self, connection: Connection) -> None:
        if connection is not self.connection:
            self.connection = connection
            self.connection_changed.emit(connection)


_CODECS: dict[Kind, Codec[Any]] = {kind: Codec(kind.record) for kind in Kind}
