"""A session beside another process that writes the profile's files."""

from datetime import timedelta

import pytest
from pytestqt.qtbot import QtBot

from lumedesk.domain.kinds import Kind
from lumedesk.store.datasets import Dataset
from lumedesk.store.mirror import Mirror
from lumedesk.store.paths import ProfilePaths
from lumedesk.work import session as module
from lumedesk.work.books import Books
from lumedesk.work.engine import Engine
from lumedesk.work.session import Connection, Session
from tests.support.builders import a_trade, an_account, json_of
from tests.support.clock import FakeClock
from tests.support.mirrors import SEEN, write


def test_it_follows_what_the_other_one_saves(
    qtbot: QtBot, engine: Engine, profile: ProfilePaths, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_FOLLOW_MS", 20)
    writer = Mirror(profile.mirror)
    write(writer, Kind.TRADES, [a_trade(transaction_id="t1")])
    books = Books(profile.journal, profile.audit, (profile.journal, profile.audit), clock, "open elsewhere")
    session = Session(engine, profile.mirror, None, lambda: books, clock, view_only=True)
    assert session.connection is Connection.VIEW_ONLY
    assert session.records(Kind.ACCOUNTS) == ()

    account = an_account(id="acc_1")
    with qtbot.waitSignals([session.records_changed, session.history_changed]):
        writer.begin()
        writer.write_small(Kind.ACCOUNTS, [("acc_1", json_of(account))], SEEN)
        writer.write_dataset(Kind.ACCOUNTS, Dataset(b"2", SEEN + timedelta(hours=1), 0))
        writer.commit()
    assert [each.id for each in session.records(Kind.ACCOUNTS)] == ["acc_1"]
    assert session.state(Kind.ACCOUNTS).confirmed_at == SEEN + timedelta(hours=1)

    with qtbot.waitSignal(session.history_changed, check_params_cb=lambda kind, _rows: kind is Kind.TRADES) as told:
        write(writer, Kind.TRADES, [a_trade(transaction_id="t2")])
    assert told.args[1] is None, "which rows isn't known here"
    session.stop()
    writer.close()
