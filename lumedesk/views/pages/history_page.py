"""The shape of the pages on histories: a filter above the table, count and sums below it, a record's past in the details.

The store orders, searches and adds up, off the UI thread; the page asks it, and shows no answer beside rows it isn't about.
"""

from bisect import bisect_left
from collections.abc import Sequence
from typing import Any, Protocol

from msgspec.structs import replace
from PySide6.QtCore import QSignalBlocker, Qt, QTimer
from PySide6.QtGui import QShowEvent

from lumedesk.domain.details import Field
from lumedesk.domain.errors import DeskError
from lumedesk.domain.filters import HistoryFilter
from lumedesk.domain.kinds import Kind
from lumedesk.domain.queries import HistoryQuery, Seen, StoreSize
from lumedesk.domain.records import Currency
from lumedesk.domain.statuses import status_of
from lumedesk.models.history_table import HistoryTable
from lumedesk.models.texts import NOTHING, exact_time
from lumedesk.views.pages.record_page import RecordPage
from lumedesk.views.parts.fields import FieldList
from lumedesk.views.parts.filter_bar import FilterBar
from lumedesk.views.parts.filter_words import FilterPlan, told_of
from lumedesk.views.parts.sums import SumsLine, SumWords
from lumedesk.views.parts.text import Label
from lumedesk.views.theme import Look
from lumedesk.work.session import Session

# While a long list arrives its rows are shown many times: sums and values to filter by wait until it is calm.
_CALM_MS = 150
# How far down a record is looked for among the rows that hold its id.
_MOST_LOOKED_THROUGH = 512


class _Pending(Protocol):
    def cancel(self) -> None: ...


class HistoryPage(RecordPage):
    """A page on a history. Subclasses say what it is filtered by, and what is added up."""

    table: HistoryTable[Any]
    plan: FilterPlan
    sums: Sequence[SumWords]

    def __init__(
        self, name: str, title: str, kind: Kind, table: HistoryTable[Any], session: Session, look: Look
    ) -> None:
        super().__init__(name, title, kind, table, session, look)
        self._wanted_id = ""
        # Counts what changed in the store: an answer is about the rows shown while both it and the query are the same.
        self._version = 0
        self._total: tuple[int, int] | None = None
        self._summed: tuple[HistoryQuery, int] | None = None
        self._adding: _Pending | None = None
        self._past_of: tuple[str, int] | None = None
        self._lay_out_filter(name)
        self._lay_out_past(name)
        self._calm = QTimer(self)
        self._calm.setSingleShot(True)
        self._calm.setInterval(_CALM_MS)
        self._calm.timeout.connect(self._catch_up)
        table.first_found.connect(self._take_first)
        table.found.connect(self._take_found)
        table.search_failed.connect(self._tell_failed)
        session.history_changed.connect(self._take_changes)
        session.state_changed.connect(self._retell)

    def _lay_out_filter(self, name: str) -> None:
        self.search.setPlaceholderText("Search (Ctrl+F)")
        self.search.setAccessibleName("Search (Ctrl+F)")
        clock = self.session.clock
        self.bar = FilterBar(
            f"{name}-filter",
            self.kind,
            self.plan,
            self.session.filters,
            self.look,
            lambda: clock.now().astimezone().date(),
        )
        self.filters.addWidget(self.bar.open_button)
        self.filters.addWidget(self.bar.saved_chooser)
        self.body.insertWidget(self.body.indexOf(self.split), self.bar)
        self.search_row.removeWidget(self.count)
        self.foot = SumsLine(name, self.sums, self.count, self.look, self._decimals)
        self.body.addWidget(self.foot)
        self.bar.put_between(self.search, self.view)
        self.bar.changed.connect(self._take_filter)
        self.bar.left.connect(self.focus_body)
        self.bar.open_button.toggled.connect(self._look_up_values)

    def _lay_out_past(self, name: str) -> None:
        self.mark = Label(look="warning", wraps=True)
        self.mark.setObjectName(f"{name}-mark")
        self.mark.hide()
        self.past_title = Label("Status history", "strong")
        self.past_title.setObjectName(f"{name}-past-title")
        self.past = FieldList(f"{name}-past", self.look, can_copy=False)
        more = self.detail.more
        more.insertWidget(more.indexOf(self.detail.fields), self.mark)
        more.addWidget(self.past_title)
        more.addWidget(self.past)
        self._show_past(())

    def load(self) -> None:
        """Show what the store has. Called once, when the page is whole."""
        self.view.let_sort(self.table.columns[0].name, Qt.SortOrder.DescendingOrder)
        self._tell()

    # The filter

    @property
    def is_filtered(self) -> bool:
        """True while anything may be hidden."""
        return not self.bar.filter.is_empty

    def apply_filters(self) -> None:
        """Look for what search field and filter say."""
        self._wanted_id = ""
        self.bar.show_text(self.search.text())
        self._ask()

    def clear_filters(self) -> None:
        """Show everything again."""
        self.bar.show_filter(HistoryFilter())
        self._take_filter(self.bar.filter)

    def step_back(self) -> None:
        """Put away the filter's panel when the keyboard is there, or else the details."""
        if not self.bar.step_back():
            super().step_back()

    def show_record(self, key: str) -> None:
        """Make the record with this id current, as soon as the store has found it."""
        self.clear_filters()
        self.search.setText(key)
        self._wanted_id = key

    def tell_no_match(self) -> None:
        """Say that the filter hides everything, and what is in it."""
        told = told_of(self.bar.filter, self.plan, hides=self.look.hides_amounts)
        words = f"No {self.noun[1]} match the filter."
        if told:
            text = [f"“{self.bar.filter.text}”"] if self.bar.filter.text else []
            words += f" In force: {'; '.join([*text, *(each.text for each in told)])}."
        self.states.say("search", "Nothing matches", words, "Clear the filter", self.clear_filters)

    def _take_filter(self, each: HistoryFilter) -> None:
        self._wanted_id = ""
        with QSignalBlocker(self.search):
            self.search.setText(each.text)
        self._ask()

    def _ask(self) -> None:
        before = self.table.query
        self.table.ask(**self.bar.filter.asked())
        if self.table.query != before:
            self._drop_sums()

    def _look_up_values(self) -> None:
        if not self.bar.panel.isVisible():
            return
        for facet in self.plan.facets:
            column = facet.column
            self.session.lookups.distinct(self.kind, column, self, self._offer(column))

    def _offer(self, column: str) -> Any:
        return lambda values: self.bar.panel.offer(column, values)

    # What is shown

    def showEvent(self, event: QShowEvent) -> None:
        """As Qt has it; what is only worth knowing where it is seen is looked up now."""
        super().showEvent(event)
        self._wait_for_calm()

    def _take_changes(self, kind: Kind, rows: tuple[int, ...] | None) -> None:
        if kind is self.kind:
            self._version += 1
            self._drop_sums()
            self.table.take_changes(rows)

    def _take_first(self) -> None:
        """The first rows of a search are there, and it isn't known yet whether there are more."""
        self._tell()
        self.count.setText(f"{self.table.rowCount():,}+ {self.noun[1]}")

    def _take_found(self) -> None:
        if not self.is_filtered:
            self._total = (self.table.rowCount(), self._version)
        self._tell()
        self._show_wanted()
        self._wait_for_calm()

    def _retell(self, kind: Kind) -> None:
        if kind is self.kind and not self.table.rowCount():
            self._tell()

    def _tell(self) -> None:
        total = self._total[0] if self._total is not None and self._total[1] == self._version else None
        self.tell_rows(self.table.rowCount(), total if self.is_filtered else None)

    def _show_wanted(self) -> None:
        """Make the wanted record current. Others may hold its id within theirs, or among their details."""
        wanted, query = self._wanted_id, self.table.query
        if not wanted or query.text != wanted or not self.table.rowCount():
            return
        is_by_id = query.order == "id"
        row = self._row_in_order(wanted) if is_by_id else self._row_near_top(wanted)
        if row >= 0:
            self._wanted_id = ""
            self.view.selectRow(row)
            self.view.scrollTo(self.table.index(row, 0))
        elif not is_by_id and self.table.rowCount() > _MOST_LOOKED_THROUGH:
            # In the order of the ids it is found by halves, among however many.
            self.view.sortByColumn(self.table.column_index("id"), Qt.SortOrder.AscendingOrder)
        else:
            self._wanted_id = ""

    def _row_near_top(self, key: str) -> int:
        rows = range(min(self.table.rowCount(), _MOST_LOOKED_THROUGH))
        return next((row for row in rows if self._id_in(row) == key), -1)

    def _row_in_order(self, key: str) -> int:
        rows = range(self.table.rowCount())
        if self.table.query.descending:
            rows = rows[::-1]
        at = bisect_left(rows, key, key=lambda row: self._id_in(row) or "")
        return rows[at] if at < len(rows) and self._id_in(rows[at]) == key else -1

    def _id_in(self, row: int) -> str | None:
        record = self.table.record(row)
        return None if record is None else self.kind.key(record)

    def _tell_failed(self, error: DeskError) -> None:
        self.trouble.say(self.explained(error), "failed")

    # Count and sums

    def _wait_for_calm(self) -> None:
        wanted = (_unordered(self.table.query), self._version)
        if not self.isVisible() or wanted == self._summed:
            return
        self._drop_sums()
        self._calm.start()

    def _drop_sums(self) -> None:
        """No sum stands beside rows that it isn't of."""
        self._calm.stop()
        if self._adding is not None:
            self._adding.cancel()
            self._adding = None
        self._summed = None
        if self.table.rowCount():
            self.foot.show_pending()
        else:
            self.foot.show_nothing()

    def _catch_up(self) -> None:
        self._look_up_values()
        if self._total is None or self._total[1] != self._version:
            self.session.lookups.size(self, self._take_size(self._version))
        if not self.table.rowCount():
            self.foot.show_nothing()
            return
        self._summed = (_unordered(self.table.query), self._version)
        self._adding = self.session.lookups.sums(self.table.query, self, self._take_sums, self._take_no_sums)

    def _decimals(self, code: str) -> int | None:
        currencies: Sequence[Currency] = self.session.records(Kind.CURRENCIES)
        return next((each.decimals for each in currencies if each.code == code), None)

    def _take_sums(self, sums: Any) -> None:
        self._adding = None
        self.foot.show_sums(sums)

    def _take_no_sums(self, error: DeskError) -> None:
        self._adding = None
        self.foot.show_nothing(f"Not added up: {error.title}")

    def _take_size(self, version: int) -> Any:
        def take(size: StoreSize) -> None:
            if version == self._version:
                self._total = (size.rows[self.kind], version)
                self._tell()

        return take

    # A record's past

    def _show_current(self, row: int = -1) -> None:
        super()._show_current(row)
        record = self.current_record()
        if record is None:
            return
        mark = self.table.mark_of(self.view.current_row())
        self.mark.setText(mark.text if mark is not None else "")
        self.mark.setVisible(mark is not None)
        wanted = (self.kind.key(record) or "", self._version)
        if wanted == self._past_of:
            return
        if self._past_of is None or wanted[0] != self._past_of[0]:
            self._show_past(())
        self._past_of = wanted
        self.session.lookups.history_of(self.kind, wanted[0], self, self._take_past(wanted))

    def _take_past(self, wanted: tuple[str, int]) -> Any:
        def take(past: Sequence[Seen]) -> None:
            # Another record may be current by now.
            if wanted == self._past_of:
                self._show_past(past)

        return take

    def _show_past(self, past: Sequence[Seen]) -> None:
        tells = len(past) > 1 or (bool(past) and not self.mark.isHidden())
        self.past_title.setVisible(tells)
        self.past.setVisible(tells)
        self.past.show_fields([_seen(each) for each in past] if tells else [])


def _seen(each: Seen) -> Field:
    # What was over when it was first seen has no time of ours: the store says 1970.
    at = exact_time(each.at.isoformat()) if each.at.timestamp() > 0 else "When it was first seen"
    return Field(status_of(each.status).label, at or NOTHING)


def _unordered(query: HistoryQuery) -> HistoryQuery:
    """What is found, whatever its order."""
    return replace(query, order="at", descending=True)
