"""The pages on trades, deposits and withdrawals."""

from typing import Any

from PySide6.QtCore import Signal

from lumedesk.domain.details import Field, fields_of
from lumedesk.domain.kinds import Kind
from lumedesk.domain.records import Deposit, Trade, Withdrawal
from lumedesk.domain.statuses import Status, status_of
from lumedesk.models.texts import exact_time, pair_of, sum_field, sum_text, words
from lumedesk.models.trades import FillsTable, TradesTable, rate_text
from lumedesk.models.transfers import DepositsTable, WithdrawalsTable
from lumedesk.views.pages.history_page import HistoryPage
from lumedesk.views.parts.filter_words import Facet, FilterPlan
from lumedesk.views.parts.sums import SumWords
from lumedesk.views.parts.table_view import RecordView
from lumedesk.views.parts.text import Label, rule
from lumedesk.views.parts.widgets import button
from lumedesk.views.theme import Look
from lumedesk.work.session import Session


def _status_label(code: str) -> str:
    return status_of(code).label


def _pair_label(pair: str) -> str:
    return words(pair).replace("/", " → ")


_STATUS = Facet("status", "Status", _status_label)
_CURRENCY = Facet("currency", "Currency", words)


class TradesPage(HistoryPage):
    """All trades; the current one opens into its fills."""

    # The operator wants a quote. UI thread.
    quote_wanted = Signal()

    noun = ("trade", "trades")
    empty_title = "No trades yet"
    empty_advice = "Get a quote to make the first one."
    plan = FilterPlan(
        (_STATUS, Facet("pair", "Pair", _pair_label)), "Created", (("from_amount", "Sold"), ("to_amount", "Bought"))
    )
    sums = (SumWords("from_amount", "Sold"), SumWords("to_amount", "Bought"))

    def __init__(self, session: Session, look: Look) -> None:
        super().__init__("trades", "Trades", Kind.TRADES, TradesTable(session), session, look)
        self.quote_button = button("trades-quote", "Get a quote", "primary")
        self.quote_button.clicked.connect(self.quote_wanted)
        self.action_row.addWidget(self.quote_button)
        self.fills = FillsTable(self)
        self.watch_hiding(self.fills)
        self.fills_title = Label("Fills", "strong")
        self.fills_title.setObjectName("fills-title")
        self.fills_view = RecordView(self.fills, look, "fills-table")
        self.fills_view.setAccessibleName("Fills of the trade")
        self.detail.more.addWidget(rule())
        self.detail.more.addWidget(self.fills_title)
        self.detail.more.addWidget(self.fills_view)
        self.detail.finish()
        self.load()

    def heading_of(self, record: Trade) -> str:
        """The pair."""
        return pair_of(record)

    def status_of(self, record: Trade) -> Status | None:
        """The trade's status."""
        return status_of(record.status)

    def fields_of(self, record: Trade) -> list[Field]:
        """All the trade's own fields."""
        return [
            sum_field("Sold", record.from_amount, record.from_currency),
            sum_field("Bought", record.to_amount, record.to_currency),
            Field("Rate", rate_text(record), hidden=rate_text(record, hides=True)),
            Field("From a quote", {True: "Yes", False: "No", None: "Not reported"}[record.is_rfq]),
            Field("Created", _time(record.created_at)),
            Field("Completed", _time(record.completed_at)),
            Field("Id", words(record.transaction_id)),
        ]

    def show_more(self, record: Trade) -> None:
        """Show the fills, as many as came."""
        fills = record.fills or ()
        self.fills.set_records(fills)
        told = "Fills: not reported" if record.fills is None else f"Fills ({len(fills)})" if fills else "No fills yet"
        self.fills_title.setText(told)
        self.fills_view.setVisible(bool(fills))
        self.fills_view.fit_rows(8)


class DepositsPage(HistoryPage):
    """All deposits."""

    noun = ("deposit", "deposits")
    empty_title = "No deposits yet"
    empty_advice = "Pay to one of the wallets; deposits appear here by themselves."
    plan = FilterPlan((_STATUS, _CURRENCY), "Completed", (("amount", "Amount"),))
    sums = (SumWords("amount"),)

    def __init__(self, session: Session, look: Look) -> None:
        super().__init__("deposits", "Deposits", Kind.DEPOSITS, DepositsTable(session), session, look)
        self.detail.finish()
        self.load()

    def heading_of(self, record: Deposit) -> str:
        """The amount."""
        return sum_text(record.amount, record.currency, hides=self.look.hides_amounts)

    def status_of(self, record: Deposit) -> Status | None:
        """The deposit's status."""
        return status_of(record.status)

    def fields_of(self, record: Deposit) -> list[Field]:
        """All the deposit's fields."""
        return [
            sum_field("Amount", record.amount, record.currency),
            _fee(record),
            Field("Completed", _time(record.completed_at)),
            Field("Id", words(record.transaction_id)),
        ]


class WithdrawalsPage(HistoryPage):
    """All withdrawals."""

    # The operator wants to send one. UI thread.
    withdrawal_wanted = Signal()

    noun = ("withdrawal", "withdrawals")
    empty_title = "No withdrawals yet"
    empty_advice = "Send money to a confirmed beneficiary to make the first one."
    plan = FilterPlan((_STATUS, _CURRENCY), "Created", (("amount", "Amount"),))
    sums = (SumWords("amount"),)
    fixed_fields = frozenset({"Id", "Account number", "Address", "Address tag", "IBAN", "Branch code"})

    def __init__(self, session: Session, look: Look) -> None:
        super().__init__("withdrawals", "Withdrawals", Kind.WITHDRAWALS, WithdrawalsTable(session), session, look)
        self.withdraw_button = button("withdrawals-new", "New withdrawal", "primary")
        self.withdraw_button.clicked.connect(self.withdrawal_wanted)
        self.action_row.addWidget(self.withdraw_button)
        self.detail.finish()
        self.load()

    def heading_of(self, record: Withdrawal) -> str:
        """The amount."""
        return sum_text(record.amount, record.currency, hides=self.look.hides_amounts)

    def status_of(self, record: Withdrawal) -> Status | None:
        """The withdrawal's status."""
        return status_of(record.status)

    def fields_of(self, record: Withdrawal) -> list[Field]:
        """All the withdrawal's fields, the destination whole."""
        return [
            sum_field("Amount", record.amount, record.currency),
            _fee(record),
            Field("Created", _time(record.created_at)),
            Field("Completed", _time(record.completed_at)),
            Field("Id", words(record.transaction_id)),
            *fields_of(record.withdraw_details, "Destination"),
        ]


def _time(text: str | None) -> str:
    return exact_time(text) or words(text)


def _fee(record: Any) -> Field:
    return Field("Fee", "Not reported") if record.fee is None else sum_field("Fee", record.fee, record.currency)
