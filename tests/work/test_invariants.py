"""The invariants of RELIABILITY section 3, I1 to I11, over random histories of two desks on one pair of files.

A walk with fixed seeds makes most transitions; hypothesis makes some more, and finds a short history when one breaks.
`LUMEDESK_TRANSITIONS` asks for another number of them.
"""

import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from lumedesk.domain.errors import DeskError, TimedOut, Unreachable
from lumedesk.domain.intents import Ground, Intent, State, Step
from lumedesk.domain.movements import Verdict, verdict_on
from lumedesk.domain.reconcile import Findings
from lumedesk.store.journal import Journal
from tests.work.model_server import ANSWERS, Plan
from tests.work.model_world import World

TRANSITIONS = int(os.environ.get("LUMEDESK_TRANSITIONS", "100000"))
EPISODE = 100
REACHED = {
    "armed", "sending", "accepted", "refused", "not sent", "unknown", "likely", "ambiguous", "not received",
    "sent", "crashed", "told accepted", "told refused", "told not sent", "told unknown",
}  # fmt: skip

# In memory where the system has such a place: there are ten thousands of commits.
_MEMORY = Path("/dev/shm")  # noqa: S108 - each run makes a folder of its own in it


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(dir=_MEMORY if _MEMORY.is_dir() else None))
    yield folder
    shutil.rmtree(folder)


def plan(random: Random) -> Plan:
    even = random.random
    return Plan(random.choice(ANSWERS), even() < 0.6, even() < 0.4, even() < 0.3, even() < 0.3, even() < 0.1)


Move = Callable[[World, Random], None]


def n(random: Random) -> int:
    return random.randrange(1_000_000)


MOVES: list[tuple[int, Move]] = [
    (14, lambda w, r: w.withdraw(n(r), n(r), n(r), plan(r))),
    (10, lambda w, r: w.confirm(n(r), n(r), plan(r), again=r.random() < 0.2)),
    (4, lambda w, r: w.click_again(n(r), n(r))),
    (12, lambda w, r: w.answer(n(r), n(r))),
    (2, lambda w, r: w.cancel(n(r), n(r))),
    (14, lambda w, r: w.poll(n(r), n(r))),
    (4, lambda w, r: w.colleague(n(r), visible=r.random() < 0.7, masked=r.random() < 0.2)),
    (6, lambda w, r: w.show(n(r))),
    (2, lambda w, r: w.hide(n(r))),
    (5, lambda w, r: w.act(n(r))),
    (10, lambda w, r: w.decide(n(r), n(r), n(r), accept=r.random() < 0.7)),
    (2, lambda w, r: w.crash(n(r))),
    (2, lambda w, r: w.restart(n(r))),
    (4, lambda w, r: w.bombed(n(r), n(r))),
    (3, lambda w, r: w.wait(n(r))),
    (1, lambda w, r: w.jump(n(r))),
    (2, lambda w, r: w.slow_disk(n(r))),
    (1, lambda w, r: w.change_key(n(r))),
]


def walk(folder: Path, seed: int, steps: int) -> World:
    """One history; what it reached is in the world it leaves."""
    random = Random(seed)
    weights, moves = zip(*MOVES, strict=True)
    with pytest.MonkeyPatch.context() as patch:
        world = World(folder, patch)
        try:
            for move in random.choices(moves, weights, k=steps):
                move(world, random)
                world.check()
                world.transitions += 1
        except BaseException as error:
            error.add_note(f"in the walk of seed {seed}, at transition {world.transitions}")
            raise
        finally:
            world.close()
    shutil.rmtree(folder)
    return world


def walks(folder: Path, least: int) -> tuple[int, set[str]]:
    """As many walks as make so many transitions; how many it were, and what they reached."""
    transitions, seed = 0, 0
    reached: set[str] = set()
    while transitions < least:
        world = walk(Path(tempfile.mkdtemp(dir=folder)), seed, EPISODE)
        transitions += world.transitions
        reached |= world.reached
        seed += 1
    return transitions, reached


def test_no_random_walk_breaks_an_invariant(folder: Path, record_property: Callable[[str, object], None]) -> None:
    transitions, reached = walks(folder, TRANSITIONS)
    record_property("transitions", transitions)
    assert transitions >= TRANSITIONS
    assert reached >= REACHED, f"never reached: {REACHED - reached}"


def no_recovery_of_doubt(self: Journal) -> tuple[Intent, ...]:
    step = Step(State.NOT_SENT, Ground.RECOVERY)
    unfinished = [each for each in self.intents if each.state in (State.ARMED, State.SENDING)]
    return tuple(self.move(each.uuid, each.state, step) for each in unfinished)


def judged_by_type(error: DeskError) -> Verdict:
    return Verdict.NOT_SENT if isinstance(error, TimedOut | Unreachable) else verdict_on(error)


PLANTED: dict[str, tuple[str, Any, str]] = {
    "a crash while sending is taken for not sent": (
        "lumedesk.store.journal.Journal.recover",
        no_recovery_of_doubt,
        "I4|crash|find",
    ),
    "a timeout is taken for not sent": ("lumedesk.work.sending.verdict_on", judged_by_type, "I4"),
    "anything may be armed": ("lumedesk.store.journal.Journal._check_arming", lambda *_: None, "alike|I11|click"),
    "an id may be bound twice": ("lumedesk.store.journal.Journal.bound_ids", lambda *_, **__: frozenset(), "I5|I6"),
    "a quote never dies": ("lumedesk.domain.quotes.Quote.death", lambda *_: None, "I9"),
    "decisions are not logged": ("lumedesk.work.watching.audit_name", lambda _step: "decided", "I8"),
    "lists are not compared": ("lumedesk.work.watching.find", lambda *_: Findings(), "overlooked"),
    "no SENDING": ("lumedesk.work.sending.Sender._move", lambda _self, intent, _step: intent, "I2"),
}


@pytest.mark.parametrize("planted", PLANTED)
def test_the_walk_notices_a_planted_defect(folder: Path, monkeypatch: pytest.MonkeyPatch, planted: str) -> None:
    place, defect, words = PLANTED[planted]
    monkeypatch.setattr(place, defect)
    with pytest.raises(AssertionError, match=words):
        walks(folder, 20_000)


whole = st.integers(0, 999)
plans = st.builds(
    Plan, st.sampled_from(ANSWERS), st.booleans(), st.booleans(), st.booleans(), st.booleans(), st.booleans()
)


class Desks(RuleBasedStateMachine):
    folder = Path()

    def __init__(self) -> None:
        super().__init__()
        self.patch = pytest.MonkeyPatch()
        self.world = World(Path(tempfile.mkdtemp(dir=self.folder)), self.patch)

    @rule(at=whole, payee=whole, amount=whole, plan=plans)
    def withdraw(self, at: int, payee: int, amount: int, plan: Plan) -> None:
        self.world.withdraw(at, payee, amount, plan)

    @rule(at=whole, amount=whole, plan=plans, again=st.booleans())
    def confirm(self, at: int, amount: int, plan: Plan, again: bool) -> None:
        self.world.confirm(at, amount, plan, again=again)

    @rule(what=st.sampled_from(["click_again", "answer", "cancel", "poll"]), at=whole, which=whole)
    def at_one_desk(self, what: str, at: int, which: int) -> None:
        getattr(self.world, what)(at, which)

    @rule(what=st.sampled_from(["show", "hide", "act", "crash", "restart", "wait", "jump", "slow_disk"]), which=whole)
    def around_them(self, what: str, which: int) -> None:
        getattr(self.world, what)(which)

    @rule(which=whole, visible=st.booleans(), masked=st.booleans())
    def colleague(self, which: int, visible: bool, masked: bool) -> None:
        self.world.colleague(which, visible=visible, masked=masked)

    @rule(at=whole, which=whole, candidate=whole, accept=st.booleans())
    def decide(self, at: int, which: int, candidate: int, accept: bool) -> None:
        self.world.decide(at, which, candidate, accept=accept)

    @rule(fuse=whole, place=whole)
    def bombed(self, fuse: int, place: int) -> None:
        self.world.bombed(fuse, place)

    @rule(at=whole)
    def change_key(self, at: int) -> None:
        self.world.change_key(at)

    @invariant()
    def holds(self) -> None:
        self.world.check()

    def teardown(self) -> None:
        self.world.close()
        self.patch.undo()


def test_hypothesis_finds_no_history_that_breaks_an_invariant(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Desks, "folder", folder)
    run_state_machine_as_test(  # type: ignore[no-untyped-call]
        Desks,
        settings=settings(
            max_examples=60,
            stateful_step_count=40,
            deadline=None,
            database=None,
            derandomize=True,
            suppress_health_check=list(HealthCheck),
        ),
    )
