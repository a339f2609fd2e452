"""What happened lately, of all kinds together: for the overview."""

from decimal import Decimal

import msgspec
from PySide6.QtCore import QObject

from lumedesk.domain.kinds import Kind
from lumedesk.domain.records import Deposit, Record, Trade, Withdrawal
from lumedesk.domain.statuses import Status, status_of
from lumedesk.models.columns import amount_column, status_column, text_column, time_column
from lumedesk.models.record_table import RecordTable
from lumedesk.models.table import Column
from lumedesk.models.texts import destination_of, pair_of, words


class Activity(msgspec.Struct, frozen=True):
    """One record of any history, told the same way. `amount` is what left or came in, in `currency`.

    `about_hidden` is `about` without the amounts that a free-form destination may tell.
    """

    kind: Kind
    id: str
    what: str
    about: str
    about_hidden: str
    amount: Decimal | None
    currency: str | None
    status: Status
    at: str | None


def activity_of(kind: Kind, record: Record) -> Activity:
    """Tell a trade, deposit or withdrawal as activity."""
    about_hidden = ""
    match record:
        case Trade():
            about, value, currency, at = pair_of(record), record.to_amount, record.to_currency, record.created_at
            what = "Trade"
        case Withdrawal():
            about, value, currency, at = destination_of(record), record.amount, record.currency, record.created_at
            about_hidden = destination_of(record, hides=True)
            what = "Withdrawal"
        case Deposit():
            about, value, currency, at = (
                words(record.transaction_id),
                record.amount,
                record.currency,
                record.completed_at,
            )
            what = "Deposit"
        case _:
            raise TypeError(f"{type(record).__name__} is no activity")
    status = status_of(record.status)
    return Activity(kind, record.transaction_id or "", what, about, about_hidden or about, value, currency, status, at)


class ActivityTable(RecordTable[Activity]):
    """The latest records of all histories, newest first."""

    columns = (
        time_column("at", "Time", lambda a: a.at, None, width=130),
        text_column("what", "Kind", lambda a: a.what, None, width=100),
        Column("about", "About", text=lambda a: a.about, hidden=lambda a: a.about_hidden, width=90, grows=True),
        amount_column("amount", "Amount", lambda a: a.amount, None, width=162),
        text_column("currency", "", lambda a: a.currency, None, width=66),
        status_column(None, width=173, value=lambda a: a.status),
    )

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(lambda activity: f"{activity.kind.table}/{activity.id}", parent)
