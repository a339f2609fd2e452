"""From a click to the table that shows the server's answer, through the worker; alone, and while a long list arrives."""

import asyncio
from pathlib import Path
from typing import Any

from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QPushButton

from lumedesk.domain.kinds import Kind
from lumedesk.models.holdings import AccountsTable
from tests.bench.building import Follower
from tests.bench.child import in_child
from tests.bench.decoding import plain_client
from tests.bench.lines import Line, at_most, median, percentile, within
from tests.bench.process import Watch
from tests.bench.rig import Rig
from tests.bench.server import Server
from tests.bench.workshop import ROUNDS, Workshop

_CLICKS = 1_000
# By turns: so many clicks, then as many round trips.
_TURN = 50
_PAUSE_MS = 20
_FRAME_MS = 16.7


def run(shop: Workshop) -> list[Line]:
    """Quiet, then busy; the percentile is that of each round."""
    rows = shop.small
    rounds = [
        in_child("clicking:measure", folder=shop.spare("clicking"), body=shop.body(rows), rows=rows)
        for _ in range(ROUNDS)
    ]
    quiet = [percentile(each["quiet_ms"], 0.99) for each in rounds]
    bare = [percentile(each["bare_ms"], 0.99) for each in rounds]
    busy = [percentile(each["busy_ms"], 0.99) for each in rounds]
    middle = median([median(each["quiet_ms"]) for each in rounds])
    note = f"{_CLICKS} each in a round; medians {middle:.2f} and {median([median(each['bare_ms']) for each in rounds]):.2f} ms."
    subject = "click to updated model through worker and loopback server"
    clicks = sum(len(each["busy_ms"]) for each in rounds)
    return [
        within(subject, "p99, against a bare httpx round trip", quiet, bare, 3, note=note),
        at_most(
            f"the same while {rows:,} rows arrive",
            "p99",
            median(busy),
            _FRAME_MS,
            ROUNDS,
            yardstick=median(bare),
            note=f"{clicks:,} clicks in all; the median of them {median([median(each['busy_ms']) for each in rounds]):.2f} ms.",
        ),
    ]


class _Clicker:
    """Clicks, waits for the table to be another one, and notes how long that took."""

    def __init__(self, rig: Rig) -> None:
        self._rig = rig
        self._table = AccountsTable()
        self._button = QPushButton("Refresh")
        self._button.clicked.connect(lambda: rig.session.refresh(Kind.ACCOUNTS))
        self._updates = 0
        rig.session.records_changed.connect(self._take)

    def click(self) -> float:
        """Once: milliseconds by the clock."""
        before, watch = self._updates, Watch()
        self._button.click()
        self._rig.wait_for(lambda: self._updates > before, "the answer")
        return watch.passed()

    def pause(self) -> None:
        """As long as no person clicks again."""
        over: list[None] = []
        QTimer.singleShot(_PAUSE_MS, lambda: over.append(None))
        self._rig.wait_for(lambda: over, "a moment")

    def _take(self, kind: Kind) -> None:
        if kind is Kind.ACCOUNTS:
            self._table.set_records(self._rig.session.records(kind))
            self._updates += 1


def measure(folder: str, body: str, rows: int) -> dict[str, Any]:
    """In a fresh process."""
    with Server() as server:
        rig = Rig(Path(folder), server.url)
        session = rig.open_session()
        rig.show_trades()
        rig.wait_for(lambda: session.state(Kind.TRADES).confirmed_at, "the empty list")
        clicker = _Clicker(rig)
        for _ in range(20):
            clicker.click()
        rig.settle()
        quiet, bare = [], []
        for _ in range(_CLICKS // _TURN):
            quiet += [clicker.click() for _ in range(_TURN)]
            bare += asyncio.run(_round_trips(server.url, _TURN))
        server.serve("trades", Path(body))
        busy = _while_arriving(rig, clicker)
        rig.close()
    return {"quiet_ms": quiet, "bare_ms": bare, "busy_ms": busy}


def _while_arriving(rig: Rig, clicker: _Clicker) -> list[float]:
    follower = Follower(rig.paths.mirror)
    before = rig.session.state(Kind.TRADES).confirmed_at
    rig.session.refresh(Kind.TRADES)
    found: list[float] = []
    while rig.session.state(Kind.TRADES).confirmed_at == before or not follower.is_done():
        found.append(clicker.click())
        clicker.pause()
    follower.close()
    return found


async def _round_trips(url: str, count: int) -> list[float]:
    found = []
    async with plain_client() as client:
        for at in range(count + 5):
            watch = Watch()
            response = await client.get(f"{url}/api/v1/accounts")
            response.raise_for_status()
            if at >= 5:
                found.append(watch.passed())
    return found
