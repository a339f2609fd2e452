"""The dialog on the copy of the server's records on this computer: how large it is, how long it is kept, and its end."""

from PySide6.QtCore import Qt
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from lumedesk.domain.details import Field
from lumedesk.domain.errors import DeskError
from lumedesk.domain.kinds import Kind
from lumedesk.domain.queries import StoreSize
from lumedesk.models.nouns import NOUNS, counted
from lumedesk.models.texts import exact_time
from lumedesk.views.dialogs.dialog import Dialog, labelled
from lumedesk.views.parts.ages import age_of, is_connected
from lumedesk.views.parts.fields import FieldList
from lumedesk.views.parts.text import Label
from lumedesk.views.parts.widgets import Banner, Card, Chooser, button, explain
from lumedesk.views.theme import DOUBLE, UNIT, Look
from lumedesk.work.session import Connection, Session

_NOTE = "The server's records as they were last seen, kept on this computer so that the desk opens at once and works offline."
_YEAR, _SEVEN_YEARS = 365, 2_557  # seven years with their two leap days
_PERIODS = ((None, "Keep everything"), (_SEVEN_YEARS, "7 years"), (_YEAR, "1 year"), (90, "90 days"))
_MEANS = "Only records with a final status that are older than this are removed here; the server keeps them."
_LOST = (
    "Deleted from this computer: accounts, wallets, currencies, beneficiaries, trades, deposits and withdrawals; when each"
    " status was first seen; and the alerts. What the server no longer lists is only here, and is lost for good."
)
_STAYS = (
    "Movements, audit log, limits, settings and the API key stay as they are. The server keeps its records: they are"
    " fetched again as soon as the desk is connected."
)
_OFFLINE = "You are not connected now: once it is deleted, nothing can be shown until the server can be reached."
_LOOKING = "Another LumeDesk has this profile open: change this there."


class DataDialog(Dialog):
    """What is saved, and behind it the question before all of it is deleted."""

    def __init__(self, session: Session, look: Look, parent: QWidget | None = None) -> None:
        super().__init__("data", "Saved data", _NOTE, parent)
        self._session = session
        self._is_closed = False
        self._is_busy = False
        self._is_asking = False
        self._size: StoreSize | None = None
        self._is_counting = False
        self._must_count_again = False
        self.facts = FieldList("data-facts", look, can_copy=False)
        self.period = Chooser("data-period", "Keep records for", look)
        self.period.offer(_choices(session.retention))
        self.period.choose(_value(session.retention))
        self.apply_button = button("data-apply", "Apply")
        self.offline = Banner("data-offline")
        self.message = Banner("data-message")
        self.close_button.setText("Close")
        self.delete_button = self.add_button("data-delete", "Delete saved data…")
        self.back_button = self.add_button("data-back", "Back", "primary")
        self.confirm_button = self.add_button("data-confirm-delete", "Delete saved data")
        self._lay_out()
        self.period.currentIndexChanged.connect(self._show_buttons)
        self.apply_button.clicked.connect(self.apply)
        self.delete_button.clicked.connect(self.ask_to_delete)
        self.back_button.clicked.connect(self.go_back)
        self.confirm_button.clicked.connect(self.delete)
        session.state_changed.connect(self._tell_facts)
        session.history_changed.connect(self._ask_size)
        session.records_changed.connect(self._ask_size)
        session.connection_changed.connect(self._show_buttons)
        self._tell_facts()
        self.go_back()
        self._ask_size()

    @property
    def is_loaded(self) -> bool:
        """Whether the size is known."""
        return self._size is not None

    def apply(self) -> None:
        """Put the chosen period in force, or say why not."""
        self._begin()
        self._session.set_retention(self._days(), self._tell_applied, self._show_failure)

    def ask_to_delete(self) -> None:
        """Turn to the question before everything is deleted."""
        self._turn_to(self._second, "Delete the saved data?")
        # Enter and the space bar must not delete what nobody read about.
        self.back_button.setFocus()

    def go_back(self) -> None:
        """Turn to what is saved."""
        self._turn_to(self._first, "Saved data")
        self.period.setFocus()

    def delete(self) -> None:
        """Delete the saved data, or say why not."""
        self._begin()
        self._session.wipe_history(self, self._tell_deleted, self._show_failure)

    def done(self, result: int) -> None:
        """As Qt has it; what is still being written is answered to nobody."""
        self._is_closed = True
        super().done(result)

    def showEvent(self, event: QShowEvent) -> None:
        """As Qt has it, as tall as its parts need."""
        super().showEvent(event)
        self._grow()

    def _lay_out(self) -> None:
        kept = Card()
        kept.inner.addWidget(Label("On this computer", "strong"))
        kept.inner.addWidget(self.facts)
        period = Card()
        row = QHBoxLayout()
        row.setSpacing(UNIT)
        row.addWidget(self.period)
        row.addWidget(self.apply_button)
        row.addStretch(1)
        period.inner.addLayout(labelled("Keep records for", self.period, row))
        period.inner.addWidget(Label(_MEANS, "caption", wraps=True))
        question = Card()
        question.inner.setSpacing(DOUBLE)
        question.inner.addWidget(Label(_LOST, wraps=True))
        question.inner.addWidget(Label(_STAYS, wraps=True))
        question.inner.addWidget(self.offline)
        self._first, self._second = _pane(kept, period), _pane(question)
        for part in (self._first, self._second, self.message):
            self.body.addWidget(part)
        self.body.addStretch(1)
        self.setFixedWidth(600)

    def _turn_to(self, pane: QWidget, title: str) -> None:
        self._first.setVisible(pane is self._first)
        self._second.setVisible(pane is self._second)
        self._is_asking = pane is self._second
        self.heading.setText(title)
        self.subtitle.setVisible(not self._is_asking)
        self._say("")
        self._show_buttons()

    def _show_buttons(self, _what: object = None) -> None:
        may = not self._is_busy and self._session.connection is not Connection.VIEW_ONLY
        why = _LOOKING if self._session.connection is Connection.VIEW_ONLY else ""
        for each in (self.period, self.apply_button, self.delete_button, self.confirm_button):
            each.setEnabled(may)
            each.setAccessibleDescription(why)
        self.apply_button.setEnabled(may and self._days() != self._session.retention)
        self.back_button.setEnabled(not self._is_busy)
        self.delete_button.setVisible(not self._is_asking)
        self.back_button.setVisible(self._is_asking)
        self.confirm_button.setVisible(self._is_asking)
        self.offline.say("" if is_connected(self._session) else _OFFLINE)
        if why and not self._is_asking:
            self.message.say(why)
        self._grow()

    def _tell_facts(self, _kind: object = None) -> None:
        size = self._size
        fields = [Field("Size on disk", "…" if size is None else _megabytes(size.bytes_on_disk))]
        oldest = None if size is None or size.oldest is None else exact_time(size.oldest.isoformat())
        fields.append(Field("Oldest record", oldest or ("…" if size is None else "None")))
        for kind in Kind:
            told = "…" if size is None else counted(kind, size.rows.get(kind, 0))
            fields.append(Field(NOUNS[kind][1].capitalize(), f"{told}, last confirmed: {age_of(self._session, kind)}"))
        self.facts.show_fields(fields)
        self._grow()

    def _ask_size(self, _kind: object = None, _touched: object = None) -> None:
        """One question at a time: while a long list arrives, this is heard again and again."""
        if self._is_counting:
            self._must_count_again = True
            return
        self._is_counting = True
        self._session.lookups.size(self, self._take_size, self._tell_uncounted)

    def _take_size(self, size: StoreSize) -> None:
        self._size = size
        self._is_counting = False
        self._tell_facts()
        if self._must_count_again:
            self._must_count_again = False
            self._ask_size()

    def _tell_uncounted(self, error: DeskError) -> None:
        self._is_counting = self._must_count_again = False
        self._say(explain(error))

    def _days(self) -> int | None:
        return int(self.period.value()) if self.period.value() else None

    def _begin(self) -> None:
        self._is_busy = True
        self._say("")
        self._show_buttons()

    def _end(self) -> bool:
        """Whether anybody is left to hear how it ended."""
        self._is_busy = False
        if not self._is_closed:
            self._show_buttons()
            # What had the keyboard was closed off; what it comes back to deletes nothing.
            (self.back_button if self._is_asking else self.period).setFocus()
        return not self._is_closed

    def _tell_applied(self, _nothing: object = None) -> None:
        days = self._session.retention
        self._session.movements.note("retention changed", "", {"days": "all" if days is None else str(days)})
        if self._end():
            self._say(f"In force: {self.period.currentText().lower()}.", "done")
            self._ask_size()

    def _tell_deleted(self, _nothing: object = None) -> None:
        self._session.movements.note("saved data deleted", "", {})
        if self._end():
            self.go_back()
            self._say("The saved data is deleted.", "done")
            self._ask_size()

    def _show_failure(self, error: DeskError) -> None:
        if self._end():
            self._say(explain(error, of_order=True), "failed")

    def _say(self, words: str, tone: str = "failed") -> None:
        self.message.say(words, tone)
        self._grow()

    def _grow(self) -> None:
        """Be as tall as what is shown now needs: beside text that wraps, Qt would rather squeeze it."""
        layout = self.layout()
        if layout is not None and self.isVisible():
            layout.activate()
            needed = layout.totalHeightForWidth(self.width())
            self.setMinimumHeight(needed)
            self.resize(self.width(), needed)


def _pane(*cards: Card) -> QWidget:
    pane = QWidget()
    column = QVBoxLayout(pane)
    column.setContentsMargins(0, 0, 0, 0)
    column.setSpacing(DOUBLE)
    for card in cards:
        column.addWidget(card)
    column.setAlignment(Qt.AlignmentFlag.AlignTop)
    return pane


def _value(days: int | None) -> str:
    return "" if days is None else str(days)


def _choices(in_force: int | None) -> list[tuple[str, str]]:
    """The periods to choose from, and the one in force where it is none of them."""
    known = [(label, _value(days)) for days, label in _PERIODS]
    is_known = any(days == in_force for days, _ in _PERIODS)
    return known if is_known else [*known, (f"{in_force} days", _value(in_force))]


def _megabytes(size: int) -> str:
    return "less than 0.1 MB" if size < 100_000 else f"{size / 1_000_000:,.1f} MB"
