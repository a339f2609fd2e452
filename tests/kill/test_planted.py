"""The kill harness sees what it is made for: each defect planted into the protocol shows as the violation that it is."""

import asyncio
import os
from pathlib import Path

import pytest

from tests.support.kill import POINTS, Point, campaign, cases
from tests.support.kill_judge import DENIED, DISTRUSTED, DUPLICATE, LOST, RESENT, UNFOUND, tallies
from tests.support.kill_planted import PLANTED

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="children are forked")
RUNS = 3

# Where each defect must show, and as what.
CAUGHT = {
    "no_durable_sending": ("the server committed, nothing is answered", DENIED),
    "armed_after_the_post": ("the server committed, nothing is answered", LOST),
    "one_retry": ("cut once the server committed, after the outcome step", DUPLICATE),
    "judged_by_exception_type": ("cut once the server committed, after the outcome step", DENIED),
    "sending_taken_for_not_sent": ("half of the answer is sent", DENIED),
    "marker_before_the_commit": ("in the commit of the SENDING step", DISTRUSTED),
    "no_baseline": ("the server committed, nothing is answered", UNFOUND),
    "resent_at_recovery": ("the body arrived, the server never commits", RESENT),
}


def named(name: str) -> Point:
    return next(point for point in POINTS if point.name == name)


def test_every_defect_is_looked_for() -> None:
    assert set(CAUGHT) == set(PLANTED)


@pytest.mark.parametrize("defect", CAUGHT)
def test_a_planted_defect_is_caught(defect: str, tmp_path: Path) -> None:
    point, wrong = CAUGHT[defect]
    # The amounts repeat only after a few runs: the first rows that look alike come from those.
    runs = 6 if defect == "no_baseline" else RUNS
    every = cases(runs, [named(point)], ["withdrawal"], defect)
    tally = tallies(asyncio.run(campaign(every, tmp_path / "kills", workers=1)))["withdrawal", point]
    assert tally.wrongs[wrong] >= 2, tally


@pytest.mark.parametrize("point", sorted({point for point, _ in CAUGHT.values()}))
def test_without_a_defect_the_same_points_show_nothing(point: str, tmp_path: Path) -> None:
    runs = asyncio.run(campaign(cases(RUNS, [named(point)], ["withdrawal"]), tmp_path / "kills", workers=1))
    assert [run.wrongs for run in runs] == [()] * RUNS
