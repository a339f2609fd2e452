"""Beneficiaries with their past: who was paid before, when and how much, and what changed."""

from array import array
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from PySide6.QtCore import QObject
from PySide6.QtTest import QAbstractItemModelTester

from lumedesk.domain.errors import DeskError, Unreachable
from lumedesk.domain.kinds import Kind
from lumedesk.domain.records import Withdrawal
from lumedesk.models.payees import CHANGED, MOST_PAST, NEVER_USED, USED, PastPayments, PayeesTable, payees
from lumedesk.store.mirror import HistoryQuery
from tests.support.builders import a_beneficiary, a_withdrawal, json_of

FNB = {"bankName": "FNB", "accountNumber": "62847719203"}


class Ticket:
    def __init__(self) -> None:
        self.is_cancelled = False

    def cancel(self) -> None:
        self.is_cancelled = True


class Source:
    """Rows by number, newest first; answers when told to."""

    def __init__(self, rows: list[Withdrawal]) -> None:
        self.rows = dict(enumerate(rows))
        self.asked: list[tuple[Ticket, Callable[[Any], None], Callable[[DeskError], None]]] = []
        self.read = 0

    def order(self, query: HistoryQuery, owner: QObject, done: Any, failed: Any) -> Ticket:
        assert query == HistoryQuery(Kind.WITHDRAWALS)
        self.asked.append((Ticket(), done, failed))
        return self.asked[-1][0]

    def documents(self, kind: Kind, rows: list[int]) -> dict[int, bytes]:
        self.read = len(rows)
        return {row: json_of(self.rows[row]) for row in rows if row in self.rows}


def test_the_last_payment_is_the_newest_that_was_made(qapp: object) -> None:
    one, other = a_beneficiary(withdraw_form_details=FNB), a_beneficiary(withdraw_form_details={"accountNumber": "2"})
    past = [
        a_withdrawal(withdraw_details=FNB, amount=Decimal(1), status="FAILED"),
        a_withdrawal(withdraw_details=FNB, amount=Decimal(2), currency="USD"),
        a_withdrawal(withdraw_details=FNB, amount=Decimal(3)),
        a_withdrawal(withdraw_details=FNB, amount=Decimal(4)),
    ]
    found = payees([one, other], past)
    assert found[0].last is not None
    assert found[0].last.amount == 3
    assert [each.badge for each in found] == [USED, NEVER_USED]


def test_what_was_remembered_counts_and_a_change_outweighs_use(qapp: object) -> None:
    one, other = a_beneficiary(id="ben_1"), a_beneficiary(id="ben_2")
    found = payees([one, other], [], frozenset({"ben_1", "ben_2"}), frozenset({"ben_2"}))
    assert [each.badge for each in found] == [USED, CHANGED]


def test_the_table_tells_it_in_words(qapp: object) -> None:
    table = PayeesTable()
    QAbstractItemModelTester(table)
    beneficiary = a_beneficiary(withdraw_form_details=FNB)
    table.set_records(payees([beneficiary], []))
    columns = {column.title: at for at, column in enumerate(table.columns)}

    def cell(title: str) -> str:
        return str(table.index(0, columns[title]).data())

    assert (cell("So far"), cell("Last payment")) == ("Never paid", "–")
    last = a_withdrawal(withdraw_details=FNB, amount=Decimal("1234.50"), created_at="2020-05-11T10:15:30Z")
    table.set_records(payees([beneficiary], [last]))
    assert cell("So far") == "Paid before"
    assert cell("Last payment").startswith("1,234.50 · 11 May 2020")
    table.search("never")
    assert table.rowCount() == 0
    table.search("paid before")
    assert table.rowCount() == 1
    table.set_records([])


def test_past_payments_are_read_and_told(qapp: object) -> None:
    source = Source([a_withdrawal(amount=Decimal(1)), a_withdrawal(amount=Decimal(2), currency="USD")])
    past = PastPayments(source)
    told: list[bool] = []
    past.changed.connect(lambda: told.append(True))
    past.look()
    assert not past.is_known
    source.asked[0][1](array("q", [0, 1, 7]))
    assert past.is_known
    assert told == [True]
    assert [each.amount for each in past.withdrawals] == [1, 2]
    assert [each.amount for each in past.of("USD")] == [2]


def test_a_newer_look_takes_the_place_of_an_older_one(qapp: object) -> None:
    source = Source([])
    past = PastPayments(source)
    past.look()
    past.look()
    assert [ticket.is_cancelled for ticket, _, _ in source.asked] == [True, False]
    source.asked[1][2](Unreachable())
    assert not past.is_known


@pytest.mark.parametrize("count", [MOST_PAST - 1, MOST_PAST + 500])
def test_only_the_latest_are_read(qapp: object, count: int) -> None:
    source = Source([])
    past = PastPayments(source)
    past.look()
    source.asked[0][1](array("q", range(count)))
    assert source.read == min(count, MOST_PAST)
