"""The steps of the withdrawal wizard: each shows its part of the flow and says what the operator did."""

from typing import Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLineEdit, QScrollArea, QVBoxLayout, QWidget

from lumedesk.domain.details import Field, fields_of
from lumedesk.domain.kinds import Kind
from lumedesk.domain.text import shown
from lumedesk.domain.withdrawals import Step, WithdrawalFlow
from lumedesk.models.holdings import BeneficiariesTable
from lumedesk.models.texts import amount, digits, words
from lumedesk.views.dialogs.dialog import labelled
from lumedesk.views.parts.fields import FieldList
from lumedesk.views.parts.table_view import RecordView
from lumedesk.views.parts.text import Label
from lumedesk.views.parts.widgets import Card, SearchField, StatePane, button
from lumedesk.views.theme import DOUBLE, UNIT, Look
from lumedesk.work.session import Session

_FIXED = frozenset({"Account number", "Address", "Address tag", "IBAN", "Branch code", "Beneficiary id"})


class BeneficiaryStep(QWidget):
    """Whom the money goes to: type to find, then choose."""

    # (Beneficiary or None): another one is chosen. UI thread.
    chosen = Signal(object)
    # Enter or a double click on one. UI thread.
    opened = Signal()

    def __init__(self, session: Session, look: Look) -> None:
        super().__init__()
        self.setObjectName("withdrawal-beneficiary")
        self._session = session
        self.search = SearchField("withdrawal-search", "Find a beneficiary", look)
        self.table = BeneficiariesTable(self)
        self.view = RecordView(self.table, look, "withdrawal-beneficiaries")
        self.view.setAccessibleName("Beneficiaries")
        self.view.setSelectionMode(RecordView.SelectionMode.SingleSelection)
        self.nobody = StatePane("withdrawal-nobody", look)
        self.nobody.say(
            "users", "No beneficiaries", "Beneficiaries are added and confirmed with the vendor, then appear here."
        )
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(UNIT)
        column.addWidget(self.search)
        column.addWidget(self.view, 1)
        column.addWidget(self.nobody, 1)
        self.search.textChanged.connect(self._find)
        self.search.returnPressed.connect(self._choose_first)
        self.view.current_changed.connect(self._tell)
        self.view.opened.connect(self._open)
        session.records_changed.connect(self._take_records)
        self.setFocusProxy(self.search)
        self._take_records(Kind.BENEFICIARIES)

    def choose(self, beneficiary_id: str) -> None:
        """Choose this one, if it is among those offered."""
        row = self.table.row_of(beneficiary_id)
        if row >= 0:
            self.view.selectRow(row)

    def _take_records(self, kind: Kind) -> None:
        if kind is Kind.BENEFICIARIES:
            self.table.set_records(self._session.records(kind))
            self.view.setVisible(self.table.total > 0)
            self.nobody.setVisible(not self.table.total)

    def _find(self, text: str) -> None:
        self.table.search(text)
        self._tell()

    def _choose_first(self) -> None:
        if self.view.current_row() < 0 and self.table.rowCount():
            self.view.selectRow(0)
        self.view.setFocus()

    def _tell(self, _row: int = -1) -> None:
        self.chosen.emit(self.table.record(self.view.current_row()))

    def _open(self, _row: int) -> None:
        self.opened.emit()


class AmountStep(QWidget):
    """How much, with what that leaves."""

    # (text): what stands in the field now. UI thread.
    typed = Signal(str)
    # Enter in the field. UI thread.
    entered = Signal()

    def __init__(self, look: Look) -> None:  # noqa: ARG002 - the steps are made alike
        super().__init__()
        self.setObjectName("withdrawal-amount-step")
        self.to = Label(look="heading", wraps=True)
        self.to.setObjectName("withdrawal-to")
        self.available = Label(look="muted")
        self.available.setObjectName("withdrawal-available")
        self.amount = QLineEdit()
        self.amount.setObjectName("withdrawal-amount")
        self.amount.setProperty("look", "amount")
        self.amount.setPlaceholderText("0.00")
        self.amount.setMaximumWidth(360)
        self.max_button = button("withdrawal-max", "Use all available")
        self.echo = Label(look="muted", wraps=True)
        self.echo.setObjectName("withdrawal-echo")
        self.problem = Label(look="error", wraps=True)
        self.problem.setObjectName("withdrawal-problem")
        self._all = ""
        row = QHBoxLayout()
        row.setSpacing(UNIT)
        row.addWidget(self.amount, 1)
        row.addWidget(self.max_button)
        row.addStretch(1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, DOUBLE, 0, 0)
        column.setSpacing(UNIT)
        column.addWidget(self.to)
        column.addWidget(self.available)
        column.addSpacing(DOUBLE)
        column.addLayout(labelled("Amount", self.amount, row))
        column.addWidget(self.echo)
        column.addWidget(self.problem)
        column.addStretch(1)
        self.setFocusProxy(self.amount)
        self.amount.textEdited.connect(self.typed)
        self.amount.returnPressed.connect(self.entered)
        self.max_button.clicked.connect(self._use_all)

    def show_flow(self, flow: WithdrawalFlow) -> None:
        """Show the balance, what the amount comes to, or what is wrong with it."""
        if flow.beneficiary is None:
            return
        currency = words(flow.beneficiary.currency)
        balance = flow.account.balance if flow.account else None
        self._all = digits(balance)
        self.to.setText(f"To {words(flow.beneficiary.nickname)}")
        self.available.setText(f"Available: {amount(balance)} {currency}")
        self.max_button.setEnabled(bool(balance))
        if self.amount.text() != flow.typed:
            self.amount.setText(flow.typed)
        if flow.amount is not None:
            self.echo.setText(
                f"You send {amount(flow.amount)} {currency}. That leaves {amount(flow.balance_after)} {currency},"
                " less the fee, which the server states only afterwards."
            )
        else:
            self.echo.setText("")
        self.problem.setText((flow.missing(Step.AMOUNT) or "") if flow.typed.strip() else "")
        for label in (self.echo, self.problem):
            label.setVisible(bool(label.text()))

    def _use_all(self) -> None:
        self.amount.setText(self._all)
        self.typed.emit(self._all)


class ReviewStep(QWidget):
    """Everything once more in words, before the button that sends."""

    def __init__(self, look: Look) -> None:
        super().__init__()
        self.setObjectName("withdrawal-review")
        self.statement = Label(look="heading", wraps=True)
        self.statement.setObjectName("withdrawal-statement")
        self.fields = FieldList("withdrawal-review-fields", look, can_copy=False)
        card = Card(margin=DOUBLE)
        card.inner.addWidget(self.fields)
        card.inner.addStretch(1)
        scroll = QScrollArea()
        scroll.setObjectName("withdrawal-review-scroll")
        scroll.setAccessibleName("The order in full")
        scroll.setFrameShape(QFrame.Shape.NoFrame)
        scroll.setWidgetResizable(True)
        scroll.setWidget(card)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, DOUBLE, 0, 0)
        column.setSpacing(DOUBLE)
        column.addWidget(self.statement)
        column.addWidget(scroll, 1)
        note = Label("A withdrawal can't be called back. Compare the destination with your instruction.", "muted")
        note.setAlignment(Qt.AlignmentFlag.AlignLeft)
        column.addWidget(note)

    def show_flow(self, flow: WithdrawalFlow) -> None:
        """Repeat the whole order."""
        beneficiary = flow.beneficiary
        if beneficiary is None:
            return
        currency = words(beneficiary.currency)
        self.statement.setText(f"Send {amount(flow.amount)} {currency} to {words(beneficiary.nickname)}")
        details: Any = beneficiary.withdraw_form_details
        self.fields.show_fields(
            [
                Field("Amount", f"{amount(flow.amount)} {currency}"),
                Field("Fee", "Not reported before sending"),
                Field(
                    "From",
                    f"Your {currency} account ({amount(flow.account.balance if flow.account else None)} available)",
                ),
                Field("Left afterwards", f"{amount(flow.balance_after)} {currency}, less the fee"),
                Field("Beneficiary", words(beneficiary.nickname)),
                Field("Beneficiary id", shown(beneficiary.id or "–")),
                *fields_of(details, "Destination"),
            ],
            _FIXED,
        )
