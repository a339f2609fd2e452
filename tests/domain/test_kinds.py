"""The kinds of record and their identities."""

import pytest

from lumedesk.domain.kinds import HISTORIES, Kind
from lumedesk.domain.records import Currency
from tests.support.builders import a_beneficiary, a_deposit, a_trade, a_wallet, a_withdrawal, an_account

RECORDS = {
    Kind.ACCOUNTS: an_account(id="k"),
    Kind.WALLETS: a_wallet(id="k"),
    Kind.CURRENCIES: Currency(code="k"),
    Kind.BENEFICIARIES: a_beneficiary(id="k"),
    Kind.TRADES: a_trade(transaction_id="k"),
    Kind.DEPOSITS: a_deposit(transaction_id="k"),
    Kind.WITHDRAWALS: a_withdrawal(transaction_id="k"),
}


@pytest.mark.parametrize("kind", Kind)
def test_each_kind_knows_what_tells_its_records_apart(kind: Kind) -> None:
    assert isinstance(RECORDS[kind], kind.record)
    assert kind.key(RECORDS[kind]) == "k"


def test_a_record_without_an_id_has_no_key() -> None:
    assert Kind.TRADES.key(a_trade(transaction_id=None)) is None


def test_histories_are_what_grows() -> None:
    assert {kind for kind in Kind if kind.is_history} == HISTORIES == {Kind.TRADES, Kind.DEPOSITS, Kind.WITHDRAWALS}


def test_each_kind_has_its_own_place_in_the_store() -> None:
    assert len({kind.table for kind in Kind}) == len(Kind)
