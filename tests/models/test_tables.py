"""The tables of small sets: each under Qt's tester through insert, change, sort, filter, remove and clear."""

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PySide6.QtCore import Qt

from lumedesk.domain.kinds import Kind
from lumedesk.domain.times import micros
from lumedesk.models.activity import ActivityTable, activity_of
from lumedesk.models.holdings import AccountsTable, BeneficiariesTable, WalletsTable, total_of
from lumedesk.models.record_table import RecordTable
from lumedesk.models.table import RECORD
from lumedesk.models.trades import FillsTable
from tests.models.conftest import Watch
from tests.support.builders import a_beneficiary, a_deposit, a_fill, a_trade, a_wallet, a_withdrawal, an_account
from tests.support.signals import Heard, headings, texts

UP, DOWN = Qt.SortOrder.AscendingOrder, Qt.SortOrder.DescendingOrder


@dataclass(frozen=True)
class Case:
    """A table, three of its records in the server's order, and the second one changed."""

    table: Callable[[], RecordTable[Any]]
    records: Callable[[], list[Any]]
    changed: Callable[[], Any]


def _activities() -> list[Any]:
    return [
        activity_of(Kind.TRADES, a_trade(transaction_id="x")),
        activity_of(Kind.DEPOSITS, a_deposit(transaction_id="x")),
        activity_of(Kind.WITHDRAWALS, a_withdrawal(transaction_id="w1")),
    ]


CASES = {
    "accounts": Case(
        AccountsTable,
        lambda: [an_account(id=f"a{n}", currency=c) for n, c in enumerate(("ZAR", "BTC", "USD"))],
        lambda: an_account(id="a1", currency="BTC", balance=Decimal(9)),
    ),
    "wallets": Case(
        WalletsTable,
        lambda: [a_wallet(id=f"w{n}", currency=c) for n, c in enumerate(("ZAR", "BTC", "USD"))],
        lambda: a_wallet(id="w1", currency="BTC", network_name="BITCOIN", payment_method_type=None),
    ),
    "beneficiaries": Case(
        BeneficiariesTable,
        lambda: [a_beneficiary(id=f"b{n}", nickname=c) for n, c in enumerate(("Zoe", "Acme", "Max"))],
        lambda: a_beneficiary(id="b1", nickname="Acme", withdraw_form_details={"iban": "DE89"}),
    ),
    "activity": Case(
        ActivityTable,
        _activities,
        lambda: activity_of(Kind.DEPOSITS, a_deposit(transaction_id="x", status="REVERSED")),
    ),
    "fills": Case(
        FillsTable,
        lambda: [a_fill(transaction_id=f"f{n}", from_currency_amount=Decimal(n)) for n in (3, 1, 2)],
        lambda: a_fill(transaction_id="f1", from_currency_amount=Decimal(1), status="REVERSED"),
    ),
}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_a_table_s_life(qapp: object, watched: Watch, case: Case) -> None:
    table = case.table()
    watched(table)
    heard = Heard(table)
    records = case.records()

    table.set_records(records)
    assert heard.take() == [("inserted", 0, 2)]
    assert texts(table, 0, RECORD) == records
    table.set_records(list(records))
    assert heard.take() == []

    records[1] = case.changed()
    table.set_records(records)
    assert heard.take() == [("changed", 1, 1, 0, len(table.columns) - 1)]
    assert table.record(1) == records[1]

    for column in range(-1, len(table.columns)):
        for order in (UP, DOWN):
            table.sort(column, order)
            assert sorted(map(str, texts(table, 0, RECORD))) == sorted(map(str, records))
    table.sort(-1)
    assert texts(table, 0, RECORD) == records

    table.accept(lambda record: record is not records[0])
    assert texts(table, 0, RECORD) == records[1:]
    assert table.total == 3
    table.accept(None)
    table.set_records(records[1:])
    assert texts(table, 0, RECORD) == records[1:]
    table.set_records([])
    assert (table.rowCount(), table.total) == (0, 0)
    assert all(isinstance(heading, str) for heading in headings(table))


def test_records_without_an_id_or_with_one_seen_before_are_left_out(qapp: object, watched: Watch) -> None:
    table = AccountsTable()
    watched(table)
    table.set_records([an_account(id="a"), an_account(id=None), an_account(id=""), an_account(id="a", currency="X")])
    assert texts(table) == ["ZAR"]


amounts = st.none() | st.decimals(-(10**20), 10**20, places=8)
stamps = st.sampled_from(
    [
        None,
        "soon",
        "2026-05-11T10:15:30Z",
        "2026-05-11T10:15:35",
        "2026-05-11T12:15:31+02:00",
        "2025-01-15T11:45:10.25Z",
    ]
)


def in_order(values: list[Any], *, descending: bool) -> list[Any]:
    filled = sorted((value for value in values if value is not None), reverse=descending)
    return filled + [None] * (len(values) - len(filled))


@settings(deadline=None)
@given(balances=st.lists(amounts, max_size=8), descending=st.booleans())
def test_amounts_sort_as_numbers_and_what_has_none_comes_last(
    qapp: object, balances: list[Decimal | None], descending: bool
) -> None:
    table = AccountsTable()
    table.set_records([an_account(balance=balance) for balance in balances])
    table.sort(table.column_index("available"), DOWN if descending else UP)
    assert [record.balance for record in texts(table, 0, RECORD)] == in_order(balances, descending=descending)


@settings(deadline=None)
@given(times=st.lists(stamps, max_size=8), descending=st.booleans())
@pytest.mark.parametrize("make", [a_beneficiary, a_fill])
def test_times_sort_as_moments_and_what_has_none_comes_last(
    qapp: object, make: Callable[..., Any], times: list[str | None], descending: bool
) -> None:
    table: RecordTable[Any] = BeneficiariesTable() if make is a_beneficiary else FillsTable()
    table.set_records([make(created_at=at) for at in times])
    table.sort(table.column_index("created"), DOWN if descending else UP)
    shown = [micros(record.created_at) for record in texts(table, 0, RECORD)]
    assert shown == in_order([micros(at) for at in times], descending=descending)


def test_wallets_without_a_route_come_last_both_ways(qapp: object) -> None:
    table = WalletsTable()
    table.set_records([a_wallet(id="none", payment_method_type=None), a_wallet(payment_method_type="EFT")])
    for order in (UP, DOWN):
        table.sort(table.column_index("route"), order)
        assert texts(table, table.column_index("route")) == ["EFT", "–"]


def test_the_order_stays_as_records_come_and_change(qapp: object, watched: Watch) -> None:
    table = AccountsTable()
    watched(table)
    table.sort(table.column_index("available"), DOWN)
    table.set_records([an_account(id="a", balance=Decimal(1)), an_account(id="b", balance=Decimal(2))])
    assert [table.key(row) for row in range(2)] == ["b", "a"]
    table.set_records([an_account(id="a", balance=Decimal(3)), an_account(id="b", balance=Decimal(2))])
    assert [table.key(row) for row in range(2)] == ["a", "b"]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("", ["a", "b"]),
        ("umh", ["a"]),
        ("UMHLANGA zar", ["a"]),
        ("zar umhlanga", ["a"]),
        ("müller", ["b"]),
        ("9203", ["a"]),
        ("umhlanga eur", []),
        ("50%", []),
        ("⟨U+202E⟩", ["b"]),
    ],
)
def test_a_search_finds_every_word_in_any_column(qapp: object, watched: Watch, text: str, found: list[str]) -> None:
    table = BeneficiariesTable()
    watched(table)
    table.set_records(
        [
            a_beneficiary(id="a"),
            a_beneficiary(id="b", nickname="Müller\u202e", currency="EUR", withdraw_form_details={}),
        ]
    )
    table.search(text)
    assert [table.key(row) for row in range(table.rowCount())] == found
    table.search("")
    assert table.rowCount() == 2


def test_a_search_finds_amounts_as_plain_digits(qapp: object) -> None:
    table = AccountsTable()
    table.set_records([an_account(id="a", balance=Decimal("1234567.80")), an_account(id="b")])
    table.search("1234567.80")
    assert [table.key(row) for row in range(table.rowCount())] == ["a"]


def test_a_total_is_exact_and_none_unless_both_parts_are_known() -> None:
    whole, part = Decimal("12345678901.123456789012345678"), Decimal("0.000000000000000001")
    total = total_of(an_account(balance=whole, locked_balance=part))
    assert str(total) == "12345678901.123456789012345679"
    assert total_of(an_account(balance=None)) is None
    assert total_of(an_account(locked_balance=None)) is None


def test_a_record_of_no_history_is_no_activity() -> None:
    with pytest.raises(TypeError, match="Account is no activity"):
        activity_of(Kind.ACCOUNTS, an_account())
