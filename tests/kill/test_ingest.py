"""Kill -9 while lists are taken in, a hundred times: the mirror opens with whole lists only, and catches up exactly."""

import asyncio
import os
import random
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from lumedesk.domain.kinds import HISTORIES, Kind
from lumedesk.store.mirror import Mirror
from lumedesk.store.paths import ProfilePaths
from tests.support.builders import a_deposit, a_trade, a_withdrawal, json_of
from tests.support.ingest_victim import Job, Victims, take_in
from tests.support.keys import STORE_KEY
from tests.support.list_server import ListServer
from tests.support.mirror_dump import Shown, found, shown, unfinished

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="children are forked")
RUNS = 100
KINDS = sorted(HISTORIES, key=lambda kind: kind.table)
# Each occurs in some ids of the lists.
TEXTS = ("trd", "new", "wdl", "dep")


def old_lists() -> dict[Kind, list[Any]]:
    """Yesterday's: most of it over, some of it under way."""
    return {
        Kind.TRADES: [
            a_trade(transaction_id=f"trd-{n}", status="PENDING" if n % 9 == 0 else "COMPLETED") for n in range(300)
        ],
        Kind.WITHDRAWALS: [a_withdrawal(transaction_id=f"wdl-{n}") for n in range(80)],
        Kind.DEPOSITS: [a_deposit(transaction_id=f"dep-{n}") for n in range(40)],
    }


def new_lists(old: dict[Kind, list[Any]]) -> dict[Kind, list[Any]]:
    """Today's: much that is new, before, behind and among the old; some of that changed, altered, or gone."""
    trades = {each.transaction_id: each for each in old[Kind.TRADES]}
    for n in range(0, 300, 18):
        trades[f"trd-{n}"] = a_trade(transaction_id=f"trd-{n}", status="COMPLETED")
    trades["trd-1"] = a_trade(transaction_id="trd-1", from_amount=Decimal(101))
    trades["trd-2"] = a_trade(transaction_id="trd-2", status="PENDING")
    for n in (5, 155, 299):
        del trades[f"trd-{n}"]
    kept = list(trades.values())
    new = [a_trade(transaction_id=f"t-new-{n}") for n in range(900)]
    withdrawals = [a_withdrawal(transaction_id=f"wdl-{n}", status="COMPLETED") for n in range(78)]
    return {
        Kind.TRADES: [*new[:500], *kept[:150], *new[500:600], *kept[150:], *new[600:]],
        Kind.WITHDRAWALS: [*(a_withdrawal(transaction_id=f"wdl-new-{n}") for n in range(60)), *withdrawals],
        Kind.DEPOSITS: [*old[Kind.DEPOSITS], a_deposit(transaction_id="dep-new")],
    }


@dataclass
class Lists:
    """A server with new lists, a mirror that holds the old ones, and what both are worth."""

    server: ListServer
    victims: Victims
    old_folder: Path
    old: dict[Kind, Shown]
    new: dict[Kind, Shown]
    findable: dict[Kind, Any]
    writes: int

    def job(self, folder: Path, **doom: Any) -> Job:
        return Job(str(folder), self.server.url, nth=1, **doom)


@pytest.fixture(scope="module")
def lists(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lists]:
    folder = tmp_path_factory.mktemp("ingest")
    old = old_lists()
    with ListServer() as server, Victims() as victims:
        lay(server, old)
        (folder / "old").mkdir()
        asyncio.run(take_in(folder / "old", server.url, nth=0))
        lay(server, new_lists(old))
        unharmed = shutil.copytree(folder / "old", folder / "unharmed")
        writes = victims.run(Job(str(unharmed), server.url, nth=1)).writes
        yield Lists(
            server, victims, folder / "old", all_shown(folder / "old"), all_shown(unharmed), findable(unharmed), writes
        )


def lay(server: ListServer, lists: dict[Kind, list[Any]]) -> None:
    for kind, records in lists.items():
        server.lay(kind, *(json_of(record) for record in records))


def all_shown(folder: Path) -> dict[Kind, Shown]:
    return {kind: shown(ProfilePaths(folder).mirror, kind, STORE_KEY) for kind in KINDS}


def findable(folder: Path) -> dict[Kind, Any]:
    return {kind: found(ProfilePaths(folder).mirror, kind, STORE_KEY, TEXTS) for kind in KINDS}


def opened(folder: Path) -> dict[Kind, Shown]:
    """What a start finds, before any network."""
    Mirror(ProfilePaths(folder).mirror, STORE_KEY).close()
    return all_shown(folder)


def test_the_lists_are_worth_killing_for(lists: Lists) -> None:
    """What the other tests compare is different, and holds all that a list can do to a row."""
    assert all(lists.old[kind] != lists.new[kind] for kind in KINDS)
    trades = lists.new[Kind.TRADES]
    assert {what for _, what, *_ in trades.alerts} == {"gone", "altered"}
    assert len(trades.rows) == 1_200, "what is gone is kept"
    assert trades.transitions
    assert lists.writes > 100


@dataclass
class Run:
    """One kill: what was left in the file, what a start found, and what was wrong after the next lists.

    It was spared when it ended before the place that was chosen: how many writes it makes depends a little on the time.
    """

    was_killed: bool
    was_spared: bool
    half_way: int
    mixed: list[str]
    is_exact: bool


@pytest.fixture(scope="module")
def runs(lists: Lists, tmp_path_factory: pytest.TempPathFactory) -> list[Run]:
    folder = tmp_path_factory.mktemp("runs")
    return [killed(lists, shutil.copytree(lists.old_folder, folder / str(seed)), seed) for seed in range(RUNS)]


def killed(lists: Lists, folder: Path, seed: int) -> Run:
    """Kill it at a moment of the seed's choice, start it, and let it go on."""
    chance = random.Random(seed)
    # By its own hand at a write, which may be torn; or from outside, somewhere behind one.
    place = chance.randint(1, lists.writes)
    doom = {"kill_at": place} if seed % 2 else {"die_at": place, "torn": chance.random() < 0.5}
    ended = lists.victims.run(lists.job(folder, **doom))
    half_way = unfinished(ProfilePaths(folder).mirror, STORE_KEY)
    if seed % 3 == 0:  # and once more while it starts anew
        lists.victims.run(lists.job(folder, die_at=chance.randint(1, 40), torn=True))
    left = opened(folder)
    mixed = [kind.table for kind in KINDS if left[kind] not in (lists.old[kind], lists.new[kind])]
    asyncio.run(take_in(folder, lists.server.url, nth=1))
    is_exact = all_shown(folder) == lists.new and findable(folder) == lists.findable
    shutil.rmtree(folder)
    return Run(ended.was_killed, ended.writes < place, half_way, mixed, is_exact)


def test_killed_at_any_moment_only_whole_lists_are_left(runs: list[Run]) -> None:
    assert {seed: run.mixed for seed, run in enumerate(runs) if run.mixed} == {}


def test_the_next_lists_are_taken_in_exactly(runs: list[Run]) -> None:
    """Nothing is lost, doubled or told twice, and all of it is found by what it is."""
    assert [seed for seed, run in enumerate(runs) if not run.is_exact] == []


def test_they_were_killed_on_the_way(runs: list[Run]) -> None:
    assert len(runs) == RUNS
    assert all(run.was_killed or run.was_spared for run in runs[::2]), "by its own hand"
    assert sum(run.was_killed for run in runs) > RUNS * 3 // 4, "from outside the kill may come when all is done"
    assert sum(run.half_way > 0 for run in runs) > RUNS // 10, "half a list stood in the file"
