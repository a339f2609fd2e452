"""The rows of a history as a table shows them: read with their neighbours, decoded once they are looked at."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import Any, Generic, Protocol, TypeVar

from lumedesk.domain.codec import Codec, UnreadableJson
from lumedesk.domain.errors import DeskError
from lumedesk.domain.kinds import Kind
from lumedesk.models.table import Line, Mark
from lumedesk.store.mirror_file import MirrorError

T = TypeVar("T")

# So many rows are kept decoded, and so many as they are stored.
_MAX_KEPT = 8_192
_MAX_NEAR = 2_048
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Document(Protocol):
    """A row as it is stored. Times are microseconds since 1970, UTC."""

    @property
    def doc(self) -> bytes:
        """The record's JSON."""

    @property
    def gone_at(self) -> int | None:
        """Since when the server's list lacks it."""

    @property
    def altered_at(self) -> int | None:
        """When it changed after it was final."""


class StoredLines(Generic[T]):
    """`lines` holds what was looked at lately, by row number."""

    def __init__(self, kind: Kind, documents: Callable[[Kind, Sequence[int]], Mapping[int, Document]]) -> None:
        """`documents` reads rows at once; those that aren't there are missing. Errors: DeskError, MirrorError."""
        self._kind = kind
        self._documents = documents
        self._codec: Codec[T] = Codec(kind.record)
        self.lines: dict[int, Line[T]] = {}
        # Decoding takes longer than reading, and most neighbours are never looked at.
        self._near: dict[int, Document | None] = {}

    def read(self, row: int, around: Callable[[], Iterable[int]]) -> Line[T]:
        """The line of a row number; `around` tells which ones to read along with it. Never raises."""
        if row not in self._near:
            wanted = [each for each in around() if each not in self.lines and each not in self._near]
            stored = self._read(wanted)
            self._near.update((each, stored.get(each)) for each in wanted)
            _forget_oldest(self._near, _MAX_NEAR)
        line = self.lines[row] = self._line_of(self._near.pop(row))
        _forget_oldest(self.lines, _MAX_KEPT)
        return line

    def lines_of(self, documents: Mapping[int, Document]) -> dict[int, Line[T]]:
        """The lines of these rows, which nobody looked at yet. On any thread; never raises."""
        return {row: self._line_of(stored) for row, stored in documents.items()}

    def add(self, lines: Mapping[int, Line[T]]) -> None:
        """Know these lines, too."""
        self.lines.update(lines)
        _forget_oldest(self.lines, _MAX_KEPT)

    def forget(self, touched: frozenset[int] | None) -> None:
        """Read these rows anew when they are looked at, and those that couldn't be read; None: all of them."""
        if touched is None:
            self.lines.clear()
            self._near.clear()
            return
        unreadable = [row for row, line in self.lines.items() if line.record is None]
        missing = [row for row, stored in self._near.items() if stored is None]
        for row in [*touched, *unreadable, *missing]:
            self.lines.pop(row, None)
            self._near.pop(row, None)

    def _read(self, rows: Sequence[int]) -> dict[int, Document]:
        """Where some can't be read because of damage, the others all the same."""
        try:
            return dict(self._documents(self._kind, rows))
        except (DeskError, MirrorError):
            if len(rows) < 2:
                return {}
            half = len(rows) // 2
            return self._read(rows[:half]) | self._read(rows[half:])

    def _line_of(self, stored: Document | None) -> Line[T]:
        if stored is None:
            return Line(None)
        gone_at, altered_at = _moment(stored.gone_at), _moment(stored.altered_at)
        mark = Mark(gone_at, altered_at) if gone_at or altered_at else None
        try:
            return Line(self._codec.decode(stored.doc), mark)
        except UnreadableJson:
            return Line(None, mark)


def _forget_oldest(kept: dict[int, Any], most: int) -> None:
    for oldest in list(islice(kept, max(0, len(kept) - most))):
        del kept[oldest]


def _moment(micros: int | None) -> datetime | None:
    return None if micros is None else _EPOCH + timedelta(microseconds=micros)
