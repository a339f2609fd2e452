"""The steps of the set-up: what to begin with, how to connect, and the passphrase. The frame around them is in setup.py."""

from collections.abc import Callable
from typing import Protocol
from urllib.parse import urlsplit

from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QHideEvent
from PySide6.QtWidgets import QHBoxLayout, QPushButton, QVBoxLayout, QWidget

from lumedesk.domain.credentials import Credentials, Secret
from lumedesk.domain.errors import DeskError
from lumedesk.domain.lock import LEAST_PASSPHRASE
from lumedesk.domain.profiles import Profile
from lumedesk.domain.setup import lock_problem
from lumedesk.domain.text import shown
from lumedesk.views.parts.secret_field import SecretField
from lumedesk.views.parts.text import Label
from lumedesk.views.parts.widgets import Banner, Card, button
from lumedesk.views.setup_fields import forget, secret_entry
from lumedesk.views.setup_form import ConnectForm
from lumedesk.views.setup_trial import TrialPanel
from lumedesk.views.theme import DOUBLE, TRIPLE, UNIT, Look, icon_pixmap
from lumedesk.work.engine import Ticket
from lumedesk.work.keys import Report

_FIELD_WIDTH = 400
_ICON = 32
_ONCE_MORE = "Type the passphrase once more."
_LOCK_WORDS = (
    "It locks this window when you leave, and asks for the passphrase at each start.",
    "It opens the local records where the keychain can't be used.",
    "It can't be recovered: write it down where only you find it.",
)


class SetupWork(Protocol):
    """What the set-up asks of the desk."""

    @property
    def keychain_problem(self) -> str:
        """Why the system's keychain can't be used, in words; empty when it can."""

    @property
    def keychain_name(self) -> str:
        """Where keys are kept, in words."""

    def address_problem(self, profile: Profile) -> str:
        """Why a profile's address, proxy or CA file can't be used, in words; empty when they can."""

    def test(
        self,
        profile: Profile,
        credentials: Credentials,
        owner: QObject,
        done: Callable[[Report], None],
        failed: Callable[[DeskError], None],
    ) -> Ticket[Report]:
        """Try these credentials at the profile's server; one of the two is called on the UI thread, unless cancelled."""


class WelcomeStep(QWidget):
    """The two ways to begin."""

    def __init__(self, look: Look) -> None:
        super().__init__()
        self.setObjectName("setup-welcome")
        self._look = look
        self._icons: list[tuple[Label, str]] = []
        self.sandbox_button = button("setup-sandbox", "Try the sandbox", "primary")
        self.connect_button = button("setup-connect", "Connect with an API key")
        row = QHBoxLayout(self)
        row.setContentsMargins(0, UNIT, 0, UNIT)
        row.setSpacing(DOUBLE)
        words = "Invented money: every page and order can be tried, and nothing leaves this computer."
        row.addWidget(self._choice("flask-conical", "New here?", words, self.sandbox_button), 1)
        words = "Your own accounts at Lumetrade. The key is tested before anything is kept."
        row.addWidget(self._choice("plug", "You have an API key?", words, self.connect_button), 1)
        self.setFocusProxy(self.sandbox_button)
        look.changed.connect(self._paint_icons)
        self._paint_icons()

    def _choice(self, icon: str, title: str, words: str, choice: QPushButton) -> Card:
        card = Card("sunken", TRIPLE)
        picture = Label()
        self._icons.append((picture, icon))
        choice.setAccessibleDescription(words)
        card.inner.addWidget(picture)
        card.inner.addWidget(Label(title, "heading"))
        card.inner.addWidget(Label(words, "muted", wraps=True))
        card.inner.addSpacing(UNIT)
        card.inner.addStretch(1)
        card.inner.addWidget(choice)
        return card

    def _paint_icons(self) -> None:
        for picture, name in self._icons:
            pixmap = icon_pixmap(name, self._look.colours.accent, 2 * _ICON)
            pixmap.setDevicePixelRatio(2)
            picture.setPixmap(pixmap)


class ConnectStep(QWidget):
    """The form, and beside it the test of what stands there. Another answer drops the test's result."""

    # What stands in the form, or what is known of it, is different. UI thread.
    changed = Signal()
    # A test is over, and the button that had the keyboard is gone. UI thread.
    focus_lost = Signal()

    def __init__(self, work: SetupWork, look: Look) -> None:
        super().__init__()
        self.setObjectName("setup-connecting")
        self._work = work
        self._ticket: Ticket[Report] | None = None
        self.form = ConnectForm(work.address_problem, look)
        self.trial = TrialPanel(look)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, UNIT, 0, 0)
        row.setSpacing(TRIPLE)
        row.addWidget(self.form, 1)
        row.addWidget(self.trial, 1)
        self.setFocusProxy(self.form.kind)
        self.form.edited.connect(self.drop)
        self.form.view_only.toggled.connect(self.changed)
        self.trial.test_wanted.connect(self.test)
        self.trial.cancel_wanted.connect(self._cancel)
        self.trial.decided.connect(self.changed)

    @property
    def missing(self) -> str:
        """What stands between the operator and the next step, in words; empty when nothing does."""
        if problems := self.form.problems():
            return next(iter(problems.values()))
        if self.trial.may_go_on:
            return ""
        if self.trial.is_busy:
            return "The connection is being tested."
        if self.trial.may_pass:
            return "Test it again, or say that you go on without."
        return "Correct what failed, and test again." if self.trial.is_over else "Test the connection to go on."

    def test(self) -> None:
        """Test what stands in the form, or say what is wrong with it. While a test runs this does nothing."""
        if self.trial.is_busy:
            return
        answers = self.form.answers()
        if self.form.problems() or answers.credentials is None:
            self.form.show_problem()
            return
        profile = answers.profile("profile")
        self.trial.show_busy(urlsplit(profile.base_url).netloc)
        self.changed.emit()
        self._ticket = self._work.test(profile, answers.credentials, self, self._take_report, self._take_failure)

    def drop(self) -> None:
        """Forget what was tested, and stop what is being tested."""
        if self._ticket is not None:
            self._ticket.cancel()
            self._ticket = None
        self.trial.show_nothing()
        self.changed.emit()

    def reset(self) -> None:
        """Put everything back to how it began."""
        self.form.reset()
        self.drop()

    def _cancel(self) -> None:
        self.drop()
        self.trial.test_button.setFocus()

    def _take_report(self, report: Report) -> None:
        had_focus = self.trial.cancel_button.hasFocus()
        self._ticket = None
        self.trial.show_report(report)
        self._end(had_focus=had_focus)

    def _take_failure(self, error: DeskError) -> None:
        had_focus = self.trial.cancel_button.hasFocus()
        self._ticket = None
        self.trial.show_failure(error)
        self._end(had_focus=had_focus)

    def _end(self, *, had_focus: bool) -> None:
        self.changed.emit()
        if had_focus:
            self.focus_lost.emit()


class LockStep(QWidget):
    """Asks for a passphrase, twice, and says what it is for."""

    # What stands in the fields is different. UI thread.
    changed = Signal()

    def __init__(self, work: SetupWork) -> None:
        super().__init__()
        self.setObjectName("setup-lock")
        self._work = work
        self.is_required = False
        self.why = Banner("setup-lock-why")
        self.passphrase = SecretField("setup-passphrase", f"Passphrase, at least {LEAST_PASSPHRASE} characters")
        self.again = SecretField("setup-passphrase-again", "The same again")
        self.kept = Label(look="caption", wraps=True)
        self.kept.setObjectName("setup-kept")
        self._again = secret_entry(self.again)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, UNIT, 0, 0)
        column.setSpacing(DOUBLE - UNIT // 2)
        column.addWidget(self.why)
        row = QHBoxLayout()
        row.setSpacing(TRIPLE)
        row.addLayout(self._fields(), 1)
        row.addWidget(self._words(), 1)
        column.addLayout(row)
        column.addStretch(1)
        self.setFocusProxy(self.passphrase)
        for secret in (self.passphrase, self.again):
            secret.field.textEdited.connect(self._take_edit)
        self.again.field.editingFinished.connect(self._complain)

    def _fields(self) -> QVBoxLayout:
        fields = QVBoxLayout()
        fields.setSpacing(DOUBLE - UNIT // 2)
        fields.addWidget(self.passphrase)
        fields.addWidget(self._again)
        fields.addWidget(self.kept)
        fields.addStretch(1)
        return fields

    def _words(self) -> Card:
        card = Card("sunken")
        card.inner.addWidget(Label("What it does", "strong"))
        for words in _LOCK_WORDS:
            card.inner.addWidget(Label(words, "muted", wraps=True))
        card.inner.addStretch(1)
        return card

    @property
    def missing(self) -> str:
        """Why this can't be the passphrase, in words; empty when it can."""
        once, again = self.passphrase.text(), self.again.text()
        if once and not again and not lock_problem(once, once, is_required=True):
            return _ONCE_MORE
        return lock_problem(once, again, is_required=True)

    @property
    def is_empty(self) -> bool:
        """Whether nothing was typed yet."""
        return not self.passphrase.text() and not self.again.text()

    def focus_missing(self) -> None:
        """Put the keyboard into the field in which something is missing or wrong."""
        (self.again if self.missing == _ONCE_MORE or self.again.text() else self.passphrase).setFocus()

    def answer(self) -> Secret | None:
        """The passphrase; None while there is none that could be one."""
        return None if self.missing else self.passphrase.secret()

    def look_at_keychain(self) -> None:
        """See whether the keychain can be used: without it there must be a passphrase."""
        problem = shown(self._work.keychain_problem, 300).rstrip(". ")
        self.is_required = bool(problem)
        self.why.say(
            f"This computer has no usable keychain ({problem}). The API secret is then kept in memory only and asked for"
            " at each start; the passphrase protects the local records."
            if problem
            else ""
        )
        name = shown(self._work.keychain_name, 80)
        self.kept.setText(
            ""
            if problem
            else f"The API key and secret go into this computer's keychain ({name}), with or without a passphrase."
        )
        self.kept.setVisible(not problem)

    def reset(self) -> None:
        """Empty both fields."""
        forget(self.passphrase, self.again)
        self._again.complain("")
        self.changed.emit()

    def hideEvent(self, event: QHideEvent) -> None:
        """As Qt has it; nothing stays shown behind another step."""
        super().hideEvent(event)
        for secret in (self.passphrase, self.again):
            secret.show_button.setChecked(False)

    def _take_edit(self) -> None:
        self._again.complain("")
        self.changed.emit()

    def _complain(self) -> None:
        if self.again.text():
            self._again.complain(self.missing)
