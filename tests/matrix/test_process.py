"""Rows 61 and 76 to 80 of the fault matrix on the whole program: two instances, double clicks, quitting, defects."""

import asyncio
import time
import uuid
from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any

import pytest
from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from lumedesk.app import Desk, Setup
from lumedesk.domain.intents import State
from lumedesk.domain.kinds import Kind
from lumedesk.domain.movements import Outcome, Verdict
from lumedesk.domain.quotes import Quote
from lumedesk.domain.withdrawals import WithdrawalOrder
from lumedesk.sandbox.launch import SandboxAddress
from lumedesk.store.paths import ProfilePaths
from lumedesk.views.theme import Scheme
from lumedesk.work import movements
from lumedesk.work.session import Connection, Session
from tests.store.full_disk import read_only_folder
from tests.support.builders import a_quote_request
from tests.support.clock import FakeClock
from tests.support.desk import PATIENCE_MS, AddressConnector, Asker
from tests.support.keys import STORE_KEY, a_profile
from tests.support.sandbox import SandboxControl, running_sandbox
from tests.work.books import books_of

OpenDesk = Callable[..., Desk]


@pytest.fixture(scope="module")
def address() -> Iterator[SandboxAddress]:
    with running_sandbox(history=5, speed=0, quote_seconds=30) as address:
        yield address


@pytest.fixture
def control(address: SandboxAddress) -> Iterator[SandboxControl]:
    control = SandboxControl(address)
    control.clear()
    yield control
    control.clear()


@pytest.fixture
def open_desk(
    profile: ProfilePaths, clock: FakeClock, address: SandboxAddress, control: SandboxControl, qtbot: QtBot
) -> Iterator[OpenDesk]:
    """Open the program on the one profile; filled, unless it may only look. Closed when the test ends."""
    desks: list[Desk] = []

    def open_one(*, offline: bool = False) -> Desk:
        app = QApplication.instance()
        assert isinstance(app, QApplication)
        connector = AddressConnector(address.base_url, address.credentials)
        desk = Desk(app, Setup(a_profile(), profile, STORE_KEY, offline, connector), Scheme.LIGHT, clock)
        desks.append(desk)
        if desk.session.connection is Connection.CONNECTING:
            kinds = (Kind.BENEFICIARIES, Kind.WITHDRAWALS, Kind.TRADES)
            qtbot.waitUntil(lambda: all(desk.session.state(kind).confirmed_at for kind in kinds), timeout=PATIENCE_MS)
        return desk

    yield open_one
    for desk in desks:
        desk.close()


def an_order(session: Session, amount: str) -> WithdrawalOrder:
    payee = next(each for each in session.records(Kind.BENEFICIARIES) if each.currency == "ZAR")
    details = payee.withdraw_form_details
    return WithdrawalOrder(str(uuid.uuid4()), payee.id, payee.nickname or "", details, "ZAR", Decimal(amount))


def quoted(session: Session, qtbot: QtBot) -> Quote:
    asker = Asker()
    session.movements.request_quote(a_quote_request(), asker, asker.done, asker.failed)
    qtbot.waitUntil(lambda: asker.heard == 1, timeout=PATIENCE_MS)
    quote: Quote = asker.answers[0]
    return quote


def told(session: Session, order: WithdrawalOrder, qtbot: QtBot) -> Outcome:
    asker = Asker()
    session.movements.withdraw(order, asker, asker.done)
    qtbot.waitUntil(lambda: asker.heard == 1, timeout=PATIENCE_MS)
    outcome: Outcome = asker.answers[0]
    return outcome


def posts(control: SandboxControl) -> int:
    seen = control.requests()
    return seen.get("createWithdrawal", 0) + seen.get("confirmQuote", 0)


def kept(profile: ProfilePaths, clock: FakeClock) -> list[list[str]]:
    """The journal's intents, as the next start finds them."""
    books = books_of(profile, clock)
    try:
        assert books.refusal == ""
        return [[step.state.value for step in intent.steps] for intent in books.intents]
    finally:
        books.close()


def texts(desk: Desk) -> str:
    from PySide6.QtWidgets import QLabel

    return "\n".join(label.text() for label in desk.window.findChildren(QLabel))


def test_row_61_a_read_only_folder_is_view_only_and_says_so(
    open_desk: OpenDesk, profile: ProfilePaths, control: SandboxControl, qtbot: QtBot
) -> None:
    desk = open_desk()
    order = an_order(desk.session, "61.00")
    seen = len(desk.session.recent(100))
    desk.close()
    with read_only_folder(profile.folder, profile.folder):
        desk = open_desk()
        assert desk.session.connection is Connection.VIEW_ONLY
        assert "can't be written" in desk.session.cannot_send
        assert len(desk.session.recent(100)) == seen, "what was saved is shown"
        assert told(desk.session, order, qtbot).verdict is Verdict.NOT_SENT
        desk.close()
    assert posts(control) == 0


def test_row_76_a_second_instance_is_view_only_and_says_so(
    open_desk: OpenDesk, profile: ProfilePaths, clock: FakeClock, control: SandboxControl, qtbot: QtBot
) -> None:
    first = open_desk()
    order = an_order(first.session, "76.00")
    second = open_desk()
    second.window.show()
    assert second.session.connection is Connection.VIEW_ONLY
    assert "open in another LumeDesk" in second.session.cannot_send
    assert "view only" in texts(second).casefold(), "and the window says so"
    assert told(second.session, order, qtbot).verdict is Verdict.NOT_SENT
    failures = Asker()
    second.session.movements.start_anew("let me", failures, failures.failed)
    qtbot.waitUntil(lambda: failures.heard == 1, timeout=PATIENCE_MS)
    assert second.session.cannot_send
    assert posts(control) == 0
    assert told(first.session, order, qtbot).verdict is Verdict.ACCEPTED, "the first goes on"
    second.close()
    assert told(first.session, an_order(first.session, "76.01"), qtbot).verdict is Verdict.ACCEPTED
    first.close()
    third = open_desk()
    qtbot.waitUntil(lambda: not third.session.cannot_send, timeout=PATIENCE_MS)  # the place is free again
    third.close()
    assert kept(profile, clock) == [["armed", "sending", "accepted"]] * 2


def test_row_77_a_double_click_is_one_intent(
    open_desk: OpenDesk, profile: ProfilePaths, clock: FakeClock, control: SandboxControl, qtbot: QtBot
) -> None:
    desk = open_desk()
    order, asker = an_order(desk.session, "77.00"), Asker()
    desk.session.movements.withdraw(order, asker, asker.done)
    for _ in range(5):
        with pytest.raises(ValueError, match="given before"):
            desk.session.movements.withdraw(order, asker, asker.done)
    quote = quoted(desk.session, qtbot)
    desk.session.movements.confirm(quote, asker, asker.done)
    for _ in range(5):
        with pytest.raises(ValueError, match="given before"):
            desk.session.movements.confirm(quote, asker, asker.done)
    qtbot.waitUntil(lambda: asker.heard == 2, timeout=PATIENCE_MS)
    assert posts(control) == 2
    desk.close()
    assert kept(profile, clock) == [["armed", "sending", "accepted"]] * 2


def test_row_77_two_orders_alike_in_one_moment_are_one_intent(
    open_desk: OpenDesk, profile: ProfilePaths, clock: FakeClock, control: SandboxControl, qtbot: QtBot
) -> None:
    """As from two wizards: another uuid each, so that only the journal can tell."""
    control.fault("createWithdrawal", "delay", seconds=0.5)
    desk, asker = open_desk(), Asker()
    for _ in range(3):
        desk.session.movements.withdraw(an_order(desk.session, "77.77"), asker, asker.done)
    qtbot.waitUntil(lambda: asker.heard == 3, timeout=PATIENCE_MS)
    assert sorted(each.verdict.value for each in asker.answers) == ["accepted", "not sent", "not sent"]
    assert posts(control) == 1
    desk.close()
    assert kept(profile, clock) == [["armed", "sending", "accepted"]]


def is_sending(desk: Desk) -> bool:
    return any(intent.state is State.SENDING for intent in desk.session.movements.intents)


@pytest.mark.parametrize(("seconds", "linger_s", "state"), [(30, 0.3, "unknown"), (0.5, 8.0, "accepted")])
def test_row_78_quitting_while_sending_waits_a_bounded_while(
    open_desk: OpenDesk,
    profile: ProfilePaths,
    clock: FakeClock,
    control: SandboxControl,
    qtbot: QtBot,
    monkeypatch: pytest.MonkeyPatch,
    seconds: float,
    linger_s: float,
    state: str,
) -> None:
    monkeypatch.setattr(movements, "LINGER_S", linger_s)
    control.fault("createWithdrawal", "delay", seconds=seconds)
    desk, asker = open_desk(), Asker()
    desk.session.movements.withdraw(an_order(desk.session, "78.00"), asker, asker.done)
    qtbot.waitUntil(lambda: posts(control) == 1 and is_sending(desk), timeout=PATIENCE_MS)
    began = time.monotonic()
    desk.close()
    assert time.monotonic() - began < 8
    assert kept(profile, clock) == [["armed", "sending", state]]
    assert posts(control) == 1


def test_row_79_a_defect_in_a_slot_is_reported_and_ends_sending(
    open_desk: OpenDesk, control: SandboxControl, qtbot: QtBot, caplog: pytest.LogCaptureFixture
) -> None:
    desk = open_desk()
    order = an_order(desk.session, "79.00")
    desk.watch_for_defects()

    def broken() -> None:
        raise ZeroDivisionError("by me")

    QTimer.singleShot(0, broken)
    qtbot.waitUntil(lambda: bool(desk.session.cannot_send), timeout=PATIENCE_MS)
    assert "ZeroDivisionError" in desk.session.cannot_send
    assert "by me" in caplog.text, "reported with its traceback"
    assert not desk.session.movements.can_start_anew, "new books would be no remedy"
    assert told(desk.session, order, qtbot).verdict is Verdict.NOT_SENT
    assert posts(control) == 0
    qtbot.waitUntil(lambda: desk.session.connection is Connection.ONLINE, timeout=PATIENCE_MS)
    desk.close()
    desk = open_desk()
    qtbot.waitUntil(lambda: not desk.session.cannot_send, timeout=PATIENCE_MS)
    assert told(desk.session, order, qtbot).verdict is Verdict.ACCEPTED, "a restart makes good"


@pytest.mark.parametrize(
    "death", [SystemExit(1), KeyboardInterrupt(), asyncio.CancelledError(), MemoryError()], ids=repr
)
def test_row_80_a_worker_that_dies_leaves_unknown_and_goes_on(
    open_desk: OpenDesk,
    profile: ProfilePaths,
    clock: FakeClock,
    control: SandboxControl,
    qtbot: QtBot,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    death: BaseException,
) -> None:
    async def dying(*_: Any) -> None:
        raise death

    desk, asker = open_desk(), Asker()
    with monkeypatch.context() as patch:
        patch.setattr("lumedesk.api.client.LumetradeClient.create_withdrawal", dying)
        desk.session.movements.withdraw(an_order(desk.session, "80.00"), asker, asker.done)
        qtbot.waitUntil(lambda: asker.heard == 1, timeout=PATIENCE_MS)
    assert asker.answers[0].verdict is Verdict.UNKNOWN
    assert [each.state for each in desk.session.movements.undecided] == [State.UNKNOWN]
    assert type(death).__name__ in caplog.text or isinstance(death, asyncio.CancelledError)
    assert told(desk.session, an_order(desk.session, "80.01"), qtbot).verdict is Verdict.ACCEPTED, "the worker is back"
    desk.close()
    assert kept(profile, clock) == [["armed", "sending", "unknown"], ["armed", "sending", "accepted"]]


def test_row_80_polling_begins_again_after_a_death(
    open_desk: OpenDesk, clock: FakeClock, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    deaths: list[int] = []

    async def dying(*_: Any) -> None:
        deaths.append(1)
        raise SystemExit(1)

    desk = open_desk()
    monkeypatch.setattr("lumedesk.work.link._POLLING_PAUSE_S", 0.05)
    with monkeypatch.context() as patch:
        patch.setattr("lumedesk.work.feeds.Feeds._poll", dying)
        desk.session.refresh()
        qtbot.waitUntil(lambda: len(deaths) > 1, timeout=PATIENCE_MS)
        qtbot.waitUntil(lambda: desk.session.state(Kind.TRADES).error is not None, timeout=PATIENCE_MS)
    clock.advance(60)
    desk.session.refresh()
    qtbot.waitUntil(lambda: desk.session.state(Kind.TRADES).confirmed_at == clock.now(), timeout=PATIENCE_MS)
    assert desk.session.state(Kind.TRADES).error is None
