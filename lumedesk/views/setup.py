"""The guided set-up: a window of its own at the first start, and whenever a profile is added. It keeps nothing itself."""

from dataclasses import replace
from enum import IntEnum

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QCloseEvent, QKeyEvent
from PySide6.QtWidgets import (
    QApplication,
    QFrame,
    QHBoxLayout,
    QPushButton,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from lumedesk.views.parts.announce import announce
from lumedesk.views.parts.text import Label, rule
from lumedesk.views.parts.widgets import Banner, Card, button
from lumedesk.views.setup_steps import ConnectStep, LockStep, SetupWork, WelcomeStep
from lumedesk.views.theme import DOUBLE, HALF, TRIPLE, UNIT, Look

__all__ = ["SetupStep", "SetupWindow", "SetupWork"]

_CARD_WIDTH = 900
_SIZE = (1000, 860)
_LEAST = (860, 520)


class SetupStep(IntEnum):
    """Where the set-up is."""

    WELCOME = 0
    CONNECT = 1
    LOCK = 2


_TITLES = {
    SetupStep.WELCOME: ("Welcome", "Welcome to LumeDesk", "The treasury desk for Lumetrade. How do you want to begin?"),
    SetupStep.CONNECT: (
        "Connect",
        "Connect with an API key",
        "A profile is one key at one server. Each has records, limits and a lock of its own.",
    ),
    SetupStep.LOCK: ("Lock", "Protect this profile with a passphrase", "Advised where others can reach this computer."),
}


class SetupWindow(QWidget):
    """Asks step by step. Nothing typed is lost by going back, and nothing of it stays when the window closes.

    After `finished` or `sandbox_wanted` it waits, closed off, for whoever listens: to close it, or to say by
    `show_failure` why it couldn't be done.
    """

    # The operator wants to try the sandbox. UI thread.
    sandbox_wanted = Signal()
    # (SetupAnswers): all is answered. UI thread.
    finished = Signal(object)
    # The operator gives up, or closes the window. UI thread.
    quit_wanted = Signal()

    def __init__(self, look: Look, work: SetupWork, *, can_rehearse: bool = True) -> None:
        """Without `can_rehearse` there is no sandbox to begin with: the set-up starts at the key."""
        super().__init__()
        self.setObjectName("setup")
        self.setWindowTitle("LumeDesk – set up" if can_rehearse else "LumeDesk – add a profile")
        self.setAccessibleName(self.windowTitle())
        self._steps = tuple(SetupStep) if can_rehearse else (SetupStep.CONNECT, SetupStep.LOCK)
        self._is_over = False
        self._waits_for = ""
        self.welcome_step = WelcomeStep(look)
        self.connect_step = ConnectStep(work, look)
        self.lock_step = LockStep(work)
        self.quit_button = button("setup-quit", "Quit" if can_rehearse else "Cancel")
        self.hint = Label(look="muted", wraps=True)
        self.hint.setObjectName("setup-hint")
        self.hint.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self.back_button = button("setup-back", "Back")
        self.skip_button = button("setup-skip", "Skip", hint="Finish without a passphrase")
        self.next_button = button("setup-next", "Next", "primary")
        self.finish_button = button("setup-finish", "Finish", "primary")
        self.message = Banner("setup-message")
        self._lay_out()
        self._connect()
        self.setMinimumSize(*_LEAST)
        # Where the screen is smaller, the buttons at the foot must not lie beyond it.
        self.resize(QSize(*_SIZE).boundedTo(self.screen().availableSize()))
        self.step = self._steps[0]
        self._enter(self.step)

    def _lay_out(self) -> None:
        self.heading = Label(look="title", wraps=True)
        self.heading.setObjectName("setup-title")
        self.subtitle = Label(look="muted", wraps=True)
        self.subtitle.setObjectName("setup-subtitle")
        self._pages: dict[SetupStep, QWidget] = {
            SetupStep.WELCOME: self.welcome_step,
            SetupStep.CONNECT: self.connect_step,
            SetupStep.LOCK: self.lock_step,
        }
        # Not a stack: that is as tall as its tallest page.
        self._body = QWidget()
        body = QVBoxLayout(self._body)
        body.setContentsMargins(0, 0, 0, 0)
        for page in self._pages.values():
            page.hide()
            body.addWidget(page)
        foot = QHBoxLayout()
        foot.setSpacing(UNIT)
        foot.addWidget(self.quit_button)
        foot.addWidget(self.hint, 1)
        for each in (self.back_button, self.skip_button, self.next_button, self.finish_button):
            foot.addWidget(each)
        card = Card(margin=TRIPLE)
        card.setMaximumWidth(_CARD_WIDTH)
        card.inner.setSpacing(DOUBLE)
        card.inner.addLayout(self._lay_out_trail())
        words = QVBoxLayout()
        words.setSpacing(HALF)
        words.addWidget(self.heading)
        words.addWidget(self.subtitle)
        card.inner.addLayout(words)
        card.inner.addWidget(self._body, 1)
        card.inner.addWidget(self.message)
        card.inner.addWidget(rule())
        card.inner.addLayout(foot)
        self._centre(card)

    def _lay_out_trail(self) -> QHBoxLayout:
        self._trail: dict[SetupStep, Label] = {}
        trail = QHBoxLayout()
        trail.setSpacing(UNIT)
        for number, step in enumerate(self._steps, 1):
            label = Label(f"{number}  {_TITLES[step][0]}", "trail")
            label.setObjectName(f"setup-trail-{step.name.lower()}")
            self._trail[step] = label
            trail.addWidget(label)
        trail.addStretch(1)
        return trail

    def _centre(self, card: Card) -> None:
        """In the middle of the window; scrolled where the window is smaller."""
        inner = QWidget()
        row = QHBoxLayout(inner)
        row.setContentsMargins(TRIPLE, TRIPLE, TRIPLE, TRIPLE)
        column = QVBoxLayout()
        column.addStretch(1)
        column.addWidget(card)
        column.addStretch(1)
        row.addStretch(1)
        row.addLayout(column, 20)
        row.addStretch(1)
        scroll = QScrollArea()
        scroll.setObjectName("setup-scroll")
        scroll.setAccessibleName("Set-up")
        scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        scroll.setFrameShape(QFrame.Shape.NoFrame)
        scroll.setWidgetResizable(True)
        scroll.setWidget(inner)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.addWidget(scroll)

    def _connect(self) -> None:
        self.quit_button.clicked.connect(self._quit)
        self.back_button.clicked.connect(self.go_back)
        self.next_button.clicked.connect(self.go_on)
        self.finish_button.clicked.connect(self.finish)
        self.skip_button.clicked.connect(self.skip)
        self.welcome_step.sandbox_button.clicked.connect(self._want_sandbox)
        self.welcome_step.connect_button.clicked.connect(self.go_on)
        self.connect_step.changed.connect(self._show)
        self.connect_step.focus_lost.connect(self._focus_what_is_next)
        self.lock_step.changed.connect(self._show)

    # What the operator does

    def go_on(self) -> None:
        """Go to the next step, if this one is complete."""
        if self._waits_for or self.step is SetupStep.LOCK:
            return
        if self.step is SetupStep.WELCOME or not self.connect_step.missing:
            self._enter(SetupStep(self.step + 1))

    def go_back(self) -> None:
        """Go to the step before."""
        if not self._waits_for and self.step is not self._steps[0]:
            self._enter(SetupStep(self.step - 1))

    def finish(self) -> None:
        """Hand over the answers with the passphrase, if it can be one."""
        if self.step is SetupStep.LOCK and not self.lock_step.missing:
            self._hand_over(has_passphrase=True)

    def skip(self) -> None:
        """Hand over the answers without a passphrase, where none is needed."""
        if self.step is SetupStep.LOCK and not self.lock_step.is_required:
            self._hand_over(has_passphrase=False)

    def show_failure(self, words: str) -> None:
        """Say why what was wanted couldn't be done; the operator may change an answer and try again."""
        self._waits_for = ""
        self.message.say(words, "failed")
        self.lock_step.look_at_keychain()
        self._show()
        # What had the keyboard was closed off.
        (self.finish_button if self.finish_button.isEnabled() else self._pages[self.step]).setFocus()
        announce(self, words, urgent=True)

    def _hand_over(self, *, has_passphrase: bool) -> None:
        if self._waits_for:
            return
        answers = self.connect_step.form.answers()
        self._wait("Setting up the profile…")
        self.finished.emit(replace(answers, passphrase=self.lock_step.answer() if has_passphrase else None))

    def _want_sandbox(self) -> None:
        if not self._waits_for:
            self._wait("Starting the sandbox…")
            self.sandbox_wanted.emit()

    def _wait(self, what: str) -> None:
        """Close off everything but the way out, until it is done."""
        self._waits_for = what
        self.message.say("")
        self._show()

    def _quit(self) -> None:
        self._is_over = True
        self.quit_wanted.emit()

    # What Qt calls

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Enter presses the button that has the keyboard, else the step's main one. Nothing here moves money."""
        if event.key() not in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            super().keyPressEvent(event)
            return
        event.accept()
        if event.isAutoRepeat():
            return
        focus = QApplication.focusWidget()
        if isinstance(focus, QPushButton):
            focus.click()
        elif self.step is SetupStep.WELCOME:
            self.welcome_step.sandbox_button.click()
        elif self.step is SetupStep.LOCK and self.lock_step.missing:
            self.lock_step.focus_missing()
        elif self.step is SetupStep.LOCK:
            self.finish()
        elif self.connect_step.missing:
            self.connect_step.test()
        else:
            self.go_on()

    def closeEvent(self, event: QCloseEvent) -> None:
        """As Qt has it; nothing typed stays, and a test under way ends."""
        super().closeEvent(event)
        # While something is being done, the program closes this window once it is; the operator may still want out.
        wants_out = not self._is_over and (not self._waits_for or event.spontaneous())
        self._is_over = True
        self.connect_step.reset()
        self.lock_step.reset()
        if wants_out:
            self.quit_wanted.emit()

    # What is shown

    def _enter(self, step: SetupStep) -> None:
        self.step = step
        self.message.say("")
        if step is SetupStep.LOCK:
            self.lock_step.look_at_keychain()
        _, title, subtitle = _TITLES[step]
        self.heading.setText(title)
        self.subtitle.setText(subtitle)
        for page in self._pages.values():
            page.hide()
        self._pages[step].show()
        for each, label in self._trail.items():
            label.set_look("trail-now" if each is step else "trail-past" if each < step else "trail")
        self._show()
        self._pages[step].setFocus()
        announce(self, f"{title}. {subtitle}")

    def _show(self) -> None:
        """Show the buttons of this step, and what stands between it and the next."""
        is_free = not self._waits_for
        lock, is_last = self.lock_step, self.step is SetupStep.LOCK
        self._body.setEnabled(is_free)
        self.back_button.setVisible(self.step is not self._steps[0])
        self.back_button.setEnabled(is_free)
        self.next_button.setVisible(self.step is SetupStep.CONNECT)
        self.next_button.setEnabled(is_free and not self.connect_step.missing)
        self.finish_button.setVisible(is_last)
        self.finish_button.setEnabled(is_free and not lock.missing)
        self.skip_button.setVisible(is_last and not lock.is_required)
        self.skip_button.setEnabled(is_free)
        self.hint.setText(self._waits_for or self._hint())

    def _focus_what_is_next(self) -> None:
        (self.next_button if self.next_button.isEnabled() else self.connect_step.trial.test_button).setFocus()

    def _hint(self) -> str:
        if self.step is SetupStep.CONNECT:
            return self.connect_step.missing
        if self.step is SetupStep.LOCK and (self.lock_step.is_required or not self.lock_step.is_empty):
            return self.lock_step.missing
        return ""
