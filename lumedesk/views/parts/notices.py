"""What every page must say: movements of unknown outcome, and why nothing can be sent."""

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QVBoxLayout, QWidget

from lumedesk.domain.text import shown
from lumedesk.views.parts.widgets import Banner
from lumedesk.views.theme import TRIPLE, UNIT
from lumedesk.work.session import Session


class Notices(QWidget):
    """Banners above the pages. They stay until their reason is gone."""

    # The operator wants to see the movements in doubt. UI thread.
    movements_wanted = Signal()
    # The operator wants to begin new books. UI thread.
    new_books_wanted = Signal()

    def __init__(self, session: Session) -> None:
        super().__init__()
        self.setObjectName("notices")
        self._session = session
        self.doubt = Banner("notice-doubt", "Show")
        self.refusal = Banner("notice-refusal", "Begin new books…")
        column = QVBoxLayout(self)
        column.setContentsMargins(TRIPLE, TRIPLE - UNIT, TRIPLE, 0)
        column.setSpacing(UNIT)
        column.addWidget(self.refusal)
        column.addWidget(self.doubt)
        self.doubt.button.clicked.connect(self.movements_wanted)
        self.refusal.button.clicked.connect(self.new_books_wanted)
        session.movements.changed.connect(self._tell)
        self._tell()

    def _tell(self) -> None:
        movements = self._session.movements
        count = len(movements.undecided)
        what = "1 movement has an unknown outcome" if count == 1 else f"{count} movements have an unknown outcome"
        self.doubt.say(f"{what}. Nothing like it can be sent until you decide what became of it." if count else "")
        self.refusal.say(f"Sending is off. {shown(movements.refusal, 400)}" if movements.refusal else "", "failed")
        self.refusal.button.setVisible(movements.can_start_anew)
        self.setVisible(bool(count or movements.refusal))
