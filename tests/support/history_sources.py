"""Where tables of histories get their rows from in tests: answers come when a test lets them, from a plain list too."""

from array import array
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from PySide6.QtCore import QObject

from lumedesk.domain.errors import DeskError
from lumedesk.domain.kinds import Kind
from lumedesk.domain.queries import Found, HistoryQuery
from lumedesk.domain.records import Trade
from lumedesk.store.mirror_file import MirrorError
from tests.support.builders import json_of


class Stored(NamedTuple):
    """A row as a source hands it out."""

    doc: bytes
    gone_at: int | None = None
    altered_at: int | None = None


class Waiting:
    """A search that a test answers, by parts if it likes: its first rows, what is prepared of all, the answer."""

    def __init__(
        self,
        rows: "array[int]",
        prepare: Callable[[], Any],
        done: Callable[[Any], None],
        failed: Callable[[DeskError], None],
        tell_first: Callable[[bool], None],
    ) -> None:
        self.rows = rows
        self._prepare = prepare
        self._done = done
        self._failed = failed
        self._tell_first = tell_first
        self._prepared: list[Any] = []
        self.is_cancelled = False
        self.is_over = False

    def cancel(self) -> None:
        self.is_cancelled = True

    def tell_first(self, *, counted: bool = True) -> None:
        """`counted`: with how many there are in all; otherwise that isn't known yet."""
        if not (self.is_cancelled or self.is_over):
            self._tell_first(counted)

    def prepare(self) -> None:
        """What another thread does in the desk."""
        self._prepared = [self._prepare()]

    def answer(self) -> None:
        if not (self.is_cancelled or self.is_over):
            self.is_over = True
            if not self._prepared:
                self.prepare()
            self._done(self._prepared[0])

    def fail(self, error: DeskError) -> None:
        if not (self.is_cancelled or self.is_over):
            self.is_over = True
            self._failed(error)


class Source:
    """Finds by what a subclass says, at once, or, with `holds`, when a test lets a search answer."""

    first_rows = 200

    def __init__(self) -> None:
        self.holds = False
        self.error: DeskError | None = None
        self.waiting: list[Waiting] = []
        self.reads: list[list[int]] = []

    @property
    def lookups(self) -> Any:
        return self

    def rows(self, query: HistoryQuery) -> "array[int]":
        raise NotImplementedError

    def documents(self, kind: Kind, rows: Sequence[int]) -> Mapping[int, Stored]:
        raise NotImplementedError

    def in_sight(self, kind: Kind, rows: Sequence[int], around: int | None) -> Mapping[int, Stored]:
        """What is read along, or nothing where a page is damaged."""
        if around is None:
            return {}
        try:
            return self.documents(kind, rows[max(0, around - 24) : around + 24])
        except MirrorError:
            return {}

    def find(
        self,
        query: HistoryQuery,
        prepare: Callable[[Found], Any],
        owner: QObject,
        done: Callable[[Any], None],
        failed: Callable[[DeskError], None],
        first: Callable[[Found], None] | None = None,
        around: int | None = None,
    ) -> Waiting:
        error, rows = self.error, self.rows(query)
        few = rows[: self.first_rows]

        def tell_first(counted: bool) -> None:
            if first is not None:
                first(Found(query, few, len(rows) if counted else len(few), len(few) == len(rows)))

        waiting = Waiting(
            rows,
            lambda: prepare(Found(query, rows, len(rows), documents=self.in_sight(query.kind, rows, around))),
            done,
            failed,
            tell_first,
        )
        self.waiting.append(waiting)
        if not self.holds:
            waiting.tell_first()
            if error is None:
                waiting.answer()
            else:
                waiting.fail(error)
        return waiting

    @property
    def open(self) -> list[Waiting]:
        """Those that nobody answered or cancelled yet."""
        return [each for each in self.waiting if not (each.is_over or each.is_cancelled)]

    def answer_all(self) -> None:
        """Until nothing waits any more, also for what an answer asked for."""
        while self.open:
            self.open[0].answer()


class Shelf(Source):
    """Trades in a dict by row number, found and ordered by plain loops."""

    def __init__(self) -> None:
        super().__init__()
        self.trades: dict[int, Trade] = {}
        self.marks: dict[int, tuple[int | None, int | None]] = {}
        # What is read instead of the trade, and rows whose reading fails.
        self.damaged: dict[int, bytes] = {}
        self.broken: set[int] = set()

    def rows(self, query: HistoryQuery) -> "array[int]":
        orders: dict[str, Callable[[Trade], Any]] = {
            "at": lambda trade: trade.created_at,
            "id": lambda trade: trade.transaction_id,
            "status": lambda trade: trade.status,
            "from_amount": lambda trade: trade.from_amount,
        }
        found = [row for row, trade in self.trades.items() if query.text in str(trade.transaction_id)]
        found.sort(key=lambda row: (orders[query.order](self.trades[row]), row), reverse=query.descending)
        return array("I", found)

    def documents(self, kind: Kind, rows: Sequence[int]) -> dict[int, Stored]:
        self.reads.append(list(rows))
        if self.broken & set(rows):
            raise MirrorError("a damaged page")
        return {
            row: Stored(self.damaged.get(row) or json_of(self.trades[row]), *self.marks.get(row, (None, None)))
            for row in rows
            if row in self.trades
        }
