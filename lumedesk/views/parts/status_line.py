"""The status bar: profile, connection, age of the data, and requests under way."""

from PySide6.QtWidgets import QStatusBar

from lumedesk.domain.kinds import Kind
from lumedesk.models.table import plain_tooltip
from lumedesk.models.texts import ago
from lumedesk.views.parts.ages import all_ages, told_connection
from lumedesk.views.parts.text import Label
from lumedesk.work.session import Connection, Session


class StatusLine:
    """Fills a status bar and keeps it true."""

    def __init__(self, session: Session, profile: str, bar: QStatusBar) -> None:
        self._session = session
        bar.setObjectName("status-bar")
        bar.setSizeGripEnabled(False)
        self.profile = Label(f"Profile: {profile}")
        self.connection = Label()
        self.age = Label()
        self.requests = Label()
        for name, label in (
            ("status-profile", self.profile),
            ("status-connection", self.connection),
            ("status-age", self.age),
            ("status-requests", self.requests),
        ):
            label.setObjectName(name)
        # Before they are on the screen: a look that is changed there costs more.
        self._tell_connection(session.connection)
        self._tell_requests(0)
        bar.addWidget(self.profile)
        bar.addWidget(self.connection)
        bar.addWidget(self.age, 1)
        bar.addPermanentWidget(self.requests)
        session.connection_changed.connect(self._tell_connection)
        session.in_flight_changed.connect(self._tell_requests)

    def tell_age(self, kind: Kind) -> None:
        """Say how old the data on the page is, and beside it, on asking, how old all of it is."""
        confirmed_at = self._session.state(kind).confirmed_at
        if confirmed_at is None:
            self.age.setText("No data yet")
        else:
            self.age.setText(f"Data confirmed {ago(confirmed_at, self._session.clock.now())}")
        every = "\n".join(["Last confirmed by the server", *all_ages(self._session)])
        self.age.setToolTip(plain_tooltip(every))

    def _tell_connection(self, connection: Connection) -> None:
        # The dot is never alone: the word says the same.
        self.connection.setText(f"●  {told_connection(self._session)}")
        looks = {Connection.ONLINE: "online", Connection.TROUBLED: "error", Connection.REFUSED: "error"}
        self.connection.set_look(looks.get(connection, "warning"))

    def _tell_requests(self, count: int) -> None:
        self.requests.setText(f"{count} request{'' if count == 1 else 's'} under way" if count else "Idle")
