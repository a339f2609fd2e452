"""What every page must say: movements of unknown outcome, what the server's lists did, and why nothing can be sent."""

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QVBoxLayout, QWidget

from lumedesk.domain.errors import DeskError
from lumedesk.domain.queries import Alert
from lumedesk.domain.text import shown
from lumedesk.views.parts.widgets import Banner, explain
from lumedesk.views.theme import TRIPLE, UNIT
from lumedesk.work.session import Connection, Session

_KEY_WORDS = {
    Connection.REFUSED: "The server doesn't accept the API key. Nothing typed or saved is lost.",
    Connection.STRANGER: (
        "The API key sees none of this profile's accounts: it belongs to somebody else. Nothing was read with it."
        " Enter this profile's own key, or make a profile of its own for this one."
    ),
}


class Notices(QWidget):
    """Banners above the pages. They stay until their reason is gone. Made, they are empty until `watch`."""

    # The operator wants to see the movements in doubt. UI thread.
    movements_wanted = Signal()
    # The operator wants to see the alerts. UI thread.
    alerts_wanted = Signal()
    # The operator wants to begin new books. UI thread.
    new_books_wanted = Signal()
    # The operator wants to enter the key anew. UI thread.
    key_wanted = Signal()

    def __init__(self, session: Session) -> None:
        super().__init__()
        self.setObjectName("notices")
        self._session = session
        self.doubt = Banner("notice-doubt", "Show")
        self.refusal = Banner("notice-refusal", "Begin new books…")
        self.alerts = Banner("notice-alerts", "Show")
        self.key = Banner("notice-key", "Enter the key…")
        self.word = Banner("notice-word", "Understood")
        column = QVBoxLayout(self)
        column.setContentsMargins(TRIPLE, TRIPLE - UNIT, TRIPLE, 0)
        column.setSpacing(UNIT)
        self._banners = (self.word, self.key, self.refusal, self.doubt, self.alerts)
        for banner in self._banners:
            column.addWidget(banner)
        self.doubt.button.clicked.connect(self.movements_wanted)
        self.alerts.button.clicked.connect(self.alerts_wanted)
        self.refusal.button.clicked.connect(self.new_books_wanted)
        self.key.button.clicked.connect(self.key_wanted)
        self.word.button.clicked.connect(self._dismiss_word)
        self._is_looking = False
        self._must_look_again = False
        self._fit()

    def watch(self) -> None:
        """Look at the movements and the alerts, now and from now on. To be called once."""
        session = self._session
        session.movements.changed.connect(self._tell)
        session.connection_changed.connect(self._tell)
        session.alerts_changed.connect(self._look_for_alerts)
        self._tell()
        self._look_for_alerts()

    def warn(self, words: str) -> None:
        """Say something that needs to be seen, until the operator has seen it."""
        self.word.say(shown(words, 600), "failed")
        self._fit()

    def _dismiss_word(self) -> None:
        self.word.say("")
        self._fit()

    def _look_for_alerts(self) -> None:
        """One question at a time: while a list falls apart, this is heard again and again."""
        if self._is_looking:
            self._must_look_again = True
            return
        self._is_looking = True
        self._session.lookups.alerts(self, self._tell_alerts, self._tell_unread)

    def _tell_alerts(self, alerts: tuple[Alert, ...]) -> None:
        self._is_looking = False
        self.alerts.say(_told(alerts) if alerts else "")
        self._fit()
        if self._must_look_again:
            self._must_look_again = False
            self._look_for_alerts()

    def _tell_unread(self, error: DeskError) -> None:
        # What can't be read may hold alerts that nobody has seen.
        self._is_looking = self._must_look_again = False
        self.alerts.say(f"Whether there are alerts isn't known. {explain(error)}", "failed")
        self._fit()

    def _tell(self, _connection: object = None) -> None:
        movements = self._session.movements
        count = len(movements.undecided)
        what = "1 movement has an unknown outcome" if count == 1 else f"{count} movements have an unknown outcome"
        self.doubt.say(f"{what}. Nothing like it can be sent until you decide what became of it." if count else "")
        self.refusal.say(f"Sending is off. {shown(movements.refusal, 400)}" if movements.refusal else "", "failed")
        self.refusal.button.setVisible(movements.can_start_anew)
        self.key.say(_KEY_WORDS.get(self._session.connection, ""), "failed")
        self.key.button.setVisible(self._session.can_change_key)
        self._fit()

    def _fit(self) -> None:
        self.setVisible(any(banner.text() for banner in self._banners))


def _told(alerts: tuple[Alert, ...]) -> str:
    # Tables are slow to import, and at nearly every start there is nothing to tell.
    from lumedesk.models.alerts import summary_of

    return summary_of(alerts)
