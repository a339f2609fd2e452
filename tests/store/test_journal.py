"""The journal over real files: what may be armed, who wins a race, what a start recovers, and what comes back."""

import os
import random
from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lumedesk.domain.codec import Codec, encode
from lumedesk.domain.intents import ForbiddenStep, Ground, Intent, State, Step
from lumedesk.domain.money import Amount
from lumedesk.store import chain
from lumedesk.store.chain import ChainBroken, ChainedLog, ChainUnwritable
from lumedesk.store.journal import Blocked, Journal, LostRace
from tests.store.full_disk import needs_limits, no_room
from tests.store.test_chain import flipped, restored
from tests.support.clock import FakeClock
from tests.support.intents import (
    NOT_SENT,
    REFUSED,
    SENDING,
    UNKNOWN,
    accepted,
    an_arming,
    confirmation_terms,
    found,
    withdrawal_terms,
)

OpenJournal = Callable[[], Journal]


@pytest.fixture
def open_journal(place: tuple[Path, Path], clock: FakeClock) -> Iterator[OpenJournal]:
    """Open the journal, as often as is liked; all are closed when the test ends."""
    opened: list[Journal] = []

    def open_one() -> Journal:
        opened.append(Journal(*place, clock))
        return opened[-1]

    yield open_one
    for journal in opened:
        journal.close()


def moved(journal: Journal, *steps: Step, **arming: Any) -> Intent:
    intent = journal.arm(an_arming(**arming))
    for step in steps:
        intent = journal.move(intent.uuid, intent.state, step)
    return intent


def test_what_is_armed_is_there_after_a_restart(open_journal: OpenJournal) -> None:
    first = open_journal()
    armed = first.arm(an_arming(withdrawal_terms(), baseline=("w0",), retry_of="earlier"))
    sent = moved(first, SENDING, accepted("w1"), terms=confirmation_terms())
    assert open_journal().intents == (armed, sent)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**30), 10**30) | st.text(st.characters(exclude_categories=["Cs"]))
    | st.decimals(-(10**12), 10**12, places=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text("abc", max_size=2), inner, max_size=3),
    max_leaves=8,
)  # fmt: skip


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(details=json_values, amount=st.decimals("0.00000001", "1e20", places=8))
def test_terms_come_back_exactly(open_journal: OpenJournal, details: Any, amount: Decimal) -> None:
    """Free-form details may hold amounts, as read from the server; they must compare equal to a list's after a restart."""
    read = Codec[Any](Any).decode(encode(details))
    journal = open_journal()
    intent = moved(journal, NOT_SENT, terms=withdrawal_terms(details=read, amount=Amount(amount)))
    again = open_journal().get(intent.uuid)
    assert again == intent
    assert encode(again.terms.details) == encode(read)  # type: ignore[union-attr]
    assert str(again.terms.amount) == str(amount)  # type: ignore[union-attr]


# What may be armed


@pytest.mark.parametrize("steps", [(), (SENDING,), (SENDING, UNKNOWN), (SENDING, UNKNOWN, found("w1"))], ids=len)
def test_an_order_like_one_still_open_is_blocked(open_journal: OpenJournal, steps: tuple[Step, ...]) -> None:
    journal = open_journal()
    moved(journal, *steps, terms=withdrawal_terms())
    with pytest.raises(Blocked, match="no known outcome"):
        journal.arm(an_arming(withdrawal_terms(amount=Decimal("250.0"))))
    for other in (withdrawal_terms(amount=Decimal(251)), withdrawal_terms(beneficiary_id="ben_2")):
        assert journal.arm(an_arming(other)).state is State.ARMED


def test_a_trade_like_one_still_open_is_blocked(open_journal: OpenJournal) -> None:
    journal = open_journal()
    moved(journal, SENDING, UNKNOWN, terms=confirmation_terms())
    with pytest.raises(Blocked, match="pair and amount"):
        journal.arm(an_arming(confirmation_terms(to_amount=Decimal(1))))
    journal.arm(an_arming(withdrawal_terms()))


@pytest.mark.parametrize(
    "steps", [(NOT_SENT,), (SENDING, REFUSED), (SENDING, accepted("w1"))], ids=lambda steps: steps[-1].state.value
)
def test_a_closed_order_blocks_nothing(open_journal: OpenJournal, steps: tuple[Step, ...]) -> None:
    journal = open_journal()
    moved(journal, *steps, terms=withdrawal_terms())
    journal.arm(an_arming(withdrawal_terms()))


def test_an_order_is_given_once(open_journal: OpenJournal) -> None:
    journal = open_journal()
    moved(journal, NOT_SENT, uuid="u")
    with pytest.raises(Blocked, match="given before"):
        journal.arm(an_arming(uuid="u"))


@pytest.mark.parametrize("steps", [(NOT_SENT,), (SENDING, REFUSED), (SENDING, accepted("t1")), (SENDING, UNKNOWN)])
def test_a_quote_has_one_intent_ever(open_journal: OpenJournal, steps: tuple[Step, ...]) -> None:
    moved(open_journal(), *steps, terms=confirmation_terms(quote_str="Q"))
    other = confirmation_terms(quote_str="Q", from_currency="EUR", from_amount=Decimal(7))
    with pytest.raises(Blocked, match="confirmed before"):
        open_journal().arm(an_arming(other))


def test_a_changed_key_blocks_while_something_is_open(open_journal: OpenJournal) -> None:
    journal = open_journal()
    intent = moved(journal, SENDING, UNKNOWN, key_fingerprint="old")
    with pytest.raises(Blocked, match="key was changed"):
        journal.arm(an_arming(key_fingerprint="new"))
    journal.move(intent.uuid, State.UNKNOWN, Step(State.NOT_RECEIVED, Ground.OPERATOR, "asked"))
    journal.arm(an_arming(key_fingerprint="new"))


# Steps


def test_of_two_journals_one_wins(open_journal: OpenJournal) -> None:
    one, other = open_journal(), open_journal()
    intent = one.arm(an_arming())
    other_sees = other.arm(an_arming())  # catches up
    assert other.get(intent.uuid).state is State.ARMED
    one.move(intent.uuid, State.ARMED, SENDING)
    with pytest.raises(LostRace, match="is sending, not armed"):
        other.move(intent.uuid, State.ARMED, SENDING)
    assert other.get(intent.uuid).state is State.SENDING, "the loser knows now"
    with pytest.raises(LostRace):
        other.move(intent.uuid, State.ARMED, NOT_SENT)
    other.move(other_sees.uuid, State.ARMED, NOT_SENT)


def test_likeness_is_asked_for_among_what_the_other_armed(open_journal: OpenJournal) -> None:
    one, other = open_journal(), open_journal()
    one.arm(an_arming(withdrawal_terms()))
    with pytest.raises(Blocked):
        other.arm(an_arming(withdrawal_terms()))


def test_an_id_is_bound_once(open_journal: OpenJournal) -> None:
    one, other = open_journal(), open_journal()
    moved(one, SENDING, accepted("w1"))
    second = moved(other, SENDING)
    with pytest.raises(Blocked, match="w1 belongs to another"):
        other.move(second.uuid, State.SENDING, accepted("w1"))
    assert other.get(second.uuid).state is State.SENDING
    assert other.bound_ids() == {"w1"}
    assert other.bound_ids(but=second.uuid) == {"w1"}
    other.move(second.uuid, State.SENDING, accepted("w2"))
    assert other.bound_ids(but=second.uuid) == {"w1"}


def test_a_forbidden_step_leaves_nothing(open_journal: OpenJournal) -> None:
    journal = open_journal()
    intent = moved(journal, SENDING, UNKNOWN)
    for step in (SENDING, NOT_SENT, accepted("w1"), REFUSED):
        with pytest.raises(ForbiddenStep):
            journal.move(intent.uuid, State.UNKNOWN, step)
    assert open_journal().get(intent.uuid).steps == intent.steps


def test_recovery_is_idempotent(open_journal: OpenJournal) -> None:
    first = open_journal()
    ways = [(), (SENDING,), (SENDING, UNKNOWN), (NOT_SENT,), (SENDING, REFUSED), (SENDING, accepted("w1"))]
    uuids = [moved(first, *way).uuid for way in ways]
    second = open_journal()
    touched = second.recover()
    assert [(each.uuid, each.state) for each in touched] == [(uuids[0], State.NOT_SENT), (uuids[1], State.UNKNOWN)]
    assert all(each.steps[-1].ground is Ground.RECOVERY for each in touched)
    assert second.recover() == ()
    third = open_journal()
    assert third.recover() == ()
    assert [each.state.value for each in third.intents] == [
        "not sent", "unknown", "unknown", "not sent", "refused", "accepted",
    ]  # fmt: skip


def test_rows_of_no_known_shape_are_damage(place: tuple[Path, Path], clock: FakeClock) -> None:
    for kind, body in (("arm", b"{}"), ("arm", b"no JSON"), ("step", b'{"state":"armed","ground":"protocol"}')):
        log = ChainedLog(*place)
        log.append("", "nobody", kind, body)
        log.close()
        with pytest.raises(ChainBroken, match="can't be read"):
            Journal(*place, clock)
        chain.set_aside(*place, kind)


@needs_limits
def test_a_step_that_finds_the_disk_full_is_not_taken(open_journal: OpenJournal) -> None:
    journal = open_journal()
    intent = moved(journal, SENDING)
    with no_room(), pytest.raises(ChainUnwritable):
        journal.move(intent.uuid, State.SENDING, accepted("w1"))
    assert journal.get(intent.uuid).state is State.SENDING
    assert open_journal().get(intent.uuid).state is State.SENDING
    journal.move(intent.uuid, State.SENDING, accepted("w1"))
    assert open_journal().get(intent.uuid).state is State.ACCEPTED


def test_no_flipped_bit_changes_an_intent(
    place: tuple[Path, Path], clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Either the journal refuses to open, or it shows exactly the true intents."""
    monkeypatch.setattr(chain.os, "fsync", lambda _: None)
    journal = Journal(*place, clock)
    ways = [
        (SENDING, UNKNOWN),
        (SENDING, accepted("w1")),
        (NOT_SENT,),
        (SENDING, REFUSED),
        (SENDING, UNKNOWN, found("w2")),
    ]
    true = tuple(moved(journal, *way) for way in 4 * ways if way[-1].transaction_id is None or not journal.bound_ids())
    journal.close()
    whole, marker = place[0].read_bytes(), place[1].read_bytes()
    told = 0
    for bit in random.Random(9).sample(range(8 * len(whole)), 1_000):
        restored(place, flipped(whole, bit), marker)
        try:
            opened = Journal(*place, clock)
        except (ChainBroken, ChainUnwritable):
            told += 1
            continue
        shown = opened.intents
        opened.close()
        assert shown == true, f"bit {bit}: silently another history"
    assert told > 300


# Two real processes

RACES = 100


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_two_processes_never_both_win(place: tuple[Path, Path], clock: FakeClock) -> None:
    journal = Journal(*place, clock)
    uuids = [journal.arm(an_arming(uuid=f"race{number}")).uuid for number in range(RACES)]
    journal.close()
    go_read, go_write = os.pipe()
    racers = [_racer(place, uuids, go_read) for _ in range(2)]
    os.write(go_write, b"go")
    won = [os.read(told, 10 * RACES).decode() for told, _ in racers]
    for told, pid in racers:
        assert os.waitpid(pid, 0)[1] == 0
        os.close(told)
    os.close(go_read)
    os.close(go_write)
    assert [one + other for one, other in zip(*won, strict=True)] == ["10" if one == "1" else "01" for one in won[0]], (
        "exactly one winner each"
    )
    assert len(won[0]) == RACES
    journal = Journal(*place, clock)
    assert {each.state for each in journal.intents} == {State.SENDING}
    assert all(len(each.steps) == 2 for each in journal.intents)
    journal.close()


def _racer(place: tuple[Path, Path], uuids: list[str], go: int) -> tuple[int, int]:
    """A process that tries to move every intent, once it is told to; where its results are read, and its id."""
    told, tell = os.pipe()
    pid = os.fork()
    if pid:
        os.close(tell)
        return told, pid
    status = 1
    try:
        journal = Journal(*place, FakeClock())
        os.read(go, 1)
        results = ""
        for uuid in uuids:
            try:
                journal.move(uuid, State.ARMED, SENDING)
                results += "1"
            except LostRace:
                results += "0"
        os.write(tell, results.encode())
        status = 0
    finally:
        os._exit(status)
