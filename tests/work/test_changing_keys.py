"""A session whose key nobody looked at yet, or whose key is changed while an order is under way."""

import uuid
from decimal import Decimal

from pytestqt.qtbot import QtBot

from lumedesk.domain.intents import State
from lumedesk.domain.kinds import Kind
from lumedesk.domain.withdrawals import WithdrawalOrder
from lumedesk.sandbox.launch import SandboxAddress
from lumedesk.store.mirror import Mirror
from lumedesk.store.paths import ProfilePaths
from lumedesk.work.engine import Engine
from lumedesk.work.session import Connection
from tests.support.builders import a_quote_request, an_account, json_of
from tests.support.clock import FakeClock
from tests.support.desk import PATIENCE_MS, AddressConnector, Asker, a_session
from tests.support.keys import STORE_KEY
from tests.support.mirrors import SEEN
from tests.support.sandbox import SandboxControl
from tests.work.books import books_of
from tests.work.conftest import OpenSession, fill


def test_until_its_accounts_were_read_a_new_key_asks_for_nothing_else(
    profile: ProfilePaths, open_session: OpenSession, control: SandboxControl, qtbot: QtBot
) -> None:
    mirror = Mirror(profile.mirror, STORE_KEY)
    mirror.begin()
    mirror.write_small(Kind.ACCOUNTS, [("theirs", json_of(an_account(id="theirs")))], SEEN)
    mirror.commit()
    mirror.close()
    control.fault("getAccounts", "status", status=503, times=1_000)
    session = open_session()
    qtbot.waitUntil(lambda: session.state(Kind.ACCOUNTS).error is not None, timeout=PATIENCE_MS)
    asker = Asker()
    session.movements.request_quote(a_quote_request(), asker, asker.done, asker.failed)
    session.create_account("GHS", asker, asker.done, asker.failed)
    qtbot.waitUntil(lambda: asker.heard == 2, timeout=PATIENCE_MS)
    assert len(asker.errors) == 2
    assert set(control.requests()) == {"getAccounts"}
    control.clear()
    session.refresh()
    qtbot.waitUntil(lambda: session.connection is Connection.STRANGER, timeout=PATIENCE_MS)
    assert set(control.requests()) == {"getAccounts"}


def test_a_stop_amid_two_changes_waits_for_the_order_and_closes_everything(
    profile: ProfilePaths, clock: FakeClock, address: SandboxAddress, control: SandboxControl, qtbot: QtBot
) -> None:
    keys = (address.credentials, address.view_only, address.credentials)
    first, *others = connectors = [AddressConnector(address.base_url, key) for key in keys]
    session = a_session(Engine(), profile, first, clock)
    session.start()
    fill(session, qtbot)
    control.fault("createWithdrawal", "delay", seconds=1.0)
    payee = next(each for each in session.records(Kind.BENEFICIARIES) if each.currency == "ZAR")
    details = payee.withdraw_form_details
    order = WithdrawalOrder(str(uuid.uuid4()), payee.id, payee.nickname or "", details, "ZAR", Decimal("13.00"))
    asker = Asker()
    session.movements.withdraw(order, asker, asker.done)
    qtbot.waitUntil(lambda: control.requests().get("createWithdrawal", 0) == 1, timeout=PATIENCE_MS)
    for connector in others:
        session.reconnect(connector)
    session.stop()
    assert [each.is_closed for each in connectors] == [True, True, True]
    books = books_of(profile, clock)
    assert [each.state for each in books.intents] == [State.ACCEPTED]
    books.close()
