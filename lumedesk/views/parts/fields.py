"""Labelled fields with their values, each of which can be copied: the body of every detail pane."""

from collections.abc import Sequence

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QGridLayout, QSizePolicy, QWidget

from lumedesk.domain.details import Field
from lumedesk.views.parts.text import Label, Passage
from lumedesk.views.parts.widgets import IconButton
from lumedesk.views.theme import DOUBLE, UNIT, Look

_LABEL_WIDTH = 118


class FieldList(QWidget):
    """Fields in rows. Values are shown whole, wrapped where they are long.

    One that `can_hide` shows, speaks and copies dots in place of amounts while the look hides them.
    """

    def __init__(self, name: str, look: Look, *, can_copy: bool = True, can_hide: bool = False) -> None:
        super().__init__()
        self.setObjectName(name)
        self._look = look
        self._can_copy = can_copy
        self._can_hide = can_hide
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setHorizontalSpacing(UNIT)
        self._grid.setVerticalSpacing(2)
        self._grid.setColumnStretch(1, 1)
        self._shown: tuple[Field, ...] = ()
        self._fixed: frozenset[str] = frozenset()
        if can_hide:
            look.hiding_changed.connect(self._lay_out)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Minimum)

    def show_fields(self, fields: Sequence[Field], fixed: frozenset[str] = frozenset()) -> None:
        """Show exactly these; the values of labels in `fixed` stand in fixed width. Equal fields change nothing."""
        if tuple(fields) == self._shown:
            return
        self._shown, self._fixed = tuple(fields), fixed
        self._lay_out()

    def value(self, label: str) -> str | None:
        """The value shown for a label; None where there is none."""
        return next((self._told(field) for field in self._shown if field.label == label), None)

    def _told(self, field: Field) -> str | None:
        return field.told(hides=self._can_hide and self._look.hides_amounts)

    def _lay_out(self) -> None:
        had_focus = next((each.objectName() for each in self.findChildren(QWidget) if each.hasFocus()), "")
        while (item := self._grid.takeAt(0)) is not None:
            if (widget := item.widget()) is not None:
                widget.hide()
                # Until it is gone, another one has its name.
                widget.setParent(None)
                widget.deleteLater()
        for row, field in enumerate(self._shown):
            self._add(row, field, in_fixed=field.label in self._fixed)
        for at in range(self._grid.count() if had_focus else 0):
            item = self._grid.itemAt(at)
            widget = item.widget() if item is not None else None
            if widget is not None and widget.objectName() == had_focus:
                widget.setFocus(Qt.FocusReason.OtherFocusReason)

    def _add(self, row: int, field: Field, *, in_fixed: bool) -> None:
        text = self._told(field)
        label = Label(field.label, "strong" if text is None else "label", wraps=True)
        label.setContentsMargins(field.depth * DOUBLE, UNIT if text is None else 6, 0, 6)
        label.setAlignment(Qt.AlignmentFlag.AlignTop | Qt.AlignmentFlag.AlignLeft)
        if text is None:
            self._grid.addWidget(label, row, 0, 1, 3)
            return
        label.setFixedWidth(_LABEL_WIDTH + field.depth * DOUBLE)
        value = Passage(text, fixed=in_fixed)
        value.setObjectName(f"{self.objectName()}-value-{row}")
        value.setAccessibleName(f"{field.label}: {text}")
        self._grid.addWidget(label, row, 0)
        self._grid.addWidget(value, row, 1)
        if self._can_copy and text != "–":
            copy = IconButton(f"{self.objectName()}-copy-{row}", "copy", f"Copy {field.label}", self._look)
            copy.clicked.connect(value.copy_all)
            self._grid.addWidget(copy, row, 2, Qt.AlignmentFlag.AlignTop)
