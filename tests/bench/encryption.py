"""What encryption costs beside the same store in the clear, and whether anything of a record can be read on disk."""

import os
import stat
import threading
from pathlib import Path
from typing import Any

from lumedesk.domain.credentials import Secret
from lumedesk.domain.kinds import Kind
from lumedesk.domain.queries import HistoryQuery
from lumedesk.store.reader import MirrorReader
from tests.bench import data
from tests.bench.child import in_child
from tests.bench.gaps import Void
from tests.bench.lines import Line, exactly, within
from tests.bench.process import Watch
from tests.bench.taking import in_pieces, take_in
from tests.bench.workshop import ROUNDS, Workshop
from tests.support.keys import STORE_KEY

_INGEST, _QUERIES = 1.25, 1.2
_INGESTS = 9
_PAGES = 40
_LOOKED_FOR = 20
_PAUSE_S = 0.02


def run(shop: Workshop) -> list[Line]:
    """Cost, then what can be read."""
    rows = shop.small
    told = in_child("encryption:measure", folder=shop.spare("encryption"), body=shop.body(rows), rows=rows)
    seen = in_child("encryption:look_for_records", folder=shop.spare("readable"), body=shop.body(rows), rows=rows)
    files = ", ".join(seen["files"])
    note = (
        f"{seen['needles']} texts of {_LOOKED_FOR} records looked for; the plain file holds {seen['in_plain']} of them."
        f" Looked in: {files}."
    )
    return [
        within(
            f"encryption, ingest of {rows:,} trades with indexes and search",
            "CPU, against the plain file",
            told["encrypted_ingest_ms"],
            told["plain_ingest_ms"],
            _INGEST,
            note="Without the network; the file is closed whole at the end.",
        ),
        within(
            f"encryption, queries on {rows:,} trades",
            "CPU, against the plain file",
            told["encrypted_queries_ms"],
            told["plain_queries_ms"],
            _QUERIES,
            note=f"On a file just opened: three orders, three searches, {_PAGES} pages of records.",
        ),
        exactly(
            "encryption", "texts of records in the file, its WAL, a temporary file", seen["found"], 0, 1, note=note
        ),
    ]


def measure(folder: str, body: str, rows: int) -> dict[str, list[float]]:
    """In a fresh process: ingest and queries, plain and encrypted in turn."""
    content = Path(body).read_bytes()
    kinds: dict[str, Secret | None] = {"plain": None, "encrypted": STORE_KEY}
    told: dict[str, list[float]] = {}
    for at in range(_INGESTS):
        # By turns the first: what one leaves to be written weighs on the other.
        for name, key in sorted(kinds.items(), reverse=bool(at % 2)):
            path = Path(folder) / f"{name}-{at}"
            watch = Watch()
            take_in(path, key, in_pieces(content))
            told.setdefault(f"{name}_ingest_ms", []).append(watch.computed())
            if at:
                # The first of each is asked below; the others needn't be written to the disk.
                path.unlink()
    for _ in range(ROUNDS):
        for name, key in kinds.items():
            watch = Watch()
            found = _ask(Path(folder) / f"{name}-0", key)
            told.setdefault(f"{name}_queries_ms", []).append(watch.computed())
            if found != rows:
                raise Void(f"{found:,} rows were found, not {rows:,}")
    return told


def _ask(path: Path, key: Secret | None) -> int:
    """As the tables do."""
    reader = MirrorReader(path, key)
    try:
        rows = reader.order(HistoryQuery(Kind.TRADES))
        for order in ("from_amount", "id"):
            reader.order(HistoryQuery(Kind.TRADES, order))
        for text in ("trd", "1234", "usdt"):
            reader.order(HistoryQuery(Kind.TRADES, text=text))
        step = max(len(rows) // _PAGES, 1)
        for start in range(0, len(rows), step):
            reader.documents(Kind.TRADES, rows[start : start + 128])
        return len(rows)
    finally:
        reader.close()


def look_for_records(folder: str, body: str, rows: int) -> dict[str, Any]:
    """In a fresh process: take the list in, encrypted, watch which files are open meanwhile, and search them all."""
    content, needles = Path(body).read_bytes(), _needles(rows)
    plain = Path(folder) / "plain"
    take_in(plain, None, in_pieces(content))
    in_plain = len(_found(plain, needles))
    if in_plain < len(needles):
        raise Void(f"the plain file shows {in_plain} of {len(needles)} texts, so looking proves nothing")
    path = Path(folder) / "mirror"
    watcher = _Watcher(path)
    found: set[bytes] = set()
    files: list[str] = []

    def look() -> None:
        for each in (path, path.with_name("mirror-wal"), path.with_name("mirror-shm")):
            if each.exists():
                files.append(f"{each.name} ({each.stat().st_size / 1e6:.0f} MB)")
                found.update(_found(each, needles))

    take_in(path, STORE_KEY, in_pieces(content), look)
    look()
    found.update(watcher.end(needles))
    others = sorted(watcher.names)
    return {
        "found": len(found),
        "in_plain": in_plain,
        "needles": len(needles),
        "files": [*dict.fromkeys(files), *(others or ["no other file was open"])],
    }


def _needles(rows: int) -> list[bytes]:
    """Texts that only the records hold: ids, long amounts, names of fields."""
    trades = list(data.trades(rows))[:: max(rows // _LOOKED_FOR, 1)][:_LOOKED_FOR]
    texts = [text for trade in trades for text in (trade.key, trade.fills[0].key, *trade.amounts) if len(text) > 12]
    return [text.encode() for text in dict.fromkeys([*texts, '"transactionId"', '"fromAmount"', "COMPLETED"])]


def _found(path: Path, needles: list[bytes]) -> list[bytes]:
    content = path.read_bytes()
    return [needle for needle in needles if needle in content]


class _Watcher:
    """Looks, while a mirror is written, which further files this process has open, deleted ones too, and keeps hold of them."""

    def __init__(self, mirror: Path) -> None:
        own = ("", "-wal", "-shm")
        self._known = {str(mirror) + suffix for suffix in own} | set(self._open_files())
        self._held: dict[str, int] = {}
        self._is_over = threading.Event()
        self._thread = threading.Thread(target=self._watch)
        self._thread.start()

    @property
    def names(self) -> set[str]:
        """The files that were seen."""
        return set(self._held)

    def end(self, needles: list[bytes]) -> set[bytes]:
        """Stop, and tell which texts stand in the files that were seen."""
        self._is_over.set()
        self._thread.join()
        found: set[bytes] = set()
        for number in self._held.values():
            content = os.pread(number, os.fstat(number).st_size, 0)
            found |= {needle for needle in needles if needle in content}
            os.close(number)
        return found

    def _watch(self) -> None:
        while not self._is_over.wait(_PAUSE_S):
            for name, place in self._open_files().items():
                if name not in self._known and name not in self._held:
                    try:
                        # A way in that outlives the file's name and its first opening.
                        self._held[name] = os.open(place, os.O_RDONLY)
                    except OSError:
                        continue

    def _open_files(self) -> dict[str, str]:
        found: dict[str, str] = {}
        for place in Path("/proc/self/fd").iterdir():
            try:
                if stat.S_ISREG(place.stat().st_mode):
                    found[str(place.readlink())] = str(place)
            except OSError:
                continue
        return found
