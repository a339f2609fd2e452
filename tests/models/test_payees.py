"""Beneficiaries with their past: who was paid before, when and how much, and what changed."""

from array import array
from collections.abc import Sequence
from decimal import Decimal

import pytest
from PySide6.QtTest import QAbstractItemModelTester

from lumedesk.domain.errors import Unreachable
from lumedesk.domain.kinds import Kind
from lumedesk.domain.queries import HistoryQuery
from lumedesk.domain.records import Withdrawal
from lumedesk.models.payees import CHANGED, MOST_PAST, NEVER_USED, USED, PastPayments, PayeesTable, payees
from tests.support.builders import a_beneficiary, a_withdrawal, json_of
from tests.support.history_sources import Source, Stored

FNB = {"bankName": "FNB", "accountNumber": "62847719203"}


class Past(Source):
    """Withdrawals by row number, newest first; answers when told to."""

    def __init__(self, withdrawals: list[Withdrawal], count: int | None = None) -> None:
        super().__init__()
        self.holds = True
        self.documents_of = {row: Stored(json_of(each)) for row, each in enumerate(withdrawals, 1)}
        self.order = array("I", range(1, (len(withdrawals) if count is None else count) + 1))
        self.read = 0

    def rows(self, query: HistoryQuery) -> "array[int]":
        assert query == HistoryQuery(Kind.WITHDRAWALS)
        return self.order

    def documents(self, kind: Kind, rows: Sequence[int]) -> dict[int, Stored]:
        self.read = len(rows)
        return {row: self.documents_of[row] for row in rows if row in self.documents_of}


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
    source = Past([a_withdrawal(amount=Decimal(1)), a_withdrawal(amount=Decimal(2), currency="USD")], count=3)
    past = PastPayments(source)
    told: list[bool] = []
    past.changed.connect(lambda: told.append(True))
    past.look()
    assert not past.is_known
    source.open[0].answer()
    assert past.is_known
    assert told == [True]
    assert [each.amount for each in past.withdrawals] == [1, 2]
    assert [each.amount for each in past.of("USD")] == [2]


def test_a_past_that_can_not_be_read_whole_is_not_known(qapp: object) -> None:
    source = Past([a_withdrawal(), a_withdrawal()])
    past = PastPayments(source)
    past.look()
    source.open[0].answer()
    assert past.is_known
    source.documents_of[2] = Stored(b'{"transactionId"')
    past.look()
    source.open[0].answer()
    assert not past.is_known
    assert past.withdrawals == ()


def test_a_newer_look_takes_the_place_of_an_older_one(qapp: object) -> None:
    source = Past([])
    past = PastPayments(source)
    past.look()
    past.look()
    assert [waiting.is_cancelled for waiting in source.waiting] == [True, False]
    source.waiting[1].fail(Unreachable())
    assert not past.is_known


@pytest.mark.parametrize("count", [MOST_PAST - 1, MOST_PAST + 500])
def test_only_the_latest_are_read(qapp: object, count: int) -> None:
    source = Past([], count)
    past = PastPayments(source)
    past.look()
    source.open[0].answer()
    assert source.read == min(count, MOST_PAST)
