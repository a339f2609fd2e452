"""All that a mirror's file says, for comparing two of them; read past the desk's own readers."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import apsw

from lumedesk.domain.credentials import Secret
from lumedesk.domain.kinds import Kind
from lumedesk.store.cipher import connect
from lumedesk.store.histories import SHAPES


@dataclass(frozen=True, slots=True)
class Shown:
    """What one history's last whole list left: each row with what became of it, and what was odd."""

    digest: bytes
    rows: dict[str, tuple[Any, ...]]
    alerts: list[tuple[Any, ...]]
    transitions: list[tuple[Any, ...]]


def shown(path: Path, kind: Kind, key: Secret) -> Shown:
    """What is shown of a history, times included."""
    db = _opened(path, key)
    try:
        rows = f"SELECT id, doc, at, first_seen, gone_at, altered_at FROM {kind.table}"
        statuses = (
            f"SELECT k.id, t.seen_at, t.status FROM transitions t LEFT JOIN {kind.table} k"
            " ON k.row = t.row WHERE t.kind = ? ORDER BY k.id, t.seen_at"
        )
        return Shown(
            b"".join(digest for (digest,) in db.execute("SELECT digest FROM datasets WHERE kind = ?", (kind.table,))),
            {each: tuple(rest) for each, *rest in db.execute(rows)},
            sorted(db.execute("SELECT id, what, seen_at, before, after FROM alerts WHERE kind = ?", (kind.table,))),
            list(db.execute(statuses, (kind.table,))),
        )
    finally:
        db.close()


def unfinished(path: Path, key: Secret) -> int:
    """How many rows stand in the file of lists that never came whole; they are gone once it is opened for writing."""
    db = _opened(path, key)
    try:
        arriving = dict(db.execute("SELECT kind, last_row FROM arriving"))
        counts = [
            db.execute(f"SELECT count(*) FROM {kind} WHERE row > ?", (last,)).get for kind, last in arriving.items()
        ]
        return sum(counts)
    finally:
        db.close()


def found(path: Path, kind: Kind, key: Secret, texts: Sequence[str]) -> tuple[dict[str, Any], dict[str, list[Any]]]:
    """By id, what a history is ordered and filtered by; and the ids that each text of three letters finds.

    None stands for rows that are found and aren't there.
    """
    db = _opened(path, key)
    try:
        names = ", ".join(f"f.{name}" for name in SHAPES[kind].columns)
        facts = f"SELECT k.id, {names} FROM {kind.table}_facts f LEFT JOIN {kind.table} k ON k.row = f.row"
        words = (
            f"SELECT k.id FROM {kind.table}_words w"
            f" LEFT JOIN {kind.table} k ON k.row = w.rowid WHERE {kind.table}_words MATCH ? ORDER BY k.id"
        )
        return (
            {each: tuple(rest) for each, *rest in db.execute(facts)},
            {text: [each for (each,) in db.execute(words, (f'"{text}"',))] for text in texts},
        )
    finally:
        db.close()


def _opened(path: Path, key: Secret) -> apsw.Connection:
    return connect(path, key, apsw.SQLITE_OPEN_READONLY)
