"""Trade history: one row per trade; and the fills of one trade."""

from PySide6.QtCore import QObject

from lumedesk.domain.details import DOTS
from lumedesk.domain.kinds import Kind
from lumedesk.domain.records import Fill, Trade
from lumedesk.domain.times import micros
from lumedesk.models.columns import amount_column, status_column, text_column, time_column
from lumedesk.models.history_table import HistoryTable
from lumedesk.models.record_table import RecordTable
from lumedesk.models.table import Column
from lumedesk.models.texts import NOTHING, amount, pair_of, words


def rate_text(trade: Trade, *, hides: bool = False) -> str:
    """The executed rate, said in words of the pair; with `hides` without its figures."""
    if trade.rate is None:
        return NOTHING
    sold, bought = words(trade.from_currency), words(trade.to_currency)
    if trade.is_rate_inverted:
        sold, bought = bought, sold
    return f"1 {sold} = {DOTS if hides else amount(trade.rate)} {bought}"


class TradesTable(HistoryTable[Trade]):
    """All trades, newest first."""

    kind = Kind.TRADES
    columns = (
        time_column("created", "Created", lambda t: t.created_at, "at"),
        Column("pair", "Pair", text=pair_of, order="pair", width=134, grows=True),
        amount_column("sold", "Sold", lambda t: t.from_amount, "from_amount", 165),
        amount_column("bought", "Bought", lambda t: t.to_amount, "to_amount", 165),
        amount_column("rate", "Rate", lambda t: t.rate, "rate", width=140, tooltip=rate_text, spare=True),
        status_column("status", width=136),
        text_column("id", "Id", lambda t: t.transaction_id, "id", width=130, spare=True),
    )


class FillsTable(RecordTable[Fill]):
    """The fills of one trade, in the server's order."""

    columns = (
        time_column("created", "Time", lambda f: f.created_at, lambda f: micros(f.created_at), spare=True),
        amount_column("sold", "Sold", lambda f: f.from_currency_amount, lambda f: f.from_currency_amount, 125),
        amount_column("bought", "Bought", lambda f: f.to_currency_amount, lambda f: f.to_currency_amount, 125),
        status_column(lambda f: f.status, width=118),
        text_column("id", "Id", lambda f: f.transaction_id, lambda f: f.transaction_id, spare=True),
    )

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(lambda fill: fill.transaction_id, parent)
