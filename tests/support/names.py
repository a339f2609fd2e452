"""What is asked of every control in a window: whether it takes the keyboard, how it is spoken, whether its name is its own."""

from collections import Counter

from PySide6.QtCore import Qt
from PySide6.QtGui import QAccessible
from PySide6.QtWidgets import QWidget


def focusable(window: QWidget) -> list[QWidget]:
    """All but Qt's own inner parts, such as a spin box's field, which pass the focus on."""
    found = [each for each in window.findChildren(QWidget) if each.focusPolicy() != Qt.FocusPolicy.NoFocus]
    return [each for each in found if not each.objectName().startswith("qt_")]


def spoken(widget: QWidget) -> str:
    """The name that assistive technology reads out; empty when there is none."""
    interface = QAccessible.queryAccessibleInterface(widget)
    return interface.text(QAccessible.Text.Name) if interface is not None else ""


def repeated(window: QWidget) -> dict[str, int]:
    """The names that more than one widget of a window has, and how many have them."""
    names = Counter(each.objectName() for each in window.findChildren(QWidget) if each.objectName())
    return {name: count for name, count in names.items() if count > 1 and not name.startswith("qt_")}
