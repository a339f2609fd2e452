"""Taking one history's list into the mirror while it comes in, so that only whole lists are ever left behind.

Rows nobody knew are committed as they come, so they can be looked at at once; until the list is whole, `arriving` says
from which row on they would have to be taken out again. The first change to a row that was known opens a transaction
which lasts to the list's end.
"""

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from typing import Any

import apsw
import msgspec
from msgspec.structs import replace

from lumedesk.domain.alerts import Noticed, Oddity
from lumedesk.domain.codec import Codec, UnreadableJson
from lumedesk.domain.kinds import Kind
from lumedesk.domain.segments import Segment, piece_digest, segment_of
from lumedesk.domain.statuses import FINAL_CODES, is_backwards, status_of
from lumedesk.domain.times import micros
from lumedesk.store.catching_up import catch_up, pausing, replace_facts
from lumedesk.store.datasets import Dataset, micros_of, write_dataset
from lumedesk.store.runs import Before, Run, Runs
from lumedesk.store.schema import facts_of

# As many new rows are ordered and searched by at once; more of them behind, so that they are seen first.
_AT_ONCE = 1_000
_MOST_AT_ONCE = 16
_ASKED_AT_ONCE = 1_000
# A server that begins to send pages, or a part of what it has, leaves out more than one that loses rows.
_MANY_GONE = 10
_MOST_GONE = 100
_TIMES = {Kind.TRADES: "created_at", Kind.WITHDRAWALS: "created_at", Kind.DEPOSITS: "completed_at"}


# A row by its id: (id, JSON, record). The record has its id, times and status at least.
Arrived = tuple[str, bytes, Any]


class TakenIn(msgspec.Struct, frozen=True):
    """What a whole list brought: `touched` are the rows added or changed, None for more than anybody wants to hear of."""

    touched: tuple[int, ...] | None
    noticed: tuple[Noticed, ...]
    is_behind: bool


class Arriving:
    """One list on its way in. Used by one thread at a time; ends with `finish` or `abandon`."""

    def __init__(
        self,
        db: apsw.Connection,
        kind: Kind,
        before: Before,
        seen_at: datetime,
        keep_since: int | None = None,
        pause: Callable[[], None] = lambda: None,
    ) -> None:
        """`before` is the kind's list as it came last; `pause` is called before each few new rows are written, and may last.

        `keep_since`: what was over before that, in microseconds since 1970, is not kept; None keeps all.
        """
        self._db = db
        self._pause = pause
        self._kind = kind
        self._seen_at = micros_of(seen_at)
        self._keep_since = keep_since
        self._runs = Runs(db, kind, before)
        self._last_row: int = db.execute(f"SELECT coalesce(max(row), 0) FROM {kind.table}").get  # noqa: S608
        self._next_row = self._last_row + 1
        self._is_first = not list(db.execute("SELECT 1 FROM datasets WHERE kind = ?", (kind.table,)))
        self._looks_at_status = self._is_first or keep_since is not None
        # A byte for each known row: whether it was met.
        self._met = bytearray(self._last_row + 1)
        self._changed: set[int] = set()
        self._noticed: list[Noticed] = []
        self._codec: Codec[Any] = Codec(kind.record)
        self._is_noted = False
        # Runs that wait to be committed, and how many may.
        self._unseen = 0
        self._seen_at_once = 1
        # How many new rows can be seen already.
        self.shown = 0
        self.is_open = True
        self.doubles = 0
        # The digests of those in the run that is being taken.
        self._doubles: list[bytes] = []

    @property
    def known(self) -> Sequence[Segment]:
        """The runs of the list before: positions count in these."""
        return self._runs.known

    @property
    def holds_a_transaction(self) -> bool:
        """Whether nobody else may write through the same connection until the end."""
        return bool(self._db.in_transaction)

    @property
    def added(self) -> int:
        """How many rows are new so far."""
        added: int = self._next_row - self._last_row - 1
        return added

    def same(self, first: int, end: int) -> None:
        """Known runs came again as they were: those from position `first` to before `end`."""
        self._runs.same(first, end)

    def take(self, body: bytes, rows: Sequence[Arrived], set_aside: int = 0) -> None:
        """Write a run of rows where they are new or different; `set_aside` of those in `body` couldn't be read."""
        run = Run(segment_of(body))
        self._doubles = []
        # An empty mirror has no row to look for; if the list holds a row twice after all, the second look finds it.
        is_new = not self._last_row and self._take_new(run, rows)
        if not is_new:
            self._take_any(run, rows)
        if set_aside or self._doubles:
            # Whatever is wrong with a row is counted in each list, so this run is read each time.
            run.segment = replace(run.segment, size=0, head=b"".join(self._doubles))
        self._runs.add(run)
        if not self._changed:
            self._show()

    def finish(self, dataset: Dataset, *, is_partial: bool) -> TakenIn:
        """The list is whole: keep all of it. Rows it should hold and doesn't are marked, unless it may be only a part.

        A list that is the same as before, byte for byte, is not written.
        """
        if self._runs.is_same and not (self._is_first or self._changed or self.added):
            self.is_open = False
            return TakenIn((), (), is_behind=False)
        self._begin()
        if not self._runs.is_empty or not self._is_full():
            self._mark_missing(proves=not is_partial and not dataset.set_aside)
        else:
            # Nobody loses all of a history at once; a server that has lost it has not lost it for us.
            self._notice_once(Oddity.EMPTIED)
        write_dataset(self._db, self._kind, dataset)
        self._db.execute("DELETE FROM arriving WHERE kind = ?", (self._kind.table,))
        is_behind = self.added > _AT_ONCE or catch_up(self._db, self._kind, _AT_ONCE) > 0
        self._db.execute("COMMIT")
        self.is_open = False
        is_many = len(self._changed) + self.added > _AT_ONCE
        new = range(self._last_row + 1, self._next_row)
        touched = None if is_many else (*sorted(self._changed), *new)
        return TakenIn(touched, tuple(self._noticed), is_behind)

    def abandon(self) -> bool:
        """The list broke off: take out what came of it. Whether anything was seen of it."""
        self.is_open = False
        if self._db.in_transaction:
            self._db.execute("ROLLBACK")
        return take_out(self._db, self._kind)

    # Rows

    def _begin(self) -> None:
        if not self._db.in_transaction:
            self._db.execute("BEGIN IMMEDIATE")

    def _show(self) -> None:
        """Let what is new be seen: at once at first, later in larger parts, as each costs its own."""
        self._unseen += 1
        if self._unseen >= self._seen_at_once and self._db.in_transaction:
            self._db.execute("COMMIT")
            self.shown = self.added
            self._unseen, self._seen_at_once = 0, min(2 * self._seen_at_once, _MOST_AT_ONCE)

    def let_go(self) -> None:
        """Somebody else wants to write: end the transaction, if it may end here."""
        if not self._changed and self._db.in_transaction:
            self._unseen = self._seen_at_once
            self._show()

    def _note(self) -> None:
        """Say that there are rows of a list that isn't whole yet."""
        if not self._is_noted:
            self._db.execute("INSERT OR REPLACE INTO arriving VALUES (?, ?)", (self._kind.table, self._last_row))
            self._is_noted = True

    def _take_new(self, run: Run, rows: Sequence[Arrived]) -> bool:
        numbers, next_row = run.rows, self._next_row
        self._begin()
        self._note()
        # apsw's own way with savepoints keeps every other thread waiting while it ends them.
        self._db.execute("SAVEPOINT run")
        try:
            self._insert(rows, run)
            self._db.execute("RELEASE run")
        except apsw.ConstraintError:
            self._db.execute("ROLLBACK TO run; RELEASE run")
            self._next_row = next_row
            del numbers[:]
            return False
        return True

    def _take_any(self, run: Run, rows: Sequence[Arrived]) -> None:
        known = self._known_of([key for key, _, _ in rows])
        new: list[Arrived] = []
        for row in rows:
            key, raw, _ = row
            found = known.get(key)
            if found is None and key not in known:
                known[key] = None
                new.append(row)
            elif found is None or self._is_double(found[0], raw):
                self.doubles += 1
                self._doubles.append(piece_digest(raw))
            else:
                number = found[0]
                self._met[number] = 1
                run.rows.append(number)
                if found[1] != raw or found[2] is not None:
                    self._begin()
                    self._change(row, number, found[1], found[3])
        if new:
            self._begin()
            self._note()
            self._insert(new, run)

    def _is_double(self, number: int, raw: bytes) -> bool:
        is_known = bool(self._runs.doubles) and piece_digest(raw) in self._runs.doubles
        return number > self._last_row or bool(self._met[number]) or is_known

    def _known_of(self, keys: Sequence[str]) -> dict[str, Any]:
        known: dict[str, Any] = {}
        # A run may be as long as the list, and SQLite takes so many values at once.
        for start in range(0, len(keys), _ASKED_AT_ONCE):
            some = tuple(keys[start : start + _ASKED_AT_ONCE])
            marks = ",".join("?" * len(some))
            found = self._db.execute(
                f"SELECT id, row, doc, gone_at, first_seen FROM {self._kind.table} WHERE id IN ({marks})",  # noqa: S608
                some,
            )
            known.update((key, rest) for key, *rest in found)
        return known

    def _insert(self, rows: Iterable[Arrived], run: Run) -> None:
        bindings = []
        time_field = _TIMES[self._kind]
        number, first_seen = self._next_row, self._seen_at
        for key, raw, record in rows:
            at = micros(getattr(record, time_field))
            if self._looks_at_status:
                is_over = record.status in FINAL_CODES
                if is_over and self._keep_since is not None and at is not None and at < self._keep_since:
                    continue
                # What was over before the first list is older than anyone can tell, so it isn't news.
                first_seen = 0 if is_over and self._is_first else self._seen_at
            bindings.append((number, key, first_seen if at is None else at, first_seen, raw))
            number += 1
        run.rows.extend(range(self._next_row, number))
        self._db.executemany(
            f"INSERT INTO {self._kind.table} (row, id, at, first_seen, doc) VALUES (?, ?, ?, ?, ?)",  # noqa: S608
            pausing(bindings, self._pause),
        )
        self._next_row = number

    def _change(self, row: Arrived, number: int, old: bytes, first_seen: int) -> None:
        """A row came back, or came otherwise than it was."""
        key, raw, record = row
        self._changed.add(number)
        if old == raw:
            self._db.execute(f"UPDATE {self._kind.table} SET gone_at = NULL WHERE row = ?", (number,))  # noqa: S608
            return
        before, after = self._decoded(old), self._decoded(raw)
        is_altered = before is not None and after is not None and before != after and _must_not(before, after)
        at = micros(getattr(record, _TIMES[self._kind]))
        self._db.execute(
            f"UPDATE {self._kind.table} SET doc = ?, at = ?, gone_at = NULL, altered_at = coalesce(?, altered_at)"  # noqa: S608
            " WHERE row = ?",
            (raw, first_seen if at is None else at, self._seen_at if is_altered else None, number),
        )
        replace_facts(self._db, self._kind, number)
        if is_altered:
            self._notice(Oddity.ALTERED, key, old, raw)
        if before is not None and after is not None and before.status != after.status:
            self._note_transition(number, key, first_seen, old, raw, before.status, after.status)

    def _note_transition(
        self, number: int, key: str, first_seen: int, old: bytes, new: bytes, before: str | None, after: str | None
    ) -> None:
        names = (self._kind.table, number)
        insert = "INSERT OR REPLACE INTO transitions (kind, row, seen_at, status) VALUES (?, ?, ?, ?)"
        if not list(self._db.execute("SELECT 1 FROM transitions WHERE kind = ? AND row = ? LIMIT 1", names)):
            self._db.execute(insert, (*names, min(first_seen, self._seen_at - 1), before))
        self._db.execute(insert, (*names, self._seen_at, after))
        if is_backwards(before, after):
            self._noticed.append(Noticed(self._kind, key, Oddity.BACKWARDS, old, new))

    def _decoded(self, raw: bytes) -> Any:
        try:
            return self._codec.decode(raw)
        except UnreadableJson:
            return None

    # The list as a whole

    def _is_full(self) -> bool:
        return bool(list(self._db.execute(f"SELECT 1 FROM {self._kind.table} LIMIT 1")))  # noqa: S608

    def _mark_missing(self, *, proves: bool) -> None:
        missing = self._runs.lost(self._met)
        total: int = self._db.execute(
            f"SELECT count(*) FROM {self._kind.table} WHERE row <= ?",  # noqa: S608 - our own names only
            (self._last_row,),
        ).get
        is_shrunk = len(missing) > _MOST_GONE or (len(missing) > _MANY_GONE and len(missing) * 5 > total)
        if missing and proves and not is_shrunk:
            for number in missing:
                self._mark_gone(number)
            missing = []
        elif missing and is_shrunk:
            self._notice_once(Oddity.SHRUNK)
        self._runs.write(missing)

    def _mark_gone(self, number: int) -> None:
        found = list(
            self._db.execute(
                f"UPDATE {self._kind.table} SET gone_at = ? WHERE row = ? AND gone_at IS NULL RETURNING id, doc",  # noqa: S608
                (self._seen_at, number),
            )
        )
        for key, doc in found:
            self._changed.add(number)
            self._notice(Oddity.GONE, key, doc, None)

    def _notice(self, what: Oddity, key: str, before: bytes | None, after: bytes | None) -> None:
        notice(self._db, noticed := Noticed(self._kind, key, what, before, after), self._seen_at)
        self._noticed.append(noticed)

    def _notice_once(self, what: Oddity) -> None:
        if noticed := notice_once(self._db, self._kind, what, self._seen_at):
            self._noticed.append(noticed)


def notice(db: apsw.Connection, noticed: Noticed, seen_at: int) -> None:
    """Keep an alert until somebody has seen it."""
    db.execute(
        "INSERT INTO alerts (kind, id, what, seen_at, before, after) VALUES (?, ?, ?, ?, ?, ?)",
        (noticed.kind.table, noticed.key, noticed.what.value, seen_at, noticed.before, noticed.after),
    )


def notice_once(db: apsw.Connection, kind: Kind, what: Oddity, seen_at: int) -> Noticed | None:
    """Keep an alert about a whole list, unless there is such a one that nobody has seen yet."""
    same = "SELECT 1 FROM alerts WHERE kind = ? AND what = ? AND acknowledged_at IS NULL"
    if list(db.execute(same, (kind.table, what.value))):
        return None
    notice(db, noticed := Noticed(kind, "", what), seen_at)
    return noticed


def take_out(db: apsw.Connection, kind: Kind) -> bool:
    """Remove what is there of a list that never came whole. Whether there was any."""
    last_rows = [last for (last,) in db.execute("SELECT last_row FROM arriving WHERE kind = ?", (kind.table,))]
    for last in last_rows:
        with db:
            db.execute(f"DELETE FROM {kind.table} WHERE row > ?", (last,))  # noqa: S608
            db.execute(f"DELETE FROM {facts_of(kind)} WHERE row > ?", (last,))  # noqa: S608
            db.execute("DELETE FROM arriving WHERE kind = ?", (kind.table,))
    return bool(last_rows)


def _must_not(before: Any, after: Any) -> bool:
    """Whether a record may not change so: it was final, or it tells another amount or currency than it did."""
    if status_of(before.status).is_final:
        return True
    return any(
        getattr(before, name) is not None and getattr(before, name) != getattr(after, name)
        for name in before.__struct_fields__
        if name.endswith(("amount", "currency", "fee", "rate"))
    )
