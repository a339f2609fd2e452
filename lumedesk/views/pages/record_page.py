"""A page with a table, a quick filter and a detail pane: the shape of all pages but the overview."""

from typing import Any, TypeVar

from PySide6.QtCore import Qt
from PySide6.QtGui import QShortcut
from PySide6.QtWidgets import QFrame, QHBoxLayout, QScrollArea, QSplitter, QStackedWidget, QVBoxLayout, QWidget

from lumedesk.domain.details import Field
from lumedesk.domain.errors import DeskError
from lumedesk.domain.kinds import Kind
from lumedesk.domain.statuses import Status
from lumedesk.models.record_table import RecordTable
from lumedesk.models.table import KeyedTable
from lumedesk.views.pages.page import Page
from lumedesk.views.parts.fields import FieldList
from lumedesk.views.parts.table_view import RecordView
from lumedesk.views.parts.text import Label
from lumedesk.views.parts.widgets import Card, Chooser, IconButton, Pill, SearchField, StatePane
from lumedesk.views.theme import DOUBLE, UNIT, Look
from lumedesk.work.session import Session

R = TypeVar("R")

# Wide enough for the fills of a trade, whose figures must never need scrolling.
_LEAST_DETAIL = 408
_DETAIL_WIDTH = 412


class DetailPane(Card):
    """The record that is current, in full: a title, its status, fields, and room below for more."""

    def __init__(self, name: str, look: Look) -> None:
        super().__init__(margin=0)
        self.setObjectName(f"{name}-detail")
        self.setAccessibleName("Details")
        self.title = Label(look="heading", wraps=True)
        self.title.setObjectName(f"{name}-detail-title")
        self.pill = Pill(look)
        self.pill.setObjectName(f"{name}-detail-status")
        self.fields = FieldList(f"{name}-fields", look, can_hide=True)
        self.close_button = IconButton(f"{name}-detail-close", "x", "Close the details (Esc)", look)
        top = QHBoxLayout()
        top.addWidget(self.title, 1)
        top.addWidget(self.close_button, 0, Qt.AlignmentFlag.AlignTop)
        content = QWidget()
        self.more = QVBoxLayout(content)
        self.more.setContentsMargins(DOUBLE, DOUBLE, DOUBLE, DOUBLE)
        self.more.setSpacing(UNIT)
        self.more.addLayout(top)
        self.more.addWidget(self.pill, 0, Qt.AlignmentFlag.AlignLeft)
        self.more.addWidget(self.fields)
        scroll = QScrollArea()
        scroll.setObjectName(f"{name}-detail-scroll")
        scroll.setFrameShape(QFrame.Shape.NoFrame)
        scroll.setWidgetResizable(True)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        scroll.setWidget(content)
        self.inner.addWidget(scroll)
        self.setMinimumWidth(_LEAST_DETAIL)

    def finish(self) -> None:
        """Called once all further widgets are in `more`."""
        self.more.addStretch(1)


class RecordPage(Page):
    """A table of one kind. Subclasses say what the details are and what an empty page tells."""

    empty_title = "Nothing here yet"
    empty_advice = ""
    noun = ("record", "records")
    # Labels whose values stand in fixed width: each character counts in them.
    fixed_fields = frozenset({"Id"})

    def __init__(
        self, name: str, title: str, kind: Kind, table: KeyedTable[Any, Any], session: Session, look: Look
    ) -> None:
        super().__init__(name, title, kind, session, look)
        self.table = table
        self.search = SearchField(f"{name}-search", "Filter (Ctrl+F)", look)
        self.filters = QHBoxLayout()
        self.filters.setSpacing(UNIT)
        self.filters.addWidget(self.search, 1)
        self.count = Label(look="caption")
        self.count.setObjectName(f"{name}-count")
        row = self.search_row = QHBoxLayout()
        row.setSpacing(DOUBLE)
        row.addLayout(self.filters, 1)
        row.addStretch(1)
        row.addWidget(self.count)
        self.view = RecordView(table, look, f"{name}-table")
        self.view.setAccessibleName(title)
        self.states = StatePane(f"{name}-state", look)
        self._stack = QStackedWidget()
        self._stack.addWidget(self.view)
        self._stack.addWidget(self.states)
        self.detail = DetailPane(name, look)
        self.detail.hide()
        self.watch_hiding(table)
        split = self.split = QSplitter(Qt.Orientation.Horizontal)
        split.setObjectName(f"{name}-split")
        split.setChildrenCollapsible(False)
        split.setHandleWidth(UNIT)
        split.addWidget(self._stack)
        split.addWidget(self.detail)
        split.setStretchFactor(0, 1)
        split.setSizes([10_000, _DETAIL_WIDTH])
        self.body.addLayout(row)
        self.body.addWidget(split, 1)
        self._choosers: list[Chooser] = []
        self.detail.close_button.clicked.connect(self.close_detail)
        self.search.textChanged.connect(self.apply_filters)
        self.view.current_changed.connect(self._show_current)
        self.view.opened.connect(self._focus_detail)
        table.dataChanged.connect(self._refresh_detail)
        escape = QShortcut(Qt.Key.Key_Escape, self)
        escape.setContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
        escape.activated.connect(self.step_back)

    # For subclasses

    def add_filter(self, name: str, purpose: str) -> Chooser:
        """Put a drop-down filter beside the search field; its first choice shows all."""
        chooser = Chooser(name, purpose, self.look)
        chooser.currentIndexChanged.connect(self.apply_filters)
        self.filters.addWidget(chooser)
        self._choosers.append(chooser)
        return chooser

    def heading_of(self, record: Any) -> str:
        """The detail pane's title."""
        raise NotImplementedError

    def status_of(self, record: Any) -> Status | None:  # noqa: ARG002 - for kinds that have one
        """The record's status, for kinds that have one."""
        return None

    def fields_of(self, record: Any) -> list[Field]:
        """The detail pane's fields."""
        raise NotImplementedError

    def show_more(self, record: Any) -> None:
        """Fill what a subclass added below the fields."""

    def apply_filters(self) -> None:
        """Show what search field and drop-downs say."""
        raise NotImplementedError

    @property
    def is_filtered(self) -> bool:
        """True while search field or drop-downs hide something."""
        return bool(self.search.text().strip()) or any(chooser.value() for chooser in self._choosers)

    # What is shown

    def current_record(self) -> Any:
        """The record whose row is current; None when there is none."""
        return self.table.record(self.view.current_row())

    def focus_body(self) -> None:
        """Put the keyboard into the table."""
        self.view.setFocus(Qt.FocusReason.OtherFocusReason)

    def focus_search(self) -> None:
        """Put the cursor into the search field."""
        self.search.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self.search.selectAll()

    def step_back(self) -> None:
        """Put away what stands open: what Escape does."""
        self.close_detail()

    def close_detail(self) -> None:
        """Hide the detail pane and return to the table."""
        self.detail.hide()
        self.view.setCurrentIndex(self.table.index(-1, -1))
        self.view.clearSelection()
        self.view.setFocus()

    def clear_filters(self) -> None:
        """Show everything again."""
        self.search.clear()
        for chooser in self._choosers:
            chooser.setCurrentIndex(0)

    def tell_amounts(self) -> None:
        """The detail pane, also of a page that isn't shown now, and what stands in place of rows."""
        if self.detail.isHidden():
            self.detail.title.setText("")
        self._refresh_detail()
        if not self.table.rowCount():
            self._tell_no_rows()
        super().tell_amounts()

    def tell_rows(self, shown: int, total: int | None) -> None:
        """Show the table, or why it has no rows."""
        self._stack.setCurrentIndex(0 if shown else 1)
        one, many = self.noun
        words = f"{shown:,} {one if shown == 1 else many}"
        if not shown and self.session.state(self.kind).confirmed_at is None:
            words = ""  # nobody knows yet how many there are
        self.count.setText(f"{shown:,} of {total:,} {many}" if total is not None and shown != total else words)
        if not shown:
            self.detail.hide()
            self._tell_no_rows()
        self.tell_state()

    def _tell_no_rows(self) -> None:
        state = self.session.state(self.kind)
        many = self.noun[1]
        if self.is_filtered and state.confirmed_at is not None:
            self.tell_no_match()
        elif state.confirmed_at is not None:
            self.states.say("inbox", self.empty_title, self.empty_advice)
        elif self.session.is_offline:
            self.states.say("cloud-off", "Working offline", f"No {many} were saved on this computer before.")
        elif isinstance(state.error, DeskError):
            self.states.say("circle-alert", "Not loaded", self.explained(state.error), "Try again", self._refresh)
        else:
            self.states.say("loader", f"Loading {many}…", "Asking the server.")

    def tell_no_match(self) -> None:
        """Say that the filter hides everything."""
        words = f"No {self.noun[1]} match the filter."
        self.states.say("search", "Nothing matches", words, "Clear the filter", self.clear_filters)

    def _show_current(self, _row: int = -1) -> None:
        record = self.current_record()
        if record is None:
            self.detail.hide()
            return
        self.detail.title.setText(self.heading_of(record))
        status = self.status_of(record)
        self.detail.pill.setVisible(status is not None)
        self.detail.pill.show_status(status)
        self.detail.fields.show_fields(self.fields_of(record), self.fixed_fields)
        self.show_more(record)
        self.detail.show()

    def _refresh_detail(self) -> None:
        # Not `isVisible`: a page that isn't shown now must not come back with what it told before.
        if not self.detail.isHidden():
            self._show_current()

    def _focus_detail(self, _row: int) -> None:
        self._show_current()
        self.detail.close_button.setFocus()


class MemoryPage(RecordPage):
    """A page whose records are all held in memory."""

    table: RecordTable[Any]

    def apply_filters(self) -> None:
        """Show what the search field says; subclasses add their drop-downs."""
        self.table.search(self.search.text())
        self._tell()

    def show_record(self, key: str) -> None:
        """Make the record with this id current."""
        self.clear_filters()
        row = self.table.row_of(key)
        if row >= 0:
            self.view.selectRow(row)

    def _tell(self) -> None:
        self.tell_rows(self.table.rowCount(), self.table.total)


class SmallPage(MemoryPage):
    """A page on a small set that the server sends."""

    def __init__(
        self, name: str, title: str, kind: Kind, table: RecordTable[Any], session: Session, look: Look
    ) -> None:
        super().__init__(name, title, kind, table, session, look)
        session.records_changed.connect(self._take_records)
        session.state_changed.connect(self._retell)

    def load(self) -> None:
        """Show what the session has. Called once, when the page is whole."""
        self._take_records(self.kind)

    def summary(self) -> str:
        """How many there are."""
        if not self.table.total and self.session.state(self.kind).confirmed_at is None:
            return ""
        one, many = self.noun
        return f"{self.table.total} {one if self.table.total == 1 else many}"

    def _take_records(self, kind: Kind) -> None:
        if kind is self.kind:
            self.table.set_records(self.session.records(kind))
            self._tell()

    def _retell(self, kind: Kind) -> None:
        if kind is self.kind and not self.table.rowCount():
            self._tell()
