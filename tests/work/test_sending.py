"""One order from arming to its recorded outcome: at most one POST, and nothing said that isn't known."""

import asyncio
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from msgspec.structs import replace

from lumedesk.domain.errors import Conflict, DeskError, Invalid, ServerFault, TimedOut, Unreachable, Wire
from lumedesk.domain.intents import State, Terms
from lumedesk.domain.money import Amount
from lumedesk.domain.movements import Verdict
from lumedesk.store.journal import Journal
from lumedesk.store.paths import ProfilePaths
from lumedesk.work.sending import CutOff, NotArmed, WrongEcho
from tests.store.full_disk import needs_limits, no_room
from tests.support.clock import FakeClock
from tests.support.intents import SENDING, accepted, an_arming, confirmation_terms, withdrawal_terms
from tests.support.keys import STORE_KEY
from tests.work.books import Bench


@pytest.fixture
def bench(profile: ProfilePaths, clock: FakeClock) -> Iterator[Bench]:
    bench = Bench(profile, clock)
    yield bench
    bench.books.close()


def test_an_accepted_order(bench: Bench) -> None:
    outcome = bench.carry()
    assert (outcome.verdict, outcome.transaction_id, outcome.status) == (Verdict.ACCEPTED, "w1", "PENDING")
    assert bench.states() == ["armed", "sending", "accepted"]
    assert bench.intent().transaction_id == "w1"
    assert bench.logged() == [("armed", "u1"), ("accepted", "u1")]
    assert bench.posts == 1
    assert bench.changes == 3


@pytest.fixture
def another(profile: ProfilePaths, clock: FakeClock) -> Iterator[Callable[[], Journal]]:
    """The journal as another process opens it, without the recovery of a start."""
    opened: list[Journal] = []

    def open_one() -> Journal:
        opened.append(Journal(profile.journal, profile.head_of(profile.journal), clock, STORE_KEY))
        return opened[-1]

    yield open_one
    for journal in opened:
        journal.close()


def test_sending_is_durable_before_the_post(bench: Bench, another: Callable[[], Journal]) -> None:
    seen: list[str] = []

    def look() -> tuple[str, str, str]:
        seen.append(another().get("u1").state.value)
        return "w1", "PENDING", ""

    bench.carry(look)
    assert seen == ["sending"]


FAILURES: dict[str, tuple[DeskError, Verdict]] = {
    "not sent": (Unreachable("refused", wire=Wire.NOT_SENT), Verdict.NOT_SENT),
    "maybe sent": (Unreachable("reset", wire=Wire.MAYBE_SENT), Verdict.UNKNOWN),
    "no answer": (TimedOut("silence", wire=Wire.MAYBE_SENT), Verdict.UNKNOWN),
    "refused": (Invalid("no", http_status=400, documented=True, request_id="req_1"), Verdict.REFUSED),
    "refused by a gateway": (Invalid("no", http_status=400), Verdict.UNKNOWN),
    "refused, but cut": (Invalid("no", http_status=400, wire=Wire.MAYBE_SENT, documented=True), Verdict.UNKNOWN),
    "conflict": (Conflict("funds", http_status=409, documented=True), Verdict.UNKNOWN),
    "server fault": (ServerFault("500", http_status=500, documented=True), Verdict.UNKNOWN),
}


@pytest.mark.parametrize("failure", FAILURES)
def test_a_failure_is_classified_by_what_is_known(bench: Bench, failure: str) -> None:
    error, verdict = FAILURES[failure]
    outcome = bench.carry(error)
    assert (outcome.verdict, outcome.error) == (verdict, error)
    assert bench.states() == ["armed", "sending", verdict.value]
    step = bench.intent().steps[-1]
    assert error.title in step.why
    assert (step.http_status, step.request_id) == (error.http_status, error.request_id)
    assert bench.posts == 1


def test_a_blocked_order_is_not_sent_and_not_armed(bench: Bench) -> None:
    bench.carry(TimedOut(wire=Wire.MAYBE_SENT))
    outcome = bench.carry(uuid="u2")
    assert outcome.verdict is Verdict.NOT_SENT
    assert isinstance(outcome.error, NotArmed)
    assert "no known outcome" in outcome.error.detail
    assert [each.uuid for each in bench.books.intents] == ["u1"]
    assert ("stopped", "u2") in bench.logged()
    assert bench.posts == 1
    assert bench.books.refusal == "", "being blocked is no defect"


def test_the_same_order_twice_is_sent_once(bench: Bench) -> None:
    bench.carry()
    assert bench.carry().verdict is Verdict.NOT_SENT
    assert bench.posts == 1
    assert bench.states() == ["armed", "sending", "accepted"]


def test_two_tasks_with_one_order_send_once(bench: Bench) -> None:
    async def both() -> list[Any]:
        return await asyncio.gather(*(bench.sender.carry(bench.parcel()) for _ in range(5)))

    verdicts = [outcome.verdict for outcome in asyncio.run(both())]
    assert sorted(verdict.value for verdict in verdicts) == ["accepted", *["not sent"] * 4]
    assert bench.posts == 1


def test_a_refusal_of_the_books_sends_nothing(bench: Bench) -> None:
    bench.books.refuse("something is wrong")
    outcome = bench.carry()
    assert outcome.verdict is Verdict.NOT_SENT
    assert "something is wrong" in str(outcome.error)
    assert (bench.posts, bench.books.intents) == (0, ())


@pytest.mark.parametrize("asked", [1, 2])
def test_a_deadline_is_asked_for_before_and_after_the_commit(bench: Bench, asked: int) -> None:
    answers: list[DeskError | None] = [None, None]
    answers[asked - 1] = TimedOut("too late", wire=Wire.NOT_SENT)
    outcome = bench.carry(late=lambda: answers.pop(0))
    assert outcome.verdict is Verdict.NOT_SENT
    assert bench.states() == ["armed", *["sending"] * (asked - 1), "not sent"]
    assert bench.posts == 0


ECHOES = {
    "contradiction": (("t9", None, "The trade buys 1, the quote said 2."), "The trade buys 1"),
    "no id": ((None, None, ""), "It names no id."),
    "an id from before": (("w0", None, ""), "there before"),
}


@pytest.mark.parametrize("echo", ECHOES)
def test_a_wrong_echo_is_an_alarm_and_unknown(bench: Bench, echo: str) -> None:
    answer, words = ECHOES[echo]
    outcome = bench.carry(answer, baseline=("w0",))
    assert outcome.verdict is Verdict.UNKNOWN
    assert isinstance(outcome.error, WrongEcho)
    assert words in outcome.error.detail
    assert bench.states()[-1] == "unknown"
    assert bench.intent().transaction_id is None


def test_an_id_of_another_movement_is_a_wrong_echo(bench: Bench) -> None:
    bench.carry()
    outcome = bench.carry(uuid="u2")
    assert outcome.verdict is Verdict.UNKNOWN
    assert isinstance(outcome.error, WrongEcho)
    assert bench.states("u2")[-1] == "unknown"


def test_an_id_that_another_process_bound_meanwhile_is_a_wrong_echo(
    bench: Bench, another: Callable[[], Journal]
) -> None:
    def meanwhile() -> tuple[str, str, str]:
        journal = another()
        theirs = journal.arm(an_arming())
        journal.move(theirs.uuid, State.ARMED, SENDING)
        journal.move(theirs.uuid, State.SENDING, accepted("w1"))
        return "w1", "PENDING", ""

    outcome = bench.carry(meanwhile)
    assert outcome.verdict is Verdict.UNKNOWN
    assert isinstance(outcome.error, WrongEcho)
    assert bench.states() == ["armed", "sending", "unknown"]


def test_cancelling_while_it_is_sent_is_unknown(bench: Bench) -> None:
    async def scenario() -> None:
        asked = asyncio.Event()

        async def post() -> Any:
            asked.set()
            await asyncio.Event().wait()

        parcel = bench.parcel()
        task = asyncio.ensure_future(bench.sender.carry(replace(parcel, post=post)))
        await asked.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(scenario())
    assert bench.states() == ["armed", "sending", "unknown"]
    assert CutOff.title in bench.intent().steps[-1].why


@pytest.mark.parametrize("defect", [ZeroDivisionError("by me"), KeyboardInterrupt(), MemoryError()])
def test_a_defect_while_it_is_sent_is_unknown(bench: Bench, defect: BaseException) -> None:
    with pytest.raises(type(defect)):
        bench.carry(defect)
    assert bench.states() == ["armed", "sending", "unknown"]


@needs_limits
def test_a_disk_that_is_full_at_arming_sends_nothing(bench: Bench) -> None:
    with no_room():
        outcome = bench.carry()
    assert outcome.verdict is Verdict.NOT_SENT
    assert (bench.posts, bench.books.intents) == (0, ())
    assert "can't be written" in bench.books.refusal
    bench.restart()
    assert (bench.books.intents, bench.books.refusal) == ((), "")


@needs_limits
def test_a_disk_that_is_full_at_the_outcome_is_unknown_after_a_restart(bench: Bench) -> None:
    room: Any = no_room()

    def fill() -> tuple[str, str, str]:
        room.__enter__()
        return "w1", "PENDING", ""

    try:
        outcome = bench.carry(fill)
    finally:
        room.__exit__(None, None, None)
    assert (outcome.verdict, outcome.transaction_id) == (Verdict.ACCEPTED, "w1"), "the operator hears what was said"
    assert "could not be recorded" in bench.books.refusal
    assert bench.carry(uuid="u2").verdict is Verdict.NOT_SENT, "and sends nothing more"
    bench.restart()
    assert bench.states() == ["armed", "sending", "unknown"]


def test_an_audit_log_that_fails_at_arming_sends_nothing(bench: Bench) -> None:
    assert bench.books.audit is not None
    log = bench.books.audit._log._db
    bench.books.audit.write("fill", "", {})
    log.pragma("max_page_count", log.pragma("page_count"))
    outcome = bench.carry(notes={"why": "x" * 20_000})
    assert outcome.verdict is Verdict.NOT_SENT
    assert bench.posts == 0
    assert bench.states() == ["armed", "not sent"]
    assert "audit log" in bench.books.refusal


def test_an_intent_that_another_process_recovered_is_not_sent(
    bench: Bench, profile: ProfilePaths, clock: FakeClock
) -> None:
    def recovered() -> None:
        other = Bench(profile, clock)
        other.books.close()

    outcome = bench.carry(late=recovered)
    assert outcome.verdict is Verdict.NOT_SENT
    assert bench.posts == 0
    assert bench.states() == ["armed", "not sent"]


TERMS: dict[str, Terms] = {
    "amounts in the details": withdrawal_terms(details={"fee": Amount("1.50"), "more": [Amount("0.10"), 10**30]}),
    "an amount as the server writes it": confirmation_terms(from_amount=Amount("100.25"), to_amount=Amount("1844.6")),
}


@pytest.mark.parametrize("terms", TERMS.values(), ids=TERMS)
def test_amounts_from_the_server_can_be_written_down(bench: Bench, terms: Terms) -> None:
    assert bench.carry(terms=terms).verdict is Verdict.ACCEPTED
    bench.restart()
    assert bench.intent().terms == terms


def test_a_retry_is_linked(bench: Bench) -> None:
    bench.carry(Unreachable(wire=Wire.NOT_SENT))
    bench.carry(uuid="u2", retry_of="u1")
    assert bench.intent("u2").arming.retry_of == "u1"
    assert bench.intent("u2").state is State.ACCEPTED
