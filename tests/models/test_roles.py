"""What a cell answers, role by role: exact figures, safe text, plain copies."""

import time
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest
from PySide6.QtCore import Qt

from lumedesk.domain.kinds import Kind
from lumedesk.domain.statuses import Tone
from lumedesk.models.activity import ActivityTable, activity_of
from lumedesk.models.holdings import AccountsTable, BeneficiariesTable, WalletsTable
from lumedesk.models.table import AMOUNT, COPY, DISPLAY, RECORD, STATUS, KeyedTable, plain_tooltip
from lumedesk.models.trades import FillsTable, TradesTable
from lumedesk.models.transfers import DepositsTable, WithdrawalsTable
from lumedesk.store.mirror import Mirror
from tests.models.conftest import DirectSource
from tests.support.builders import a_beneficiary, a_deposit, a_fill, a_trade, a_wallet, a_withdrawal, an_account
from tests.support.mirrors import write

TOOLTIP = int(Qt.ItemDataRole.ToolTipRole)
ALIGNMENT = int(Qt.ItemDataRole.TextAlignmentRole)
HOSTILE = '<img src="file:///x"><b>hi</b>\u202egpj.exe\x07\u200b & co'
SHOWN = '<img src="file:///x"><b>hi</b>⟨U+202E⟩gpj.exe⟨U+0007⟩⟨U+200B⟩ & co'
HIDDEN = ("\u202e", "\x07", "\u200b")


@pytest.fixture
def all_tables(qapp: object, mirror: Mirror, source: DirectSource) -> list[KeyedTable[Any, Any]]:
    """Every table with one row in which each text is hostile."""
    bad: dict[str, Any] = {"status": HOSTILE, "created_at": HOSTILE, "completed_at": HOSTILE}
    trade = a_trade(from_currency=HOSTILE, to_currency=HOSTILE, transaction_id=HOSTILE, **bad)
    details = {HOSTILE: HOSTILE}
    withdrawal = a_withdrawal(currency=HOSTILE, transaction_id=HOSTILE, withdraw_details=details, **bad)
    deposit = a_deposit(currency=HOSTILE, transaction_id=HOSTILE, status=HOSTILE, completed_at=HOSTILE)
    histories: list[Any] = []
    for kind, table, record in (
        (Kind.TRADES, TradesTable, trade),
        (Kind.WITHDRAWALS, WithdrawalsTable, withdrawal),
        (Kind.DEPOSITS, DepositsTable, deposit),
    ):
        write(mirror, kind, [record])
        histories.append(table(source))
        histories[-1].ask()
    sets: list[tuple[Any, list[Any]]] = [
        (AccountsTable(), [an_account(id=HOSTILE, currency=HOSTILE)]),
        (
            WalletsTable(),
            [a_wallet(id=HOSTILE, currency=HOSTILE, payment_method_type=HOSTILE, deposit_details=details)],
        ),
        (
            BeneficiariesTable(),
            [
                a_beneficiary(
                    id=HOSTILE,
                    currency=HOSTILE,
                    nickname=HOSTILE,
                    withdraw_form_details=details,
                    created_at=HOSTILE,
                )
            ],
        ),
        (ActivityTable(), [activity_of(Kind.TRADES, trade), activity_of(Kind.DEPOSITS, deposit)]),
        (FillsTable(), [a_fill(transaction_id=HOSTILE, status=HOSTILE, created_at=HOSTILE)]),
    ]
    for table, records in sets:
        table.set_records(records)
    return [*histories, *(table for table, _ in sets)]


def test_server_text_is_shown_to_the_letter_everywhere(all_tables: list[KeyedTable[Any, Any]]) -> None:
    assert len(all_tables) == 8
    for table in all_tables:
        shown = ""
        for row in range(table.rowCount()):
            for column in range(table.columnCount()):
                index = table.index(row, column)
                display, tooltip = index.data(), index.data(TOOLTIP)
                assert not any(char in display for char in HIDDEN), table.columns[column].name
                if tooltip is not None:
                    assert not any(char in tooltip for char in HIDDEN), table.columns[column].name
                    assert tooltip.startswith("<p")
                    assert tooltip.count("<") == 2, table.columns[column].name
                shown += display
        assert SHOWN in shown or SHOWN[:40] in shown, type(table).__name__


def test_every_table_answers_the_same_roles(all_tables: list[KeyedTable[Any, Any]]) -> None:
    for table in all_tables:
        for at, column in enumerate(table.columns):
            index = table.index(0, at)
            assert isinstance(index.data(DISPLAY), str)
            assert isinstance(index.data(COPY), str)
            assert index.data(RECORD) == table.record(0)
            right = bool(index.data(ALIGNMENT) & int(Qt.AlignmentFlag.AlignRight))
            assert right == (column.amount is not None)
            heading = table.headerData(at, Qt.Orientation.Horizontal, ALIGNMENT)
            assert heading == index.data(ALIGNMENT)
            assert (index.data(STATUS) is None) == (column.status is None)
            assert index.data(int(Qt.ItemDataRole.DecorationRole)) is None


def test_a_tooltip_can_not_become_markup() -> None:
    assert plain_tooltip('<a href="x">&') == ('<p style="white-space:pre-wrap">&lt;a href=&quot;x&quot;&gt;&amp;</p>')


def test_an_amount_is_grouped_to_look_at_and_plain_to_copy(qapp: object) -> None:
    table = AccountsTable()
    table.set_records([an_account(balance=Decimal("1234567.80"), locked_balance=None)])
    available, locked = (table.index(0, table.column_index(name)) for name in ("available", "locked"))
    assert (available.data(), available.data(COPY)) == ("1,234,567.80", "1234567.80")
    assert available.data(AMOUNT) == Decimal("1234567.80")
    assert (locked.data(), locked.data(COPY), locked.data(AMOUNT)) == ("–", "", None)


def test_a_status_has_a_word_and_a_tone(qapp: object) -> None:
    table = FillsTable()
    table.set_records([a_fill(status="COMPLETED"), a_fill(status=None), a_fill(status="ODD")])
    cells = [table.index(row, table.column_index("status")) for row in range(3)]
    assert [cell.data() for cell in cells] == ["Completed", "Not reported", "ODD"]
    assert [cell.data(STATUS).tone for cell in cells] == [Tone.DONE, Tone.UNKNOWN, Tone.UNKNOWN]


def test_a_rate_is_said_in_words_of_the_pair(qapp: object, mirror: Mirror, source: DirectSource) -> None:
    write(mirror, Kind.TRADES, [a_trade(transaction_id=name, is_rate_inverted=name == "b") for name in "ab"])
    table = TradesTable(source)
    table.ask(order="id", descending=False)
    tips = [table.index(row, table.column_index("rate")).data(TOOLTIP) for row in range(2)]
    assert "1 USDT = 18.4 ZAR" in tips[0]
    assert "1 ZAR = 18.4 USDT" in tips[1]


@pytest.fixture(params=["Africa/Johannesburg", "America/New_York", "UTC"])
def zone(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    if not hasattr(time, "tzset"):
        pytest.skip("this platform can't change its zone for one process")
    monkeypatch.setenv("TZ", request.param)
    time.tzset()
    yield request.param
    monkeypatch.undo()
    time.tzset()


@pytest.mark.parametrize("stamp", ["0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z", "1969-12-31T23:59:59Z"])
def test_times_at_the_edge_of_the_calendar_are_shown(qapp: object, zone: str, stamp: str) -> None:
    table = BeneficiariesTable()
    table.set_records([a_beneficiary(created_at=stamp)])
    cell = table.index(0, table.column_index("created"))
    assert cell.data()
    assert stamp[:10] in cell.data(TOOLTIP)
    assert cell.data(COPY) == stamp
