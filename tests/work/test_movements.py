"""Orders that move money, against a real sandbox: one POST each, and never more said than is known."""

import socket
import uuid
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from pytestqt.qtbot import QtBot

from lumedesk.domain.errors import Invalid, Offline, ServerFault, Unreachable, Wire
from lumedesk.domain.kinds import Kind
from lumedesk.domain.movements import Outcome, Verdict
from lumedesk.domain.quotes import Intent, Quote
from lumedesk.domain.withdrawals import WithdrawalOrder
from lumedesk.sandbox.launch import SandboxAddress
from lumedesk.work.movements import TooLate
from lumedesk.work.session import Session
from tests.support.builders import a_quote_request
from tests.support.clock import FakeClock
from tests.support.desk import PATIENCE_MS, AddressConnector, Asker
from tests.support.sandbox import SandboxControl
from tests.work.conftest import OpenSession


def quoted(session: Session, qtbot: QtBot, **changes: Any) -> Quote:
    asker = Asker()
    session.movements.request_quote(a_quote_request(**changes), asker, asker.done, asker.failed)
    qtbot.waitUntil(lambda: asker.heard == 1, timeout=PATIENCE_MS)
    assert not asker.errors
    quote: Quote = asker.answers[0]
    return quote


def order_for(session: Session, amount: str, currency: str = "ZAR") -> WithdrawalOrder:
    """To the first beneficiary of the currency, as the session knows it."""
    payee = next(each for each in session.records(Kind.BENEFICIARIES) if each.currency == currency)
    return WithdrawalOrder(
        str(uuid.uuid4()), payee.id, payee.nickname, payee.withdraw_form_details, currency, Decimal(amount)
    )


def an_order(name: str) -> WithdrawalOrder:
    return WithdrawalOrder(name, "ben_1", "Someone", {}, "ZAR", Decimal(1))


def outcome_of(give: Callable[..., None], order: Any, qtbot: QtBot) -> Outcome:
    asker = Asker()
    give(order, asker, asker.done)
    qtbot.waitUntil(lambda: asker.heard == 1, timeout=PATIENCE_MS)
    outcome: Outcome = asker.answers[0]
    return outcome


def balance(session: Session, currency: str) -> Decimal:
    return Decimal(next(each.balance for each in session.records(Kind.ACCOUNTS) if each.currency == currency))


def closed_port() -> int:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return int(sock.getsockname()[1])


def test_a_quote_becomes_a_trade(session: Session, control: SandboxControl, qtbot: QtBot) -> None:
    before = balance(session, "USDT")
    quote = quoted(session, qtbot, from_amount=Decimal("100.25"))
    assert quote.problem is None
    assert quote.from_amount == Decimal("100.25")
    outcome = outcome_of(session.movements.confirm, quote, qtbot)
    assert outcome.verdict is Verdict.ACCEPTED
    assert outcome.transaction_id
    assert control.requests()["confirmQuote"] == 1
    qtbot.waitUntil(lambda: session.find(Kind.TRADES, str(outcome.transaction_id)) is not None, timeout=PATIENCE_MS)
    trade = session.find(Kind.TRADES, str(outcome.transaction_id))
    assert (trade.from_amount, trade.to_amount) == (quote.from_amount, quote.to_amount)
    control.advance(30)
    session.refresh()
    qtbot.waitUntil(lambda: balance(session, "USDT") == before - Decimal("100.25"), timeout=PATIENCE_MS)
    qtbot.waitUntil(
        lambda: session.find(Kind.TRADES, str(outcome.transaction_id)).status == "COMPLETED", timeout=PATIENCE_MS
    )


def test_a_quote_for_what_is_bought_confirms_that_side(session: Session, qtbot: QtBot) -> None:
    quote = quoted(session, qtbot, from_amount=None, to_amount=Decimal("500.00"))
    assert quote.order().to_amount == Decimal("500.00")
    assert outcome_of(session.movements.confirm, quote, qtbot).verdict is Verdict.ACCEPTED


def test_an_indicative_price_can_not_be_confirmed(session: Session, control: SandboxControl, qtbot: QtBot) -> None:
    quote = quoted(session, qtbot, intent=Intent.INDICATIVE)
    with pytest.raises(ValueError, match="information only"):
        session.movements.confirm(quote, Asker(), lambda _: None)
    assert "confirmQuote" not in control.requests()


def test_a_quote_is_confirmed_once_ever(session: Session, control: SandboxControl, qtbot: QtBot) -> None:
    quote, asker = quoted(session, qtbot), Asker()
    session.movements.confirm(quote, asker, asker.done)
    for _ in range(3):
        with pytest.raises(ValueError, match="given before"):
            session.movements.confirm(quote, asker, asker.done)
    qtbot.waitUntil(lambda: asker.heard == 1, timeout=PATIENCE_MS)
    with pytest.raises(ValueError, match="given before"):
        session.movements.confirm(quote, asker, asker.done)
    assert control.requests()["confirmQuote"] == 1


def test_after_the_deadline_nothing_is_sent(
    session: Session, control: SandboxControl, clock: FakeClock, qtbot: QtBot
) -> None:
    quote = quoted(session, qtbot)
    clock.advance(quote.life_s())
    outcome = outcome_of(session.movements.confirm, quote, qtbot)
    assert outcome.verdict is Verdict.NOT_SENT
    assert isinstance(outcome.error, TooLate)
    assert "confirmQuote" not in control.requests()


def test_the_deadline_is_checked_where_it_is_sent_from(
    session: Session, control: SandboxControl, clock: FakeClock, qtbot: QtBot
) -> None:
    quote = quoted(session, qtbot)
    asker = Asker()
    assert quote.may_confirm(clock.ticks())
    session.movements.confirm(quote, asker, asker.done)  # in time on the UI thread, but
    clock.advance(quote.life_s())  # most often late on the worker
    qtbot.waitUntil(lambda: asker.heard == 1, timeout=PATIENCE_MS)
    sent = control.requests().get("confirmQuote", 0)
    assert asker.answers[0].verdict is (Verdict.ACCEPTED if sent else Verdict.NOT_SENT)


def test_a_cancelled_quote_is_never_heard_of(session: Session, control: SandboxControl, qtbot: QtBot) -> None:
    asker = Asker()
    session.movements.request_quote(a_quote_request(), asker, asker.done, asker.failed).cancel()
    quoted(session, qtbot)
    assert asker.heard == 0


def test_a_quote_that_is_refused_says_why(session: Session, control: SandboxControl, qtbot: QtBot) -> None:
    asker = Asker()
    session.movements.request_quote(a_quote_request(to_currency="XRP"), asker, asker.done, asker.failed)
    qtbot.waitUntil(lambda: asker.heard == 1, timeout=PATIENCE_MS)
    assert isinstance(asker.errors[0], Invalid)
    assert asker.errors[0].fields[0].field == "toCurrency"


def test_a_withdrawal_is_accepted_and_appears(session: Session, control: SandboxControl, qtbot: QtBot) -> None:
    before = balance(session, "ZAR")
    outcome = outcome_of(session.movements.withdraw, order_for(session, "100.05"), qtbot)
    assert (outcome.verdict, outcome.status) == (Verdict.ACCEPTED, "PENDING")
    assert session.movements.unresolved == frozenset()
    key = str(outcome.transaction_id)
    qtbot.waitUntil(lambda: session.find(Kind.WITHDRAWALS, key) is not None, timeout=PATIENCE_MS)
    assert session.find(Kind.WITHDRAWALS, key).amount == Decimal("100.05")
    qtbot.waitUntil(lambda: balance(session, "ZAR") < before, timeout=PATIENCE_MS)


def test_the_same_order_is_given_once_and_an_equal_new_one_again(
    session: Session, control: SandboxControl, qtbot: QtBot
) -> None:
    order, asker = order_for(session, "10.01"), Asker()
    session.movements.withdraw(order, asker, asker.done)
    with pytest.raises(ValueError, match="given before"):
        session.movements.withdraw(order, asker, asker.done)
    qtbot.waitUntil(lambda: asker.heard == 1, timeout=PATIENCE_MS)
    with pytest.raises(ValueError, match="given before"):
        session.movements.withdraw(order, asker, asker.done)
    assert control.requests()["createWithdrawal"] == 1
    again = outcome_of(session.movements.withdraw, order_for(session, "10.01"), qtbot)
    assert again.verdict is Verdict.ACCEPTED
    assert control.requests()["createWithdrawal"] == 2


UNKNOWN = ["drop_before_commit", "drop_after_commit", "error_after_commit", "truncate", "html"]


@pytest.mark.parametrize("fault", UNKNOWN)
def test_an_order_without_an_answer_is_unknown_sent_once_and_blocked(
    session: Session, control: SandboxControl, qtbot: QtBot, fault: str
) -> None:
    amount = f"20.{UNKNOWN.index(fault):02}1"[:5]
    order = order_for(session, amount)
    control.fault("createWithdrawal", fault)
    outcome = outcome_of(session.movements.withdraw, order, qtbot)
    assert outcome.verdict is Verdict.UNKNOWN
    assert outcome.transaction_id is None
    assert outcome.error is not None
    assert control.requests()["createWithdrawal"] == 1
    assert session.movements.unresolved == {order.likeness}
    twin = replace(order, uuid=f"another {fault}", amount=Decimal(amount + "00"))
    assert twin.likeness in session.movements.unresolved
    assert outcome_of(session.movements.withdraw, twin, qtbot).verdict is Verdict.NOT_SENT
    assert control.requests()["createWithdrawal"] == 1
    other = outcome_of(session.movements.withdraw, order_for(session, "33.33"), qtbot)
    assert other.verdict is Verdict.ACCEPTED


@pytest.mark.parametrize("fault", UNKNOWN)
def test_a_confirmation_without_an_answer_is_unknown_and_sent_once(
    session: Session, control: SandboxControl, qtbot: QtBot, fault: str
) -> None:
    quote = quoted(session, qtbot)
    control.fault("confirmQuote", fault)
    outcome = outcome_of(session.movements.confirm, quote, qtbot)
    assert outcome.verdict is Verdict.UNKNOWN
    with pytest.raises(ValueError, match="given before"):
        session.movements.confirm(quote, Asker(), lambda _: None)
    assert control.requests()["confirmQuote"] == 1


@pytest.mark.parametrize(
    ("status", "verdict"),
    [
        *((status, Verdict.REFUSED) for status in (400, 401, 403, 404, 422)),
        *((status, Verdict.UNKNOWN) for status in (307, 408, 409, 429, 500, 502, 503, 504)),
    ],
)
def test_a_refusal_needs_the_documented_word(
    session: Session, control: SandboxControl, qtbot: QtBot, status: int, verdict: Verdict
) -> None:
    order = order_for(session, "44.44")
    control.fault("createWithdrawal", "status", status=status)
    assert outcome_of(session.movements.withdraw, order, qtbot).verdict is verdict
    assert control.requests()["createWithdrawal"] == 1
    assert (order.likeness in session.movements.unresolved) == (verdict is Verdict.UNKNOWN)


def test_an_order_the_server_refuses_by_itself(session: Session, control: SandboxControl, qtbot: QtBot) -> None:
    order = order_for(session, "1.00")
    outcome = outcome_of(session.movements.withdraw, replace(order, amount=Decimal("1.001")), qtbot)
    assert outcome.verdict is Verdict.REFUSED
    assert isinstance(outcome.error, Invalid)


def test_short_funds_are_seen_before_sending(session: Session, control: SandboxControl, qtbot: QtBot) -> None:
    order = replace(order_for(session, "1.00"), amount=Decimal(1_000_000_000))
    outcome = outcome_of(session.movements.withdraw, order, qtbot)
    assert outcome.verdict is Verdict.NOT_SENT
    assert "balance" in str(outcome.error)
    assert "createWithdrawal" not in control.requests()


def test_a_refused_connection_is_not_sent_and_may_be_tried_again(
    open_session: OpenSession, address: SandboxAddress, qtbot: QtBot
) -> None:
    session = open_session(AddressConnector(f"http://127.0.0.1:{closed_port()}", address.credentials))
    qtbot.waitUntil(lambda: session.state(Kind.TRADES).error is not None, timeout=PATIENCE_MS)
    for attempt in "ab":
        order = an_order(attempt)
        outcome = outcome_of(session.movements.withdraw, order, qtbot)
        assert outcome.verdict is Verdict.NOT_SENT
        assert isinstance(outcome.error, Unreachable)
    assert session.movements.unresolved == frozenset()


def test_before_the_connection_stands_nothing_is_sent(
    open_session: OpenSession, address: SandboxAddress, qtbot: QtBot
) -> None:
    connector = AddressConnector(address.base_url, address.credentials)
    connector.failures = [ServerFault("not yet")] * 20
    session = open_session(connector)
    outcome = outcome_of(session.movements.withdraw, an_order("a"), qtbot)
    assert outcome.verdict is Verdict.NOT_SENT
    assert outcome.error is not None
    assert outcome.error.wire is Wire.NOT_SENT
    assert session.movements.unresolved == frozenset()


def test_offline_an_order_is_not_sent(open_session: OpenSession, control: SandboxControl, qtbot: QtBot) -> None:
    session = open_session(None)
    outcome = outcome_of(session.movements.withdraw, an_order("a"), qtbot)
    assert outcome.verdict is Verdict.NOT_SENT
    assert isinstance(outcome.error, Offline)
    assert control.requests() == {}


def test_a_defect_while_sending_is_unknown_and_blocked(
    session: Session, control: SandboxControl, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: Any) -> None:
        raise ZeroDivisionError("by me")

    monkeypatch.setattr("lumedesk.api.client.LumetradeClient.create_withdrawal", broken)
    order = order_for(session, "55.55")
    assert outcome_of(session.movements.withdraw, order, qtbot).verdict is Verdict.UNKNOWN
    assert session.movements.unresolved == {order.likeness}


def test_an_order_given_is_unresolved_until_its_outcome_is_known(
    session: Session, control: SandboxControl, qtbot: QtBot
) -> None:
    control.fault("createWithdrawal", "delay", seconds=0.5)
    order, asker = order_for(session, "66.66"), Asker()
    session.movements.withdraw(order, asker, asker.done)
    qtbot.waitUntil(lambda: session.movements.unresolved == {order.likeness}, timeout=PATIENCE_MS)
    assert asker.heard == 0
    qtbot.waitUntil(lambda: asker.heard == 1, timeout=PATIENCE_MS)
    assert session.movements.unresolved == frozenset()


def test_a_dialog_that_is_closed_meanwhile_changes_nothing_about_the_order(
    session: Session, control: SandboxControl, qtbot: QtBot
) -> None:
    import shiboken6

    control.fault("createWithdrawal", "drop_after_commit")
    order, gone = order_for(session, "77.77"), Asker()
    session.movements.withdraw(order, gone, gone.done)
    shiboken6.delete(gone)
    qtbot.waitUntil(lambda: control.requests().get("createWithdrawal") == 1, timeout=PATIENCE_MS)
    quoted(session, qtbot)
    assert session.movements.unresolved == {order.likeness}
