"""Orders of unknown outcome against the lists, and the operator's decisions about them."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest

from lumedesk.domain.errors import Invalid, TimedOut, Wire
from lumedesk.domain.intents import Ground, State
from lumedesk.domain.kinds import Kind
from lumedesk.domain.money import Amount
from lumedesk.domain.movements import Verdict
from lumedesk.store.paths import ProfilePaths
from lumedesk.work.watching import LISTS_AFTER_REFUSAL, DecisionRefused, alike_query, kind_of
from tests.store.full_disk import needs_limits, no_room
from tests.support.builders import a_trade, a_withdrawal
from tests.support.clock import FakeClock
from tests.support.intents import confirmation_terms, withdrawal_terms
from tests.work.books import Bench

DETAILS = withdrawal_terms().details
LOST = TimedOut(wire=Wire.MAYBE_SENT)
REFUSAL = Invalid("no", http_status=400, documented=True)


@pytest.fixture
def bench(profile: ProfilePaths, clock: FakeClock) -> Iterator[Bench]:
    bench = Bench(profile, clock)
    yield bench
    bench.books.close()


def row(transaction_id: str, **changes: Any) -> Any:
    return a_withdrawal(**({"transaction_id": transaction_id, "withdraw_details": DETAILS} | changes))


def look(bench: Bench, *rows: Any, kind: Kind = Kind.WITHDRAWALS) -> State:
    bench.rows = list(rows)
    bench.watcher.look(kind)
    return bench.intent().state


def test_watching_goes_on_for_ever(bench: Bench) -> None:
    bench.carry(LOST)
    for _ in range(50):
        assert look(bench) is State.UNKNOWN
    assert len(bench.intent().steps) == 3
    assert not bench.watcher.is_settled(bench.intent())


def test_one_is_likely_two_are_ambiguous_and_none_is_unknown_again(bench: Bench) -> None:
    bench.carry(LOST)
    assert look(bench, row("w1")) is State.LIKELY
    assert look(bench, row("w1"), row("w2")) is State.AMBIGUOUS
    assert look(bench, row("w2")) is State.LIKELY
    assert bench.intent().steps[-1].candidates == ("w2",)
    assert look(bench, row("w1")) is State.LIKELY
    assert bench.intent().steps[-1].candidates == ("w1",), "another row looks like it now"
    assert look(bench) is State.UNKNOWN
    assert look(bench, row("w1", withdraw_details={"accountNumber": "****"})) is State.AMBIGUOUS
    assert bench.states()[3:] == ["likely", "ambiguous", "likely", "likely", "unknown", "ambiguous"]
    assert [what for what, _ in bench.logged()][2:] == bench.states()[3:]


def test_an_unchanged_list_writes_nothing(bench: Bench) -> None:
    bench.carry(LOST)
    look(bench, row("w1"))
    before = bench.intent().steps, bench.logged(), bench.changes
    for _ in range(5):
        look(bench, row("w1"))
    assert (bench.intent().steps, bench.logged(), bench.changes) == before


def test_another_kinds_list_says_nothing(bench: Bench) -> None:
    bench.carry(LOST)
    assert look(bench, row("w1"), kind=Kind.TRADES) is State.UNKNOWN


def test_what_was_there_before_is_no_candidate(bench: Bench) -> None:
    bench.rows = [row("w0"), row("w-other", amount=Decimal(1)), row("")]
    baseline = bench.watcher.baseline(withdrawal_terms())
    assert baseline == ("w0",)
    bench.carry(LOST, baseline=baseline)
    assert look(bench, row("w0")) is State.UNKNOWN
    assert look(bench, row("w0"), row("w1")) is State.LIKELY


def test_a_row_that_is_bound_is_no_candidate_for_another(bench: Bench) -> None:
    bench.carry(("w1", None, ""))
    bench.carry(LOST, uuid="u2")
    bench.rows = [row("w1")]
    bench.watcher.look(Kind.WITHDRAWALS)
    assert bench.intent("u2").state is State.UNKNOWN
    bench.rows.append(row("w2"))
    bench.watcher.look(Kind.WITHDRAWALS)
    assert bench.intent("u2").steps[-1].candidates == ("w2",)


def test_a_trade_is_looked_for_among_trades(bench: Bench) -> None:
    bench.carry(LOST, terms=confirmation_terms())
    assert look(bench, a_trade(transaction_id="t1"), kind=Kind.WITHDRAWALS) is State.UNKNOWN
    assert look(bench, a_trade(transaction_id="t1"), kind=Kind.TRADES) is State.LIKELY


def test_details_with_amounts_still_fit_after_a_restart(bench: Bench) -> None:
    details = {"accountNumber": "1", "limit": Amount("1.50")}
    bench.carry(LOST, terms=withdrawal_terms(details=details))
    bench.restart()
    assert look(bench, row("w1", withdraw_details=dict(details))) is State.LIKELY


# Refusals


def test_a_refusal_is_believed_after_three_clean_lists(bench: Bench) -> None:
    assert bench.carry(REFUSAL).verdict is Verdict.REFUSED
    for number in range(LISTS_AFTER_REFUSAL):
        assert not bench.watcher.is_settled(bench.intent()), number
        assert look(bench) is State.REFUSED
    assert bench.watcher.is_settled(bench.intent())
    assert look(bench, row("w1")) is State.REFUSED


def test_only_whole_lists_asked_for_after_a_refusal_speak_for_it(bench: Bench) -> None:
    before = bench.clock.now()
    bench.clock.advance(1)
    bench.carry(REFUSAL)
    for _ in range(LISTS_AFTER_REFUSAL):
        bench.watcher.look(Kind.WITHDRAWALS, is_whole=False)
        bench.watcher.look(Kind.WITHDRAWALS, asked_at=before)
        bench.watcher.look(Kind.WITHDRAWALS, key_fingerprint="another key")
    assert not bench.watcher.is_settled(bench.intent())
    bench.rows = [row("w1")]
    bench.watcher.look(Kind.WITHDRAWALS, is_whole=False, asked_at=before)
    assert bench.intent().state is State.LIKELY, "what it does show counts all the same"


@pytest.mark.parametrize("clean", range(LISTS_AFTER_REFUSAL))
def test_a_refusal_reopens_when_a_row_matches(bench: Bench, clean: int) -> None:
    bench.carry(REFUSAL)
    for _ in range(clean):
        look(bench)
    assert look(bench, row("w1")) is State.LIKELY
    assert bench.logged()[-1] == ("likely", "u1"), "with an audit row"
    assert bench.carry(uuid="u2").verdict is Verdict.NOT_SENT, "and blocks its like again"
    bench.watcher.accept("u1", "w1", "")
    assert bench.intent().state is State.ACCEPTED


# Decisions


def test_the_operator_confirms_a_candidate(bench: Bench) -> None:
    bench.carry(LOST)
    look(bench, row("w1"), row("w2"))
    bench.watcher.accept("u1", "w2", "the reference fits")
    step = bench.intent().steps[-1]
    assert (step.state, step.ground, step.transaction_id, step.why) == (
        State.ACCEPTED, Ground.OPERATOR, "w2", "the reference fits",
    )  # fmt: skip
    assert bench.books.audit_rows()[-1].facts["why"] == "the reference fits"
    assert bench.watcher.is_settled(bench.intent())
    assert bench.carry(("w3", None, ""), uuid="u2").verdict is Verdict.ACCEPTED, "nothing is blocked any more"


def test_a_row_that_is_no_candidate_cannot_be_confirmed(bench: Bench) -> None:
    bench.carry(LOST)
    for rows in ((), (row("w1"),)):
        look(bench, *rows)
        with pytest.raises(DecisionRefused, match="doesn't look like"):
            bench.watcher.accept("u1", "w9", "")
    assert bench.intent().state is State.LIKELY


@pytest.mark.parametrize("note", ["", "  \n"])
def test_giving_up_needs_a_reason(bench: Bench, note: str) -> None:
    bench.carry(LOST)
    with pytest.raises(DecisionRefused, match="how you know"):
        bench.watcher.give_up("u1", note)
    assert bench.intent().state is State.UNKNOWN


def test_the_operator_gives_up_with_a_reason(bench: Bench) -> None:
    bench.carry(LOST)
    bench.watcher.give_up("u1", " the vendor says so ")
    assert (bench.intent().state, bench.intent().steps[-1].why) == (State.NOT_RECEIVED, "the vendor says so")
    assert look(bench, row("w1")) is State.NOT_RECEIVED, "a decision isn't taken back by a list"
    with pytest.raises(DecisionRefused, match="isn't in doubt"):
        bench.watcher.accept("u1", "w1", "")


@pytest.mark.parametrize("answer", [("w1", None, ""), REFUSAL], ids=["accepted", "refused"])
def test_what_is_not_in_doubt_is_not_decided(bench: Bench, answer: Any) -> None:
    bench.carry(answer)
    with pytest.raises(DecisionRefused, match="isn't in doubt"):
        bench.watcher.give_up("u1", "why not")


def test_a_decision_after_another_process_decided_is_refused(
    bench: Bench, profile: ProfilePaths, clock: FakeClock
) -> None:
    bench.carry(LOST)
    other = Bench(profile, clock)
    other.watcher.give_up("u1", "first")
    other.books.close()
    with pytest.raises(DecisionRefused, match="not received, not unknown"):
        bench.watcher.give_up("u1", "second")
    assert bench.intent().steps[-1].why == "first"


def test_an_id_that_belongs_to_another_is_not_confirmed(bench: Bench, profile: ProfilePaths, clock: FakeClock) -> None:
    bench.carry(LOST)
    look(bench, row("w1"))
    other = Bench(profile, clock)
    other.carry(("w1", None, ""), terms=withdrawal_terms(amount=Decimal(7)), uuid="theirs")
    other.books.close()
    with pytest.raises(DecisionRefused, match="belongs to another"):
        bench.watcher.accept("u1", "w1", "")
    assert look(bench, row("w1")) is State.UNKNOWN


@needs_limits
def test_a_disk_that_is_full_decides_nothing_and_ends_sending(bench: Bench) -> None:
    bench.carry(LOST)
    with no_room():
        with pytest.raises(DecisionRefused, match="can't be written"):
            bench.watcher.give_up("u1", "asked")
        assert look(bench, row("w1")) is State.UNKNOWN
    assert "can't be written" in bench.books.refusal


def test_without_books_nothing_is_looked_at_or_decided(bench: Bench) -> None:
    bench.carry(LOST)
    bench.books.close()
    bench.watcher.look(Kind.WITHDRAWALS)
    with pytest.raises(DecisionRefused, match="isn't open"):
        bench.watcher.give_up("u1", "asked")


def test_where_an_order_appears() -> None:
    assert kind_of(withdrawal_terms()) is Kind.WITHDRAWALS
    assert kind_of(confirmation_terms()) is Kind.TRADES
    assert set(alike_query(withdrawal_terms())[1]) == {"currency", "amount"}
    assert set(alike_query(confirmation_terms())[1]) == {"from_currency", "to_currency", "from_amount"}
    assert set(alike_query(confirmation_terms(by_from=False))[1]) == {"from_currency", "to_currency", "to_amount"}
    one, other = (alike_query(withdrawal_terms(amount=Decimal(text)))[1]["amount"] for text in ("250", "250.00"))
    assert one == other, "amounts are looked up by value"


def test_what_another_key_sees_otherwise_is_not_gone(bench: Bench) -> None:
    bench.carry(LOST)
    assert look(bench, row("w1")) is State.LIKELY
    bench.rows = []
    bench.watcher.look(Kind.WITHDRAWALS, key_fingerprint="another key")
    assert bench.intent().state is State.LIKELY
    bench.watcher.look(Kind.WITHDRAWALS, key_fingerprint="k1")
    assert bench.intent().state is State.UNKNOWN
