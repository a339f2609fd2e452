"""A banner about a newer version, for somebody who didn't ask. It never comes while a dialog is open, and takes no focus."""

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtWidgets import QVBoxLayout, QWidget

from lumedesk.domain.text import shown
from lumedesk.views.main_window import MainWindow
from lumedesk.views.parts.widgets import Banner
from lumedesk.views.theme import TRIPLE, UNIT


class UpdateNotice(QObject):
    """Puts the banner above the pages once nothing else is going on, until the operator has looked."""

    # The operator wants to know more. UI thread.
    wanted = Signal()

    def __init__(self, window: MainWindow) -> None:
        super().__init__(window)
        self._window = window
        self._words, self._tone = "", ""
        self._is_waiting = False
        self.banner = Banner("notice-update")
        # Shown only now that it has a parent: it would be a window for a moment, and take the keyboard with it.
        self.banner.button.setText("Show…")
        self.banner.button.show()
        self._place = QWidget()
        self._place.setObjectName("update-notice")
        column = QVBoxLayout(self._place)
        column.setContentsMargins(TRIPLE, TRIPLE - UNIT, TRIPLE, 0)
        column.addWidget(self.banner)
        self._place.hide()
        window.aside.addWidget(self._place)
        self.banner.button.clicked.connect(self._show_more)

    def say(self, words: str, tone: str = "moving") -> None:
        """Show `words` in a tone of the banners; empty ones take the banner away."""
        self._words, self._tone = words, tone
        self._tell()

    def _tell(self) -> None:
        dialog = self._window.dialog
        if self._words and dialog is not None:
            if not self._is_waiting:
                self._is_waiting = True
                # Queued: the window has forgotten the dialog by then.
                dialog.finished.connect(self._tell_after, Qt.ConnectionType.QueuedConnection)
            return
        self.banner.say(shown(self._words, 400), self._tone)
        self._place.setVisible(bool(self._words))

    def _tell_after(self, _result: int) -> None:
        self._is_waiting = False
        self._tell()

    def _show_more(self) -> None:
        self.say("")
        self.wanted.emit()
