"""Kill -9 at every step of an order: sent at most once, never lost, never called NOT SENT though it was executed."""

import asyncio
import os

import pytest

from tests.support.kill import ORDERS, POINTS, Point, campaign, cases
from tests.support.kill_judge import Tally, tallies

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="children are forked")
RUNS = 20


@pytest.fixture(scope="module")
def counted(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> dict[tuple[str, str], Tally]:
    """All runs of the tests that were asked for, made at once because several go on at a time."""
    asked = [item.callspec.params for item in request.session.items if item.path == request.path]
    wanted = {(params["order"], params["point"]) for params in asked}
    every = [case for case in cases(RUNS) if (case.order, case.point) in wanted]
    return tallies(asyncio.run(campaign(every, tmp_path_factory.mktemp("kills"))))


@pytest.mark.parametrize("point", POINTS, ids=lambda point: point.name)
@pytest.mark.parametrize("order", ORDERS)
def test_nothing_is_sent_twice_or_lost(order: str, point: Point, counted: dict[tuple[str, str], Tally]) -> None:
    tally = counted[order, point.name]
    assert tally.runs == RUNS
    assert dict(tally.wrongs) == {}
