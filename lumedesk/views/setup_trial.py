"""The part of the set-up that tests the connection: a button, what it is doing, what it found, and a way on without it."""

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from lumedesk.domain.errors import DeskError
from lumedesk.domain.setup import is_keys_fault
from lumedesk.domain.text import shown
from lumedesk.views.parts.announce import announce
from lumedesk.views.parts.checks import CheckList
from lumedesk.views.parts.text import Label
from lumedesk.views.parts.widgets import Banner, Card, button, explain
from lumedesk.views.theme import UNIT, Look, take_look
from lumedesk.views.wizards.declaration import Declaration
from lumedesk.work.keys import Report, Verdict

_WIDTH = 320
_NOTE = "Reads your accounts once with this key. No money moves, and nothing is kept."


class TrialPanel(Card):
    """Shows the state of one test. What is tested, and by whom, is told from outside."""

    # The operator wants to test. UI thread.
    test_wanted = Signal()
    # The operator doesn't want to wait for it. UI thread.
    cancel_wanted = Signal()
    # The operator's word to go on without a connection was given or taken back. UI thread.
    decided = Signal()

    def __init__(self, look: Look) -> None:
        super().__init__("sunken")
        self.setMinimumWidth(_WIDTH)
        self.setObjectName("setup-trial")
        self.is_good = False
        # A failure that may pass: the key itself wasn't refused.
        self.may_pass = False
        self.is_busy = False
        # It was tested, whatever came of it.
        self.is_over = False
        self.test_button = button("setup-test", "Test connection", "primary")
        self.busy = Label(look="muted", wraps=True)
        self.busy.setObjectName("setup-busy")
        self.cancel_button = button("setup-cancel-test", "Cancel")
        self.cancel_button.setAccessibleName("Cancel the test")
        self.verdict = Banner("setup-verdict")
        self.checks = CheckList("setup-checks", look)
        self.go_on_anyway = Declaration("setup-go-on-anyway", "Go on without a working connection", look)
        self._lay_out()
        self.test_button.clicked.connect(self.test_wanted)
        self.cancel_button.clicked.connect(self.cancel_wanted)
        self.go_on_anyway.toggled.connect(self.decided)
        self.show_nothing()

    @property
    def may_go_on(self) -> bool:
        """Whether the connection works, or the operator goes on although it doesn't yet."""
        return self.is_good or (self.may_pass and self.go_on_anyway.isChecked())

    def _lay_out(self) -> None:
        heading = Label("Test connection", "heading")
        heading.setObjectName("setup-trial-title")
        self._busy_row = QWidget()
        row = QHBoxLayout(self._busy_row)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(UNIT)
        row.addWidget(self.busy, 1)
        row.addWidget(self.cancel_button)
        self.inner.addWidget(heading)
        self.inner.addWidget(Label(_NOTE, "muted", wraps=True))
        tests = QHBoxLayout()
        tests.addWidget(self.test_button)
        tests.addStretch(1)
        results = QVBoxLayout()
        results.setSpacing(UNIT)
        for widget in (self._busy_row, self.verdict, self.checks, self.go_on_anyway):
            results.addWidget(widget)
        self.inner.addLayout(tests)
        self.inner.addLayout(results)
        self.inner.addStretch(1)

    def show_nothing(self) -> None:
        """Nothing was tested yet, or what was tested has changed."""
        self._show(is_busy=False)
        self._name_test("Test connection", "primary")

    def show_busy(self, host: str) -> None:
        """The test runs."""
        had_focus = self.test_button.hasFocus()
        self._show(is_busy=True)
        self.busy.setText(f"Asking {shown(host, 80)}…")
        announce(self, self.busy.text())
        if had_focus:
            # Who typed goes on in the field: Enter pressed twice there must not cancel what it began.
            self.cancel_button.setFocus()

    def show_report(self, report: Report) -> None:
        """The test is over, and this is what it found."""
        self._show(is_busy=False)
        self.is_good = report.is_good
        self.may_pass = not report.is_good and report.error is not None and not is_keys_fault(report.error)
        warned = any(step.verdict is Verdict.WARNED for step in report.steps)
        if not report.is_good:
            self.verdict.say("The connection doesn't work yet.", "failed")
        elif warned:
            self.verdict.say("The connection works, with a warning.", "warning")
        else:
            self.verdict.say("The connection works.", "done")
        self.checks.show_report(report)
        self._end(f"{self.verdict.text()} {self.checks.text()}")

    def show_failure(self, error: DeskError) -> None:
        """The test couldn't be made."""
        self._show(is_busy=False)
        self.may_pass = not is_keys_fault(error)
        self.verdict.say(explain(error, of_order=True), "failed")
        self._end(self.verdict.text())

    def _show(self, *, is_busy: bool) -> None:
        """Take away what was found before."""
        self.is_busy = is_busy
        self.is_good = self.may_pass = self.is_over = False
        self.verdict.say("")
        self.checks.show_report(None)
        self.go_on_anyway.setChecked(False)
        self.go_on_anyway.hide()
        self.test_button.setVisible(not is_busy)
        self._busy_row.setVisible(is_busy)

    def _end(self, words: str) -> None:
        self.is_over = True
        self._name_test("Test again", "" if self.is_good else "primary")
        self.go_on_anyway.setVisible(self.may_pass)
        announce(self, words)

    def _name_test(self, text: str, look: str) -> None:
        """Once the connection works, what is to be done next is another button."""
        self.test_button.setText(text)
        take_look(self.test_button, look)
