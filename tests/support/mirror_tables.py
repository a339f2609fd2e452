"""Filling a mirror's tables by hand, row by row, as they stand after a poll or in the middle of one."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

import apsw

from lumedesk.domain.kinds import Kind
from lumedesk.store.datasets import micros_of
from lumedesk.store.facts import facts_of as facts_in
from lumedesk.store.histories import SHAPES
from lumedesk.store.schema import facts_of, words_of
from tests.support.builders import json_of
from tests.support.mirrors import SEEN

Marks = Mapping[str, tuple[datetime | None, datetime | None]]


def fill(
    connection: apsw.Connection,
    kind: Kind,
    records: Iterable[Any],
    *,
    seen_at: datetime = SEEN,
    are_found: bool = True,
    marks: Marks | None = None,
) -> list[int]:
    """Put records in; the numbers of their rows, in turn.

    Without `are_found` they have no facts yet. `marks`: since when a record is gone, and when it was altered, by its id.
    """
    first: int = connection.execute(f"SELECT ifnull(max(row), 0) + 1 FROM {kind.table}").get
    numbers = []
    with connection:
        for row, record in enumerate(records, first):
            raw, key = json_of(record), str(kind.key(record))
            facts = facts_in(kind, raw)
            at = micros_of(seen_at) if facts[0] is None else facts[0]
            ends = [None if end is None else micros_of(end) for end in (marks or {}).get(key, (None, None))]
            connection.execute(
                f"INSERT INTO {kind.table} (row, id, at, first_seen, gone_at, altered_at, doc) VALUES (?, ?, ?, ?, ?, ?, ?)",
                (row, key, at, micros_of(seen_at), *ends, raw),
            )
            if are_found:
                _fill_facts(connection, kind, row, (at, *facts[1:]))
            numbers.append(row)
    return numbers


def fill_small(
    connection: apsw.Connection, kind: Kind, records: Iterable[Any], gone_at: datetime | None = None
) -> None:
    """Put records of a small kind in, behind those that are there."""
    first: int = connection.execute("SELECT ifnull(max(position), -1) + 1 FROM small WHERE kind = ?", (kind.table,)).get
    gone = None if gone_at is None else micros_of(gone_at)
    connection.executemany(
        "INSERT INTO small (kind, position, id, doc, gone_at) VALUES (?, ?, ?, ?, ?)",
        [(kind.table, at, str(kind.key(each)), json_of(each), gone) for at, each in enumerate(records, first)],
    )


def _fill_facts(connection: apsw.Connection, kind: Kind, row: int, facts: tuple[Any, ...]) -> None:
    columns = SHAPES[kind].columns
    marks = ", ".join("?" * (len(columns) + 1))
    connection.execute(f"INSERT INTO {facts_of(kind)} (row, {', '.join(columns)}) VALUES ({marks})", (row, *facts))
    words = facts[columns.index("words")] or ""
    connection.execute(f"INSERT INTO {words_of(kind)} (rowid, words) VALUES (?, ?)", (row, words))
