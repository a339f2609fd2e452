"""How one order of rows becomes another: as few exact steps, or by where the rows that matter went. No Qt, no widgets.

Orders are arrays of row numbers that nobody alters. At a million rows a loop in Python takes a good part of a second, so
orders are searched and compared by whole slices, and loops go over the rows that a poll touched only.
"""

import sys
from array import array
from bisect import bisect_left
from collections.abc import Collection, Iterable, Mapping, Sequence
from itertools import compress
from typing import NamedTuple, TypeAlias

import msgspec

Rows: TypeAlias = "array[int]"

# In place of a row number, which are above it: nobody knows yet which row stands there.
UNKNOWN = 0
# A poll that takes more steps than this is shown as a new arrangement: each step costs every view some work.
MAX_STEPS = 64
# Beyond so many changed rows, telling which costs more than painting those on screen.
_MAX_CHANGED = 1_000
# Up to so many rows, searching for each by itself is faster than one look at all.
_FEW = 12
# Slices are compared and searched in pieces, so that other threads get their turn.
_PIECE = 1 << 16


class Removed(NamedTuple):
    """Rows `first` to `last` go."""

    first: int
    last: int


class Inserted(NamedTuple):
    """Rows `first` to `last` are new; they stand there in the new order too."""

    first: int
    last: int


class Moved(NamedTuple):
    """The row at `first` comes to stand at `last`."""

    first: int
    last: int


Step = Removed | Inserted | Moved


class Difference(msgspec.Struct, frozen=True):
    """From `old` to `new`: by `steps`, in this order; or, where `steps` is None, by rearranging everything.

    `changed` are runs (first, last) in the new order of rows that stay but read differently. `places` tells where in the
    new order rows are that were asked about; those that aren't there are missing.
    """

    old: Rows
    new: Rows
    steps: tuple[Step, ...] | None = None
    changed: tuple[tuple[int, int], ...] = ()
    places: dict[int, int] = msgspec.field(default_factory=dict)


class Pieces(Sequence[int]):
    """An order on its way to another: slices of both, cut and put together anew without copying them."""

    def __init__(self, rows: Rows) -> None:
        self._pieces = [(rows, 0, len(rows))] if rows else []
        self._length = len(rows)

    def __len__(self) -> int:
        return self._length

    def __getitem__(self, at: int) -> int:  # type: ignore[override]  # slices are never asked for
        if at < 0:
            at += self._length
        for rows, start, stop in self._pieces:
            if at < stop - start:
                return rows[start + at]
            at -= stop - start
        raise IndexError(at)

    def take(self, step: Step, new: Rows) -> None:
        """Do one step; what is inserted comes from `new`."""
        match step:
            case Removed(first, last):
                self._cut_out(first, last)
            case Inserted(first, last):
                self._put_in(first, [(new, first, last + 1)])
            case Moved(first, last):
                self._put_in(last, self._cut_out(first, first))

    def joined(self) -> bytes:
        """All rows one after another, as an array has them."""
        return b"".join(memoryview(rows)[start:stop] for rows, start, stop in self._pieces)

    def _cut_out(self, first: int, last: int) -> list[tuple[Rows, int, int]]:
        begin, end = self._split(first), self._split(last + 1)
        cut, self._pieces[begin:end] = self._pieces[begin:end], []
        self._length -= last + 1 - first
        return cut

    def _put_in(self, at: int, pieces: list[tuple[Rows, int, int]]) -> None:
        where = self._split(at)
        self._pieces[where:where] = pieces
        self._length += sum(stop - start for _, start, stop in pieces)

    def _split(self, at: int) -> int:
        """The number of the piece that begins at this row, cut off the one before if need be."""
        for number, (rows, start, stop) in enumerate(self._pieces):
            if at == 0:
                return number
            if at < stop - start:
                self._pieces[number : number + 1] = [(rows, start, start + at), (rows, start + at, stop)]
                return number + 1
            at -= stop - start
        return len(self._pieces)


class Window(Sequence[int]):
    """An order of which the first rows are known and how many there are; of others only where some are put meanwhile."""

    def __init__(self, rows: Sequence[int], length: int, parked: Mapping[int, int] | None = None) -> None:
        self._rows = rows
        self._length = length
        self._parked = parked or {}

    def __len__(self) -> int:
        return self._length

    def __getitem__(self, at: int) -> int:  # type: ignore[override]  # slices are never asked for
        if not 0 <= at < self._length:
            raise IndexError(at)
        return self._rows[at] if at < len(self._rows) else self._parked.get(at, UNKNOWN)

    @property
    def known(self) -> int:
        """How many rows are known."""
        return len(self._rows)

    def begins(self, rows: Rows) -> bool:
        """Whether `rows` begin with all that is known, and nothing else is put anywhere meanwhile."""
        return not self._parked and rows[: len(self._rows)] == self._rows


def difference(
    old: Rows, new: Rows, touched: Collection[int] | None, wanted: Collection[int] = (), *, by_steps: bool = True
) -> Difference:
    """What a view of `old` must do to show `new`.

    `touched` are the rows that may have come, gone, moved or changed since `old` was found; None stands for all. Rows
    that `touched` leaves out are looked at all the same, and where they didn't stay in order everything is rearranged;
    as it is without `by_steps`.
    """
    touched = None if touched is None else frozenset(touched)
    steps: tuple[Step, ...] | None = () if old == new else None
    if steps is None and by_steps and touched is not None:
        steps = _steps(old, new, touched)
    return Difference(old, new, steps, _changed(new, touched, steps), places_of(new, wanted))


def place_of(rows: Rows, row: int) -> int:
    """Where `row` stands; -1 where it doesn't."""
    return places_of(rows, (row,)).get(row, -1)


def places_of(rows: Rows, wanted: Collection[int]) -> dict[int, int]:
    """Where each of `wanted` stands; those that don't are missing."""
    if len(wanted) > _FEW:
        return _places_of_many(rows, frozenset(wanted))
    found = {}
    written = rows.tobytes() if wanted else b""
    for row in wanted:
        if 0 <= row < 1 << 8 * rows.itemsize:
            needle = row.to_bytes(rows.itemsize, sys.byteorder)
            at = written.find(needle)
            # The same bytes may also begin within one number and end in the next.
            while at % rows.itemsize and at >= 0:
                at = written.find(needle, at + 1)
            if at >= 0:
                found[row] = at // rows.itemsize
    return found


def _places_of_many(rows: Rows, wanted: frozenset[int]) -> dict[int, int]:
    found: dict[int, int] = {}
    for start in range(0, len(rows), _PIECE):
        piece = rows[start : start + _PIECE]
        for at in compress(range(len(piece)), map(wanted.__contains__, piece)):
            found[piece[at]] = start + at
        if len(found) == len(wanted):
            break
    return found


def runs_of(places: Iterable[int]) -> list[tuple[int, int]]:
    """Ascending numbers as (first, last) of each unbroken run."""
    runs: list[tuple[int, int]] = []
    for place in places:
        if runs and runs[-1][1] == place - 1:
            runs[-1] = (runs[-1][0], place)
        else:
            runs.append((place, place))
    return runs


def _changed(new: Rows, touched: frozenset[int] | None, steps: tuple[Step, ...] | None) -> tuple[tuple[int, int], ...]:
    arrived: set[int] = set()
    for step in steps or ():
        if isinstance(step, Inserted):
            arrived.update(new[step.first : step.last + 1])
    if touched is None or len(touched - arrived) > _MAX_CHANGED:
        return ((0, len(new) - 1),) if new else ()
    runs = runs_of(sorted(places_of(new, touched - arrived).values()))
    return tuple(runs) if len(runs) <= MAX_STEPS else ((runs[0][0], runs[-1][1]),)


def _steps(old: Rows, new: Rows, touched: frozenset[int]) -> tuple[Step, ...] | None:
    """The steps from `old` to `new`; None where there are too many, or where other rows than `touched` are concerned."""
    apart = _places_apart(old, new, touched)
    if apart is None:
        return None
    leaving, coming = apart
    went = {old[at]: at for at in leaving}
    came = {new[at]: at for at in coming}
    both = went.keys() & came.keys()
    if len(both) > 2 * MAX_STEPS:
        return None
    stay = _staying({row: (went[row], came[row]) for row in both}, leaving, coming)
    movers = both - stay
    leaving = [at for at in leaving if old[at] not in stay]
    coming = [at for at in coming if new[at] not in stay]
    # What moves is counted by how many of the rows that neither move nor go stand before it.
    before = {
        row: (went[row] - bisect_left(leaving, went[row]), came[row] - bisect_left(coming, came[row])) for row in movers
    }
    gone = runs_of(at for at in leaving if old[at] not in movers)
    arrived = runs_of(at for at in coming if new[at] not in movers)
    if len(gone) + len(arrived) + len(movers) > MAX_STEPS:
        return None
    steps: list[Step] = [Removed(first, last) for first, last in reversed(gone)]
    steps += _moves(sorted(movers, key=went.__getitem__), sorted(movers, key=came.__getitem__), before)
    steps += [Inserted(first, last) for first, last in arrived]
    made = Pieces(old)
    for step in steps:
        made.take(step, new)
    return tuple(steps) if made.joined() == new.tobytes() else None


def _places_apart(old: Rows, new: Rows, touched: frozenset[int]) -> tuple[list[int], list[int]] | None:
    """Where the two orders part: places of touched rows in `old` and in `new`; all other rows are alike, and in order."""
    leaving: list[int] = []
    coming: list[int] = []
    here, there, partings = 0, 0, 0
    while True:
        alike = _alike(old, here, new, there)
        here, there = here + alike, there + alike
        if here == len(old) and there == len(new):
            return leaving, coming
        goes = here < len(old) and old[here] in touched
        comes = there < len(new) and new[there] in touched
        partings += alike > 0
        if not (goes or comes) or partings > 4 * MAX_STEPS:
            return None
        if goes:
            leaving.append(here)
            here += 1
        if comes:
            coming.append(there)
            there += 1


def _alike(old: Rows, here: int, new: Rows, there: int) -> int:
    """How many rows are the same from these places on."""
    most = min(len(old) - here, len(new) - there)
    if not most or old[here] != new[there]:
        return 0
    sure, size = 1, 16
    while sure < most:
        size = min(size, most - sure)
        if old[here + sure : here + sure + size] == new[there + sure : there + sure + size]:
            sure += size
            size = min(4 * size, _PIECE)
        elif size == 1:
            break
        else:
            # Half of it again and again: from here on no slice that is alike is longer.
            most = min(most, sure + size - 1)
            size = max(1, size // 2)
    return sure


def _staying(both: dict[int, tuple[int, int]], leaving: list[int], coming: list[int]) -> set[int]:
    """Those found apart on either side that needn't move: as many as keep their order among all that stay."""
    groups: dict[int, list[tuple[int, int, int]]] = {}
    for row, (went_at, came_at) in both.items():
        above = went_at - bisect_left(leaving, went_at)
        if above == came_at - bisect_left(coming, came_at):
            groups.setdefault(above, []).append((went_at, came_at, row))
    return {row for group in groups.values() for row in _longest_rising(sorted(group))}


def _longest_rising(group: list[tuple[int, int, int]]) -> list[int]:
    """Of (place before, place after, row), ordered by the first, the longest chain that the second orders the same."""
    chains: list[list[int]] = []
    ends: list[int] = []
    for _, came_at, row in group:
        at = bisect_left(ends, came_at)
        chain = [*(chains[at - 1] if at else ()), row]
        ends[at : at + 1] = [came_at]
        chains[at : at + 1] = [chain]
    return chains[-1]


def _moves(before: list[int], after: list[int], above: dict[int, tuple[int, int]]) -> list[Moved]:
    """Bring the movers, in the order `before`, into the order `after`, from the top down.

    `above` tells for each mover how many rows that stay are above it, now and then.
    """
    standing = [(above[row][0], row) for row in before]
    settled: set[int] = set()
    moves = []
    for row in after:
        start = next(at for at, (_, mover) in enumerate(standing) if mover == row)
        first = standing.pop(start)[0] + start
        goal = above[row][1]
        # Behind those that are where they belong, before those still to be moved.
        at = next(
            (at for at, (over, mover) in enumerate(standing) if over > goal or (over == goal and mover not in settled)),
            len(standing),
        )
        standing.insert(at, (goal, row))
        settled.add(row)
        if first != goal + at:
            moves.append(Moved(first, goal + at))
    return moves
