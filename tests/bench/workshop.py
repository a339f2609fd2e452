"""What several benchmarks need, made once in a run: lists as the server sends them, profiles that hold them, the yardsticks."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from tests.bench import data
from tests.bench.child import in_child

T = TypeVar("T")

ROUNDS = 5
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
        """A folder with a profile whose encrypted mirror holds the list, as the desk itself took it in from a server."""

        def build() -> Path:
            self.tell(f"  taking in {rows:,} trades for the benchmarks that start with them")
            folder = self.folder / f"profile-{rows}"
            in_child("building:build", folder=folder, body=self.body(rows))
            return folder

        return self._once(f"profile-{rows}", build)

    def spare(self, name: str) -> Path:
        """A new folder for one measurement."""
        at = len([path for path in self.folder.iterdir() if path.name.startswith(name)])
        folder = self.folder / f"{name}-{at}"
        folder.mkdir()
        return folder

    def items(self, rows: int, at: int) -> dict[str, Any]:
        """Round `at` of Qt's own model at this size: measured when it is first asked for."""
        rounds = self._items[rows]
        while len(rounds) <= at:
            # Each round sorts by another column, and only the first one searches: at a million rows each takes its time.
            sorts, searches = [SORTS[len(rounds) % len(SORTS)]], 0 if rounds else 2
            pictures = 200 if rows == self.small else 0
            wanted = {"sorts": sorts, "searches": searches, "pictures": pictures}
            rounds.append(in_child("items:measure", texts=self.texts(rows), **wanted))
        return rounds[at]

    def all_items(self, rows: int) -> list[dict[str, Any]]:
        """All its rounds."""
        return [self.items(rows, at) for at in range(ROUNDS)]

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
