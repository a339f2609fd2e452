"""What became of an order, and then its status as it is observed: the last screen of every dialog that moves money."""

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QVBoxLayout, QWidget

from lumedesk.domain.details import Field
from lumedesk.domain.kinds import Kind
from lumedesk.domain.movements import Outcome, Verdict
from lumedesk.domain.statuses import status_of
from lumedesk.domain.text import shown
from lumedesk.views.parts.fields import FieldList
from lumedesk.views.parts.text import Label
from lumedesk.views.parts.widgets import Card, Pill, explain
from lumedesk.views.theme import UNIT, Look, icon_pixmap
from lumedesk.work.session import Session

_ICONS = {
    Verdict.ACCEPTED: ("circle-check", "done"),
    Verdict.REFUSED: ("circle-x", "failed"),
    Verdict.NOT_SENT: ("circle-x", "failed"),
    Verdict.UNKNOWN: ("circle-help", "waiting"),
}


class OutcomePane(QWidget):
    """`noun` names what was ordered; `kind` is the history in which it appears."""

    def __init__(self, name: str, noun: str, kind: Kind, session: Session, look: Look) -> None:
        super().__init__()
        self.setObjectName(name)
        # Focus lands here, not on a button: a key pressed too often must not close what has to be read.
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAccessibleName(f"What became of the {noun}")
        self._noun = noun
        self._kind = kind
        self._session = session
        self._look = look
        self._outcome: Outcome | None = None
        self._observed: list[tuple[str, str]] = []
        self._icon = Label()
        self._title = Label(look="heading", wraps=True)
        self._title.setObjectName(f"{name}-title")
        self._order = Label(wraps=True)
        self._order.setObjectName(f"{name}-order")
        self._words = Label(wraps=True)
        self._words.setObjectName(f"{name}-words")
        self._why = Label(look="muted", wraps=True)
        self._why.setObjectName(f"{name}-why")
        self._reason = Card("sunken")
        self._reason.inner.addWidget(self._why)
        self.pill = Pill(look)
        self.pill.setObjectName(f"{name}-status")
        self.fields = FieldList(f"{name}-fields", look)
        self.timeline = FieldList(f"{name}-timeline", look, can_copy=False)
        column = QVBoxLayout(self)
        column.setSpacing(UNIT)
        column.addStretch(1)
        column.addWidget(self._icon, 0, Qt.AlignmentFlag.AlignHCenter)
        for label in (self._title, self._order, self._words):
            label.setAlignment(Qt.AlignmentFlag.AlignCenter)
            column.addWidget(label)
        column.addWidget(self.pill, 0, Qt.AlignmentFlag.AlignHCenter)
        column.addSpacing(UNIT)
        column.addWidget(self._reason)
        column.addWidget(self.fields)
        column.addWidget(self.timeline)
        column.addStretch(2)
        session.history_changed.connect(self._take_changes)
        look.changed.connect(self._paint_icon)

    @property
    def verdict(self) -> Verdict | None:
        """What became of it; None before there is an outcome."""
        return self._outcome.verdict if self._outcome else None

    @property
    def status(self) -> str | None:
        """The last status observed."""
        return self._observed[-1][0] if self._observed else None

    def show_outcome(self, outcome: Outcome, order: str) -> None:
        """Tell the outcome of `order`, named in words; from then on an accepted order's status is followed."""
        self._outcome = outcome
        title, words = self._tell(outcome)
        why = explain(outcome.error, of_order=True) if outcome.error is not None else ""
        self._title.setText(title)
        self._order.setText(order)
        self._words.setText(words)
        self._words.set_look("warning" if outcome.verdict is Verdict.UNKNOWN else "")
        self._why.setText(why)
        self._reason.setVisible(bool(why))
        self.setAccessibleName(f"{title}. {order}. {words} {why}")
        self._paint_icon()
        if outcome.verdict is Verdict.ACCEPTED:
            self._observe(outcome.status)
            self._look_up()

    def _tell(self, outcome: Outcome) -> tuple[str, str]:
        noun = self._noun
        match outcome.verdict:
            case Verdict.ACCEPTED:
                return f"The server has accepted the {noun}", "Its status is followed here and on its page."
            case Verdict.REFUSED:
                return f"The server refused the {noun}", "No money was moved."
            case Verdict.NOT_SENT:
                return f"The {noun} was not sent", "Nothing reached the server; no money was moved."
            case Verdict.UNKNOWN:
                return (
                    f"It isn't known whether the {noun} was executed",
                    f"Don't send it again.\nLook for it under {self._kind.table.capitalize()} and compare the balances first; "
                    "it may appear late.",
                )

    def _take_changes(self, kind: Kind, _rows: tuple[int, ...]) -> None:
        if kind is self._kind:
            self._look_up()

    def _look_up(self) -> None:
        if self._outcome is None or self._outcome.transaction_id is None:
            return
        record = self._session.find(self._kind, self._outcome.transaction_id)
        if record is not None:
            self._observe(record.status)

    def _observe(self, code: str | None) -> None:
        if code is not None and code != self.status:
            self._observed.append((code, f"{self._session.clock.now().astimezone():%H:%M:%S}"))
        self.pill.show_status(status_of(self.status))
        if self._outcome is not None:
            self.fields.show_fields([Field("Id", shown(self._outcome.transaction_id or "–"))], frozenset({"Id"}))
        self.timeline.show_fields([Field(at, status_of(seen).label) for seen, at in self._observed])

    def _paint_icon(self) -> None:
        if self._outcome is None:
            return
        name, role = _ICONS[self._outcome.verdict]
        pixmap = icon_pixmap(name, getattr(self._look.colours, role), 96)
        pixmap.setDevicePixelRatio(2)
        self._icon.setPixmap(pixmap)
