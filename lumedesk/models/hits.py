"""What a search over all kinds of record found: one row per record, grouped by kind."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from PySide6.QtCore import QObject

from lumedesk.domain.details import summary_of
from lumedesk.domain.kinds import Kind
from lumedesk.domain.queries import Hit
from lumedesk.domain.records import Account, Beneficiary, Currency, Deposit, Trade, Wallet, Withdrawal
from lumedesk.domain.statuses import status_of
from lumedesk.domain.text import shown
from lumedesk.models.columns import amount_column, text_column, time_column
from lumedesk.models.holdings import route_of
from lumedesk.models.nouns import NOUNS, counted
from lumedesk.models.record_table import RecordTable
from lumedesk.models.table import Column, Columns
from lumedesk.models.texts import NOTHING, destination_of, pair_of, words

_ORDER = {kind: at for at, kind in enumerate(Kind)}
# A search gives no more of one kind than this.
MOST_OF_A_KIND = 20


def about_of(hit: Hit, *, hides: bool = False) -> str:
    """What tells the record from others of its kind, in a few words; with `hides` without amounts among them."""
    match hit.record:
        case Trade() as trade:
            return pair_of(trade)
        case Withdrawal() as withdrawal:
            return destination_of(withdrawal, hides=hides)
        case Deposit() as deposit:
            return words(deposit.transaction_id)
        case Beneficiary() as payee:
            return f"{words(payee.nickname)} · {summary_of(payee.withdraw_form_details, hides=hides)}"
        case Wallet() as wallet:
            return f"{route_of(wallet)} · {summary_of(wallet.deposit_details, hides=hides)}"
        case Currency() as currency:
            return words(currency.name)
        case Account():
            return "Available balance"
        case _:
            return NOTHING


def amount_of(hit: Hit) -> Decimal | None:
    """The record's main amount: what was bought, moved, or is available. None for kinds without one."""
    match hit.record:
        case Trade(to_amount=amount) | Withdrawal(amount=amount) | Deposit(amount=amount) | Account(balance=amount):
            return amount
        case _:
            return None


def currency_of(hit: Hit) -> str | None:
    """The currency of `amount_of`, or the one that the record is for."""
    match hit.record:
        case Trade(to_currency=currency):
            return currency
        case Currency(code=code):
            return code
        case record:
            told: object = getattr(record, "currency", None)
            return told if isinstance(told, str) else None


def time_of(hit: Hit) -> str | None:
    """The record's own time as the server sent it; None where it has none."""
    match hit.record:
        case Trade(created_at=at) | Withdrawal(created_at=at) | Beneficiary(created_at=at) | Deposit(completed_at=at):
            return at
        case _:
            return None


def told_counts(hits: Sequence[Hit]) -> str:
    """How many of each kind, as `2 accounts · 1 trade · the newest 20 deposits`; empty without any."""
    counts = {kind: sum(hit.kind is kind for hit in hits) for kind in Kind}
    return " · ".join(_told_count(kind, count) for kind, count in counts.items() if count)


def _told_count(kind: Kind, count: int) -> str:
    told = counted(kind, count)
    return f"the newest {told}" if kind.is_history and count >= MOST_OF_A_KIND else told


def _status(hit: Hit) -> Any:
    """Only what moves has a status; the cell of any other kind stays empty."""
    return status_of(hit.record.status) if isinstance(hit.record, Trade | Deposit | Withdrawal) else None


class HitsTable(RecordTable[Hit]):
    """The records found, kind by kind, the newest of each first."""

    columns: Columns = (
        Column("kind", "Kind", text=lambda h: NOUNS[h.kind][0].capitalize(), width=104),
        Column("about", "About", text=about_of, hidden=lambda h: about_of(h, hides=True), width=210, grows=True),
        amount_column("amount", "Amount", amount_of, None, 168),
        text_column("currency", "Currency", currency_of, None, 84),
        Column(
            "status",
            "Status",
            text=lambda h: status.label if (status := _status(h)) else "",
            status=_status,
            width=166,
        ),
        time_column("time", "Time", time_of, None, 136),
        Column("id", "Id", text=lambda h: shown(h.key), width=130, spare=True),
    )

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(lambda hit: f"{hit.kind.table}/{hit.key}", parent)

    def show_hits(self, hits: Sequence[Hit]) -> None:
        """Show exactly these, in groups; within a group they keep the order they come in."""
        self.set_records(sorted(hits, key=lambda hit: _ORDER[hit.kind]))
