"""Accounts, wallets and beneficiaries: the small sets, one row each."""

from decimal import Decimal

from PySide6.QtCore import QObject

from lumedesk.domain.details import summary_of
from lumedesk.domain.money import added
from lumedesk.domain.records import Account, Beneficiary, Wallet
from lumedesk.domain.times import micros
from lumedesk.models.columns import amount_column, text_column, time_column
from lumedesk.models.record_table import RecordTable
from lumedesk.models.table import Column, Columns
from lumedesk.models.texts import words


def total_of(account: Account) -> Decimal | None:
    """Available and locked together; None unless both are known."""
    if account.balance is None or account.locked_balance is None:
        return None
    return added(account.balance, account.locked_balance)


def route_of(wallet: Wallet) -> str:
    """How a deposit reaches the wallet: its network or payment method."""
    return words(_route(wallet))


def _route(wallet: Wallet) -> str | None:
    return wallet.network_name or wallet.payment_method_type


def _pay_to(wallet: Wallet, *, hides: bool = False) -> str:
    return summary_of(wallet.deposit_details, hides=hides)


def _pays_to(beneficiary: Beneficiary, *, hides: bool = False) -> str:
    return summary_of(beneficiary.withdraw_form_details, hides=hides)


class AccountsTable(RecordTable[Account]):
    """One row per account."""

    columns: Columns = (
        text_column("currency", "Currency", lambda a: a.currency, lambda a: a.currency, width=96),
        amount_column("available", "Available", lambda a: a.balance, lambda a: a.balance, 184),
        amount_column("locked", "Locked", lambda a: a.locked_balance, lambda a: a.locked_balance, 150),
        amount_column("total", "Total", total_of, total_of, 184),
        text_column("id", "Id", lambda a: a.id, lambda a: a.id, width=130, grows=True, spare=True),
    )

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(lambda account: account.id, parent)


class WalletsTable(RecordTable[Wallet]):
    """One row per place that money can be deposited to."""

    columns: Columns = (
        text_column("currency", "Currency", lambda w: w.currency, lambda w: w.currency),
        Column("route", "Network or method", text=route_of, order=_route, width=180),
        Column(
            "details",
            "Pay to",
            text=_pay_to,
            hidden=lambda w: _pay_to(w, hides=True),
            order=_pay_to,
            width=300,
            grows=True,
        ),
        text_column("id", "Id", lambda w: w.id, lambda w: w.id, width=130, spare=True),
    )

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(lambda wallet: wallet.id, parent)


class BeneficiariesTable(RecordTable[Beneficiary]):
    """One row per confirmed destination."""

    columns: Columns = (
        text_column("nickname", "Name", lambda b: b.nickname, lambda b: b.nickname, width=230),
        text_column("currency", "Currency", lambda b: b.currency, lambda b: b.currency),
        Column(
            "details",
            "Pays to",
            text=_pays_to,
            hidden=lambda b: _pays_to(b, hides=True),
            order=_pays_to,
            width=260,
            grows=True,
        ),
        time_column("created", "Added", lambda b: b.created_at, lambda b: micros(b.created_at), spare=True),
        text_column("id", "Id", lambda b: b.id, lambda b: b.id, width=130, spare=True),
    )

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(lambda beneficiary: beneficiary.id, parent)
