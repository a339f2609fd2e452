"""Takes every window of the desk off the screen while it is locked, and puts each back as it was."""

import shiboken6
from PySide6.QtWidgets import QApplication, QDialog, QWidget


class Cover:
    """Nothing is closed and nothing cancelled: drafts stay typed, and what is being sent goes on out of sight."""

    def __init__(self, gate: QWidget) -> None:
        """Hide every window but `gate`. What stood open for a moment (menus, lists, tooltips) is gone for good."""
        while (popup := QApplication.activePopupWidget()) is not None:
            popup.close()
        self._focus = QApplication.focusWidget()
        # Parents first: a dialog comes back on top of what it was opened over.
        self._hidden = sorted(
            (each for each in QApplication.topLevelWidgets() if each.isVisible() and each is not gate), key=_depth
        )
        for each in reversed(self._hidden):
            each.hide()

    def forget(self) -> None:
        """Show nothing again: the desk is being closed."""
        self._hidden = []
        self._focus = None

    def lift(self) -> None:
        """Show again what was hidden and still lives."""
        for each in filter(shiboken6.isValid, self._hidden):
            if isinstance(each, QDialog):
                each.open()
            else:
                each.show()
        if self._focus is not None and shiboken6.isValid(self._focus):
            self._focus.setFocus()


def _depth(widget: QWidget) -> int:
    depth = 0
    while (parent := widget.parentWidget()) is not None:
        widget, depth = parent, depth + 1
    return depth
