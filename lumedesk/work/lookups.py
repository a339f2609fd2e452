"""Questions to the saved data, answered on a second thread, so that neither the window nor the polling waits for them."""

import logging
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any, Protocol, TypeVar

import shiboken6
from PySide6.QtCore import QObject, QTimer

from lumedesk.domain.codec import Codec, UnreadableJson
from lumedesk.domain.credentials import Secret
from lumedesk.domain.errors import DeskError
from lumedesk.domain.kinds import Kind
from lumedesk.domain.queries import Alert, Found, HistoryQuery, Hit, Seen, StoreSize, Total
from lumedesk.domain.times import instant
from lumedesk.store.finding import words_of_search
from lumedesk.store.mirror_file import MirrorError
from lumedesk.store.reader import Interrupted, MirrorReader
from lumedesk.store.small import holds_words
from lumedesk.store.sums import Adding
from lumedesk.work.engine import Engine, Ticket

T = TypeVar("T")
log = logging.getLogger(__name__)

# A screen holds no more rows; a very tall one has the rest of its picture a moment later.
FIRST_ROWS = 50
MOST_OF_A_KIND = 20
# So many rows on either side of one that is looked at are in sight, or will be when they are found.
_IN_SIGHT = 24
_CACHE_KIB = 48 * 1024
# So long what follows waits for the picture of the first rows: nobody looks at it before.
_PICTURE_S = 0.05
# A view lays itself out, once or twice, and is painted in as many rounds of the event loop.
_ROUNDS = 4
_CLOSE_TRIES = 200
_CLOSE_TRY_S = 0.05
_CODECS: dict[Kind, Codec[Any]] = {kind: Codec(kind.record) for kind in Kind}

Failed = Callable[[DeskError], None]


class Pending(Protocol):
    """A question under way."""

    is_over: bool

    def cancel(self) -> None:
        """Drop the answer, and break off what still runs for it."""


class DataUnreadable(DeskError):
    """The file with the saved data is damaged, or gone."""

    title = "The saved data can't be read"
    advice = "Start the desk again: what is damaged is set aside, and the server's lists are read anew."


class Lookups(QObject):
    """One profile's. Every callback runs on the UI thread, once, while its owner lives; in the order of the questions.

    Errors reach `failed`: DataUnreadable.
    """

    def __init__(self, engine: Engine, path: Path, key: Secret | None = None, parent: QObject | None = None) -> None:
        """Nothing is opened before the first question."""
        super().__init__(parent)
        self._engine = engine
        self._path = path
        self._key = key
        self._reader: MirrorReader | None = None
        # Held while a question is answered.
        self._reading = threading.Lock()
        self._is_closed = False

    def close(self) -> None:
        """Break off what runs and close the file; what is asked later fails. Bounded in time."""
        self._is_closed = True
        for _ in range(_CLOSE_TRIES):
            # What runs is between two queries, or came to its next one: that is broken off as well.
            self._interrupt()
            if self._reading.acquire(timeout=_CLOSE_TRY_S):
                self._drop_reader()
                self._reading.release()
                return
        log.warning("a look-up doesn't end; the saved data stay open")

    def reopen(self) -> None:
        """The file is, or will be, another one: open it anew for the next question."""
        with self._reading:
            self._drop_reader()

    # The histories' rows

    def find(
        self,
        query: HistoryQuery,
        prepare: Callable[[Found], T],
        owner: QObject,
        done: Callable[[T], None],
        failed: Failed | None = None,
        first: Callable[[Found], None] | None = None,
        around: int | None = None,
    ) -> Ticket[T]:
        """Find all rows; `prepare` is run on the second thread, and what it makes of them goes to `done`.

        `first` hears the first rows before, at most FIRST_ROWS: at once, with a count of what is known so far, and again with
        the exact count where that is known before all rows are. A column or order that the history hasn't got reaches
        `failed`. The rows in sight of the place `around` are read along with all rows, where that is possible.
        """
        asked = _Asked(query, owner, first, around)

        def look(reader: MirrorReader) -> T:
            return prepare(asked.look(reader, self._engine.on_ui))

        asked.ticket = self._ask(look, owner, done, failed)
        return asked.ticket

    def sums(
        self,
        query: HistoryQuery,
        owner: QObject,
        done: Callable[[dict[str, tuple[Total, ...]]], None],
        failed: Failed | None = None,
    ) -> Pending:
        """The exact sums of the rows found, by column and currency: `from_amount` and `to_amount`, or `amount` and `fee`.

        They wait their turn a slice at a time: what else is asked meanwhile is answered first.
        """
        return _Addition(self._ask, query, owner, done, failed)

    def distinct(
        self,
        kind: Kind,
        column: str,
        owner: QObject,
        done: Callable[[list[str]], None],
        failed: Failed | None = None,
    ) -> Pending:
        """The different values of a history's column, ordered; for filters."""
        return self._ask(lambda reader: reader.distinct(kind, column), owner, done, failed)

    def search(
        self, text: str, owner: QObject, done: Callable[[tuple[Hit, ...]], None], failed: Failed | None = None
    ) -> Pending:
        """Records of all kinds in which each word of `text` occurs; none without a word.

        At most 20 of each kind, in the kinds' order: of histories the newest, newest first; of others in the server's
        order.
        """

        def look(reader: MirrorReader) -> tuple[Hit, ...]:
            return tuple(hit for kind in Kind for hit in _hits(reader, kind, text)) if text.split() else ()

        return self._ask(look, owner, done, failed)

    # What else is kept

    def history_of(
        self,
        kind: Kind,
        row_key: str,
        owner: QObject,
        done: Callable[[tuple[Seen, ...]], None],
        failed: Failed | None = None,
    ) -> Pending:
        """The statuses in which a record was seen, oldest first; none where it never changed while it was watched."""
        return self._ask(lambda reader: reader.transitions(kind, row_key), owner, done, failed)

    def alerts(
        self, owner: QObject, done: Callable[[tuple[Alert, ...]], None], failed: Failed | None = None
    ) -> Pending:
        """What was noticed of the server's lists, newest first."""
        return self._ask(lambda reader: reader.alerts(), owner, done, failed)

    def size(self, owner: QObject, done: Callable[[StoreSize], None], failed: Failed | None = None) -> Pending:
        """How large the saved data are."""
        return self._ask(lambda reader: reader.size(), owner, done, failed)

    # On the second thread

    def _ask(
        self, look: Callable[[MirrorReader], T], owner: QObject, done: Callable[[T], None], failed: Failed | None
    ) -> Ticket[T]:
        def call() -> T:
            with self._opened() as reader:
                return look(reader)

        return self._engine.look_up(call, owner, done, failed, interrupt=self._interrupt)

    @contextmanager
    def _opened(self) -> Iterator[MirrorReader]:
        with self._reading:
            try:
                if self._is_closed:
                    raise DataUnreadable("The profile is closed.")
                if self._reader is None:
                    self._reader = MirrorReader(self._path, self._key, cache_kib=_CACHE_KIB)
                yield self._reader
            except MirrorError as error:
                # The file may have been set aside and begun anew since it was opened.
                self._drop_reader()
                raise DataUnreadable(str(error)) from error

    def _drop_reader(self) -> None:
        reader, self._reader = self._reader, None
        if reader is not None:
            reader.close()

    def _interrupt(self) -> None:
        reader = self._reader
        if reader is not None:
            reader.interrupt()


class _Asked:
    """A search under way. Made and cancelled on the UI thread, carried out on the second one."""

    def __init__(
        self, query: HistoryQuery, owner: QObject, first: Callable[[Found], None] | None, around: int | None
    ) -> None:
        self._query = query
        self._owner = owner
        self._first = first
        self._around = around
        self._is_seen = threading.Event()
        self.ticket: Ticket[Any] | None = None

    def look(self, reader: MirrorReader, on_ui: Callable[[Callable[[], None]], None]) -> Found:
        """All rows found; the first ones are told on the way."""
        if self._first is not None:
            found = reader.first(self._query, FIRST_ROWS)
            rows = found.rows[:FIRST_ROWS]
            self._tell(
                Found(self._query, rows, found.count, is_whole=found.count == len(rows) and found.is_whole), on_ui
            )
            if found.is_whole:
                return found
            self._wait_for_picture()
            count = reader.quick_count(self._query)
            if count is not None and count != found.count:
                self._tell(Found(self._query, rows, count, is_whole=False), on_ui)
                self._wait_for_picture()
            self._go_on()
        whole = reader.order(self._query)
        return Found(self._query, whole, len(whole), documents=self._in_sight(reader, whole))

    def _in_sight(self, reader: MirrorReader, rows: Sequence[int]) -> Mapping[int, Any]:
        if self._around is None:
            return {}
        try:
            return reader.documents(self._query.kind, rows[max(0, self._around - _IN_SIGHT) : self._around + _IN_SIGHT])
        except MirrorError:
            # Whoever looks at them reads what can be read.
            return {}

    def _wait_for_picture(self) -> None:
        self._is_seen.wait(_PICTURE_S)
        self._is_seen.clear()
        self._go_on()

    def _go_on(self) -> None:
        # Between two queries there is nothing that could be broken off.
        if self.ticket is not None and self.ticket.is_over:
            raise Interrupted

    def _tell(self, found: Found, on_ui: Callable[[Callable[[], None]], None]) -> None:
        on_ui(lambda: self._hear(found))

    @property
    def _is_over(self) -> bool:
        return self.ticket is None or self.ticket.is_over

    def _hear(self, found: Found) -> None:
        if self._first is not None and not self._is_over and shiboken6.isValid(self._owner):
            self._first(found)
            self._come_round(_ROUNDS)
        else:
            self._is_seen.set()

    def _come_round(self, rounds: int) -> None:
        if rounds and not self._is_over:
            QTimer.singleShot(0, lambda: self._come_round(rounds - 1))
        else:
            self._is_seen.set()


class _Addition:
    """Sums under way: a question for each slice."""

    def __init__(
        self,
        ask: Callable[..., Ticket[bool]],
        query: HistoryQuery,
        owner: QObject,
        done: Callable[[dict[str, tuple[Total, ...]]], None],
        failed: Failed | None,
    ) -> None:
        self._ask = ask
        self._adding = Adding(query)
        self._owner = owner
        self._done = done
        self._failed = failed
        self.is_over = False
        self._ticket = self._go_on()

    def cancel(self) -> None:
        self.is_over = True
        self._ticket.cancel()

    def _go_on(self) -> Ticket[bool]:
        return self._ask(self._add, self._owner, self._take, self._fail)

    def _add(self, reader: MirrorReader) -> bool:
        reader.add(self._adding)
        return self._adding.is_done

    def _take(self, is_done: bool) -> None:
        if is_done:
            self.is_over = True
            self._done(self._adding.totals)
        else:
            self._ticket = self._go_on()

    def _fail(self, error: DeskError) -> None:
        self.is_over = True
        if self._failed is not None:
            self._failed(error)


def _hits(reader: MirrorReader, kind: Kind, text: str) -> list[Hit]:
    if not kind.is_history:
        words = words_of_search(text)
        records = (_decoded(kind, doc) for doc in reader.small(kind))
        hits = [Hit(kind, kind.key(each) or "", each, _time(each)) for each in records if holds_words(each, words)]
        return hits[:MOST_OF_A_KIND]
    query = HistoryQuery(kind, text=text)
    found = reader.first(query, MOST_OF_A_KIND)
    rows = found.rows
    if not found.is_whole and len(rows) < MOST_OF_A_KIND:
        # Few among many: the first look broke off before it had met them.
        rows = reader.order(query)
    return [Hit(kind, key, _decoded(kind, doc), at) for key, at, doc in reader.dated(kind, rows[:MOST_OF_A_KIND])]


def _decoded(kind: Kind, doc: bytes) -> Any:
    try:
        return _CODECS[kind].decode(doc)
    except UnreadableJson as error:
        raise MirrorError(f"The local data are damaged: one of the {kind.table} can't be read ({error}).") from error


def _time(record: Any) -> datetime | None:
    moment = instant(getattr(record, "created_at", None))
    return None if moment is None else moment.at
