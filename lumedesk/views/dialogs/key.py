"""The dialog that replaces a profile's key in place: tested first, then kept, then used. Nothing else of the desk changes."""

import shiboken6
from PySide6.QtCore import QEvent
from PySide6.QtWidgets import QWidget

from lumedesk.domain.credentials import Credentials, Secret
from lumedesk.domain.errors import DeskError
from lumedesk.domain.setup import is_keys_fault
from lumedesk.domain.text import shown
from lumedesk.views.dialogs.dialog import Dialog
from lumedesk.views.parts.announce import announce
from lumedesk.views.parts.checks import CheckList
from lumedesk.views.parts.secret_field import SecretField
from lumedesk.views.parts.widgets import Banner, explain
from lumedesk.views.setup_fields import forget, line, line_entry, secret_entry
from lumedesk.views.theme import Look
from lumedesk.work.engine import Ticket
from lumedesk.work.keys import Keys, NotKept, Report

_WIDTH = 560
_ROTATE = (
    "The new key is tested first. Only one that works takes the old one's place; the desk goes on with it at once."
)
_REFUSED = "Nothing typed elsewhere is lost: drafts and filters stay as they are."


class KeyDialog(Dialog):
    """Asks for a key and its secret. `why` is there when the server refused the one in use; it says so in words."""

    def __init__(self, keys: Keys, look: Look, parent: QWidget | None = None, why: str = "") -> None:
        title = "The API key isn't accepted" if why else "Change the API key"
        super().__init__("key", title, f"{shown(why, 300)}\n{_REFUSED}" if why else _ROTATE, parent)
        self._keys = keys
        self._ticket: Ticket[Report] | None = None
        # What was tested and is to be kept; none once a field is edited.
        self._tested: Credentials | None = None
        self._is_busy = False
        self.key = line("key-key")
        self.secret = SecretField("key-secret", "API secret")
        self._key_entry = line_entry(self.key, "API key")
        self._secret_entry = secret_entry(self.secret)
        self.checks = CheckList("key-checks", look)
        self.message = Banner("key-message")
        self.untested_button = self.add_button("key-save-untested", "Save without testing")
        self.once_button = self.add_button("key-use-once", "Use for this run only")
        self.save_button = self.add_button("key-save", "Test and save", "primary")
        for widget in (self._key_entry, self._secret_entry, self.checks, self.message):
            self.body.addWidget(widget)
        self.body.addStretch(1)
        self.setMinimumWidth(_WIDTH)
        self._connect()
        self._show_ways_on()
        self.key.setFocus()

    def _connect(self) -> None:
        for field in (self.key, self.secret.field):
            field.textEdited.connect(self._take_edit)
            # Nothing here moves money.
            field.returnPressed.connect(self.test)
        self.save_button.clicked.connect(self.test)
        self.untested_button.clicked.connect(self._save_untested)
        self.once_button.clicked.connect(self._use_once)

    # What the operator does

    def test(self) -> None:
        """Test what stands in the fields, and keep it if it works; or say what is wrong with it."""
        if self._is_busy:
            return
        credentials = Credentials(self.key.text().strip(), Secret(self.secret.text().strip()))
        problem = credentials.problem
        if problem:
            is_secrets = "secret" in problem
            (self._secret_entry if is_secrets else self._key_entry).complain(problem)
            (self.secret.field if is_secrets else self.key).setFocus()
            return
        self._drop()
        self._tested = credentials
        self._set_busy("Testing the key…")
        self._ticket = self._keys.test(credentials, self, self._take_report, self._take_failed_test)

    def _save_untested(self) -> None:
        self._keep(for_this_run_only=False)

    def _use_once(self) -> None:
        self._keep(for_this_run_only=True)

    def done(self, result: int) -> None:
        """As Qt has it; a test under way ends, and nothing stays in the fields."""
        if self._ticket is not None:
            self._ticket.cancel()
            self._ticket = None
        self._tested = None
        forget(self.key, self.secret)
        super().done(result)

    def event(self, event: QEvent) -> bool:
        """As Qt has it; the dialog is as tall as what it shows."""
        # Asked before: an event may also be the one that deletes this dialog.
        is_layouts = event.type() == QEvent.Type.LayoutRequest
        answer = super().event(event)
        if is_layouts and self.isVisible() and (layout := self.layout()) is not None:
            self.resize(self.width(), layout.totalHeightForWidth(self.width()))
        return answer

    # What comes of it

    def _take_report(self, report: Report) -> None:
        self._ticket = None
        self.checks.show_report(report)
        if not report.is_good:
            self._settle()
            may_pass = report.error is not None and not is_keys_fault(report.error)
            self._refuse("The key wasn't changed: the test failed.", offers_untested=may_pass)
            return
        if problem := self._keys.owner_problem(report):
            self._settle()
            self._refuse(f"The key wasn't changed. {problem}", offers_untested=False)
            return
        self._keep(for_this_run_only=False)

    def _take_failed_test(self, error: DeskError) -> None:
        self._ticket = None
        self._settle()
        self._refuse(explain(error, of_order=True), offers_untested=not is_keys_fault(error))

    def _keep(self, *, for_this_run_only: bool) -> None:
        if self._tested is None or self._ticket is not None:
            return
        self._show_ways_on()
        self._set_busy(
            "Going on with the new key…"
            if for_this_run_only
            else f"Keeping the key in {shown(self._keys.keychain_name, 80)}, which may ask for its own password…"
        )
        self.close_button.setText("Close")
        # Its owner isn't this dialog: a key that was kept must be used, also when the dialog was closed meanwhile.
        self._keys.replace(
            self._tested, self._keys, self._take_kept, self._take_not_kept, for_this_run_only=for_this_run_only
        )

    def _take_kept(self) -> None:
        if shiboken6.isValid(self) and self._tested is not None:
            self._settle()
            self.accept()

    def _take_not_kept(self, error: DeskError) -> None:
        if not shiboken6.isValid(self) or self._tested is None:
            return
        self._settle()
        words = explain(error, of_order=True)
        if isinstance(error, NotKept):
            words += (
                "\nThe key wasn't changed. You may use the new one for this run only: it is then kept in memory, and you are"
                " asked for it again at the next start."
            )
        self.checks.show_report(None)
        self.message.say(words, "failed")
        announce(self, words, urgent=True)
        self._show_ways_on(offers_once=isinstance(error, NotKept))

    # What is shown

    def _take_edit(self) -> None:
        for entry in (self._key_entry, self._secret_entry):
            entry.complain("")
        self._drop()

    def _drop(self) -> None:
        """Forget what was found: it was about another key."""
        self._tested = None
        self.checks.show_report(None)
        self.message.say("")
        self._show_ways_on()

    def _refuse(self, words: str, *, offers_untested: bool) -> None:
        if offers_untested:
            words += (
                " It can be saved without a test; whether it works, and whose it is, is then only known once the server"
                " answers."
            )
        self.message.say(words, "failed")
        announce(self, f"{words} {self.checks.text()}", urgent=True)
        self._show_ways_on(offers_untested=offers_untested)

    def _show_ways_on(self, *, offers_untested: bool = False, offers_once: bool = False) -> None:
        self.untested_button.setVisible(offers_untested)
        self.once_button.setVisible(offers_once)

    def _set_busy(self, words: str) -> None:
        self._is_busy = True
        self.message.say(words, "moving")
        announce(self, words)
        self._enable(enabled=False)

    def _settle(self) -> None:
        self._is_busy = False
        self.message.say("")
        self.close_button.setText("Cancel")
        self._enable(enabled=True)

    def _enable(self, *, enabled: bool) -> None:
        for widget in (self.key, self.secret, self.save_button):
            widget.setEnabled(enabled)
        if enabled:
            self.key.setFocus()
