"""The fourth step of the withdrawal wizard: everything once more, before the button that sends."""

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent, QKeySequence, QMouseEvent
from PySide6.QtWidgets import QFrame, QGridLayout, QLineEdit, QScrollArea, QVBoxLayout, QWidget

from lumedesk.domain.details import Field, fields_of
from lumedesk.domain.grouping import in_groups, is_code
from lumedesk.domain.text import shown
from lumedesk.domain.withdrawals import Step, WithdrawalFlow
from lumedesk.models.texts import amount, words
from lumedesk.views.parts.fields import FieldList
from lumedesk.views.parts.text import Label, Passage, rule
from lumedesk.views.parts.widgets import Card
from lumedesk.views.theme import DOUBLE, HALF, UNIT, Look

_LABEL_WIDTH = 118


class CodePassage(Passage):
    """An account number or an address in groups of four; what is copied has no spaces in it."""

    def __init__(self, code: str) -> None:
        super().__init__(in_groups(code), fixed=True)
        self.code = code

    def selected_text(self) -> str:
        """What is selected, without the spaces that are only shown."""
        return super().selected_text().replace(" ", "")


class TypedOnly(QLineEdit):
    """A field that can't be pasted or dropped into: what stands in it was typed."""

    def __init__(self, name: str, purpose: str) -> None:
        super().__init__()
        self.setObjectName(name)
        self.setAccessibleName(purpose)
        self.setAcceptDrops(False)
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.NoContextMenu)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """As Qt has it, less pasting."""
        if not event.matches(QKeySequence.StandardKey.Paste):
            super().keyPressEvent(event)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """As Qt has it, less the middle button, which pastes on some systems."""
        if event.button() != Qt.MouseButton.MiddleButton:
            super().mouseReleaseEvent(event)


class Destination(QWidget):
    """Where the money goes, whole: every field, codes in groups."""

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("withdrawal-destination")
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setHorizontalSpacing(UNIT)
        self._grid.setVerticalSpacing(2)
        self._grid.setColumnStretch(1, 1)
        self._shown: tuple[Field, ...] = ()

    def show_fields(self, fields: list[Field]) -> None:
        """Show exactly these; equal ones change nothing."""
        if tuple(fields) == self._shown:
            return
        self._shown = tuple(fields)
        while (item := self._grid.takeAt(0)) is not None:
            if (widget := item.widget()) is not None:
                widget.hide()
                widget.deleteLater()
        for row, field in enumerate(self._shown):
            self._add(row, field)

    def _add(self, row: int, field: Field) -> None:
        label = Label(field.label, "strong" if field.value is None else "label", wraps=True)
        label.setContentsMargins(field.depth * DOUBLE, UNIT if field.value is None else 6, 0, 6)
        label.setAlignment(Qt.AlignmentFlag.AlignTop | Qt.AlignmentFlag.AlignLeft)
        if field.value is None:
            self._grid.addWidget(label, row, 0, 1, 2)
            return
        label.setFixedWidth(_LABEL_WIDTH)
        value = CodePassage(field.value) if is_code(field.value) else Passage(field.value, fixed=True)
        value.setObjectName(f"{self.objectName()}-value-{row}")
        value.setAccessibleName(f"{field.label}: {field.value}")
        self._grid.addWidget(label, row, 0)
        self._grid.addWidget(value, row, 1)


class ReviewStep(QWidget):
    """The whole order in words, and the amount typed once more where it is large."""

    # (text): what stands in the field now. UI thread.
    retyped = Signal(str)

    def __init__(self, look: Look) -> None:
        super().__init__()
        self.setObjectName("withdrawal-review")
        self.statement = Label(look="heading", wraps=True)
        self.statement.setObjectName("withdrawal-statement")
        self.fields = FieldList("withdrawal-review-fields", look, can_copy=False)
        self.destination = Destination()
        self.retype = TypedOnly("withdrawal-retype", "The amount once more")
        self.retype.setMaximumWidth(280)
        self.retype_why = Label(wraps=True)
        self.retype_why.setObjectName("withdrawal-retype-why")
        self.retype_problem = Label(look="error", wraps=True)
        self.retype_problem.setObjectName("withdrawal-retype-problem")
        self._retyping = Card("sunken")
        for part in (self.retype_why, self.retype, self.retype_problem):
            self._retyping.inner.addWidget(part)
        self._lay_out()
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAccessibleName("Review")
        self.retype.textEdited.connect(self.retyped)

    def _lay_out(self) -> None:
        card = Card(margin=DOUBLE)
        card.inner.addWidget(Label("Destination", "strong"))
        card.inner.addWidget(self.destination)
        card.inner.addSpacing(HALF)
        card.inner.addWidget(rule())
        card.inner.addSpacing(HALF)
        card.inner.addWidget(self.fields)
        card.inner.addStretch(1)
        scroll = QScrollArea()
        scroll.setObjectName("withdrawal-review-scroll")
        scroll.setAccessibleName("The whole order")
        scroll.setFrameShape(QFrame.Shape.NoFrame)
        scroll.setWidgetResizable(True)
        scroll.setWidget(card)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, DOUBLE, 0, 0)
        column.setSpacing(UNIT)
        column.addWidget(self.statement)
        column.addWidget(scroll, 1)
        column.addWidget(self._retyping)
        note = "A withdrawal can't be called back. Compare the destination with your instruction, not with an e-mail."
        column.addWidget(Label(note, "muted", wraps=True))

    def show_flow(self, flow: WithdrawalFlow, *, is_open: bool) -> None:
        """Repeat the whole order; while it is being sent nothing can be typed."""
        beneficiary = flow.beneficiary
        if beneficiary is None:
            return
        currency = words(beneficiary.currency)
        self.statement.setText(f"Send {amount(flow.amount)} {currency} to {words(beneficiary.nickname)}")
        # The root's own heading says no more than the card's title.
        whole = fields_of(beneficiary.withdraw_form_details, "Destination")
        if whole and whole[0].value is None:
            whole = [Field(each.label, each.value, each.depth - 1) for each in whole[1:]]
        self.destination.show_fields(whole)
        self.fields.show_fields(
            [
                Field("Amount", f"{amount(flow.amount)} {currency}"),
                Field("Fee", "Not reported before sending"),
                Field(
                    "From",
                    f"Your {currency} account, {amount(flow.account.balance if flow.account else None)} available",
                ),
                Field("Left afterwards", f"{amount(flow.balance_after)} {currency}, less the fee"),
                Field("Beneficiary id", shown(beneficiary.id or "–")),
                *(Field(name, shown(text)) for name, text in flow.reasons.items() if text.strip()),
            ],
            frozenset({"Beneficiary id"}),
        )
        self._show_retyping(flow, is_open=is_open)

    def _show_retyping(self, flow: WithdrawalFlow, *, is_open: bool) -> None:
        self._retyping.setVisible(flow.needs_retyping)
        if not flow.needs_retyping or flow.threshold is None:
            return
        currency = words(flow.beneficiary.currency if flow.beneficiary else None)
        self.retype_why.setText(
            f"Type the amount once more. That is asked for from {amount(flow.threshold.amount)} {currency} on:"
            f" {flow.threshold.why}."
        )
        if self.retype.text() != flow.retyped:
            self.retype.setText(flow.retyped)
        self.retype.setEnabled(is_open)
        problem = (flow.missing(Step.REVIEW) or "") if flow.retyped.strip() else ""
        self.retype_problem.setText(problem)
        self.retype_problem.setVisible(bool(problem))
