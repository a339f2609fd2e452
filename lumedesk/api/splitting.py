"""Finding a list's rows in its bytes while they come in. No decoding of records, no network."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import msgspec

from lumedesk.api.parse import paged, split_broken
from lumedesk.api.recognising import Recogniser
from lumedesk.domain.codec import Codec, UnreadableJson
from lumedesk.domain.segments import Segment

_ROWS: Codec[list[msgspec.Raw]] = Codec(list[msgspec.Raw])
_PIECE = 64 * 1024
# Of what is remembered, this many runs ahead are looked for when one isn't where it was.
_AHEAD = 3
# Where the rows of a piece may end; which of them is a row's end and not a fill's is told by decoding.
_BETWEEN = re.compile(rb"\}[ \t\r\n]*+,[ \t\r\n]*+(?=\{)")
_TAIL = 4 * 1024
_MOST_CUTS = 64
_COMMA = ord(",")
_SPACE = b" \t\r\n"
_SPACES = tuple(bytearray([each]) for each in _SPACE)
_AFTER_ROW = (bytearray(b","), bytearray(b"]"))


@dataclass(frozen=True, slots=True)
class Same:
    """Runs of rows that came again as they were: those remembered from position `first` to before `end`."""

    first: int
    end: int


@dataclass(frozen=True, slots=True, repr=False)
class Piece:
    """A run of rows that is new or different: its bytes, and each row's own."""

    body: bytes
    rows: list[bytes]


class Splitter:
    """Takes a list's bytes as they come, and tells its rows in runs, in the server's order.

    `known` are the runs of the list before: those that are there again aren't looked into. `is_partial`, once all is
    read: the server says that it holds more than it sent. Errors: UnreadableJson, from `feed` and `end`.
    """

    def __init__(self, known: Sequence[Segment] = (), resource: str = "", recogniser: Recogniser | None = None) -> None:
        """`recogniser`: one that has seen the same runs before takes less time for them."""
        self._known = known
        self._recogniser = recogniser or Recogniser()
        self._resource = resource
        self._next = 0
        self._waiting = bytearray()
        # How many bytes were passed, and up to where each known run was looked for: nothing is searched twice.
        self._passed = 0
        self._searched: dict[int, int] = {}
        self._expects_row = False
        self._is_array: bool | None = None
        self._wanted = 1
        self.is_partial = False
        self.is_empty = True

    def feed(self, data: bytes | memoryview) -> Iterator[Same | Piece]:
        """Take the next bytes; what can be told so far. They aren't looked at once all of that was heard."""
        if self._is_array:
            first = self._next
            with memoryview(data) as view:
                passed = self._passed_over(view)
                self._waiting += view[passed:]
            if self._next > first:
                yield self._told(Same(first, self._next))
        else:
            self._waiting += data
        if self._is_array is None and not self._begin():
            return
        if self._is_array:
            yield from self._runs(is_last=False)

    def end(self) -> Iterator[Same | Piece]:
        """There are no more bytes: the rest."""
        if self._is_array is None:
            raise UnreadableJson("expected an array, got nothing")
        if self._is_array:
            yield from self._runs(is_last=True)
            yield from self._rest()
            return
        raws, self.is_partial = paged(bytes(self._waiting), self._resource)
        self._waiting.clear()
        for start in range(0, len(raws), 100):
            rows = [bytes(raw) for raw in raws[start : start + 100]]
            yield self._told(Piece(b",".join(rows), rows))

    def _begin(self) -> bool:
        del self._waiting[: len(self._waiting) - len(self._waiting.lstrip(_SPACE))]
        if not self._waiting:
            return False
        first = self._waiting[:1]
        if bytes(first) not in (b"[", b"{"):
            raise UnreadableJson("expected an array")
        self._is_array = first == b"["
        if self._is_array:
            del self._waiting[:1]
        return True

    def _passed_over(self, data: memoryview) -> int:
        """Pass over the known runs that come next, without a copy; how far into `data` they reach."""
        at, count, waiting = 0, 0, len(self._waiting)
        is_same, size = self._recogniser.is_same, len(data)
        for position in range(self._next, len(self._known)):
            known = self._known[position]
            end = at + known.size - waiting
            # Anything but a mere comma behind it takes another look.
            if not at <= end < size or data[end] != _COMMA:
                break
            run = data[at:end]
            if not (is_same(known.digest, self._waiting, run) if waiting else is_same(known.digest, run)):
                break
            at, count = end + 1, count + 1
            if waiting:
                self._waiting.clear()
                self._passed, waiting = self._passed + waiting, 0
        if count:
            self._next += count
            self._passed += at
            self._expects_row, self._wanted = True, 1
        return at

    def _runs(self, *, is_last: bool) -> Iterator[Same | Piece]:
        while True:
            if self._same():
                yield self._told(Same(self._next - 1, self._next))
                continue
            # To find a run again that has moved, the next ones must be here too.
            ahead = sum(known.size for known in self._known[self._next : self._next + 2])
            if not is_last and len(self._waiting) < max(self._wanted, min(ahead, 8 * _PIECE) + _PIECE):
                return
            told = self._before_known() or self._cut(is_last=is_last)
            if told is None:
                # Nothing ends here: look again when there is twice as much, so that no size costs its square.
                self._wanted = 2 * len(self._waiting)
                return
            self._wanted = 1
            yield self._told(told)

    def _told(self, told: Same | Piece) -> Same | Piece:
        self.is_empty = False
        return told

    def _same(self) -> bool:
        """Pass over the next known run if it stands here."""
        if self._next >= len(self._known):
            return False
        self._skip_space()
        known = self._known[self._next]
        if not self._stands(known):
            return False
        self._next += 1
        self._take(known.size)
        return True

    def _before_known(self) -> Piece | None:
        """The rows before the first known run that stands further on."""
        for ahead, later in enumerate(self._known[self._next : self._next + _AHEAD], self._next):
            at = self._waiting.find(later.head, max(1, self._searched.get(ahead, 0) - self._passed))
            if at < 0:
                self._searched[ahead] = self._passed + max(0, len(self._waiting) - len(later.head))
                continue
            with memoryview(self._waiting) as waiting:
                piece = _piece_of(bytes(waiting[:at]).rstrip(_SPACE))
            if piece is not None:
                self._next = ahead
                self._take(len(piece.body))
                return piece
        return None

    def _stands(self, known: Segment) -> bool:
        if len(self._waiting) <= known.size or not self._waiting.startswith(known.head):
            return False
        # What follows must part rows: a run is never cut off from the middle of one.
        if self._waiting[known.size : known.size + 64].lstrip(_SPACE)[:1] not in _AFTER_ROW:
            return False
        with memoryview(self._waiting) as whole, whole[: known.size] as run:
            return self._recogniser.is_same(known.digest, run)

    def _cut(self, *, is_last: bool) -> Piece | None:
        """The rows of about one piece, where they are surely whole: both ends parted from others, and JSON in between."""
        self._skip_space()
        if is_last and len(self._waiting) <= _PIECE:
            return None
        size = min(len(self._waiting), max(_PIECE, self._wanted))
        ends = self._ends(size - _TAIL, size) or self._ends(0, size)
        for end in reversed(ends[-_MOST_CUTS:]):
            with memoryview(self._waiting) as waiting:
                body = bytes(waiting[:end])
            rows = _rows_of(body)
            if rows is not None:
                self._take(end)
                return Piece(body, rows)
        return None

    def _ends(self, start: int, stop: int) -> list[int]:
        return [match.start() + 1 for match in _BETWEEN.finditer(self._waiting, max(0, start), stop)]

    def _take(self, size: int) -> None:
        """Pass over a run and the comma behind it; the bracket at the end stays."""
        before = len(self._waiting)
        del self._waiting[:size]
        self._skip_space()
        self._expects_row = self._waiting[:1] == b","
        if self._expects_row:
            del self._waiting[:1]
        self._passed += before - len(self._waiting)

    def _skip_space(self) -> None:
        if self._waiting[:1] in _SPACES:
            del self._waiting[: len(self._waiting) - len(self._waiting.lstrip(_SPACE))]

    def _rest(self) -> Iterator[Piece]:
        rest = bytes(self._waiting).strip(_SPACE)
        self._waiting.clear()
        if rest == b"]" and not self._expects_row:
            return
        try:
            raws = _ROWS.decode(b"[" + rest)
        except UnreadableJson:
            broken = split_broken(b"[" + rest)
            if broken is None:
                raise
            raws = broken
        rows = [bytes(raw) for raw in raws]
        if rows:
            self.is_empty = False
            yield Piece(rest[:-1].rstrip(_SPACE), rows)


def _piece_of(text: bytes) -> Piece | None:
    """The rows before a comma, if `text` is just that."""
    if not text.endswith(b","):
        return None
    body = text[:-1].rstrip(_SPACE)
    rows = _rows_of(body)
    return Piece(body, rows) if rows else None


def _rows_of(body: bytes) -> list[bytes] | None:
    try:
        return list(map(bytes, _ROWS.decode(b"[%b]" % body)))
    except UnreadableJson:
        return None
