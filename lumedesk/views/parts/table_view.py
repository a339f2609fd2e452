"""The one table widget of the desk: row selection, sorting by heading, and copying of cells and rows."""

from typing import Any

from PySide6.QtCore import QItemSelectionModel, QModelIndex, QPoint, QRect, QSize, Qt, Signal
from PySide6.QtGui import (
    QAction,
    QColor,
    QFocusEvent,
    QFont,
    QGuiApplication,
    QKeyEvent,
    QKeySequence,
    QPainter,
    QPaintEvent,
    QResizeEvent,
)
from PySide6.QtWidgets import QAbstractItemView, QApplication, QHeaderView, QMenu, QTableView, QWidget

from lumedesk.models.table import COPY, Index, KeyedTable
from lumedesk.views.parts.cells import ROW_HEIGHT, AmountCells, cells_of
from lumedesk.views.parts.clipboard import copy_text
from lumedesk.views.theme import Look
from lumedesk.work.courtesy import Courtesy

_HEADER_HEIGHT = 36
# What a column that grows keeps at least, before the table scrolls sideways.
_LEAST_GROWING = 110
_MOST_FITTINGS = 3
_NO_BAR = Qt.ScrollBarPolicy.ScrollBarAlwaysOff
_BAR_AS_NEEDED = Qt.ScrollBarPolicy.ScrollBarAsNeeded


class _Headings(QHeaderView):
    """A table's headings, all of one height: to find it, Qt would ask for each heading's looks a dozen times over."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(Qt.Orientation.Horizontal, parent)
        self.setSectionsClickable(True)
        self.setFixedHeight(_HEADER_HEIGHT)
        self.setMinimumSectionSize(60)

    def sizeHint(self) -> QSize:
        """How high they are; how wide is the table's business."""
        return QSize(0, _HEADER_HEIGHT)


class RecordView(QTableView):
    """Shows a KeyedTable. Enter or a double click opens the current row."""

    # (row): the operator asked to see more of it. UI thread.
    opened = Signal(int)
    # (row): another row is current now; -1 when none is.
    current_changed = Signal(int)

    def __init__(self, model: KeyedTable[Any, Any], look: Look, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._table = model
        self._taking_focus = False
        self._look = look
        self._courtesy = Courtesy.of(QApplication.instance())
        self.setObjectName(name)
        # Made here, as PySide loads every kind of widget, for 10 ms, to tell what one is that Qt made.
        ground = QWidget()
        # Where something below might shine through, as it does at round corners, Qt paints a whole page for each pixel that it
        # is scrolled by, in place of what comes into sight. See `paintEvent`.
        ground.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.setViewport(ground)
        self.setHorizontalHeader(_Headings(self))
        self.setModel(model)
        model.rowsInserted.connect(self._follow_insertion)
        model.rowsRemoved.connect(self._follow_removal)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setShowGrid(False)
        self.setWordWrap(False)
        self.setTabKeyNavigation(False)
        self.setCornerButtonEnabled(False)
        rows = self.verticalHeader()
        rows.setDefaultSectionSize(ROW_HEIGHT)
        rows.setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        rows.hide()
        self._cells = [cells_of(column, at, look) for at, column in enumerate(model.columns)]
        self._font: QFont | None = None
        for at, column in enumerate(model.columns):
            self.setColumnWidth(at, column.width)
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.customContextMenuRequested.connect(self._show_menu)
        self.doubleClicked.connect(self._open)
        self._fitting = False
        self._fits = True
        header = self.horizontalHeader()
        header.sectionResized.connect(self._note_resizing)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """As Qt has it; until the operator resizes a column, the columns fit the room there is."""
        super().resizeEvent(event)
        if self._fits and not self._fitting:
            self._fit_columns()

    def _fit_columns(self) -> None:
        """Fit them to the room there is. That may bring a scroll bar or take one away, and so leave other room.

        Qt tells of it by an event within this one, or, before the table is first shown, not at all.
        """
        self._fitting = True
        room = self.viewport().width()
        for _ in range(_MOST_FITTINGS):
            self._fit_columns_to(room)
            before, room = room, self.viewport().width()
            if room == before:
                break
        else:
            # Each size brings the other about.
            self._fit_columns_to(min(before, room))
        self._fitting = False

    def _fit_columns_to(self, room: int) -> None:
        columns = self._table.columns
        shown = list(range(len(columns)))
        for at in reversed(shown.copy()):
            if sum(columns[each].width for each in shown) > room and columns[at].spare:
                shown.remove(at)
        left = room - sum(columns[each].width for each in shown)
        growing = [each for each in shown if columns[each].grows] or shown[-1:]
        for at, column in enumerate(columns):
            self.setColumnHidden(at, at not in shown)
            share = left // len(growing) if at in growing and (left > 0 or column.grows) else 0
            self.setColumnWidth(at, max(column.width + share, min(column.width, _LEAST_GROWING)))
        # Where the other scroll bar comes in, columns are too wide until they are fitted anew: no reason to scroll sideways.
        has_room = self.horizontalHeader().length() <= room
        self.setHorizontalScrollBarPolicy(_NO_BAR if has_room else _BAR_AS_NEEDED)

    def _note_resizing(self) -> None:
        if not self._fitting and QGuiApplication.mouseButtons() != Qt.MouseButton.NoButton:
            self._fits = False
            self.setHorizontalScrollBarPolicy(_BAR_AS_NEEDED)

    def fit_rows(self, most: int) -> None:
        """Be exactly as tall as the rows, up to `most` of them."""
        self.ensurePolished()
        edges = self.contentsMargins()
        rows = ROW_HEIGHT * min(self._table.rowCount(), most)
        self.setFixedHeight(edges.top() + _HEADER_HEIGHT + rows + edges.bottom())

    def let_sort(self, name: str, order: Qt.SortOrder) -> None:
        """Sort by a click on a heading, starting with the column `name`."""
        self.horizontalHeader().setSortIndicator(self._table.column_index(name), order)
        self.setSortingEnabled(True)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint rows whole, before whatever else computes: Qt would ask Python anew for each cell, which takes twice as long."""
        with self._courtesy.asked():
            painter = QPainter(self.viewport())
            try:
                self._paint(painter, event.rect())
            finally:
                painter.end()

    def _paint(self, painter: QPainter, room: QRect) -> None:
        colours, above = self._look.colours, self.verticalOffset()
        # Not by `fillRect`: to tell what it is given, PySide loads all of Qt's gradients first.
        painter.setBackground(QColor(colours.surface))
        painter.eraseRect(room)
        self._use_font(self.font())
        painter.setFont(self.font())
        last = min((room.bottom() + above) // ROW_HEIGHT + 1, self._table.rowCount())
        rows = {row: self._table.shown(row) for row in range((room.top() + above) // ROW_HEIGHT, last)}
        known = [row for row in rows.values() if row is not None]
        is_wider = [cells.make_room(known) for cells in self._cells if isinstance(cells, AmountCells)]
        if any(is_wider) and room != self.viewport().rect():
            self.viewport().update()
        header, is_selected = self.horizontalHeader(), self.selectionModel().isSelected
        columns = [
            (cells.paint, header.sectionViewportPosition(cells.at), header.sectionSize(cells.at))
            for cells in self._cells
            if not header.isSectionHidden(cells.at)
        ]
        left, width = -self.horizontalOffset(), header.length()
        selection, rule = QColor(colours.selection), QColor(colours.sunken)
        painter.setBackground(rule)
        for row, shown in rows.items():
            top = row * ROW_HEIGHT - above
            if is_selected(self._table.index(row, 0)):
                painter.setBackground(selection)
                painter.eraseRect(left, top, width, ROW_HEIGHT)
                painter.setBackground(rule)
            if shown is not None:
                for paint, start, size in columns:
                    paint(painter, start, top, size, shown)
            painter.eraseRect(left, top + ROW_HEIGHT - 1, width, 1)

    def _use_font(self, font: QFont) -> None:
        if font != self._font:
            self._font = font
            for cells in self._cells:
                cells.use(font)

    def _follow_insertion(self, _parent: QModelIndex, first: int, last: int) -> None:
        self._hold_place(first, last - first + 1)

    def _follow_removal(self, _parent: QModelIndex, first: int, last: int) -> None:
        self._hold_place(first, first - last - 1)

    def _hold_place(self, first: int, count: int) -> None:
        """Rows came or went above what is looked at: it stays where it is, unless the list's top is looked at."""
        bar = self.verticalScrollBar()
        if bar.value() > first * ROW_HEIGHT:
            self.updateGeometries()
            bar.setValue(max(bar.value() + count * ROW_HEIGHT, first * ROW_HEIGHT))

    def current_row(self) -> int:
        """The current row; -1 when there is none."""
        return self.currentIndex().row()

    def currentChanged(self, current: Index, previous: Index) -> None:  # noqa: N802
        """As Qt has it."""
        super().currentChanged(current, previous)
        if not self._taking_focus and (current.row() != previous.row() or not previous.isValid()):
            self.current_changed.emit(current.row())

    def focusInEvent(self, event: QFocusEvent) -> None:
        """As Qt has it, but without making a row current that nobody chose and that isn't selected."""
        had_current = self.currentIndex().isValid()
        self._taking_focus = True
        super().focusInEvent(event)
        if not had_current:
            self.selectionModel().setCurrentIndex(QModelIndex(), QItemSelectionModel.SelectionFlag.NoUpdate)
        self._taking_focus = False

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """As Qt has it, with copying and opening."""
        if event.matches(QKeySequence.StandardKey.Copy):
            self.copy_rows()
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and self.currentIndex().isValid():
            self._open(self.currentIndex())
        else:
            super().keyPressEvent(event)

    def copy_cell(self) -> None:
        """Put the current cell's plain text on the clipboard."""
        if self.currentIndex().isValid():
            copy_text(str(self.currentIndex().data(COPY)), guard=False)

    def copy_rows(self) -> None:
        """Put the selected rows on the clipboard: a line each, cells parted by tabs, with the headings on top."""
        rows = sorted({index.row() for index in self.selectionModel().selectedRows()})
        if not rows:
            return
        order = [self.horizontalHeader().logicalIndex(at) for at in range(self._table.columnCount())]
        lines = ["\t".join(self._table.columns[column].title for column in order)]
        lines += ["\t".join(_one_cell(self._table.index(row, column).data(COPY)) for column in order) for row in rows]
        copy_text("\n".join(lines), guard=False)

    def _open(self, index: QModelIndex) -> None:
        self.opened.emit(index.row())

    def _show_menu(self, at: QPoint) -> None:
        if not self.indexAt(at).isValid():
            return
        menu = QMenu(self)
        menu.setObjectName(f"{self.objectName()}-menu")
        for text, call, shortcut in (
            ("Copy cell", self.copy_cell, None),
            ("Copy rows", self.copy_rows, QKeySequence.StandardKey.Copy),
        ):
            action = QAction(text, menu)
            if shortcut is not None:
                action.setShortcut(shortcut)
            action.triggered.connect(call)
            menu.addAction(action)
        menu.aboutToHide.connect(menu.deleteLater)
        menu.popup(self.viewport().mapToGlobal(at))


def _one_cell(text: object) -> str:
    return str(text).replace("\t", " ").replace("\n", " ")
