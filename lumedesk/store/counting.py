"""How many rows an index leads to: counted once for a search, though its first rows, its count and all of it ask again."""

from collections.abc import Callable, Iterable
from typing import Any

from lumedesk.store.finding import Sql

# What most rows have is counted by those that haven't, where they are no more than one in so many.
_OTHERS = 4


class Counts:
    """What was counted so far. `one` answers SQL with a number."""

    def __init__(self, one: Callable[[str, tuple[Any, ...]], int]) -> None:
        self._one = one
        self._sizes: dict[Sql, int] = {}
        self._counts: dict[Sql, int] = {}

    def forget(self) -> None:
        """Something was written."""
        self._sizes.clear()
        self._counts.clear()

    def keep(self, asked: Iterable[Sql | None]) -> None:
        """Forget all but these: a word typed on is met in part by what the one before was met by."""
        kept = set(asked)
        for known in (self._sizes, self._counts):
            for rows in known.keys() - kept:
                del known[rows]

    def size(self, rows: Sql, most: int) -> int:
        """How many rows these are, or one more than `most`, which is always the same."""
        if rows not in self._sizes:
            self._sizes[rows] = size = self._up_to(rows, most)
            if size <= most:
                self._counts[rows] = size
        return self._sizes[rows]

    def count(self, rows: Sql, others: Sql | None, total: Callable[[], int]) -> int:
        """How many rows these are. `others` finds all the rest, where that is known; `total` tells how many are in both."""
        if rows not in self._counts:
            self._counts[rows] = self._counted(rows, others, total)
        return self._counts[rows]

    def _counted(self, rows: Sql, others: Sql | None, total: Callable[[], int]) -> int:
        if others is not None:
            every = total()
            left = self._up_to(others, every // _OTHERS)
            if left <= every // _OTHERS:
                return every - left
        return self._one(f"SELECT count(*) FROM ({rows.text})", rows.bindings)  # noqa: S608 - our own names only

    def _up_to(self, rows: Sql, most: int) -> int:
        sql = f"SELECT count(*) FROM (SELECT 1 FROM ({rows.text}) LIMIT {most + 1})"  # noqa: S608
        return self._one(sql, rows.bindings)
