"""The dialog in which an operator sets, changes or removes the passphrase and says when the desk locks."""

from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QCheckBox, QHBoxLayout, QSpinBox, QWidget

from lumedesk.domain.errors import DeskError
from lumedesk.domain.lock import LEAST_PASSPHRASE, MAX_IDLE_MINUTES, LockSettings, passphrase_problem
from lumedesk.views.dialogs.dialog import Dialog, labelled
from lumedesk.views.parts.secret_field import SecretField
from lumedesk.views.parts.text import Label
from lumedesk.views.parts.widgets import Banner, Card, button, explain
from lumedesk.views.theme import UNIT, take_look
from lumedesk.work.capture import can_block_capture
from lumedesk.work.locking import Locking, NotOpened

_PROTECTS = (
    "A passphrase locks this window. It also opens the local records where the system's keychain can't be used."
    " It doesn't stand in for the lock of your computer."
)
_NO_WAY_BACK = "Nobody can recover it. Without it and without the keychain, the local records can't be opened again."


class SecurityDialog(Dialog):
    """Edits one profile's lock. The passphrase changes at once, the settings when they are saved."""

    def __init__(self, locking: Locking, parent: QWidget | None = None) -> None:
        super().__init__("security", "Passphrase and lock", _PROTECTS, parent)
        self._locking = locking
        self.state = Label(look="strong")
        self.state.setObjectName("security-state")
        self.old = SecretField("security-old", "Passphrase that is set now")
        self.new = SecretField("security-new", "New passphrase")
        self.again = SecretField("security-again", "New passphrase once more")
        self.set_button = button("security-set", "Set passphrase")
        self.remove_button = button("security-remove", "Remove passphrase")
        self.message = Banner("security-message")
        self.idle = QSpinBox()
        self.idle.setObjectName("security-idle")
        self.idle.setRange(0, MAX_IDLE_MINUTES)
        self.idle.setSuffix(" min")
        self.idle.setSpecialValueText("Never")
        self.idle.setMaximumWidth(140)
        self.with_system = QCheckBox("Lock together with the computer, and when it wakes from sleep")
        self.with_system.setObjectName("security-with-system")
        self.blocks_capture = QCheckBox("Keep the windows out of screenshots and shared screens")
        self.blocks_capture.setObjectName("security-blocks-capture")
        self.blocks_capture.setVisible(can_block_capture())
        self.times = Card()
        self.times.setObjectName("security-times")
        self.save_button = self.add_button("security-save", "Save settings", "primary")
        self.close_button.setText("Close")
        self._lay_out()
        self.set_button.clicked.connect(self.set_passphrase)
        self.remove_button.clicked.connect(self.remove_passphrase)
        self.save_button.clicked.connect(self.save)
        locking.changed.connect(self._show_state)
        locking.locked.connect(self._forget_typed)
        self._give(locking.settings)
        self._show_state()
        if locking.trouble:
            self._say(locking.trouble)
        (self.old if locking.has_passphrase else self.new).setFocus()

    def set_passphrase(self) -> None:
        """Set or change the passphrase, or say what is wrong with what was typed."""
        problem = passphrase_problem(self.new.text(), self.again.text())
        if problem:
            self._say(problem)
            self.new.setFocus()
            return
        old = self.old.secret() if self._locking.has_passphrase else None
        self._begin()
        self._locking.set_passphrase(old, self.new.secret(), self, self._tell_set, self._show_failure, self._wanted())

    def remove_passphrase(self) -> None:
        """Do without a passphrase from now on; takes the one that is set."""
        self._begin()
        self._locking.remove_passphrase(self.old.secret(), self, self._tell_removed, self._show_failure)

    def save(self) -> None:
        """Put the settings in force and close, or say why not."""
        self._begin()
        self._locking.save_settings(self._wanted(), self, self.accept, self._show_failure)

    def done(self, result: int) -> None:
        """As Qt has it; nothing that was typed stays."""
        self._forget_typed()
        super().done(result)

    def showEvent(self, event: QShowEvent) -> None:
        """As Qt has it, as tall as its parts need."""
        super().showEvent(event)
        self._grow()

    def _lay_out(self) -> None:
        card = Card()
        card.inner.setSpacing(UNIT + UNIT // 2)
        card.inner.addWidget(self.state)
        for field in (self.old, self.new, self.again):
            card.inner.addWidget(field)
        card.inner.addWidget(Label(f"At least {LEAST_PASSPHRASE} characters. {_NO_WAY_BACK}", "caption", wraps=True))
        card.inner.addWidget(self.message)
        row = QHBoxLayout()
        row.setSpacing(UNIT)
        row.addStretch(1)
        row.addWidget(self.remove_button)
        row.addWidget(self.set_button)
        card.inner.addLayout(row)
        times = self.times
        times.inner.setSpacing(UNIT + UNIT // 2)
        times.inner.addWidget(Label("When it locks", "strong"))
        times.inner.addLayout(labelled("Without input for", self.idle))
        times.inner.addWidget(self.with_system)
        times.inner.addWidget(self.blocks_capture)
        self.body.addWidget(card)
        self.body.addWidget(times)
        self.setMinimumWidth(560)

    def _show_state(self) -> None:
        is_set = self._locking.has_passphrase
        self.state.setText("A passphrase is set" if is_set else "No passphrase is set")
        self.old.setVisible(is_set)
        self.remove_button.setVisible(is_set)
        self.set_button.setText("Change passphrase" if is_set else "Set passphrase")
        # While there is nothing to save, this is the main thing to do.
        take_look(self.set_button, "" if is_set else "primary")
        # Without a passphrase nothing locks, so there is nothing to set.
        self.times.setVisible(is_set)
        self.save_button.setVisible(is_set)
        self._grow()

    def _say(self, words: str, tone: str = "failed") -> None:
        self.message.say(words, tone)
        self._grow()

    def _grow(self) -> None:
        """Be as tall as what is shown now needs: beside text that wraps, Qt would rather squeeze the fields."""
        layout = self.layout()
        if layout is not None and self.isVisible():
            layout.activate()
            needed = layout.totalHeightForWidth(self.width())
            self.setMinimumHeight(needed)
            self.resize(self.width(), needed)

    def _wanted(self) -> LockSettings:
        return LockSettings(self.idle.value(), self.with_system.isChecked(), self.blocks_capture.isChecked())

    def _give(self, settings: LockSettings) -> None:
        self.idle.setValue(settings.idle_minutes)
        self.with_system.setChecked(settings.with_system)
        self.blocks_capture.setChecked(settings.blocks_capture)

    def _begin(self) -> None:
        self._say("")
        self._let_press(pressed=False)

    def _let_press(self, *, pressed: bool) -> None:
        self.set_button.setEnabled(pressed)
        self.remove_button.setEnabled(pressed)
        self.save_button.setEnabled(pressed)

    def _tell_set(self) -> None:
        self._tell_done("The passphrase is set.")

    def _tell_removed(self) -> None:
        self._tell_done("The passphrase is removed. The desk no longer locks.")

    def _tell_done(self, words: str) -> None:
        self._forget_typed()
        self._let_press(pressed=True)
        self._say(words, "done")

    def _show_failure(self, error: DeskError) -> None:
        self._let_press(pressed=True)
        words = explain(error)
        if isinstance(error, NotOpened):
            self.old.clear()
            self.old.setFocus()
            words = f"{error.detail} Try again in {error.wait_s:.0f} s." if error.wait_s >= 1 else error.detail
        self._say(words)

    def _forget_typed(self, _why: str = "") -> None:
        for field in (self.old, self.new, self.again):
            field.clear()
