"""The window that stands in the desk's place while it is locked or not yet open. Nothing of the desk is in it."""

import math
from collections.abc import Sequence

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QCloseEvent, QHideEvent, QKeyEvent
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QProgressBar, QPushButton, QVBoxLayout, QWidget

from lumedesk.domain.clocks import Clock
from lumedesk.domain.credentials import Credentials, Secret
from lumedesk.domain.text import shown
from lumedesk.views.parts.announce import announce
from lumedesk.views.parts.secret_field import SecretField
from lumedesk.views.parts.text import Label, Passage
from lumedesk.views.parts.widgets import Card, button
from lumedesk.views.theme import DOUBLE, HALF, TRIPLE, UNIT, Look, icon_pixmap

_WIDTH = 440
_INNER = _WIDTH - 2 * TRIPLE
_REPAINT_MS = 200
_MAX_DETAIL = 600

# A button's name, its text, and its look ("primary" or none).
Choice = tuple[str, str, str]


class GateWindow(QWidget):
    """Asks for the passphrase or the key, or says what is in the way. Each change of state forgets what was typed.

    Hide it when the operator is in: closing it, however that comes about, is told as the wish to quit.
    """

    # A passphrase to be tried. UI thread.
    passphrase_entered = Signal(object)
    # The name of a choice that was offered; "cancel" where Cancel was. UI thread.
    chosen = Signal(str)
    # Credentials for this run. UI thread.
    key_entered = Signal(object)
    # Quit was pressed or the window was closed. UI thread.
    quit_wanted = Signal()

    def __init__(self, look: Look, clock: Clock, profile: str = "", parent: QWidget | None = None) -> None:
        """`profile` is the title to show, nothing more of it."""
        super().__init__(parent, Qt.WindowType.Window)
        self.setObjectName("gate")
        self.setMinimumSize(560, 480)
        self.resize(880, 640)
        self._look = look
        self._clock = clock
        self._open_at = 0.0
        self._message = ""
        self._choices: list[QWidget] = []
        self._waits = QTimer(self)
        self._waits.setInterval(_REPAINT_MS)
        self._waits.timeout.connect(self._count_down)
        self._make_parts(profile)
        self._lay_out()
        look.changed.connect(self._paint_icon)
        self._paint_icon()
        self._turn_to("Locked", "")

    # The states

    def ask_passphrase(self, words: str, wait_s: float = 0.0) -> None:
        """Ask for the passphrase; `words` say why it is locked. With `wait_s` the first try has to wait."""
        self._turn_to("Locked", words, self.passphrase, self.message, self.unlock_button, self.quit_button)
        self.setWindowTitle("LumeDesk – locked")
        self._wait("", wait_s)

    def show_refusal(self, words: str, wait_s: float = 0.0) -> None:
        """Say that the passphrase wasn't accepted, and let it be typed again once the wait is over."""
        self.passphrase.clear()
        self._wait(words, wait_s)
        announce(self, self.message.text(), urgent=True)

    def show_busy(self, words: str) -> None:
        """Say what is being waited for."""
        self._turn_to("One moment", words, self.progress, self.cancel_button, self.quit_button)
        self.cancel_button.setFocus()
        announce(self, words)

    def show_trouble(self, title: str, advice: str, detail: str, choices: Sequence[Choice]) -> None:
        """Say what is in the way and offer ways on; the button that is pressed is told by `chosen`."""
        self._turn_to(title, advice)
        self.detail.setPlainText(shown(detail, _MAX_DETAIL))
        self.detail_card.setVisible(bool(detail))
        for name, text, look in choices:
            made = button(f"gate-choice-{name}", text, look)
            _press_by_enter(made)
            made.clicked.connect(self._choose)
            self._choices.append(made)
            self._choice_column.addWidget(made)
            made.show()
        if self._choices:
            self._choices[0].setFocus()
        announce(self, f"{title}. {advice}", urgent=True)

    def ask_key(self, words: str) -> None:
        """Ask for the API key and secret, for this run only."""
        self._turn_to(
            "Enter the API key", words, self.key_row, self.secret, self.message, self.connect_button, self.cancel_button
        )
        self.key.setFocus()

    @property
    def is_waiting(self) -> bool:
        """Whether the next try has to wait."""
        return self._waits.isActive()

    # How it is made

    def _make_parts(self, profile: str) -> None:
        self._icon = Label()
        self.title = _label("gate-title", "title")
        self.profile = _label("gate-profile", "caption")
        self.profile.setText(shown(profile, 60))
        self.profile.setVisible(bool(profile))
        self.words = _label("gate-words", "muted")
        self.message = _label("gate-message", "error")
        self.passphrase = SecretField("gate-passphrase", "Passphrase")
        self.passphrase.field.returnPressed.connect(self._unlock)
        self.key = QLineEdit()
        self.key.setObjectName("gate-key")
        self.key.setAccessibleName("API key")
        self.key.returnPressed.connect(self._connect)
        self.secret = SecretField("gate-secret", "API secret")
        self.secret.field.returnPressed.connect(self._connect)
        self.progress = QProgressBar()
        self.progress.setObjectName("gate-progress")
        self.progress.setAccessibleName("Waiting")
        self.progress.setTextVisible(False)
        self.detail = Passage("")
        self.detail.setObjectName("gate-detail")
        self.detail.setAccessibleName("Details")
        self.unlock_button = button("gate-unlock", "Unlock", "primary")
        self.unlock_button.clicked.connect(self._unlock)
        self.connect_button = button("gate-connect", "Connect", "primary")
        self.connect_button.clicked.connect(self._connect)
        self.cancel_button = button("gate-cancel", "Cancel")
        self.cancel_button.clicked.connect(self._cancel)
        self.quit_button = button("gate-quit", "Quit LumeDesk")
        self.quit_button.clicked.connect(self.quit_wanted)
        for each in (self.unlock_button, self.connect_button, self.cancel_button, self.quit_button):
            _press_by_enter(each)

    def _lay_out(self) -> None:
        self.key_row = QWidget()
        key_column = QVBoxLayout(self.key_row)
        key_column.setContentsMargins(0, 0, 0, 0)
        key_column.setSpacing(HALF)
        key_label = Label("API key", "label")
        key_label.setBuddy(self.key)
        key_column.addWidget(key_label)
        key_column.addWidget(self.key)
        self.detail_card = Card("sunken", UNIT)
        self.detail_card.inner.addWidget(self.detail)
        card = Card(margin=TRIPLE)
        card.setFixedWidth(_WIDTH)
        card.inner.setSpacing(DOUBLE)
        names = QVBoxLayout()
        names.setSpacing(2)
        names.addWidget(self.title)
        names.addWidget(self.profile)
        head = QHBoxLayout()
        head.setSpacing(DOUBLE)
        head.addWidget(self._icon, 0, Qt.AlignmentFlag.AlignTop)
        head.addLayout(names, 1)
        card.inner.addLayout(head)
        self._choice_column = QVBoxLayout()
        self._choice_column.setSpacing(UNIT)
        foot = self._foot = QHBoxLayout()
        foot.setSpacing(UNIT)
        foot.addWidget(self.quit_button)
        foot.addStretch(0)
        foot.addWidget(self.cancel_button)
        foot.addStretch(1)
        foot.addWidget(self.connect_button)
        foot.addWidget(self.unlock_button)
        parts = (self.words, self.progress, self.detail_card, self.passphrase, self.key_row, self.secret, self.message)
        for part in parts:
            card.inner.addWidget(part)
        card.inner.addLayout(self._choice_column)
        card.inner.addLayout(foot)
        whole = QVBoxLayout(self)
        whole.addStretch(2)
        whole.addWidget(card, 0, Qt.AlignmentFlag.AlignHCenter)
        whole.addStretch(3)
        self._parts = (*parts, self.unlock_button, self.connect_button, self.cancel_button, self.quit_button)

    def _turn_to(self, title: str, words: str, *parts: QWidget) -> None:
        """Forget everything of the state before, and show these parts."""
        self._waits.stop()
        self._forget_typed()
        for made in self._choices:
            made.hide()
            made.deleteLater()
        self._choices.clear()
        self.detail.setPlainText("")
        # A bar that runs without an end is drawn anew all the time, so it runs only while it is seen.
        self.progress.setRange(0, 0 if self.progress in parts else 1)
        for part in self._parts:
            part.setVisible(part in parts and part is not self.message)
        # Beside each other, the one that waits no longer and the one that quits would be mistaken for each other.
        self._foot.setStretch(1, int(self.quit_button in parts and self.cancel_button in parts))
        self._foot.setStretch(3, int(self.quit_button not in parts or self.cancel_button not in parts))
        self.setWindowTitle("LumeDesk")
        self.title.setText(title)
        _fit(self.words, words)
        self._say("")
        self._enable(enabled=True)

    def _forget_typed(self) -> None:
        self.passphrase.clear()
        self.key.setText("")
        self.secret.clear()

    # What the operator does

    def _unlock(self) -> None:
        if self._waits.isActive() or not self.passphrase.isEnabled():
            return
        if not self.passphrase.text():
            self._say("Enter the passphrase.")
            return
        secret = self.passphrase.secret()
        self.passphrase.clear()
        self._say("")
        self._enable(enabled=False)
        self.unlock_button.setText("Checking…")
        self.passphrase_entered.emit(secret)

    def _connect(self) -> None:
        credentials = Credentials(self.key.text().strip(), Secret(self.secret.text().strip()))
        if credentials.problem:
            self._say(credentials.problem)
            (self.secret if "secret" in credentials.problem else self.key).setFocus()
            return
        self._forget_typed()
        self.key_entered.emit(credentials)

    def _cancel(self) -> None:
        self.chosen.emit("cancel")

    def _choose(self) -> None:
        self.chosen.emit(self.sender().objectName().removeprefix("gate-choice-"))

    def _enable(self, *, enabled: bool) -> None:
        self.passphrase.setEnabled(enabled)
        self.unlock_button.setEnabled(enabled)
        self.unlock_button.setText("Unlock")

    def _wait(self, words: str, wait_s: float) -> None:
        self._message = words
        self._open_at = self._clock.ticks() + wait_s
        self._waits.start()
        self._count_down()

    def _count_down(self) -> None:
        left_s = self._open_at - self._clock.ticks()
        self._enable(enabled=left_s <= 0)
        if left_s > 0:
            self._say(f"{self._message} Try again in {math.ceil(left_s)} s.".strip())
            return
        self._waits.stop()
        self._say(self._message)
        self.passphrase.field.setFocus()

    def _say(self, words: str) -> None:
        _fit(self.message, words)
        self.message.setVisible(bool(words))

    def _paint_icon(self) -> None:
        pixmap = icon_pixmap("lock", self._look.colours.accent, 64)
        pixmap.setDevicePixelRatio(2)
        self._icon.setPixmap(pixmap)

    # What Qt calls

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """As Qt has it; Escape cancels where that is offered."""
        if event.key() == Qt.Key.Key_Escape and self.cancel_button.isVisible():
            self._cancel()
            return
        super().keyPressEvent(event)

    def hideEvent(self, event: QHideEvent) -> None:
        """As Qt has it; a window that is put away holds nothing that was typed."""
        super().hideEvent(event)
        if not event.spontaneous():
            self._forget_typed()
            self.progress.setRange(0, 1)

    def closeEvent(self, event: QCloseEvent) -> None:
        """As Qt has it; who closes this window wants to quit."""
        super().closeEvent(event)
        self.quit_wanted.emit()


def _press_by_enter(each: QPushButton) -> None:
    # Nothing here moves money: the button that has the focus may be pressed by Enter as well.
    each.setAutoDefault(True)


def _label(name: str, look: str) -> Label:
    label = Label(look=look, wraps=True)
    label.setObjectName(name)
    return label


def _fit(label: Label, words: str) -> None:
    """A label that wraps needs its height told once its width is known."""
    label.setText(words)
    label.setFixedWidth(_INNER)
    label.setMinimumHeight(label.heightForWidth(_INNER) if words else 0)
    label.setVisible(bool(words))
