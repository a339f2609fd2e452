"""The panel that says what a history shows: values to tick, days, and amounts. What is set is in force at once."""

from collections.abc import Callable, Sequence
from datetime import date
from decimal import Decimal

from PySide6.QtCore import (
    QSize,
    Qt,
    Signal,
)
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import (
    QGridLayout,
    QHBoxLayout,
    QLineEdit,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from lumedesk.domain.amount_entry import read_amount
from lumedesk.domain.filters import DayError, HistoryFilter, periods, read_day
from lumedesk.domain.money import AmountError, fixed
from lumedesk.views.parts.announce import announce
from lumedesk.views.parts.filter_words import FilterPlan
from lumedesk.views.parts.text import Label
from lumedesk.views.parts.value_list import ValueList
from lumedesk.views.parts.widgets import Card, Chooser, button
from lumedesk.views.theme import DOUBLE, HALF, Look
from lumedesk.views.wizards.conventions import system_convention

# A day is seen whole.
_LEAST_FIELD = 104
# Below this width days and amounts stand one above the other.
_NARROW = 900
_LEAST_WIDTH = 600
_PERIODS = (
    ("Any day", ""),
    ("Today", "today"),
    ("Yesterday", "yesterday"),
    ("Last 7 days", "week"),
    ("Last 30 days", "days-30"),
    ("This month", "month"),
    ("Last month", "last-month"),
    ("This year", "year"),
    ("These days", "days"),
)


class FilterPanel(Card):
    """Sets a HistoryFilter, all but its text. What can't be read is said beside its field; what was set before stays."""

    # (HistoryFilter): the operator set it. UI thread.
    changed = Signal(object)
    # The operator is done with it. UI thread.
    done = Signal()

    def __init__(self, name: str, plan: FilterPlan, look: Look, today: Callable[[], date]) -> None:
        super().__init__()
        self.setObjectName(f"{name}-panel")
        self.setAccessibleName("Filter")
        self._plan = plan
        self._today = today
        self._convention = system_convention()
        self._filter = HistoryFilter()
        # What stands in an amount's field for what is set: it is taken for that, however it might be read anew.
        self._given: dict[str, tuple[str, Decimal | None]] = {}
        self._choices: dict[str, list[str]] = {facet.column: [] for facet in plan.facets}
        self.lists = {facet.column: ValueList(f"{name}-{facet.column}", facet.title, look) for facet in plan.facets}
        self.period = Chooser(f"{name}-period", "Period", look)
        self.period.offer(list(_PERIODS))
        self.first_day = _field(f"{name}-first-day", f"{plan.time_title}: first day, as year-month-day", "First day")
        self.last_day = _field(f"{name}-last-day", f"{plan.time_title}: last day, as year-month-day", "Last day")
        self.days_problem = _problem(f"{name}-days-problem")
        self.amount = Chooser(f"{name}-amount", "Which amount", look)
        self.amount.offer([(title, column) for column, title in plan.amounts])
        self.least = _field(f"{name}-least", "Lowest amount", "Lowest")
        self.most = _field(f"{name}-most", "Highest amount", "Highest")
        self.amount_problem = _problem(f"{name}-amount-problem")
        self.done_button = button(f"{name}-done", "Done")
        self._build()
        self._connect()

    def _build(self) -> None:
        self._grid = QGridLayout()
        self._grid.setHorizontalSpacing(DOUBLE)
        self._grid.setVerticalSpacing(HALF)
        for at, facet in enumerate(self._plan.facets):
            self._grid.addWidget(_titled(facet.title, self.lists[facet.column]), 0, at, 2, 1)
            self._grid.setColumnStretch(at, 1)
        self._days = _titled(
            self._plan.time_title, self.period, _pair(self.first_day, self.last_day), self.days_problem, stretches=True
        )
        has_choice = len(self._plan.amounts) > 1
        choice = [self.amount] if has_choice else []
        title = "Amount" if has_choice else self._plan.amounts[0][1]
        self._amounts = _titled(
            title, *choice, _pair(self.least, self.most), self.amount_problem, self.done_button, stretches=True
        )
        self.amount.setParent(self._amounts)
        self.amount.setVisible(has_choice)
        self.inner.addLayout(self._grid)
        self._is_narrow: bool | None = None
        self._lay_out(is_narrow=False)

    def _lay_out(self, *, is_narrow: bool) -> None:
        """Days beside amounts, or above them where there is too little room."""
        if is_narrow is self._is_narrow:
            return
        self._is_narrow = is_narrow
        at = len(self._plan.facets)
        for widget in (self._days, self._amounts):
            self._grid.removeWidget(widget)
        self._grid.addWidget(self._days, 0, at, 1 if is_narrow else 2, 1)
        if is_narrow:
            self._grid.addWidget(self._amounts, 1, at)
        else:
            self._grid.addWidget(self._amounts, 0, at + 1, 2, 1)
        self._grid.setColumnStretch(at, 1)
        self._grid.setColumnStretch(at + 1, 0 if is_narrow else 1)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """As Qt has it; the columns fit into the window at its smallest."""
        super().resizeEvent(event)
        self._lay_out(is_narrow=self.width() < _NARROW)

    def minimumSizeHint(self) -> QSize:
        """As Qt has it, but as narrow as it is when it is laid out anew for less room."""
        return QSize(_LEAST_WIDTH, super().minimumSizeHint().height())

    def _connect(self) -> None:
        for column, each in self.lists.items():
            each.ticked.connect(lambda column=column: self._take_values(column))
        self.period.activated.connect(self._take_period)
        for field in (self.first_day, self.last_day):
            field.editingFinished.connect(self._take_days)
        for field in (self.least, self.most):
            field.editingFinished.connect(self._take_amounts)
        self.amount.activated.connect(self._take_amounts)
        self.done_button.clicked.connect(self.done)

    def begin(self) -> None:
        """Put the keyboard where a filter begins."""
        next(iter(self.lists.values())).setFocus(Qt.FocusReason.OtherFocusReason)

    def offer(self, column: str, values: Sequence[str]) -> None:
        """Offer the values that occur in a column, and those that are wanted though they don't."""
        self._choices[column] = list(values)
        self._show_values(column)

    def show_filter(self, each: HistoryFilter) -> None:
        """Show what is set now; what could not be read is gone."""
        self._filter = each
        for column in self.lists:
            self._show_values(column)
        self._show_days()
        self._show_amounts()

    def _show_values(self, column: str) -> None:
        facet = next(facet for facet in self._plan.facets if facet.column == column)
        wanted = self._filter.values(column)
        labelled = sorted((facet.label(value), value) for value in {*self._choices[column], *wanted})
        self.lists[column].offer(labelled, wanted)

    def _show_days(self) -> None:
        first, last = self._filter.first_day, self._filter.last_day
        self.first_day.setText(first.isoformat() if first else "")
        self.last_day.setText(last.isoformat() if last else "")
        named = next((name for name, days in periods(self._today()).items() if days == (first, last)), "days")
        self.period.choose(named if first or last else "")
        _say(self.days_problem, "", self.first_day, self.last_day)

    def _show_amounts(self) -> None:
        for field, end in ((self.least, self._filter.least), (self.most, self._filter.most)):
            text = "" if end is None else self._convention.write(end)
            self._given[field.objectName()] = (text, end)
            field.setText(text)
        if self._filter.amount:
            self.amount.choose(self._filter.amount)
        _say(self.amount_problem, "", self.least, self.most)

    def _take_values(self, column: str) -> None:
        self._set(self._filter.with_values(column, self.lists[column].values()))

    def _take_period(self) -> None:
        chosen = self.period.value()
        if chosen == "days":
            self.first_day.setFocus(Qt.FocusReason.OtherFocusReason)
            return
        first, last = periods(self._today()).get(chosen, (None, None))
        each = self._filter.with_days(first, last)
        self._set(each)
        self._show_days()

    def _take_days(self) -> None:
        try:
            each = self._filter.with_days(_day(self.first_day), _day(self.last_day))
        except DayError as error:
            _say(self.days_problem, str(error), self.first_day, self.last_day)
            return
        self._set(each)
        self._show_days()

    def _take_amounts(self) -> None:
        try:
            least, most = self._amount(self.least), self._amount(self.most)
            each = self._filter.with_amount(self.amount.value(), least, most)
        except AmountError as error:
            _say(self.amount_problem, str(error), self.least, self.most)
            return
        self._set(each)
        self._show_amounts()

    def _amount(self, field: QLineEdit) -> Decimal | None:
        """Errors: AmountError."""
        text = field.text().strip()
        given, end = self._given.get(field.objectName(), ("", None))
        if text == given or not text:
            return end if text else None
        try:
            entry = read_amount(text, self._convention)
        except AmountError as error:
            raise AmountError(f"{field.accessibleName()}: {error}") from error
        if entry.ambiguous_as is not None:
            raise AmountError(
                f"“{text}” could mean {entry.canonical} or {fixed(entry.ambiguous_as)}."
                f" Write it without a sign between thousands: {self._convention.example}."
            )
        return entry.amount

    def _set(self, each: HistoryFilter) -> None:
        if each != self._filter:
            self._filter = each
            self.changed.emit(each)


def _field(name: str, purpose: str, hint: str) -> QLineEdit:
    made = QLineEdit()
    made.setObjectName(name)
    made.setAccessibleName(purpose)
    made.setPlaceholderText(hint)
    made.setMinimumWidth(_LEAST_FIELD)
    return made


def _problem(name: str) -> Label:
    made = Label(look="error", wraps=True)
    made.setObjectName(name)
    made.hide()
    return made


def _say(problem: Label, text: str, *fields: QLineEdit) -> None:
    """Say what is wrong with the fields, aloud too; an empty text takes it back."""
    is_new = text != problem.text()
    problem.setText(text)
    problem.setVisible(bool(text))
    for field in fields:
        field.setAccessibleDescription(text)
    if text and is_new:
        announce(problem, text)


def _day(field: QLineEdit) -> date | None:
    """Errors: DayError."""
    text = field.text().strip()
    try:
        return read_day(text) if text else None
    except DayError as error:
        raise DayError(f"{field.placeholderText()}: {error}") from error


def _pair(one: QWidget, other: QWidget) -> QWidget:
    row = QWidget()
    layout = QHBoxLayout(row)
    layout.setContentsMargins(0, 0, 0, 0)
    layout.setSpacing(HALF)
    layout.addWidget(one, 1)
    layout.addWidget(Label("–", "muted"))
    layout.addWidget(other, 1)
    return row


def _titled(title: str, *widgets: QWidget, stretches: bool = False) -> QWidget:
    whole = QWidget()
    column = QVBoxLayout(whole)
    column.setContentsMargins(0, 0, 0, 0)
    column.setSpacing(HALF)
    label = Label(title, "label")
    label.setBuddy(widgets[0])
    column.addWidget(label)
    for widget in widgets:
        if isinstance(widget, QPushButton):
            column.addStretch(1)
            column.addWidget(widget, 0, Qt.AlignmentFlag.AlignRight)
        else:
            column.addWidget(widget)
    if stretches and not isinstance(widgets[-1], QPushButton):
        column.addStretch(1)
    return whole
