"""Kill -9 at every step of an order: sent at most once, never lost, never called NOT SENT though it was executed."""

import asyncio
import os

import pytest

from tests.support.kill import ORDERS, POINTS, Point, campaign, cases
from tests.support.kill_judge import Tally, tallies

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="children are forked")
RUNS = 20

Counted = dict[tuple[str, str], Tally]


@pytest.fixture(scope="module")
def counted(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Counted:
    """The runs of all tests that were asked for, made at once because several go on at a time."""
    items = [item for item in request.session.items if item.path == request.path and hasattr(item, "callspec")]
    asked = {(item.callspec.params["order"], item.callspec.params["point"]) for item in items}
    every = [case for case in cases(RUNS) if not asked or (case.order, case.point) in asked]
    return tallies(asyncio.run(campaign(every, tmp_path_factory.mktemp("kills") / "runs")))


@pytest.mark.parametrize("point", POINTS, ids=lambda point: point.name)
@pytest.mark.parametrize("order", ORDERS)
def test_nothing_is_sent_twice_or_lost(order: str, point: Point, counted: Counted) -> None:
    tally = counted[order, point.name]
    assert tally.runs == RUNS
    assert dict(tally.wrongs) == {}


def test_recoveries_were_killed_as_well(counted: Counted) -> None:
    runs = sum(tally.runs for tally in counted.values())
    assert sum(tally.recoveries_killed for tally in counted.values()) > runs // 10
