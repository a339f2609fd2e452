"""The session on a real sandbox over a socket: it fills, follows, survives faults and leaves nothing behind."""

import threading
from typing import Any

import pytest
from pytestqt.qtbot import QtBot

from lumedesk.api.endpoint import Endpoint
from lumedesk.api.transport import Transport
from lumedesk.domain.credentials import Credentials, Secret
from lumedesk.domain.errors import (
    Conflict,
    DeskError,
    Forbidden,
    Invalid,
    NotFound,
    Offline,
    ServerFault,
    TimedOut,
    TlsFailed,
    Unauthorised,
    Unreachable,
    Unreadable,
    Wire,
)
from lumedesk.domain.kinds import HISTORIES, Kind
from lumedesk.domain.queries import HistoryQuery
from lumedesk.domain.records import Trade
from lumedesk.sandbox.launch import SandboxAddress
from lumedesk.store.cipher import connect
from lumedesk.store.mirror import Mirror
from lumedesk.store.mirror_file import MirrorError
from lumedesk.store.owner import OwnerFile
from lumedesk.store.paths import ProfilePaths
from lumedesk.work.engine import Engine, Unexpected
from lumedesk.work.session import Connection, Session
from lumedesk.work.states import FeedReport
from tests.support.builders import a_trade, an_account, json_of
from tests.support.clock import FakeClock
from tests.support.desk import PATIENCE_MS, AddressConnector, Asker, Emitted, a_session
from tests.support.keys import STORE_KEY
from tests.support.mirrors import SEEN, write
from tests.support.sandbox import SandboxControl
from tests.work.conftest import OpenSession, fill

LISTS = {
    Kind.ACCOUNTS: "getAccounts",
    Kind.WALLETS: "getWallets",
    Kind.CURRENCIES: "getCurrencies",
    Kind.BENEFICIARIES: "getBeneficiaries",
    Kind.TRADES: "tradeHistory",
    Kind.DEPOSITS: "depositHistory",
    Kind.WITHDRAWALS: "getWithdrawHistory",
}


def polled(session: Session, qtbot: QtBot, *kinds: Kind) -> None:
    """Ask for these kinds and wait until each was polled at least once more."""
    emitted = Emitted(session)
    session.refresh(*kinds)
    qtbot.waitUntil(lambda: set(kinds or Kind) <= set(emitted.states), timeout=PATIENCE_MS)


def found(session: Session, qtbot: QtBot, kind: Kind, **query: Any) -> list[int]:
    asker = Asker()
    session.lookups.find(HistoryQuery(kind, **query), lambda found: found.rows, asker, asker.done, asker.failed)
    qtbot.waitUntil(lambda: asker.heard == 1)
    return list(asker.answers[0])


def test_everything_fills(open_session: OpenSession, control: SandboxControl, qtbot: QtBot) -> None:
    session = open_session()
    emitted = Emitted(session)
    assert session.connection is Connection.CONNECTING
    fill(session, qtbot)
    assert session.connection is Connection.ONLINE
    assert emitted.connections == [Connection.ONLINE]
    assert set(emitted.records) == set(Kind) - HISTORIES
    assert {kind for kind, _ in emitted.history} == HISTORIES
    assert all(session.records(kind) for kind in set(Kind) - HISTORIES)
    assert len(found(session, qtbot, Kind.TRADES)) == 30
    assert {session.state(kind).error for kind in Kind} == {None}
    assert session.clock.now() == session.state(Kind.TRADES).confirmed_at


def test_a_poll_that_changed_nothing_emits_and_writes_nothing(
    session: Session, qtbot: QtBot, profile: ProfilePaths
) -> None:
    onlooker = connect(profile.mirror, STORE_KEY)
    qtbot.waitUntil(lambda: onlooker.execute("SELECT count(*) FROM datasets").get == len(Kind))
    version = onlooker.pragma("data_version")
    emitted = Emitted(session)
    for _ in range(3):
        polled(session, qtbot)
    assert (emitted.records, emitted.history, emitted.connections) == ([], [], [])
    assert onlooker.pragma("data_version") == version
    onlooker.close()


def test_what_moves_is_told_row_by_row(session: Session, control: SandboxControl, qtbot: QtBot) -> None:
    rows = found(session, qtbot, Kind.DEPOSITS)
    emitted = Emitted(session)
    control.advance(60)
    polled(session, qtbot, Kind.DEPOSITS)
    ((kind, touched),) = emitted.history
    assert kind is Kind.DEPOSITS
    assert 0 < len(touched) < len(rows) / 2


def test_rows_that_are_findable_at_last_are_looked_for_again(session: Session) -> None:
    emitted = Emitted(session)
    session.take(FeedReport(Kind.TRADES, session.state(Kind.TRADES)))
    assert emitted.history == []
    session.take(FeedReport(Kind.TRADES, session.state(Kind.TRADES), is_findable=True))
    assert emitted.history == [(Kind.TRADES, ())]


FAULTS: dict[str, tuple[dict[str, Any], type[DeskError], Connection]] = {
    "delay": ({"fault": "delay", "seconds": 30.0}, TimedOut, Connection.TROUBLED),
    "html": ({"fault": "html"}, Unreadable, Connection.ONLINE),
    "status 503": ({"fault": "status", "status": 503}, ServerFault, Connection.ONLINE),
    "status 401": ({"fault": "status", "status": 401}, Unauthorised, Connection.REFUSED),
    "truncate": ({"fault": "truncate"}, Unreachable, Connection.TROUBLED),
    "drop": ({"fault": "drop_before_commit"}, Unreachable, Connection.TROUBLED),
}


@pytest.mark.parametrize("kind", [Kind.TRADES, Kind.ACCOUNTS], ids=lambda kind: kind.table)
@pytest.mark.parametrize(("fault", "error", "connection"), FAULTS.values(), ids=FAULTS)
def test_a_fault_keeps_the_last_good_data_and_passes(
    open_session: OpenSession,
    control: SandboxControl,
    qtbot: QtBot,
    kind: Kind,
    fault: dict[str, Any],
    error: type[DeskError],
    connection: Connection,
) -> None:
    session = open_session(list_deadline_s=0.5)
    fill(session, qtbot)
    good, records = session.state(kind), session.records(kind)
    rows = found(session, qtbot, Kind.TRADES)
    emitted = Emitted(session)
    control.fault(LISTS[kind], times=1_000, **fault)
    session.refresh(kind)
    qtbot.waitUntil(lambda: session.state(kind).error is not None, timeout=PATIENCE_MS)
    assert type(session.state(kind).error) is error
    assert session.state(kind).confirmed_at == good.confirmed_at
    assert connection in emitted.connections or session.connection is connection
    assert session.records(kind) == records
    assert found(session, qtbot, Kind.TRADES) == rows
    assert emitted.history == emitted.records == []
    control.clear()
    session.refresh()
    qtbot.waitUntil(lambda: session.state(kind).error is None, timeout=PATIENCE_MS)
    qtbot.waitUntil(lambda: session.connection is Connection.ONLINE, timeout=PATIENCE_MS)
    assert emitted.history == emitted.records == []


def test_a_revoked_key_is_named(open_session: OpenSession, address: SandboxAddress, qtbot: QtBot) -> None:
    wrong = Credentials(address.credentials.key, Secret("mistyped"))
    session = open_session(AddressConnector(address.base_url, wrong))
    qtbot.waitUntil(lambda: session.connection is Connection.REFUSED, timeout=PATIENCE_MS)
    assert isinstance(session.state(Kind.TRADES).error or Unauthorised(), Unauthorised)


def test_accounts_are_created_and_refusals_told(session: Session, control: SandboxControl, qtbot: QtBot) -> None:
    held = {account.currency for account in session.records(Kind.ACCOUNTS)}
    offered = next(each.code for each in session.records(Kind.CURRENCIES) if each.code not in held)
    asker = Asker()
    with qtbot.waitSignal(session.records_changed, timeout=PATIENCE_MS, check_params_cb=lambda k: k is Kind.ACCOUNTS):
        session.create_account(offered, asker, asker.done, asker.failed)
    qtbot.waitUntil(lambda: asker.heard == 1)
    assert asker.answers[0].currency == offered
    assert offered in {account.currency for account in session.records(Kind.ACCOUNTS)}
    for heard, currency in ((2, offered), (3, "XRP")):
        session.create_account(currency, asker, asker.done, asker.failed)
        qtbot.waitUntil(lambda heard=heard: asker.heard == heard)  # type: ignore[misc]
    assert [type(error) for error in asker.errors] == [Conflict, NotFound]
    assert all(error.documented for error in asker.errors)


@pytest.mark.parametrize(("status", "error"), [(400, Invalid), (403, Forbidden), (500, ServerFault)])
def test_other_refusals_reach_whoever_asked(
    session: Session, control: SandboxControl, qtbot: QtBot, status: int, error: type[DeskError]
) -> None:
    control.fault("createAccount", "status", status=status)
    asker = Asker()
    session.create_account("GHS", asker, asker.done, asker.failed)
    qtbot.waitUntil(lambda: asker.heard == 1)
    assert type(asker.errors[0]) is error
    assert control.requests()["createAccount"] == 1


def test_single_records_and_recent_ones_are_read_from_the_file(session: Session, qtbot: QtBot) -> None:
    recent = session.recent(12)
    assert len(recent) == 12
    kind, record = next(each for each in recent if isinstance(each[1], Trade))
    assert isinstance(record, Trade)
    assert session.find(kind, str(record.transaction_id)) == record
    assert session.find(kind, "nowhere") is None
    rows = found(session, qtbot, Kind.TRADES)[:3]
    assert set(session.documents(Kind.TRADES, rows)) == set(rows)
    asker = Asker()
    session.lookups.distinct(Kind.TRADES, "status", asker, asker.done)
    qtbot.waitUntil(lambda: asker.heard == 1)
    assert "COMPLETED" in asker.answers[0]


def test_the_next_start_shows_what_was_known(
    qapp: object, profile: ProfilePaths, clock: FakeClock, address: SandboxAddress, qtbot: QtBot
) -> None:
    first = a_session(Engine(), profile, AddressConnector(address.base_url, address.credentials), clock)
    first.start()
    fill(first, qtbot)
    records, recent = first.records(Kind.ACCOUNTS), first.recent(5)
    clock.advance(60)
    polled(first, qtbot)
    first.stop()
    second = a_session(Engine(), profile, None, clock)
    second.start()
    assert second.connection is Connection.OFFLINE
    assert second.is_offline
    assert second.records(Kind.ACCOUNTS) == records
    assert second.recent(5) == recent
    assert second.state(Kind.TRADES).confirmed_at == clock.now()
    second.stop()


def test_offline_nothing_is_sent(
    open_session: OpenSession, control: SandboxControl, profile: ProfilePaths, qtbot: QtBot
) -> None:
    session, asker = open_session(None), Asker()
    session.refresh()
    session.create_account("GHS", asker, asker.done, asker.failed)
    qtbot.waitUntil(lambda: asker.heard == 1)
    assert isinstance(asker.errors[0], Offline)
    assert control.requests() == {}


def test_connecting_is_tried_again(
    open_session: OpenSession, address: SandboxAddress, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("lumedesk.work.link._MAX_CONNECT_PAUSE_S", 0.0)
    connector = AddressConnector(address.base_url, address.credentials)
    refusal = Unreachable("The sandbox didn't start", wire=Wire.NOT_SENT)
    connector.failures = [refusal, refusal]
    session = open_session(connector)
    emitted = Emitted(session)
    fill(session, qtbot)
    assert emitted.connections == [Connection.TROUBLED, Connection.ONLINE]


def test_a_defect_while_connecting_is_shown(
    open_session: OpenSession, address: SandboxAddress, qtbot: QtBot, caplog: pytest.LogCaptureFixture
) -> None:
    connector = AddressConnector(address.base_url, address.credentials)
    connector.failures = [ZeroDivisionError("by me")]  # type: ignore[list-item]
    session = open_session(connector)
    qtbot.waitUntil(lambda: session.connection is Connection.TROUBLED)
    assert isinstance(session.state(Kind.ACCOUNTS).error, Unexpected)


@pytest.mark.parametrize("error", [TlsFailed("unknown CA", wire=Wire.NOT_SENT)])
def test_trouble_while_connecting_stands_beside_every_kind(
    open_session: OpenSession, address: SandboxAddress, qtbot: QtBot, error: DeskError
) -> None:
    connector = AddressConnector(address.base_url, address.credentials)
    connector.failures = [error] * 20
    session = open_session(connector)
    qtbot.waitUntil(lambda: session.connection is Connection.TROUBLED)
    assert {session.state(kind).error for kind in Kind} == {error}


def test_requests_under_way_are_counted(session: Session, control: SandboxControl, qtbot: QtBot) -> None:
    counts: list[int] = []
    session.in_flight_changed.connect(counts.append)
    for operation in LISTS.values():
        control.fault(operation, "delay", seconds=0.5)
    polled(session, qtbot)
    qtbot.waitUntil(lambda: bool(counts) and counts[-1] == 0)
    assert 1 < max(counts) <= len(Kind)
    assert session.in_flight == 0


def test_showing_the_window_again_asks_at_once(session: Session, control: SandboxControl, qtbot: QtBot) -> None:
    session.set_hidden(hidden=True)
    control.clear()
    emitted = Emitted(session)
    session.set_hidden(hidden=False)
    qtbot.waitUntil(lambda: set(emitted.states) == set(Kind), timeout=PATIENCE_MS)


@pytest.mark.parametrize("moment", ["at once", "in mid-poll", "in mid-write"])
def test_stopping_leaves_nothing(
    qapp: object,
    profile: ProfilePaths,
    clock: FakeClock,
    address: SandboxAddress,
    control: SandboxControl,
    qtbot: QtBot,
    moment: str,
) -> None:
    connector = AddressConnector(address.base_url, address.credentials, list_deadline_s=60.0)
    session = a_session(Engine(), profile, connector, clock)
    emitted = Emitted(session)
    if moment == "in mid-poll":
        control.fault("tradeHistory", "delay", seconds=30, times=10)
    session.start()
    if moment == "in mid-poll":
        qtbot.waitUntil(lambda: control.requests().get("tradeHistory", 0) == 1)
    if moment == "in mid-write":
        qtbot.waitUntil(lambda: bool(emitted.states))
    session.stop()
    heard = len(emitted.states)
    session.stop()
    qtbot.wait(0)
    assert len(emitted.states) == heard  # what was on its way is dropped, its files are closed
    assert connector.is_closed
    assert not [thread.name for thread in threading.enumerate() if thread.name.startswith("lumedesk")]
    reopened = Mirror(profile.mirror, STORE_KEY)
    reopened.begin()
    reopened.rollback()
    reopened.close()


def test_the_local_file_is_checked_before_anything_is_sent(
    engine: Engine, profile: ProfilePaths, clock: FakeClock
) -> None:
    profile.mirror.mkdir()
    with pytest.raises(MirrorError):
        a_session(engine, profile, None, clock)


def test_signals_come_on_the_ui_thread(open_session: OpenSession, control: SandboxControl, qtbot: QtBot) -> None:
    session = open_session()
    threads: set[threading.Thread] = set()
    for signal in (session.records_changed, session.history_changed, session.state_changed, session.in_flight_changed):
        signal.connect(lambda *_: threads.add(threading.current_thread()))
    fill(session, qtbot)
    assert threads == {threading.main_thread()}


def test_rows_of_an_earlier_start_stay_when_the_server_lists_none(
    profile: ProfilePaths, open_session: OpenSession, control: SandboxControl, address: SandboxAddress, qtbot: QtBot
) -> None:
    mirror = Mirror(profile.mirror, STORE_KEY)
    write(mirror, Kind.TRADES, [a_trade(transaction_id="from-before", created_at="2020-01-01T00:00:00Z")], SEEN)
    mirror.begin()
    mirror.write_small(Kind.ACCOUNTS, [("old", json_of(an_account(id="old")))], SEEN)
    mirror.commit()
    mirror.close()
    # With none of its accounts left, another key would be taken for somebody else's; this is the one from before.
    transport = Transport(Endpoint(address.base_url), address.credentials)
    OwnerFile(profile.owner, STORE_KEY).keep(transport.key_fingerprint)
    session = open_session()
    assert [account.id for account in session.records(Kind.ACCOUNTS)] == ["old"]
    fill(session, qtbot)
    assert session.find(Kind.TRADES, "from-before") is not None
    assert "old" not in {account.id for account in session.records(Kind.ACCOUNTS)}
