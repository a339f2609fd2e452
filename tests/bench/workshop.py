"""What several benchmarks need, made once in a run: lists as the server sends them, profiles that hold them, the yardsticks."""

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from tests.bench import data
from tests.bench.child import in_child

T = TypeVar("T")

ROUNDS = 5
# From so many rows on, a round of Qt's own model takes minutes: it is measured once. The desk's store isn't filled through
# a server then either, but by the same writing code directly.
_LARGE = 500_000
# Columns of the table that are sorted by: time, pair, amount sold, status, id.
SORTS = (0, 1, 2, 5, 6)


class Workshop:
    """A folder and what was made in it so far."""

    def __init__(self, folder: Path, sizes: tuple[int, ...], tell: Callable[[str], None]) -> None:
        self.folder = folder
        self.sizes = sizes
        self.tell = tell
        self._made: dict[str, Any] = {}
        self._items: dict[int, list[dict[str, Any]]] = {size: [] for size in sizes}

    @property
    def small(self) -> int:
        """The size for what the goals say of 100,000 rows."""
        return min(self.sizes)

    @property
    def large(self) -> int:
        """The size for what they say of 1,000,000."""
        return max(self.sizes)

    def body(self, rows: int) -> Path:
        """The server's list."""
        texts = self.folder / f"texts-{rows}.tsv"
        return self._file(f"trades-{rows}.json", lambda path: data.write_body(path, rows, texts))

    def packed(self, rows: int) -> Path:
        """The same, compressed."""
        return self._file(f"trades-{rows}.json.gz", lambda path: data.write_gzip(self.body(rows), path))

    def changed(self, rows: int) -> Path:
        """The same with two rows different."""
        return self._file(f"changed-{rows}.json", lambda path: data.write_changed(self.body(rows), path, rows))

    def texts(self, rows: int) -> Path:
        """What a table shows of it."""
        return self.body(rows).with_name(f"texts-{rows}.tsv")

    def profile(self, rows: int) -> Path:
        """A folder with a profile whose encrypted mirror holds the list: to be read only, see `rig.copied`.

        The desk itself took it in from a server; a large one was written by the desk's own code without one.
        """

        def build() -> Path:
            began = time.monotonic()
            folder = self.folder / f"profile-{rows}"
            in_child("building:write" if rows >= _LARGE else "building:build", folder=folder, body=self.body(rows))
            self.tell(f"  took in {rows:,} trades in {time.monotonic() - began:,.0f} s")
            return folder

        return self._once(f"profile-{rows}", build)

    def spare(self, name: str) -> Path:
        """A new folder for one measurement."""
        at = len([path for path in self.folder.iterdir() if path.name.startswith(name)])
        folder = self.folder / f"{name}-{at}"
        folder.mkdir()
        return folder

    def item_rounds(self, rows: int) -> int:
        """How often Qt's own model is measured at this size."""
        return 1 if rows >= _LARGE else ROUNDS

    def items(self, rows: int, at: int) -> dict[str, Any]:
        """Round `at` of Qt's own model at this size: measured when it is first asked for, and with it only what is needed."""
        rounds = self._items[rows]
        while len(rounds) <= at:
            is_large, is_small = rows == self.large, rows == self.small
            # Only the first one searches: nothing is judged by that.
            searches = 1 if is_large and not rounds else 0
            wanted = {
                "sorts": SORTS if is_large else SORTS[:1],
                "searches": searches,
                "pictures": 200 if is_small else 0,
            }
            rounds.append(in_child("items:measure", texts=self.texts(rows), **wanted))
        return rounds[at]

    def all_items(self, rows: int) -> list[dict[str, Any]]:
        """All its rounds."""
        return [self.items(rows, at) for at in range(self.item_rounds(rows))]

    def _file(self, name: str, make: Callable[[Path], Any]) -> Path:
        def made() -> Path:
            path = self.folder / name
            make(path)
            return path

        return self._once(name, made)

    def _once(self, name: str, make: Callable[[], Path]) -> Path:
        if name not in self._made:
            self._made[name] = make()
        path: Path = self._made[name]
        return path
