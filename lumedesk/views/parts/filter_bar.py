"""Everything about the filter of one page: the button that opens its panel, its chips, and what is saved by name."""

from collections.abc import Callable
from datetime import date
from itertools import pairwise

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QApplication, QVBoxLayout, QWidget

from lumedesk.domain.errors import DeskError
from lumedesk.domain.filters import HistoryFilter
from lumedesk.domain.kinds import Kind
from lumedesk.domain.text import shown
from lumedesk.views.parts.announce import announce
from lumedesk.views.parts.chips import ChipRow
from lumedesk.views.parts.filter_words import FilterPlan, told_of, without
from lumedesk.views.parts.filters import FilterPanel
from lumedesk.views.parts.save_form import SaveForm
from lumedesk.views.parts.text import Label
from lumedesk.views.parts.widgets import Chooser, button, explain
from lumedesk.views.theme import UNIT, Look
from lumedesk.work.saved_filters import SavedFilters

_OFFER = "Saved filters"


class FilterBar(QWidget):
    """The filter in force. `open_button` and `saved_chooser` are for the row of the search field, the rest stands below.

    The text that is looked for stands in the search field, but is saved along.
    """

    # (HistoryFilter): the operator set it. UI thread.
    changed = Signal(object)
    # The keyboard is free for the table. UI thread.
    left = Signal()

    def __init__(
        self, name: str, kind: Kind, plan: FilterPlan, saved: SavedFilters, look: Look, today: Callable[[], date]
    ) -> None:
        super().__init__()
        self.setObjectName(name)
        self._kind = kind
        self._plan = plan
        self._saved = saved
        self._look = look
        self._filter = HistoryFilter()
        # The saved filter that was in force last: what is altered of it is offered to be saved under its name.
        self._name = ""
        self.open_button = button(f"{name}-open", "Filter")
        self.open_button.setCheckable(True)
        self.saved_chooser = Chooser(f"{name}-saved", _OFFER, look)
        self.saved_chooser.setMaximumWidth(220)
        self.panel = FilterPanel(name, plan, look, today)
        self.clear_button = button(f"{name}-clear", "Clear all")
        self.save_button = button(f"{name}-save-as", "Save as…")
        self.delete_button = button(f"{name}-delete", "Delete saved filter")
        self.chips = ChipRow(f"{name}-chips", look, (self.clear_button, self.save_button, self.delete_button))
        self.chips.anchor = self.panel.done_button
        self.form = SaveForm(f"{name}-saving", lambda: self._saved.of(self._kind))
        self.trouble = Label(look="warning", wraps=True)
        self.trouble.setObjectName(f"{name}-trouble")
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(UNIT)
        for each in (self.panel, self.chips, self.form, self.trouble):
            column.addWidget(each)
        self.panel.hide()
        self._connect()
        self._offer_saved()
        self.show_filter(self._filter)

    def _connect(self) -> None:
        self.open_button.toggled.connect(self._show_panel)
        self.panel.changed.connect(lambda each: self._set(each.with_text(self._filter.text)))
        self.panel.done.connect(self.close_panel)
        self.chips.removed.connect(lambda part: self._set(without(self._filter, part)))
        self.chips.left.connect(self.open_button.setFocus)
        self.clear_button.clicked.connect(self._clear)
        self.save_button.clicked.connect(self._ask_name)
        self.delete_button.clicked.connect(self._delete)
        self.form.wanted.connect(self._save)
        self.form.closed.connect(self._leave_form)
        self.saved_chooser.activated.connect(self._apply_saved)
        self._saved.changed.connect(self._take_saved)
        self._look.changed.connect(self._tell_button)
        self._look.hiding_changed.connect(self._tell)

    def put_between(self, before: QWidget, after: QWidget) -> None:
        """Let Tab lead from `before` through all that is here to `after`."""
        # The lists that drop down are windows of their own.
        here = [each for each in self.findChildren(QWidget) if each.window() is self.window()]
        here = [each for each in here if each.focusPolicy() & Qt.FocusPolicy.TabFocus]
        for one, other in pairwise([before, self.open_button, self.saved_chooser, *here, after]):
            QWidget.setTabOrder(one, other)

    @property
    def filter(self) -> HistoryFilter:
        """What is in force."""
        return self._filter

    def show_filter(self, each: HistoryFilter) -> None:
        """Show what is in force now; nothing is signalled."""
        self._filter = each
        self.panel.show_filter(each.with_text(""))
        if each.is_empty:
            self.form.hide()
        self._tell()

    def show_text(self, text: str) -> None:
        """Show that this is looked for now; nothing is signalled, and what is being typed into the panel stays."""
        self._filter = self._filter.with_text(text)
        self._tell()

    def step_back(self) -> bool:
        """Put away what the keyboard is in. Shape: whether there was something."""
        focus = QApplication.focusWidget()
        if focus is not None and self.form.isAncestorOf(focus):
            self.form.close_form()
            return True
        is_here = focus is self.open_button or (focus is not None and self.isAncestorOf(focus))
        if is_here and self.panel.isVisible():
            self.close_panel()
            return True
        return False

    def close_panel(self) -> None:
        """Put the panel away; the filter stays in force."""
        self.open_button.setChecked(False)
        self.open_button.setFocus(Qt.FocusReason.OtherFocusReason)

    def _set(self, each: HistoryFilter) -> None:
        if each != self._filter:
            self.show_filter(each)
            self.changed.emit(each)

    def _clear(self) -> None:
        self._set(HistoryFilter())
        self.open_button.setFocus(Qt.FocusReason.OtherFocusReason)

    def _show_panel(self, is_open: bool) -> None:
        if is_open:
            self.panel.show()
            self.panel.begin()
        else:
            self.panel.hide()
            # What could not be read is not kept for the next time.
            self.panel.show_filter(self._filter.with_text(""))
        self._tell()

    # What is saved by name

    def _apply_saved(self) -> None:
        name = self.saved_chooser.value()
        each = self._saved.of(self._kind).get(name)
        if each is None:
            self._tell()
            return
        self._name = name
        self._set(each)
        self._tell()

    def _ask_name(self) -> None:
        self.form.ask(self._name)

    def _save(self, name: str) -> None:
        def done() -> None:
            self._name = name
            self.form.close_form()
            announce(self, f"The filter is saved as {shown(name)}.")

        def failed(error: DeskError) -> None:
            self.form.set_busy(busy=False)
            self.form.show_problem(explain(error, of_order=True))

        self._saved.put(self._kind, name, self._filter, done, failed)

    def _delete(self) -> None:
        name = self._saved_name()

        def done() -> None:
            # It stays in force, and can be saved again under its name: a mistake is mended at once.
            self._name = name
            self.save_button.setFocus(Qt.FocusReason.OtherFocusReason)
            announce(self, f"The saved filter {shown(name)} is deleted.")

        def failed(error: DeskError) -> None:
            self.trouble.setText(explain(error, of_order=True))
            self.trouble.show()

        self._saved.remove(self._kind, name, done, failed)

    def _leave_form(self) -> None:
        self._tell()
        if self.save_button.isVisible():
            self.save_button.setFocus(Qt.FocusReason.OtherFocusReason)
        else:
            self.left.emit()

    def _take_saved(self, kind: Kind) -> None:
        if kind is self._kind:
            self._offer_saved()
            self._tell()

    def _offer_saved(self) -> None:
        names = list(self._saved.of(self._kind))
        self.saved_chooser.offer([(_OFFER, ""), *((shown(name), name) for name in names)])
        self.saved_chooser.setVisible(bool(names))

    def _saved_name(self) -> str:
        """The name under which the filter in force is saved; empty where it isn't."""
        saved = self._saved.of(self._kind)
        names = [name for name, each in saved.items() if each == self._filter]
        return self._name if self._name in names else next(iter(names), "")

    # What is told

    def _tell(self) -> None:
        told = told_of(self._filter, self._plan, hides=self._look.hides_amounts)
        self.chips.show_told(told)
        name = self._saved_name() if not self._filter.is_empty else ""
        self.saved_chooser.choose(name)
        self.delete_button.setVisible(bool(name))
        self.delete_button.setAccessibleDescription(f"Deletes “{shown(name)}”; what it shows stays." if name else "")
        self.save_button.setVisible(not name)
        self.trouble.setText(self._saved.trouble)
        self.trouble.setVisible(bool(self._saved.trouble) and self.panel.isVisibleTo(self))
        self.setVisible(any(not each.isHidden() for each in (self.panel, self.chips, self.form, self.trouble)))
        self._tell_button(len(told))

    def _tell_button(self, count: int | None = None) -> None:
        if count is not None:
            self.open_button.setText(f"Filter ({count})" if count else "Filter")
        self.open_button.setIcon(self._look.icon("filter"))
