"""The kinds of record the desk keeps, and what tells two records of a kind apart."""

from enum import Enum
from typing import Any

from lumedesk.domain.records import Account, Beneficiary, Currency, Deposit, Record, Trade, Wallet, Withdrawal


class Kind(Enum):
    """One dataset of the API: its name in the store, its record, and the field that identifies a record."""

    ACCOUNTS = ("accounts", Account, "id")
    WALLETS = ("wallets", Wallet, "id")
    CURRENCIES = ("currencies", Currency, "code")
    BENEFICIARIES = ("beneficiaries", Beneficiary, "id")
    TRADES = ("trades", Trade, "transaction_id")
    DEPOSITS = ("deposits", Deposit, "transaction_id")
    WITHDRAWALS = ("withdrawals", Withdrawal, "transaction_id")

    def __init__(self, table: str, record: type[Record], id_field: str) -> None:
        self.table = table
        self.record = record
        self.id_field = id_field

    @property
    def is_history(self) -> bool:
        """Histories grow without end; the other kinds are small enough to hold in memory."""
        return self in HISTORIES

    def key(self, record: Any) -> str | None:
        """The record's identity, or None where the server sent none."""
        key: str | None = getattr(record, self.id_field)
        return key


HISTORIES = frozenset({Kind.TRADES, Kind.DEPOSITS, Kind.WITHDRAWALS})
