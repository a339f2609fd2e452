"""The server's list as it came last, in runs of rows: what the next one is compared with.

Rows of a list that were not in the one after it, for reasons that prove nothing, stay in a run of their own without bytes.
"""

from array import array
from collections.abc import Iterable, Sequence

import apsw
import msgspec

from lumedesk.domain.kinds import Kind
from lumedesk.domain.segments import Segment

# Smaller runs are read anew and grow together with what stands beside them.
LEAST_RUN = 16 * 1024
_DIGEST = 16
# Positions are real numbers, so that a run fits in between two others; until they are closer than this.
_LEAST_GAP = 1e-6
_INSERT = "INSERT INTO segments (kind, position, size, digest, head, rows) VALUES (?, ?, ?, ?, ?, ?)"


class Run(msgspec.Struct):
    """Rows that came one after another: what they are known again by, and their numbers."""

    segment: Segment
    rows: "array[int]" = msgspec.field(default_factory=lambda: array("I"))


class Before(msgspec.Struct, frozen=True):
    """A history's list as it came last. `known` are the runs that are known again by their bytes, at these `positions`.

    `dropped`: the positions of the others; `digests`: of all of them, in order. `doubles`: digests of rows that came after
    another with the same id, which may stand in a run that isn't read again.
    """

    known: list[Segment]
    positions: list[float]
    dropped: list[float]
    digests: list[bytes]
    doubles: set[bytes]


def list_before(db: apsw.Connection, kind: Kind) -> Before:
    """Read what is kept of it."""
    before = Before([], [], [], [], set())
    for position, size, digest, head in db.execute(
        "SELECT position, size, digest, head FROM segments WHERE kind = ? ORDER BY position", (kind.table,)
    ):
        before.digests.append(digest)
        if size >= LEAST_RUN:
            before.positions.append(position)
            before.known.append(Segment(size, digest, head))
            continue
        before.dropped.append(position)
        if not size:
            before.doubles.update(head[at : at + _DIGEST] for at in range(0, len(head), _DIGEST))
    return before


class Runs:
    """One history's list before, and the one that takes its place: a position in it is an index into the known runs."""

    def __init__(self, db: apsw.Connection, kind: Kind, before: Before) -> None:
        self._db = db
        self._kind = kind
        self._positions = before.positions
        self._dropped = before.dropped
        self._digests = before.digests
        self._layout: list[int | Run] = []
        self.known = before.known
        self.doubles = before.doubles

    @property
    def is_empty(self) -> bool:
        """Whether nothing came so far."""
        return not self._layout

    @property
    def is_same(self) -> bool:
        """Whether what came so far is the list before, byte for byte."""
        came = [self.known[each].digest if isinstance(each, int) else each.segment.digest for each in self._layout]
        return came == self._digests

    def same(self, first: int, end: int) -> None:
        """Known runs came next: those from position `first` to before `end`."""
        self._layout.extend(range(first, end))

    def add(self, run: Run) -> None:
        """Rows came next that had to be read."""
        self._layout.append(run)

    def lost(self, met: bytearray) -> list[int]:
        """The rows of runs that aren't there any more, without those that were `met` elsewhere: a byte for each row."""
        missing: set[int] = set()
        for position in self._gone():
            rows = array("I")
            rows.frombytes(
                self._db.execute(
                    "SELECT rows FROM segments WHERE kind = ? AND position = ?", (self._kind.table, position)
                ).get
            )
            missing.update(number for number in rows if not met[number])
        return sorted(missing)

    def write(self, missing: Sequence[int]) -> None:
        """Keep the new list in the old one's place; `missing` rows are looked for again in the next."""
        self._db.executemany(
            "DELETE FROM segments WHERE kind = ? AND position = ?",
            [(self._kind.table, position) for position in self._gone()],
        )
        places = self._places()
        if places is None:
            self._renumber()
            places = self._places()
        self._db.executemany(_INSERT, (self._row(place, run.segment, run.rows) for place, run in places or ()))
        if missing:
            first: float = self._db.execute(
                "SELECT coalesce(min(position), 0) FROM segments WHERE kind = ?", (self._kind.table,)
            ).get
            self._db.execute(_INSERT, self._row(first - 1, Segment(0, b"", b""), array("I", missing)))

    def _row(self, place: float, segment: Segment, rows: "array[int]") -> tuple[object, ...]:
        return (self._kind.table, place, segment.size, segment.digest, segment.head, rows.tobytes())

    def _gone(self) -> Iterable[float]:
        kept = {place for place in self._layout if isinstance(place, int)}
        return [*self._dropped, *(self._positions[at] for at in range(len(self.known)) if at not in kept)]

    def _places(self) -> list[tuple[float, Run]] | None:
        """A position between its neighbours for each new run; None where there is no room left."""
        placed: list[tuple[float, Run]] = []
        waiting: list[Run] = []
        before: float | None = None
        for each in [*self._layout, None]:
            if isinstance(each, Run):
                waiting.append(each)
                continue
            after = None if each is None else self._positions[each]
            low = before if before is not None else (after if after is not None else 0.0) - len(waiting) - 1
            high = after if after is not None else low + len(waiting) + 1
            step = (high - low) / (len(waiting) + 1)
            if waiting and step < _LEAST_GAP:
                return None
            placed += [(low + step * (at + 1), run) for at, run in enumerate(waiting)]
            waiting, before = [], after
        return placed

    def _renumber(self) -> None:
        rows = list(
            self._db.execute(
                "SELECT size, digest, head, rows FROM segments WHERE kind = ? AND size >= ? ORDER BY position",
                (self._kind.table, LEAST_RUN),
            )
        )
        kept = sorted(place for place in self._layout if isinstance(place, int))
        self._db.execute("DELETE FROM segments WHERE kind = ?", (self._kind.table,))
        for place, row in zip(kept, rows, strict=True):
            self._positions[place] = float(place)
            self._db.execute(_INSERT, (self._kind.table, float(place), *row))
