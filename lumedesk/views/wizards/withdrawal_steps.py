"""The first two steps of the withdrawal wizard: whom the money goes to, and how much it is."""

from PySide6.QtCore import QModelIndex, Signal
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QLineEdit, QVBoxLayout, QWidget

from lumedesk.domain.amount_entry import Convention
from lumedesk.domain.details import Field
from lumedesk.domain.kinds import Kind
from lumedesk.domain.money import fixed
from lumedesk.domain.sightings import Change, Sighting
from lumedesk.domain.withdrawals import Draft, Step, WithdrawalFlow
from lumedesk.models.payees import PastPayments, PayeesTable, payees
from lumedesk.models.texts import amount, words
from lumedesk.views.dialogs.dialog import labelled
from lumedesk.views.parts.fields import FieldList
from lumedesk.views.parts.table_view import RecordView
from lumedesk.views.parts.text import Label, Passage
from lumedesk.views.parts.widgets import Banner, Card, SearchField, StatePane, button
from lumedesk.views.theme import DOUBLE, HALF, UNIT, Look
from lumedesk.views.wizards.declaration import Declaration
from lumedesk.work.safeguards import Safeguards
from lumedesk.work.session import Session


class ChangesCard(Card):
    """What reads differently than when the operator last saw it, in red, with the declaration that it was verified."""

    # (bool): the operator declares it, or takes it back. UI thread.
    acknowledged = Signal(bool)

    def __init__(self, look: Look) -> None:
        super().__init__("failed-banner")
        self.setObjectName("withdrawal-changes")
        self._title = Label(look="error", wraps=True)
        self._title.setObjectName("withdrawal-changes-title")
        self._grid = QGridLayout()
        self._grid.setHorizontalSpacing(DOUBLE)
        self._grid.setVerticalSpacing(0)
        self._grid.setColumnStretch(1, 1)
        self._grid.setColumnStretch(2, 1)
        self._rest = Label(wraps=True)
        self._rest.setObjectName("withdrawal-cooling-off")
        self.declaration = Declaration(
            "withdrawal-acknowledge",
            "I verified the new details with the beneficiary, by a way other than e-mail.",
            look,
        )
        for part in (self._title, self._grid, self._rest, self.declaration):
            if isinstance(part, QGridLayout):
                self.inner.addLayout(part)
            else:
                self.inner.addWidget(part)
        self._shown: tuple[Change, ...] = ()
        self.declaration.toggled.connect(self.acknowledged)
        self.hide()

    def show_changes(self, changes: tuple[Change, ...], sighting: Sighting | None, flow: WithdrawalFlow) -> None:
        """Show these; without any the card is hidden."""
        self.setVisible(bool(changes))
        self.declaration.setChecked(flow.is_acknowledged)
        if not changes or sighting is None:
            return
        self._title.setText(
            f"These details changed since you last saw them, on {sighting.seen_at.astimezone():%d %b %Y at %H:%M}."
        )
        since = f" First noticed {sighting.changed_at.astimezone():%d %b %H:%M}." if sighting.changed_at else ""
        rest = "Changed payment details are the usual sign of fraud: let a new destination rest for a day."
        self._rest.setText(rest + since)
        if changes != self._shown:
            self._shown = changes
            self._fill()

    def _fill(self) -> None:
        while (item := self._grid.takeAt(0)) is not None:
            if (widget := item.widget()) is not None:
                widget.hide()
                widget.deleteLater()
        for column, title in enumerate(("", "Was", "Is now")):
            self._grid.addWidget(Label(title, "label"), 0, column)
        for row, each in enumerate(self._shown, 1):
            self._grid.addWidget(Label(each.label, "label", wraps=True), row, 0)
            for column, (text, state) in enumerate(((each.old, "was"), (each.new, "is now")), 1):
                value = Passage("not there" if text is None else text, fixed=text is not None)
                value.setObjectName(f"withdrawal-change-{row}-{state.replace(' ', '-')}")
                value.setAccessibleName(f"{each.label} {state}: {value.toPlainText()}")
                font = value.font()
                font.setStrikeOut(state == "was" and text is not None)
                font.setBold(state != "was")
                value.setFont(font)
                self._grid.addWidget(value, row, column)


class BeneficiaryStep(QWidget):
    """Whom the money goes to: type to find, then choose."""

    # (Beneficiary or None): another one is chosen. UI thread.
    chosen = Signal(object)
    # Enter or a double click on one. UI thread.
    opened = Signal()

    def __init__(self, session: Session, guards: Safeguards, past: PastPayments, look: Look) -> None:
        super().__init__()
        self.setObjectName("withdrawal-beneficiary")
        self._guards = guards
        self._session = session
        self._past = past
        self.draft_offer = Banner("withdrawal-draft", "Go on with it")
        self.search = SearchField("withdrawal-search", "Find a beneficiary", look)
        self.table = PayeesTable(self)
        self.view = RecordView(self.table, look, "withdrawal-beneficiaries")
        self.view.setAccessibleName("Beneficiaries")
        self.view.setSelectionMode(RecordView.SelectionMode.SingleSelection)
        self.nobody = StatePane("withdrawal-nobody", look)
        self.nobody.say(
            "users", "No beneficiaries", "Beneficiaries are added and confirmed with the vendor, then appear here."
        )
        self.changes = ChangesCard(look)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(UNIT)
        column.addWidget(self.draft_offer)
        column.addWidget(self.search)
        column.addWidget(self.view, 1)
        column.addWidget(self.nobody, 1)
        column.addWidget(self.changes)
        self.search.textChanged.connect(self._find)
        self.search.returnPressed.connect(self._choose_first)
        self.view.current_changed.connect(self._tell)
        self.view.opened.connect(self._open)
        past.changed.connect(self.show_payees)
        self.setFocusProxy(self.search)
        self.show_payees()

    def choose(self, beneficiary_id: str) -> bool:
        """Choose this one, if it is among those offered."""
        row = self.table.row_of(beneficiary_id)
        if row >= 0:
            self.view.selectRow(row)
        return row >= 0

    def forget(self) -> None:
        """Choose nobody."""
        self.blockSignals(True)  # noqa: FBT003
        self.view.clearSelection()
        self.view.setCurrentIndex(QModelIndex())
        self.blockSignals(False)  # noqa: FBT003

    def show_flow(self, flow: WithdrawalFlow) -> None:
        """Show what changed of the chosen one."""
        sighting = self._guards.sighting(flow.beneficiary) if flow.beneficiary else None
        self.changes.show_changes(flow.changes, sighting, flow)

    def offer(self, draft: Draft | None) -> None:
        """Offer a draft from before; None takes the offer away."""
        payee = self.table.record_of(draft.beneficiary_id) if draft else None
        if draft is None or payee is None:
            self.draft_offer.say("")
            return
        currency = words(payee.beneficiary.currency)
        self.draft_offer.say(
            f"A withdrawal was closed before it was sent: {words(draft.typed)} {currency} to"
            f" {words(payee.beneficiary.nickname)}",
            "moving",
        )

    def show_payees(self) -> None:
        """Show who there is now, with what is known of payments."""
        guards = self._guards
        held = self._session.records(Kind.BENEFICIARIES)
        seen = {each.id: guards.sighting(each) for each in held}
        used = frozenset(key for key, sighting in seen.items() if key and sighting and sighting.used_at)
        changed = frozenset(each.id for each in held if each.id and guards.changes(each))
        # Qt makes a neighbour current when a row goes: that is nobody's choice.
        self.blockSignals(True)  # noqa: FBT003
        self.table.set_records(payees(held, self._past.withdrawals, used, changed))
        self.blockSignals(False)  # noqa: FBT003
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
        payee = self.table.record(self.view.current_row())
        self.chosen.emit(payee.beneficiary if payee else None)

    def _open(self, _row: int) -> None:
        self.opened.emit()


class AmountStep(QWidget):
    """How much, how it is read, and what that leaves."""

    # (text): what stands in the field now. UI thread.
    typed = Signal(str)
    # Enter in the field. UI thread.
    entered = Signal()
    # The operator wants to send all there is. UI thread.
    all_wanted = Signal()
    # What was read is what is meant. UI thread.
    confirmed = Signal()

    def __init__(self, convention: Convention, look: Look) -> None:
        super().__init__()
        self.setObjectName("withdrawal-amount-step")
        self._hint = f"Decimals after a {'comma' if convention.decimal == ',' else 'point'}: {convention.example}"
        self.to = Label(look="heading", wraps=True)
        self.to.setObjectName("withdrawal-to")
        self.available = Label(look="muted")
        self.available.setObjectName("withdrawal-available")
        self.amount = QLineEdit()
        self.amount.setObjectName("withdrawal-amount")
        self.amount.setProperty("look", "amount")
        self.amount.setPlaceholderText(f"0{convention.decimal}00")
        self.amount.setMaximumWidth(360)
        self.amount.setAccessibleDescription(self._hint)
        self.max_button = button("withdrawal-max", "Use all available")
        self.hint = Label(self._hint, "caption")
        self.hint.setObjectName("withdrawal-hint")
        self.problem = Label(look="error", wraps=True)
        self.problem.setObjectName("withdrawal-problem")
        self.question = Banner("withdrawal-question", "Yes")
        self.echo = Label(look="strong", wraps=True)
        self.echo.setObjectName("withdrawal-echo")
        self.outlook = FieldList("withdrawal-outlook", look, can_copy=False)
        self._card = Card("sunken")
        self._card.inner.addWidget(self.echo)
        self._card.inner.addWidget(self.outlook)
        self._lay_out()
        self.setFocusProxy(self.amount)
        self.amount.textEdited.connect(self.typed)
        self.amount.returnPressed.connect(self.entered)
        self.max_button.clicked.connect(self.all_wanted)
        self.question.button.clicked.connect(self.confirmed)

    def _lay_out(self) -> None:
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
        column.addWidget(self.hint)
        column.addWidget(self.problem)
        column.addWidget(self.question)
        column.addSpacing(HALF)
        column.addWidget(self._card)
        column.addStretch(1)

    def show_flow(self, flow: WithdrawalFlow) -> None:
        """Show the balance, what the amount is read as and comes to, or what is wrong with it."""
        if flow.beneficiary is None:
            return
        currency = words(flow.beneficiary.currency)
        balance = flow.account.balance if flow.account else None
        self.to.setText(f"To {words(flow.beneficiary.nickname)}")
        self.available.setText(f"Available: {amount(balance)} {currency}")
        self.max_button.setEnabled(bool(balance))
        if self.amount.text() != flow.typed:
            self.amount.setText(flow.typed)
        self._ask(flow, currency)
        self._tell(flow, currency)
        problem = flow.missing(Step.AMOUNT) if flow.typed.strip() and flow.amount is None else ""
        self.problem.setText(problem or "")
        self.problem.setVisible(bool(problem))

    def _ask(self, flow: WithdrawalFlow, currency: str) -> None:
        entry = flow.entry
        if entry is None or entry.ambiguous_as is None or not flow.needs_confirming or flow.amount is None:
            self.question.say("")
            return
        text = f"Yes, {entry.canonical} {currency}"
        if self.question.button.accessibleName() != text:
            self.question.button.setText(text.replace("&", "&&"))
            self.question.button.setAccessibleName(text)
        self.question.say(
            f"“{words(flow.typed.strip())}” is read as {amount(entry.amount)} {currency}. Elsewhere it would mean"
            f" {fixed(entry.ambiguous_as)}. Is {entry.canonical} {currency} meant?"
        )

    def _tell(self, flow: WithdrawalFlow, currency: str) -> None:
        sent, entry = flow.amount, flow.entry
        self._card.setVisible(sent is not None)
        if sent is None or entry is None:
            return
        left = amount(flow.balance_after)
        self.echo.setText(f"Read as {entry.canonical} {currency}")
        is_all = not flow.balance_after
        self.outlook.show_fields(
            [
                Field("You send", f"{amount(sent)} {currency}{', all that is available' if is_all else ''}"),
                Field("Fee", "Not reported before sending" + (": none could be covered on top" if is_all else "")),
                Field("Left afterwards", f"{left} {currency}, less the fee"),
            ]
        )
