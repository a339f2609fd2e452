"""Filling what a history is ordered and searched by, behind its rows: in steps, so that nobody waits for all of it."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from itertools import islice
from typing import Any, TypeVar

import apsw

from lumedesk.domain.kinds import Kind
from lumedesk.store.facts import facts_of as facts_in
from lumedesk.store.histories import SHAPES
from lumedesk.store.schema import WORDS_GATHERED, facts_of, indexes_of, words_of

T = TypeVar("T")

# From as many rows on, indexes are made afterwards, at once: that costs half.
_MANY = 20_000
_FEW = 25
_BETWEEN_PAUSES = 8
# As many parts of the same size the search for words has before it merges them into one: SQLite's own 4 writes all that is
# found once more than this, and finding takes no longer.
_PARTS = 8


def behind(db: apsw.Connection, kind: Kind) -> int:
    """How many rows are not found yet, at most."""
    shown: int = db.execute(f"SELECT coalesce(max(row), 0) FROM {kind.table}").get  # noqa: S608 - our own names only
    found: int = db.execute(f"SELECT coalesce(max(row), 0) FROM {facts_of(kind)}").get  # noqa: S608
    return max(0, shown - found)


def pausing(rows: Iterable[T], pause: Callable[[], None]) -> Iterator[T]:
    """The same rows, with `pause` called before each few.

    SQLite lets other threads run at each row, and wants its turn back right after: while the window paints, both together
    would take three times as long.
    """
    left = iter(rows)
    while some := list(islice(left, _BETWEEN_PAUSES)):
        pause()
        yield from some


def catch_up(
    db: apsw.Connection,
    kind: Kind,
    most: int,
    goes_on: Callable[[], bool] = lambda: True,
    pause: Callable[[], None] = lambda: None,
) -> int:
    """Make the next rows findable, within the caller's transaction; how many are left, at most.

    `goes_on` is asked after every few rows: it may take its time, and end this step early. `pause` is called before each
    few rows, and may take its time, too.
    """
    found: int = db.execute(f"SELECT coalesce(max(row), 0) FROM {facts_of(kind)}").get  # noqa: S608
    # Read as they are needed: most are left for another time where this step ends early.
    unfound = db.execute(
        f"SELECT row, at, doc FROM {kind.table} WHERE row > ? ORDER BY row LIMIT ?",  # noqa: S608
        (found, most),
    )
    with closing(unfound):
        while some := list(islice(unfound, _FEW)):
            _write(db, kind, [(row, *facts_in(kind, doc, at)) for row, at, doc in some], pause)
            if not goes_on():
                break
    return behind(db, kind)


def replace_facts(db: apsw.Connection, kind: Kind, row: int) -> None:
    """A row came otherwise than it was: find it by what it is now. Within the caller's transaction."""
    for (words,) in list(db.execute(f"SELECT words FROM {facts_of(kind)} WHERE row = ?", (row,))):  # noqa: S608
        _forget(db, kind, row, words)
        [(at, doc)] = db.execute(f"SELECT at, doc FROM {kind.table} WHERE row = ?", (row,))  # noqa: S608
        _write(db, kind, [(row, *facts_in(kind, doc, at))])


def forget_row(db: apsw.Connection, kind: Kind, row: int) -> None:
    """A row is about to be removed."""
    for (words,) in list(db.execute(f"SELECT words FROM {facts_of(kind)} WHERE row = ?", (row,))):  # noqa: S608
        _forget(db, kind, row, words)


def drop_indexes(db: apsw.Connection, kind: Kind) -> bool:
    """Before many rows at once: let the indexes go, if most rows would be new to them. Whether they went."""
    if (left := behind(db, kind)) < _MANY:
        return False
    there: int = db.execute(f"SELECT count(*) FROM (SELECT 1 FROM {facts_of(kind)} LIMIT ?)", (left,)).get  # noqa: S608
    if there >= left:
        return False
    for name in indexes_of(kind):
        db.execute(f"DROP INDEX IF EXISTS {name}")
    return True


def merge_seldom(db: apsw.Connection, kind: Kind) -> None:
    """Before many rows at once: leave more of the words where they are. Kept in the file; within a transaction."""
    table = words_of(kind)
    # An older file gathers less.
    settings = ("automerge", _PARTS, "hashsize", WORDS_GATHERED)
    db.execute(f"INSERT INTO {table} ({table}, rank) VALUES (?, ?), (?, ?)", settings)  # noqa: S608


def missing_indexes(db: apsw.Connection, kind: Kind) -> list[str]:
    """The statements that make what indexes are missing."""
    there = {name for (name,) in db.execute("SELECT name FROM sqlite_schema WHERE type = 'index'")}
    return [statement for name, statement in indexes_of(kind).items() if name not in there]


def _write(
    db: apsw.Connection, kind: Kind, facts: list[tuple[Any, ...]], pause: Callable[[], None] = lambda: None
) -> None:
    names = SHAPES[kind].columns
    marks = ", ".join("?" * (len(names) + 1))
    db.executemany(
        f"INSERT INTO {facts_of(kind)} (row, {', '.join(names)}) VALUES ({marks})",  # noqa: S608
        facts,
    )
    at = names.index("words") + 1
    db.executemany(
        f"INSERT INTO {words_of(kind)} (rowid, words) VALUES (?, ?)",  # noqa: S608
        # These take long, the facts don't.
        pausing([(each[0], each[at] or "") for each in facts], pause),
    )


def _forget(db: apsw.Connection, kind: Kind, row: int, words: str | None) -> None:
    table = words_of(kind)
    # A table that keeps no texts has to be told what it is to forget.
    db.execute(f"INSERT INTO {table} ({table}, rowid, words) VALUES ('delete', ?, ?)", (row, words or ""))  # noqa: S608
    db.execute(f"DELETE FROM {facts_of(kind)} WHERE row = ?", (row,))  # noqa: S608
