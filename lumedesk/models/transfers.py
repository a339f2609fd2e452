"""Deposits and withdrawals: one row each."""

from lumedesk.domain.kinds import Kind
from lumedesk.domain.records import Deposit, Withdrawal
from lumedesk.models.columns import amount_column, status_column, text_column, time_column
from lumedesk.models.history_table import HistoryTable
from lumedesk.models.table import Column
from lumedesk.models.texts import destination_of

_CURRENCY = text_column("currency", "Currency", lambda r: r.currency, "currency", width=90)
_AMOUNT = amount_column("amount", "Amount", lambda r: r.amount, "amount", width=180)
_FEE = amount_column("fee", "Fee", lambda r: r.fee, "fee", width=120, spare=True)
_STATUS = status_column("status", width=180)
_ID = text_column("id", "Id", lambda r: r.transaction_id, "id", width=130, spare=True)


class WithdrawalsTable(HistoryTable[Withdrawal]):
    """All withdrawals, newest first."""

    kind = Kind.WITHDRAWALS
    columns = (
        time_column("created", "Created", lambda w: w.created_at, "at"),
        _CURRENCY,
        _AMOUNT,
        _FEE,
        Column(
            "destination",
            "Destination",
            text=destination_of,
            hidden=lambda w: destination_of(w, hides=True),
            width=200,
            grows=True,
        ),
        _STATUS,
        _ID,
    )


class DepositsTable(HistoryTable[Deposit]):
    """All deposits, newest first; those without a time stand where the desk first saw them."""

    kind = Kind.DEPOSITS
    columns = (
        time_column("completed", "Completed", lambda d: d.completed_at, "at"),
        _CURRENCY,
        _AMOUNT,
        _FEE,
        _STATUS,
        _ID,
    )
