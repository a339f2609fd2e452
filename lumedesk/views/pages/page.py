"""What the pages of the main window share: a heading, room for actions, and words on how fresh the data is."""

from typing import Any

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from lumedesk.domain.details import veiled
from lumedesk.domain.errors import DeskError
from lumedesk.domain.kinds import Kind
from lumedesk.models.table import KeyedTable
from lumedesk.models.texts import ago, short_time
from lumedesk.views.parts.ages import told_connection
from lumedesk.views.parts.text import Label
from lumedesk.views.parts.widgets import Banner, explain
from lumedesk.views.theme import DOUBLE, HALF, TRIPLE, UNIT, Look
from lumedesk.work.session import Connection, Session


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
        self._tables: list[KeyedTable[Any, Any]] = []
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
        look.hiding_changed.connect(self._follow_hiding)

    # For subclasses

    def watch_hiding(self, *tables: KeyedTable[Any, Any]) -> None:
        """Let `tables` hide amounts whenever the look does. Each table of a page is handed in once, when it is made."""
        self._tables += tables
        for table in tables:
            table.hide_amounts(hidden=self.look.hides_amounts)

    def tell_amounts(self) -> None:
        """Write anew what tells amounts outside the tables: they are hidden now, or shown again."""
        self.tell_state()

    def explained(self, error: DeskError) -> str:
        """A failure in words; the server's own, which may name amounts, without their figures while these are hidden."""
        text = explain(error)
        if not self.look.hides_amounts:
            return text
        return "\n".join(line if line.startswith("Request id: ") else veiled(line) for line in text.split("\n"))

    def tell_facts(self, *facts: str) -> None:
        """Write these below the heading, and that amounts are hidden if they are: dots alone would not say why."""
        told = [*facts, "amounts are hidden" if self.look.hides_amounts else ""]
        self.subtitle.setText("  ·  ".join(fact for fact in told if fact))

    # What the window asks for

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
        facts = [self.summary()]
        if state.confirmed_at is not None:
            facts.append(f"confirmed by the server {ago(state.confirmed_at, now)}")
        self.tell_facts(*facts)
        at = short_time(state.confirmed_at.astimezone(), now.astimezone()) if state.confirmed_at is not None else ""
        at = at[:1].lower() + at[1:]
        if at and self.session.is_offline:
            self.trouble.button.hide()
            self.trouble.say(f"{told_connection(self.session)}: what you see is from {at}. Nothing can be sent.")
        elif at and state.error is not None:
            self.trouble.button.show()
            is_reachable = self.session.connection is not Connection.TROUBLED
            what = "What" if is_reachable else f"{told_connection(self.session)}: what"
            self.trouble.say(f"{what} you see is from {at}. {self.explained(state.error)}")
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

    def _follow_hiding(self) -> None:
        for table in self._tables:
            table.hide_amounts(hidden=self.look.hides_amounts)
        self.tell_amounts()

    def _refresh(self) -> None:
        self.session.refresh(self.kind)
