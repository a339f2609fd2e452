"""The third step of the withdrawal wizard: what was found, and why the operator goes on where something was."""

from collections.abc import Sequence

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLineEdit, QScrollArea, QVBoxLayout, QWidget

from lumedesk.domain.checks import LEAST_REASON, Check, CheckVerdict
from lumedesk.domain.statuses import Status, Tone
from lumedesk.domain.text import shown
from lumedesk.domain.withdrawals import WithdrawalFlow
from lumedesk.views.parts.text import Label, rule
from lumedesk.views.parts.widgets import Card, Pill, button
from lumedesk.views.theme import DOUBLE, HALF, UNIT, Look
from lumedesk.views.wizards.declaration import Declaration

_PILLS = {
    CheckVerdict.OK: Status("OK", "OK", Tone.DONE, is_final=True),
    CheckVerdict.WARN: Status("WARN", "Look", Tone.WAITING, is_final=True),
    CheckVerdict.STOP: Status("STOP", "Stop", Tone.FAILED, is_final=True),
}
_PILL_WIDTH = 64


class CheckRow(QWidget):
    """One check: its verdict, its words, and the answer it needs."""

    # (name, text): the reason as it stands now. UI thread.
    reasoned = Signal(str, str)
    # (name, bool): declared, or taken back. UI thread.
    attested = Signal(str, bool)

    def __init__(self, check: Check, look: Look) -> None:
        super().__init__()
        self.name = check.name
        slug = check.name.lower().replace(" ", "-").replace("'", "")
        self.setObjectName(f"withdrawal-check-{slug}")
        self.pill = Pill(look)
        self.pill.setObjectName(f"withdrawal-verdict-{slug}")
        self.pill.setMinimumWidth(_PILL_WIDTH)
        self.words = Label(look="muted", wraps=True)
        self.words.setObjectName(f"withdrawal-words-{slug}")
        self.reason = QLineEdit()
        self.reason.setObjectName(f"withdrawal-reason-{slug}")
        self.reason.setMaxLength(500)
        self.reason.setPlaceholderText(f"Why go on? At least {LEAST_REASON} characters, for the audit log")
        self.reason.setAccessibleName(f"Reason: {check.name}")
        self.declaration = Declaration(f"withdrawal-attest-{slug}", check.attestation or check.name, look)
        self._lay_out(check)
        self.reason.textEdited.connect(self._tell_reason)
        self.declaration.toggled.connect(self._tell_declaration)

    def _lay_out(self, check: Check) -> None:
        answers = QVBoxLayout()
        answers.setSpacing(HALF)
        answers.addWidget(Label(check.name, "strong"))
        answers.addWidget(self.words)
        answers.addWidget(self.reason)
        answers.addWidget(self.declaration)
        left = QVBoxLayout()
        left.addWidget(self.pill)
        left.addStretch(1)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, UNIT, 0, UNIT)
        row.setSpacing(DOUBLE)
        row.addLayout(left)
        row.addLayout(answers, 1)

    def show_check(self, check: Check, flow: WithdrawalFlow) -> None:
        """Show what was found now and what was answered so far."""
        self.pill.show_status(_PILLS[check.verdict])
        self.pill.setFixedWidth(max(_PILL_WIDTH, self.pill.sizeHint().width()))
        self.words.setText(shown(check.words))
        self.words.set_look({CheckVerdict.OK: "muted", CheckVerdict.STOP: "error"}.get(check.verdict, ""))
        self.setAccessibleName(f"{check.name}: {check.verdict.value}. {check.words}")
        reason = flow.reasons.get(check.name, "")
        if self.reason.text() != reason:
            self.reason.setText(reason)
        self.reason.setVisible(check.needs_reason)
        self.declaration.say(check.attestation or check.name)
        self.declaration.setVisible(bool(check.attestation))
        self.declaration.setChecked(check.name in flow.attested)

    def _tell_reason(self, text: str) -> None:
        self.reasoned.emit(self.name, text)

    def _tell_declaration(self, is_checked: bool) -> None:
        self.attested.emit(self.name, is_checked)


class ChecksStep(QWidget):
    """All checks, the ones that need an answer first."""

    # (name, text) UI thread.
    reasoned = Signal(str, str)
    # (name, bool) UI thread.
    attested = Signal(str, bool)

    def __init__(self, look: Look) -> None:
        super().__init__()
        self.setObjectName("withdrawal-checks")
        self._look = look
        self._rows: list[CheckRow] = []
        self._is_fresh = True
        self.summary = Label(look="heading", wraps=True)
        self.summary.setObjectName("withdrawal-checks-summary")
        self.refresh_button = button("withdrawal-checks-refresh", "Refresh")
        self._card = Card()
        self._card.inner.setSpacing(0)
        self._scroll = QScrollArea()
        self._scroll.setObjectName("withdrawal-checks-scroll")
        self._scroll.setAccessibleName("Checks")
        self._scroll.setFrameShape(QFrame.Shape.NoFrame)
        self._scroll.setWidgetResizable(True)
        self._scroll.setWidget(self._card)
        head = QHBoxLayout()
        head.addWidget(self.summary, 1)
        head.addWidget(self.refresh_button)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, DOUBLE, 0, 0)
        column.setSpacing(UNIT)
        column.addLayout(head)
        column.addWidget(self._scroll, 1)
        note = "Limits are this desk's own advice: the server and other workstations don't know them."
        column.addWidget(Label(note, "caption", wraps=True))
        self.setFocusProxy(self._scroll)

    def show_flow(self, flow: WithdrawalFlow) -> None:
        """Show the results. Rows stay where they are while the same checks are made: somebody may be typing in one."""
        found = {each.name: each for each in flow.checks}
        if found.keys() != {row.name for row in self._rows} or self._is_fresh:
            order = {CheckVerdict.STOP: 0, CheckVerdict.WARN: 1, CheckVerdict.OK: 2}
            self._make_rows(sorted(flow.checks, key=lambda each: order[each.verdict]))
            self._is_fresh = False
        for row in self._rows:
            row.show_check(found[row.name], flow)
        self.summary.setText(_summary(flow.checks))

    def begin(self) -> None:
        """Put what needs an answer first once more: the step was entered anew."""
        self._is_fresh = True

    def row(self, name: str) -> CheckRow | None:
        """The row of a check; None where it isn't made."""
        return next((row for row in self._rows if row.name == name), None)

    def _make_rows(self, found: list[Check]) -> None:
        while (item := self._card.inner.takeAt(0)) is not None:
            if (widget := item.widget()) is not None:
                widget.hide()
                widget.deleteLater()
        self._rows = []
        for at, check in enumerate(found):
            if at:
                self._card.inner.addWidget(rule())
            row = CheckRow(check, self._look)
            row.reasoned.connect(self.reasoned)
            row.attested.connect(self.attested)
            self._rows.append(row)
            self._card.inner.addWidget(row)
            row.show()
        self._card.inner.addStretch(1)


def _summary(found: Sequence[Check]) -> str:
    stops = sum(each.verdict is CheckVerdict.STOP for each in found)
    looks = sum(each.verdict is CheckVerdict.WARN for each in found)
    if stops:
        return "It can't be sent like this"
    if looks:
        return f"{looks} {'thing needs' if looks == 1 else 'things need'} your answer"
    return "Nothing stands out"
