"""Polls that bring nothing new, or next to nothing: what they cost, what they write, whom they tell."""

import asyncio
import gc
from collections import Counter
from pathlib import Path
from typing import Any

import apsw

from lumedesk.domain.kinds import Kind
from tests.bench.child import in_child
from tests.bench.decoding import decoded, fetched, plain_client
from tests.bench.lines import Line, exactly, within
from tests.bench.process import Watch
from tests.bench.rig import Rig, copied
from tests.bench.server import Server
from tests.bench.workshop import ROUNDS, Workshop
from tests.support.desk import Asker

# A poll is over soon, and what else the machine copies meanwhile weighs on it: more rounds tell more.
_POLLS = 25
# Its end is told by an event.
_SELDOM_MS = 200


def run(shop: Workshop) -> list[Line]:
    """The same list again, plain and compressed; then one with two rows changed."""
    rows = shop.small
    return [*_same(shop, rows), *_changed(shop, rows)]


def _same(shop: Workshop, rows: int) -> list[Line]:
    lines = []
    written = told = 0
    for packed in (None, shop.packed(rows)):
        folder = copied(shop.profile(rows), shop.spare("same") / "profile")
        found = in_child("polling:measure_same", folder=folder, body=shop.body(rows), packed=packed, rows=rows)
        how = "compressed by the server" if packed else "not compressed"
        lines.append(
            within(
                f"a poll that brings nothing new, {rows:,} trades, {how}",
                "CPU, transfer included, against fetching and decoding",
                found["ours_ms"],
                found["yardstick_ms"],
                1 / 20,
                goal="≤ 1/20",
            )
        )
        written += found["written"]
        told += found["told"]
    subject = f"a poll that brings nothing new, {rows:,} trades"
    lines.append(exactly(subject, "rows written, bytes that are different in the files", written, 0, 2 * _POLLS))
    lines.append(exactly(subject, "signals to the tables", told, 0, 2 * _POLLS))
    return lines


def _changed(shop: Workshop, rows: int) -> list[Line]:
    found = []
    for _ in range(ROUNDS):
        folder = copied(shop.profile(rows), shop.spare("changed") / "profile")
        bodies = {"body": shop.body(rows), "changed": shop.changed(rows)}
        found.append(in_child("polling:measure_changed", folder=folder, rows=rows, **bodies))
    subject = f"a poll with 2 changed rows in {rows:,}"
    ours = [each["ours_ms"] for each in found]
    strict = within("", "", ours, [each["compare_ms"] for each in found], 1 / 3)
    note = f"Against decoding and comparing alone, from memory, while ours still fetches: {strict.yardstick}, {strict.ratio}."
    return [
        within(
            subject,
            "CPU, transfer included, against fetching, decoding and comparing",
            ours,
            [each["fetch_ms"] + each["compare_ms"] for each in found],
            1 / 3,
            goal="≤ 1/3",
            note=note,
        ),
        exactly(subject, "rows written", _same_or_worst([each["written"] for each in found]), 2, ROUNDS),
        exactly(subject, "rows touched in the table", _same_or_worst([each["touched"] for each in found]), 2, ROUNDS),
    ]


def _same_or_worst(counts: list[int]) -> int:
    return max(counts, key=lambda count: abs(count - 2))


class _Writes:
    """Counts the rows that are written in this process, by table: each new connection is listened to."""

    def __init__(self) -> None:
        self.rows: Counter[str] = Counter()
        self._hook = self._listen
        apsw.connection_hooks.append(self._hook)

    def close(self) -> None:
        apsw.connection_hooks.remove(self._hook)

    def _listen(self, connection: apsw.Connection) -> None:
        connection.set_update_hook(lambda _what, _database, table, _row: self.rows.update((table,)))


class _Polled:
    """A session online, its first poll done; then asked for one more at a time."""

    def __init__(self, folder: str, server: Server, rows: int) -> None:
        self.writes = _Writes()
        self.rig = Rig(Path(folder), server.url)
        self.session = self.rig.open_session()
        self.session.set_hidden(hidden=True)
        self.rig.show_trades()
        self.rig.wait_for_rows(rows)
        self.touched: set[int] = set()
        self.announced = 0
        self.session.history_changed.connect(self._note)
        began = self.session.state(Kind.TRADES).confirmed_at
        self.rig.wait_for(lambda: self.session.state(Kind.TRADES).confirmed_at != began, "the first poll")
        self.poll()
        self.rig.settle()
        self.writes.rows.clear()
        self.touched.clear()
        self.announced = self.rig.shows.changes = 0

    @property
    def told(self) -> int:
        """How often the tables heard of anything."""
        return self.announced + self.rig.shows.changes

    def poll(self) -> float:
        """Once; its CPU in milliseconds."""
        asker = Asker()
        watch = Watch()
        self.rig.engine.submit(self.session.poll_now(Kind.TRADES), asker, lambda _none: asker.done(None), asker.failed)
        self.rig.wait_for(lambda: asker.heard, "the poll", pulse_ms=_SELDOM_MS)
        if asker.errors:
            raise asker.errors[0]
        return watch.computed()

    def close(self) -> None:
        self.rig.close()
        self.writes.close()

    def _note(self, kind: Kind, touched: tuple[int, ...] | None) -> None:
        if kind is Kind.TRADES:
            self.announced += 1
            self.touched.update(touched if touched is not None else (-1,))


def measure_same(folder: str, body: str, packed: str | None, rows: int) -> dict[str, Any]:
    """In a fresh process: the list that is known already, several times, each beside fetching and decoding it."""
    with Server() as server:
        server.serve("trades", Path(body), Path(packed) if packed else None)
        polled = _Polled(folder, server, rows)
        before = _contents(polled.rig.paths.mirror)
        ours, yardstick = [], []
        for _ in range(_POLLS):
            ours.append(polled.poll())
            yardstick.append(asyncio.run(_fetch_and_decode(server.url)))
            # Else the desk would look for what that left, in the midst of its next poll.
            gc.collect()
        written = sum(polled.writes.rows.values()) + (_contents(polled.rig.paths.mirror) != before)
        told = polled.told
        polled.close()
    return {"ours_ms": ours, "yardstick_ms": yardstick, "written": written, "told": told}


async def _fetch_and_decode(url: str) -> float:
    async with plain_client() as client:
        watch = Watch()
        # Held: taking so many records apart again is no part of fetching and decoding them.
        records = decoded(await fetched(client, url))
        cpu_ms = watch.computed()
        del records
        return cpu_ms


def _contents(mirror: Path) -> list[tuple[int, int]]:
    """Sizes and times of the mirror's files: SQLite changes either with each write."""
    found = [mirror.with_name(mirror.name + suffix) for suffix in ("", "-wal")]
    return [(path.stat().st_size, path.stat().st_mtime_ns) for path in found if path.exists()]


def measure_changed(folder: str, body: str, changed: str, rows: int) -> dict[str, Any]:
    """In a fresh process: one poll with two rows different; then the same by decoding both lists and comparing them."""
    with Server() as server:
        server.serve("trades", Path(body))
        polled = _Polled(folder, server, rows)
        server.serve("trades", Path(changed))
        ours = polled.poll()
        polled.rig.wait_for(lambda: polled.announced, "the news")
        told = {"ours_ms": ours, "written": polled.writes.rows[Kind.TRADES.table], "touched": len(polled.touched)}
        polled.close()
        return told | asyncio.run(_compare(server.url, Path(body).read_bytes()))


async def _compare(url: str, before: bytes) -> dict[str, float]:
    known = {trade.transaction_id: trade for trade in decoded(before)}
    async with plain_client() as client:
        await fetched(client, url)
        watch = Watch()
        body = await fetched(client, url)
        fetch_ms = watch.computed()
    watch = Watch()
    records = decoded(body)
    different = [trade for trade in records if known.get(trade.transaction_id) != trade]
    compare_ms = watch.computed()
    if len(different) != 2:
        raise AssertionError(f"{len(different)} trades are different")
    return {"fetch_ms": fetch_ms, "compare_ms": compare_ms}
