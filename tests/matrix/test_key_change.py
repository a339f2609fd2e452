"""Row 75 of the fault matrix: another key is in use while an order given with the first one is in doubt."""

import uuid
from collections.abc import Iterator
from decimal import Decimal

import pytest
from pytestqt.qtbot import QtBot

from lumedesk.domain.errors import TimedOut, Wire
from lumedesk.domain.intents import State
from lumedesk.domain.kinds import Kind
from lumedesk.domain.movements import Outcome, Verdict
from lumedesk.domain.withdrawals import WithdrawalOrder
from lumedesk.sandbox.launch import SandboxAddress
from lumedesk.store.mirror import Mirror
from lumedesk.store.owner import OwnerFile
from lumedesk.store.paths import ProfilePaths
from lumedesk.work.engine import Engine
from lumedesk.work.session import Connection, Session
from tests.support.builders import a_quote_request, an_account, json_of
from tests.support.clock import FakeClock
from tests.support.desk import PATIENCE_MS, AddressConnector, Asker, a_session
from tests.support.keys import STORE_KEY
from tests.support.mirrors import SEEN
from tests.support.sandbox import SandboxControl, running_sandbox
from tests.work.books import Bench


@pytest.fixture(scope="module")
def address() -> Iterator[SandboxAddress]:
    with running_sandbox(history=5, speed=0) as address:
        yield address


def filled(profile: ProfilePaths, clock: FakeClock, address: SandboxAddress, qtbot: QtBot) -> Session:
    SandboxControl(address).clear()
    session = a_session(Engine(), profile, AddressConnector(address.base_url, address.credentials), clock)
    session.start()
    kinds = (Kind.BENEFICIARIES, Kind.WITHDRAWALS, Kind.ACCOUNTS)
    qtbot.waitUntil(lambda: all(session.state(kind).confirmed_at for kind in kinds), timeout=PATIENCE_MS)
    return session


@pytest.fixture
def session(profile: ProfilePaths, clock: FakeClock, address: SandboxAddress, qtbot: QtBot) -> Iterator[Session]:
    """A session whose journal holds an order of unknown outcome that was given with the key "k1"."""
    bench = Bench(profile, clock)
    assert bench.carry(TimedOut(wire=Wire.MAYBE_SENT)).verdict is Verdict.UNKNOWN
    bench.books.close()
    session = filled(profile, clock, address, qtbot)
    yield session
    session.stop()


def sent(session: Session, qtbot: QtBot) -> Outcome:
    payee = next(each for each in session.records(Kind.BENEFICIARIES) if each.currency == "ZAR")
    order = WithdrawalOrder(
        str(uuid.uuid4()), payee.id, payee.nickname or "", payee.withdraw_form_details, "ZAR", Decimal("12.00")
    )
    asker = Asker()
    session.movements.withdraw(order, asker, asker.done)
    qtbot.waitUntil(lambda: asker.heard == 1, timeout=PATIENCE_MS)
    outcome: Outcome = asker.answers[0]
    return outcome


def test_row_75_with_another_key_nothing_is_sent_while_an_order_is_in_doubt(
    session: Session, address: SandboxAddress, qtbot: QtBot
) -> None:
    assert session.key_fingerprint not in ("", "k1")
    assert "another API key" in session.cannot_send
    # The buttons are off; what would be sent all the same stops before it is armed.
    outcome = sent(session, qtbot)
    assert outcome.verdict is Verdict.NOT_SENT
    assert outcome.error is not None
    assert "another API key" in outcome.error.detail
    assert "createWithdrawal" not in SandboxControl(address).requests()
    assert [intent.state for intent in session.movements.intents] == [State.UNKNOWN]


def test_row_75_once_it_is_decided_the_new_key_sends(session: Session, address: SandboxAddress, qtbot: QtBot) -> None:
    asker = Asker()
    session.movements.give_up("u1", "The bank confirmed that nothing came.", asker, asker.failed)
    qtbot.waitUntil(lambda: not session.movements.undecided, timeout=PATIENCE_MS)
    assert session.cannot_send == ""
    assert sent(session, qtbot).verdict is Verdict.ACCEPTED
    assert SandboxControl(address).requests()["createWithdrawal"] == 1


def test_row_75_a_key_changed_in_place_blocks_as_well(
    profile: ProfilePaths, clock: FakeClock, address: SandboxAddress, qtbot: QtBot
) -> None:
    session = filled(profile, clock, address, qtbot)
    SandboxControl(address).fault("createWithdrawal", "drop_after_commit")
    assert sent(session, qtbot).verdict is Verdict.UNKNOWN
    first = session.key_fingerprint
    # With the key that gave the order, other orders may be sent.
    qtbot.waitUntil(lambda: session.cannot_send == "", timeout=PATIENCE_MS)
    session.reconnect(AddressConnector(address.base_url, address.view_only))
    qtbot.waitUntil(lambda: session.key_fingerprint != first, timeout=PATIENCE_MS)
    qtbot.waitUntil(lambda: session.connection is Connection.ONLINE, timeout=PATIENCE_MS)
    assert "another API key" in session.cannot_send
    assert sent(session, qtbot).verdict is Verdict.NOT_SENT
    session.reconnect(AddressConnector(address.base_url, address.credentials))
    qtbot.waitUntil(lambda: session.key_fingerprint == first, timeout=PATIENCE_MS)
    qtbot.waitUntil(lambda: session.cannot_send == "", timeout=PATIENCE_MS)
    session.stop()


def with_accounts_of_another(profile: ProfilePaths) -> None:
    """The records of a profile whose accounts are not the sandbox's."""
    mirror = Mirror(profile.mirror, STORE_KEY)
    mirror.begin()
    mirror.write_small(Kind.ACCOUNTS, [("theirs", json_of(an_account(id="theirs")))], SEEN)
    mirror.commit()
    mirror.close()


def test_row_75_a_key_of_somebody_else_writes_nothing_and_sends_nothing(
    profile: ProfilePaths, clock: FakeClock, address: SandboxAddress, qtbot: QtBot
) -> None:
    with_accounts_of_another(profile)
    SandboxControl(address).clear()
    session = a_session(Engine(), profile, AddressConnector(address.base_url, address.credentials), clock)
    session.start()
    qtbot.waitUntil(lambda: session.connection is Connection.STRANGER, timeout=PATIENCE_MS)
    assert "somebody else" in session.cannot_send
    assert set(SandboxControl(address).requests()) == {"getAccounts"}
    assert [account.id for account in session.records(Kind.ACCOUNTS)] == ["theirs"]
    asker = Asker()
    session.movements.request_quote(a_quote_request(), asker, asker.done, asker.failed)
    qtbot.waitUntil(lambda: asker.heard == 1, timeout=PATIENCE_MS)
    assert asker.errors
    session.stop()
    # The next start looks again: the key was never taken for the owner's.
    again = a_session(Engine(), profile, AddressConnector(address.base_url, address.credentials), clock)
    again.start()
    qtbot.waitUntil(lambda: again.connection is Connection.STRANGER, timeout=PATIENCE_MS)
    again.stop()


def test_row_75_the_same_owners_next_key_is_looked_at_once(
    profile: ProfilePaths, clock: FakeClock, address: SandboxAddress, qtbot: QtBot
) -> None:
    session = filled(profile, clock, address, qtbot)
    session.reconnect(AddressConnector(address.base_url, address.view_only))
    qtbot.waitUntil(lambda: session.connection is Connection.ONLINE, timeout=PATIENCE_MS)
    kept = OwnerFile(profile.owner, STORE_KEY).key_fingerprint
    qtbot.waitUntil(lambda: session.key_fingerprint == OwnerFile(profile.owner, STORE_KEY).key_fingerprint)
    assert kept
    session.stop()


def test_row_75_keys_changed_one_after_the_other_leave_only_the_last_at_work(
    profile: ProfilePaths, clock: FakeClock, address: SandboxAddress, qtbot: QtBot
) -> None:
    session = filled(profile, clock, address, qtbot)
    control = SandboxControl(address)
    control.fault("createWithdrawal", "delay", seconds=1.0)
    asker = Asker()
    payee = next(each for each in session.records(Kind.BENEFICIARIES) if each.currency == "ZAR")
    details = payee.withdraw_form_details
    order = WithdrawalOrder(str(uuid.uuid4()), payee.id, payee.nickname or "", details, "ZAR", Decimal("13.00"))
    session.movements.withdraw(order, asker, asker.done)
    qtbot.waitUntil(lambda: control.requests().get("createWithdrawal", 0) == 1, timeout=PATIENCE_MS)
    connectors = [AddressConnector(address.base_url, each) for each in (address.view_only, address.credentials)]
    for connector in connectors:
        session.reconnect(connector)
    qtbot.waitUntil(lambda: asker.heard == 1, timeout=PATIENCE_MS)
    assert asker.answers[0].verdict is Verdict.ACCEPTED, "what was being sent was waited for"
    qtbot.waitUntil(lambda: connectors[0].is_closed, timeout=PATIENCE_MS)
    qtbot.waitUntil(lambda: session.connection is Connection.ONLINE, timeout=PATIENCE_MS)
    assert not connectors[1].is_closed
    session.stop()
    assert connectors[1].is_closed


def test_offline_and_beside_another_desk_the_key_stays(
    profile: ProfilePaths, clock: FakeClock, address: SandboxAddress, engine: Engine
) -> None:
    session = a_session(engine, profile, None, clock)
    assert not session.can_change_key
    with pytest.raises(RuntimeError):
        session.reconnect(AddressConnector(address.base_url, address.credentials))
    session.stop()
