"""Questions to the saved data: answered off the UI thread, in turn, and dropped or broken off when nobody wants them."""

import threading
from array import array
from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import apsw
import pytest
import shiboken6
from PySide6.QtCore import QObject
from pytestqt.qtbot import QtBot

from lumedesk.domain.kinds import Kind
from lumedesk.domain.queries import Found, HistoryQuery, Hit, Seen, Total
from lumedesk.store import search
from lumedesk.store.datasets import micros_of
from lumedesk.store.mirror_file import open_mirror, set_mirror_aside
from lumedesk.store.paths import ProfilePaths
from lumedesk.work import lookups as module
from lumedesk.work.engine import Engine, Unexpected
from lumedesk.work.lookups import FIRST_ROWS, DataUnreadable, Lookups
from tests.support.builders import a_beneficiary, a_deposit, a_fill, a_trade, a_wallet, a_withdrawal, an_account
from tests.support.desk import Asker
from tests.support.keys import STORE_KEY
from tests.support.mirror_tables import fill, fill_small
from tests.support.mirrors import SEEN

TRADES = HistoryQuery(Kind.TRADES)


@pytest.fixture
def tables(profile: ProfilePaths) -> Iterator[apsw.Connection]:
    connection = open_mirror(profile.mirror, STORE_KEY)
    yield connection
    connection.close()


@pytest.fixture
def lookups(engine: Engine, profile: ProfilePaths, tables: apsw.Connection) -> Iterator[Lookups]:
    lookups = Lookups(engine, profile.mirror, STORE_KEY)
    yield lookups
    lookups.close()


def rows_of(found: Found) -> list[int]:
    return found.rows.tolist()


class Finder(Asker):
    """Notes the first rows it hears of, too."""

    def __init__(self) -> None:
        super().__init__()
        self.firsts: list[Found] = []
        self.threads: list[str] = []

    def first(self, found: Found) -> None:
        assert not self.heard
        self.firsts.append(found)
        self.threads.append(threading.current_thread().name)

    def prepare(self, found: Found) -> Found:
        self.threads.append(threading.current_thread().name)
        return found


def found(lookups: Lookups, qtbot: QtBot, query: HistoryQuery) -> Finder:
    finder = Finder()
    lookups.find(query, finder.prepare, finder, finder.done, finder.failed, finder.first)
    qtbot.waitUntil(lambda: finder.heard == 1)
    return finder


def heard(qtbot: QtBot, ask: Any, *arguments: Any) -> Any:
    asker = Asker()
    ask(*arguments, asker, asker.done, asker.failed)
    qtbot.waitUntil(lambda: asker.heard == 1)
    assert asker.errors == []
    return asker.answers[0]


def test_all_rows_are_prepared_off_the_ui_thread(lookups: Lookups, tables: apsw.Connection, qtbot: QtBot) -> None:
    fill(tables, Kind.TRADES, [a_trade() for _ in range(3)])
    finder = found(lookups, qtbot, TRADES)
    assert finder.answers == [Found(TRADES, array("I", [3, 2, 1]), 3)]
    assert finder.firsts == [Found(TRADES, array("I", [3, 2, 1]), 3)]
    assert sorted(finder.threads) == ["MainThread", "lumedesk-lookups"]


def test_rows_in_sight_are_read_along(lookups: Lookups, tables: apsw.Connection, qtbot: QtBot) -> None:
    fill(tables, Kind.TRADES, [a_trade() for _ in range(300)])
    for around, rows in ((0, range(300, 276, -1)), (150, range(174, 126, -1)), (299, range(25, 0, -1))):
        finder = Finder()
        lookups.find(TRADES, finder.prepare, finder, finder.done, finder.failed, around=around)
        qtbot.waitUntil(lambda finder=finder: finder.heard == 1)  # type: ignore[misc]
        [whole] = finder.answers
        assert len(whole.rows) == 300
        assert sorted(whole.documents) == sorted(rows)


def test_the_first_rows_come_first_with_their_count(lookups: Lookups, tables: apsw.Connection, qtbot: QtBot) -> None:
    fill(tables, Kind.TRADES, [a_trade() for _ in range(300)])
    finder = found(lookups, qtbot, TRADES)
    first, counted = finder.firsts
    assert (len(first.rows), first.is_whole) == (FIRST_ROWS, False)
    # To count them for the first time takes longer than to find the first ones.
    assert (first.count, counted.count, counted.is_whole) == (FIRST_ROWS, 300, False)
    assert finder.answers[0].rows[:FIRST_ROWS] == first.rows == counted.rows
    assert (finder.answers[0].count, finder.answers[0].is_whole) == (300, True)
    for order in ("id", "pair"):
        [first] = found(lookups, qtbot, HistoryQuery(Kind.TRADES, order=order)).firsts
        assert (len(first.rows), first.count) == (FIRST_ROWS, 300)


def test_a_count_that_is_known_before_all_rows_is_told_before(
    lookups: Lookups, tables: apsw.Connection, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(search, "_FEW", 0)
    monkeypatch.setattr(search, "_MANY", 10)
    fill(tables, Kind.TRADES, [a_trade(status="PENDING" if n % 2 else "COMPLETED") for n in range(600)])
    finder = found(lookups, qtbot, HistoryQuery(Kind.TRADES, text="pending"))
    early, counted = finder.firsts
    assert early.rows == counted.rows == finder.answers[0].rows[:FIRST_ROWS]
    assert early.count < 300
    assert (counted.count, counted.is_whole) == (300, False)
    # Where rows would have to be looked at for it, it comes with all of them.
    finder = found(lookups, qtbot, HistoryQuery(Kind.TRADES, text="pending usdt"))
    assert len(finder.firsts) == 1
    assert finder.answers[0].count == 300


def test_what_follows_waits_for_the_picture_of_the_first_rows_and_no_longer(
    lookups: Lookups, tables: apsw.Connection, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By the event loop's turns, not by the time that is given it where the window hangs."""
    monkeypatch.setattr(module, "_PICTURE_S", 3_600)
    fill(tables, Kind.TRADES, [a_trade() for _ in range(300)])
    finder = found(lookups, qtbot, TRADES)
    # The first rows were told and painted before all of them were prepared.
    assert finder.threads[0] == "MainThread"
    assert finder.threads[-1] == "lumedesk-lookups"
    # Nobody wants the answer any more: nobody waits for its picture.
    for _ in range(3):
        dropped = Finder()
        lookups.find(
            HistoryQuery(Kind.TRADES, order="id"), rows_of, dropped, dropped.done, None, dropped.first
        ).cancel()
    pending = lookups.find(HistoryQuery(Kind.TRADES, order="pair"), rows_of, dropped, dropped.done, None, dropped.first)
    qtbot.waitUntil(lambda: bool(dropped.firsts))
    pending.cancel()
    assert found(lookups, qtbot, HistoryQuery(Kind.TRADES, text="trd")).answers[0].count == 300


def test_nobody_needs_to_hear_of_the_first_rows(lookups: Lookups, tables: apsw.Connection, qtbot: QtBot) -> None:
    fill(tables, Kind.TRADES, [a_trade()])
    asker = Asker()
    lookups.find(TRADES, rows_of, asker, asker.done)
    qtbot.waitUntil(lambda: asker.answers == [[1]])


def test_what_was_written_meanwhile_is_found_by_the_next_question(
    lookups: Lookups, tables: apsw.Connection, qtbot: QtBot
) -> None:
    for number in range(1, 4):
        fill(tables, Kind.TRADES, [a_trade(status=f"S{number}")])
        assert len(found(lookups, qtbot, TRADES).answers[0].rows) == number
        assert found(lookups, qtbot, HistoryQuery(Kind.TRADES, text=f"s{number}")).answers[0].count == 1
        assert heard(qtbot, lookups.distinct, Kind.TRADES, "status") == [f"S{n}" for n in range(1, number + 1)]


def test_a_cancelled_search_says_nothing_any_more(lookups: Lookups, tables: apsw.Connection, qtbot: QtBot) -> None:
    fill(tables, Kind.TRADES, [a_trade()])
    dropped, prepared = Finder(), threading.Event()

    def prepare(found: Found) -> Found:
        prepared.set()
        return found

    pending = lookups.find(TRADES, prepare, dropped, dropped.done, dropped.failed, dropped.first)
    # Its first rows and its answer are on their way, or there already.
    assert prepared.wait(5)
    pending.cancel()
    assert found(lookups, qtbot, TRADES).answers[0].count == 1
    assert dropped.heard == 0
    assert dropped.firsts == []


def test_a_search_whose_owner_is_gone_says_nothing(lookups: Lookups, tables: apsw.Connection, qtbot: QtBot) -> None:
    fill(tables, Kind.TRADES, [a_trade()])
    gone, said = QObject(), []
    lookups.find(TRADES, rows_of, gone, said.append, said.append, said.append)
    shiboken6.delete(gone)
    found(lookups, qtbot, TRADES)
    assert said == []


def test_cancelling_breaks_off_a_query_that_runs_and_not_the_next(
    lookups: Lookups, tables: apsw.Connection, qtbot: QtBot
) -> None:
    fill(tables, Kind.TRADES, [a_trade()])
    heard(qtbot, lookups.size)
    running, asker = threading.Event(), Finder()
    reader = lookups._reader
    assert reader is not None
    # Never ends by itself, and says that it runs.
    reader._db.create_scalar_function("tell", lambda: running.set(), 0)
    endless = "WITH RECURSIVE n (x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n) SELECT count(*) FROM n WHERE tell() = 1"
    pending = lookups._ask(lambda reader: reader._rows(endless), asker, asker.done, asker.failed)
    assert running.wait(10)
    pending.cancel()
    assert found(lookups, qtbot, HistoryQuery(Kind.TRADES, text="usdt")).answers[0].count == 1
    assert asker.heard == 0
    assert lookups._reader is reader


def test_closing_breaks_off_what_runs(
    engine: Engine, tables: apsw.Connection, profile: ProfilePaths, qtbot: QtBot
) -> None:
    lookups = Lookups(engine, profile.mirror, STORE_KEY)
    heard(qtbot, lookups.size)
    running, asker = threading.Event(), Finder()
    reader = lookups._reader
    assert reader is not None
    reader._db.create_scalar_function("tell", lambda: running.set(), 0)
    endless = "WITH RECURSIVE n (x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n) SELECT count(*) FROM n WHERE tell() = 1"
    lookups._ask(lambda reader: reader._rows(endless), asker, asker.done, asker.failed)
    assert running.wait(10)
    lookups.close()
    lookups.find(TRADES, rows_of, asker, asker.done, asker.failed)
    lookups.close()
    qtbot.waitUntil(lambda: asker.heard == 2)
    assert asker.answers == []
    assert isinstance(asker.errors[1], DataUnreadable)


def test_nothing_is_opened_before_the_first_question(engine: Engine, profile: ProfilePaths, qtbot: QtBot) -> None:
    lookups = Lookups(engine, profile.folder / "nowhere" / "mirror.sqlite", STORE_KEY)
    asker = Asker()
    lookups.alerts(asker, asker.done, asker.failed)
    qtbot.waitUntil(lambda: asker.heard == 1)
    assert isinstance(asker.errors[0], DataUnreadable)
    lookups.close()


def test_a_file_that_was_begun_anew_is_read_again(
    lookups: Lookups, tables: apsw.Connection, profile: ProfilePaths, qtbot: QtBot
) -> None:
    fill(tables, Kind.TRADES, [a_trade()])
    assert found(lookups, qtbot, TRADES).answers[0].count == 1
    tables.close()
    set_mirror_aside(profile.mirror)
    other = open_mirror(profile.mirror, STORE_KEY)
    fill(other, Kind.TRADES, [a_trade(), a_trade()])
    lookups.reopen()
    assert found(lookups, qtbot, TRADES).answers[0].count == 2
    other.close()


def test_a_record_that_is_damaged_is_told_and_the_desk_goes_on(
    lookups: Lookups, tables: apsw.Connection, qtbot: QtBot
) -> None:
    fill_small(tables, Kind.ACCOUNTS, [an_account()])
    tables.execute("UPDATE small SET doc = x'7b'")
    asker = Asker()
    lookups.search("zar", asker, asker.done, asker.failed)
    qtbot.waitUntil(lambda: asker.heard == 1)
    [error] = asker.errors
    assert isinstance(error, DataUnreadable)
    assert "accounts" in error.detail
    assert heard(qtbot, lookups.alerts) == ()


def test_a_name_that_is_none_is_a_mistake_that_is_told(
    lookups: Lookups, qtbot: QtBot, caplog: pytest.LogCaptureFixture
) -> None:
    [error] = found(lookups, qtbot, HistoryQuery(Kind.TRADES, order="nothing")).errors
    assert isinstance(error, Unexpected)
    assert "a look-up failed" in caplog.text


# Sums


def test_sums_come_slice_by_slice_and_let_others_pass(
    lookups: Lookups, tables: apsw.Connection, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("lumedesk.store.reader.SLICE", 10)
    fill(tables, Kind.DEPOSITS, [a_deposit(amount=Decimal("0.1"), fee=None) for _ in range(100)])
    order: list[str] = []
    asker = Asker()
    lookups.sums(HistoryQuery(Kind.DEPOSITS), asker, lambda sums: order.append(str(sums["amount"])), asker.failed)
    lookups.distinct(Kind.DEPOSITS, "currency", asker, lambda values: order.append(values[0]))
    qtbot.waitUntil(lambda: len(order) == 2)
    assert order == ["ZAR", str((Total("ZAR", Decimal("10.0"), Decimal("10.0")),))]


def test_sums_that_are_cancelled_say_nothing(
    lookups: Lookups, tables: apsw.Connection, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("lumedesk.store.reader.SLICE", 1)
    fill(tables, Kind.DEPOSITS, [a_deposit() for _ in range(20)])
    asker = Asker()
    pending = lookups.sums(HistoryQuery(Kind.DEPOSITS), asker, asker.done, asker.failed)
    # Asked behind the first slice, so it is answered when there are more to come.
    lookups.alerts(asker, lambda _: pending.cancel())
    qtbot.waitUntil(lambda: pending.is_over)
    assert heard(qtbot, lookups.sums, HistoryQuery(Kind.DEPOSITS))["amount"][0].amount == 20_000
    assert asker.heard == 0


def test_sums_of_what_cannot_be_added_fail(lookups: Lookups, tables: apsw.Connection, qtbot: QtBot) -> None:
    fill(tables, Kind.DEPOSITS, [a_deposit()])
    tables.execute("UPDATE deposits_facts SET amount = x'07'")
    asker = Asker()
    pending = lookups.sums(HistoryQuery(Kind.DEPOSITS), asker, asker.done, asker.failed)
    qtbot.waitUntil(lambda: asker.heard == 1)
    assert isinstance(asker.errors[0], DataUnreadable)
    assert pending.is_over


# All kinds at once


@pytest.fixture
def everything(tables: apsw.Connection) -> dict[str, Any]:
    records = {
        "account": an_account(id="acc", currency="KES", balance=Decimal("1500.25")),
        "wallet": a_wallet(id="wal", deposit_details={"bankName": "Straße Bank", "lines": [{"iban": "DE77"}]}),
        "payee": a_beneficiary(id="ben", nickname="Kestrel & Söhne", created_at="2025-02-03T08:12:44Z"),
        "trade": a_trade(transaction_id="trd", fills=(a_fill(transaction_id="kes1"),)),
        "withdrawal": a_withdrawal(transaction_id="wdl", withdraw_details={"ref": "KES REF9"}, created_at=None),
        "deposit": a_deposit(transaction_id="dep", currency="KES"),
    }
    kinds = {"account": Kind.ACCOUNTS, "wallet": Kind.WALLETS, "payee": Kind.BENEFICIARIES}
    for name, kind in kinds.items():
        fill_small(tables, kind, [records[name]])
    histories = {"trade": Kind.TRADES, "withdrawal": Kind.WITHDRAWALS, "deposit": Kind.DEPOSITS}
    for name, kind in histories.items():
        fill(tables, kind, [records[name]])
    return records


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("", []),
        ("  ", []),
        ("kes", ["account", "payee", "trade", "deposit", "withdrawal"]),
        ("KES ref9", ["withdrawal"]),
        ("strasse", ["wallet"]),
        ("de77", ["wallet"]),
        ("söhne", ["payee"]),
        ("1500", ["account"]),
        ("1,500.2", ["account"]),
        ("500", []),
        ("completed", ["trade", "deposit"]),
        ("nothing", []),
    ],
)
def test_a_search_looks_into_all_kinds(
    text: str, names: list[str], lookups: Lookups, everything: dict[str, Any], qtbot: QtBot
) -> None:
    hits = heard(qtbot, lookups.search, text)
    told = {hit.key: hit.record.id if hasattr(hit.record, "id") else hit.record.transaction_id for hit in hits}
    assert list(told) == list(told.values())
    keys = {"payee": "ben", "account": "acc", "wallet": "wal", "trade": "trd", "withdrawal": "wdl", "deposit": "dep"}
    assert [hit.key for hit in hits] == [keys[name] for name in names]


def test_a_hit_tells_the_record_and_its_time(lookups: Lookups, everything: dict[str, Any], qtbot: QtBot) -> None:
    [payee] = heard(qtbot, lookups.search, "kestrel")
    assert payee == Hit(Kind.BENEFICIARIES, "ben", everything["payee"], datetime(2025, 2, 3, 8, 12, 44, tzinfo=UTC))
    [withdrawal] = heard(qtbot, lookups.search, "wdl")
    assert withdrawal == Hit(Kind.WITHDRAWALS, "wdl", everything["withdrawal"], SEEN)


def test_the_newest_of_a_history_are_found_and_no_more(
    lookups: Lookups, tables: apsw.Connection, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    trades = [a_trade(transaction_id=f"t{n}", created_at=f"2026-05-11T10:{n:02}:00Z") for n in range(30)]
    fill(tables, Kind.TRADES, trades)
    fill_small(tables, Kind.ACCOUNTS, [an_account(currency="USDT") for _ in range(30)])
    hits = heard(qtbot, lookups.search, "usdt")
    assert [hit.key for hit in hits if hit.kind is Kind.TRADES] == [f"t{n}" for n in range(29, 9, -1)]
    assert len(hits) == 2 * module.MOST_OF_A_KIND
    # Also where the few that match are not among those looked at first.
    monkeypatch.setattr(search, "_FEW", 0)
    monkeypatch.setattr(search, "_MANY", 0)
    monkeypatch.setattr(search, "_ROW_STEPS", 5)
    fill(tables, Kind.TRADES, [a_trade(transaction_id="old", created_at="2020-01-01T00:00:00Z", status="FAILED")])
    assert [hit.key for hit in heard(qtbot, lookups.search, "failed")] == ["old"]


# What else is kept


def test_a_record_s_statuses_alerts_and_sizes_are_told(lookups: Lookups, tables: apsw.Connection, qtbot: QtBot) -> None:
    fill(tables, Kind.TRADES, [a_trade(transaction_id="t")])
    tables.execute("INSERT INTO transitions VALUES ('trades', 1, ?, 'PENDING')", (micros_of(SEEN),))
    tables.execute("INSERT INTO alerts (kind, id, what, seen_at) VALUES ('trades', 't', 'gone', 1)")
    assert heard(qtbot, lookups.history_of, Kind.TRADES, "t") == (Seen("PENDING", SEEN),)
    assert [alert.what for alert in heard(qtbot, lookups.alerts)] == ["gone"]
    assert heard(qtbot, lookups.size).rows[Kind.TRADES] == 1
