"""An operator's hands and eyes for the journeys: clicks, keys and reading, nothing that a person couldn't do."""

from collections.abc import Callable
from typing import Any, TypeVar

from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QApplication, QCheckBox, QComboBox, QLabel, QLineEdit, QPlainTextEdit, QTableView, QWidget
from pytestqt.qtbot import QtBot

W = TypeVar("W", bound=QWidget)

PATIENCE_MS = 20_000


class Operator:
    """Finds what is visible by its objectName in the window that is in front, as the UI map lists it."""

    def __init__(self, qtbot: QtBot, window: QWidget) -> None:
        self._qtbot = qtbot
        self._window = window

    def sees(self, name: str) -> bool:
        """Whether something of that name can be seen."""
        return self._find(name) is not None

    def wait(self, condition: Callable[[], bool]) -> None:
        """Wait until it holds; fails after a while."""
        self._qtbot.waitUntil(condition, timeout=PATIENCE_MS)

    def wait_for(self, name: str) -> QWidget:
        """Wait until something of that name can be seen."""
        self.wait(lambda: self.sees(name))
        widget = self._find(name)
        assert widget is not None
        return widget

    def click(self, name: str) -> None:
        """Click a button, once it can be pressed."""
        widget = self.wait_for(name)
        self.wait(widget.isEnabled)
        self._qtbot.mouseClick(widget, Qt.MouseButton.LeftButton)

    def press(self, key: Qt.Key, modifier: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier) -> None:
        """Press a key where the keyboard is."""
        self._take_keyboard()
        self._qtbot.keyClick(QApplication.focusWidget(), key, modifier)

    def write(self, name: str, text: str) -> None:
        """Click into a field and type over what stands there."""
        field = self.wait_for(name)
        self._qtbot.mouseClick(field, Qt.MouseButton.LeftButton)
        self._qtbot.keyClick(field, Qt.Key.Key_A, Qt.KeyboardModifier.ControlModifier)
        self._qtbot.keyClicks(field, text)

    def choose(self, name: str, label: str) -> None:
        """Choose from a drop-down by typing the label's beginning."""
        chooser = self.wait_for(name)
        assert isinstance(chooser, QComboBox)
        chooser.setFocus()
        for _ in range(chooser.count()):
            if chooser.currentText().startswith(label):
                return
            at = chooser.currentIndex()
            labels = [chooser.itemText(each) for each in range(chooser.count())]
            wanted = next(each for each, text in enumerate(labels) if text.startswith(label))
            self._qtbot.keyClick(chooser, Qt.Key.Key_Down if wanted > at else Qt.Key.Key_Up)
        raise AssertionError(f"{name} doesn't offer {label}")

    def read(self, name: str) -> str:
        """What a label, a field or a button says."""
        widget: Any = self.wait_for(name)
        return str(widget.toPlainText() if isinstance(widget, QPlainTextEdit) else widget.text())

    def rows(self, name: str) -> list[dict[str, str]]:
        """A table's rows as they read, by heading; all of them, as scrolling would show."""
        view = self.wait_for(name)
        assert isinstance(view, QTableView)
        model = view.model()
        if not getattr(model, "is_whole", True):
            # How many rows there are is known before each of them is.
            self.wait(lambda: bool(model.is_whole))  # type: ignore[attr-defined]
        columns = range(model.columnCount())
        titles = [str(model.headerData(at, Qt.Orientation.Horizontal)) for at in columns]
        return [
            {title: str(model.index(row, at).data()) for at, title in zip(columns, titles, strict=True)}
            for row in range(model.rowCount())
        ]

    def row(self, name: str, **wanted: str) -> dict[str, str] | None:
        """The first row whose cells read like this; None where there is none."""
        return next((row for row in self.rows(name) if all(row[title] == text for title, text in wanted.items())), None)

    def click_row(self, name: str, **wanted: str) -> None:
        """Click the first row whose cells read like this."""
        self.wait(lambda: self.row(name, **wanted) is not None)
        view = self.wait_for(name)
        assert isinstance(view, QTableView)
        at = next(
            at for at, row in enumerate(self.rows(name)) if all(row[title] == text for title, text in wanted.items())
        )
        index = view.model().index(at, 0)
        view.scrollTo(index)
        spot = view.visualRect(index).center()
        self._qtbot.mouseClick(view.viewport(), Qt.MouseButton.LeftButton, pos=QPoint(spot))

    def type_keys(self, name: str, text: str) -> None:
        """Type where the keyboard is, which must be the field of that name."""
        self.wait_for(name)
        self._take_keyboard()
        self.wait(lambda: getattr(QApplication.focusWidget(), "objectName", str)() == name)
        self._qtbot.keyClicks(QApplication.focusWidget(), text)

    def tab_to(self, name: str) -> None:
        """Press Tab until something of that name has the keyboard; fails where no number of Tabs leads there."""
        self.wait_for(name)
        for _ in range(60):
            focus = QApplication.focusWidget()
            if focus is not None and focus.objectName() == name:
                return
            self.press(Qt.Key.Key_Tab)
        raise AssertionError(f"{name} can't be reached by Tab")

    def pass_checks(self) -> None:
        """Go through the wizard's checks, giving a reason wherever one is asked for."""
        step = self.wait_for("withdrawal-checks")
        self.wait(lambda: not any("aren't loaded yet" in text for text in self.texts("withdrawal-checks")))
        for field in step.findChildren(QLineEdit):
            if field.isVisible():
                self.tab_to(field.objectName())
                self.type_keys(field.objectName(), "Agreed with the CFO")
        for box in step.findChildren(QCheckBox):
            if box.isVisible() and not box.isChecked():
                self.tab_to(box.objectName())
                self.press(Qt.Key.Key_Space)
        self.tab_to("withdrawal-next")
        self.press(Qt.Key.Key_Space)
        self.wait_for("withdrawal-statement")
        if self.sees("withdrawal-retype"):
            amount = self.read("withdrawal-statement").split(" ")[1].replace(",", "")
            self.type_keys("withdrawal-retype", amount)

    def current(self, name: str, title: str) -> str | None:
        """What the current row of a table reads under a heading; None without a current row."""
        view = self.wait_for(name)
        assert isinstance(view, QTableView)
        row = view.currentIndex().row()
        return self.rows(name)[row][title] if row >= 0 else None

    def texts(self, name: str) -> list[str]:
        """All texts inside something, in no particular order."""
        widget = self.wait_for(name)
        found = [label.text() for label in widget.findChildren(QLabel) if label.isVisible()]
        found += [field.text() for field in widget.findChildren(QLineEdit) if field.isVisible()]
        return found + [field.toPlainText() for field in widget.findChildren(QPlainTextEdit) if field.isVisible()]

    def _take_keyboard(self) -> None:
        """The offscreen platform has no window manager to give the front window the keyboard."""
        self._front().activateWindow()
        self.wait(lambda: QApplication.activeWindow() is self._front() and QApplication.focusWidget() is not None)

    def _front(self) -> QWidget:
        return QApplication.activeModalWidget() or self._window

    def _find(self, name: str) -> QWidget | None:
        front = self._front()
        if front.objectName() == name:
            return front
        return next((each for each in front.findChildren(QWidget, name) if each.isVisible()), None)
