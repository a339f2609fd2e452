"""What the pages of the main window share: a heading, room for actions, and words on how fresh the data is."""

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from lumedesk.domain.kinds import Kind
from lumedesk.models.texts import ago, short_time
from lumedesk.views.parts.text import Label
from lumedesk.views.parts.widgets import Banner, explain
from lumedesk.views.theme import DOUBLE, HALF, TRIPLE, UNIT, Look
from lumedesk.work.session import Session


class Page(QWidget):
    """One page. `kind` is the dataset it stands for."""

    # (Kind, record id): the operator wants to see this record on its own page. UI thread.
    wanted = Signal(object, str)

    def __init__(self, name: str, title: str, kind: Kind, session: Session, look: Look) -> None:
        super().__init__()
        self.setObjectName(f"{name}-page")
        self.setAccessibleName(title)
        self.title = title
        self.kind = kind
        self.session = session
        self.look = look
        heading = Label(title, "title")
        heading.setObjectName(f"{name}-title")
        self.subtitle = Label(look="caption")
        self.subtitle.setObjectName(f"{name}-subtitle")
        words = QVBoxLayout()
        words.setSpacing(HALF)
        words.addWidget(heading)
        words.addWidget(self.subtitle)
        self.action_row = QHBoxLayout()
        self.action_row.setSpacing(UNIT)
        top = QHBoxLayout()
        top.addLayout(words, 1)
        top.addLayout(self.action_row)
        self.trouble = Banner(f"{name}-trouble", "Try again")
        self.trouble.button.clicked.connect(self._refresh)
        self.body = QVBoxLayout(self)
        self.body.setContentsMargins(TRIPLE, TRIPLE, TRIPLE, DOUBLE)
        self.body.setSpacing(DOUBLE)
        self.body.addLayout(top)
        self.body.addWidget(self.trouble)
        session.state_changed.connect(self._take_state)

    def focus_body(self) -> None:
        """Put the keyboard where this page is read."""

    def focus_search(self) -> None:
        """Put the cursor where this page is searched; nothing where it can't be."""

    def show_record(self, key: str) -> None:
        """Make the record with this id current; nothing where there is none."""

    def tell_state(self) -> None:
        """Say how fresh the data is, and what is wrong with it."""
        state = self.session.state(self.kind)
        now = self.session.clock.now()
        facts = [fact for fact in (self.summary(),) if fact]
        if state.confirmed_at is not None:
            facts.append(f"confirmed by the server {ago(state.confirmed_at, now)}")
        self.subtitle.setText("  ·  ".join(facts))
        at = short_time(state.confirmed_at.astimezone(), now.astimezone()) if state.confirmed_at is not None else ""
        at = at[:1].lower() + at[1:]
        if at and self.session.is_offline:
            self.trouble.button.hide()
            self.trouble.say(f"Working offline: what you see is from {at}. Nothing can be sent.")
        elif at and state.error is not None:
            self.trouble.button.show()
            self.trouble.say(f"What you see is from {at}. {explain(state.error)}")
        elif state.set_aside:
            rows = "1 row" if state.set_aside == 1 else f"{state.set_aside} rows"
            self.trouble.button.hide()
            self.trouble.say(f"The server sent {rows} that can't be read; they are not shown here.")
        else:
            self.trouble.say("")

    def summary(self) -> str:
        """How many there are, in words; empty when that isn't known."""
        return ""

    def _take_state(self, kind: Kind) -> None:
        if kind is self.kind:
            self.tell_state()

    def _refresh(self) -> None:
        self.session.refresh(self.kind)
