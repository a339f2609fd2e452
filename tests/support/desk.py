"""A session on a running sandbox, without windows; and an owner that notes what it was told."""

from collections.abc import Callable
from typing import Any

from PySide6.QtCore import QObject

from lumedesk.api.client import LumetradeClient
from lumedesk.api.endpoint import Endpoint
from lumedesk.api.transport import Transport
from lumedesk.domain.clocks import Clock
from lumedesk.domain.credentials import Credentials
from lumedesk.domain.errors import DeskError
from lumedesk.domain.kinds import Kind
from lumedesk.store.paths import ProfilePaths
from lumedesk.work.books import Books
from lumedesk.work.engine import Engine
from lumedesk.work.session import Connector, Session
from tests.support.keys import STORE_KEY
from tests.support.wire import no_wait

PATIENCE_MS = 10_000


class AddressConnector:
    """Connects to a server that runs already. Reads that fail are tried again without waiting."""

    def __init__(self, base_url: str, credentials: Credentials, **settings: Any) -> None:
        self._base_url = base_url
        self._credentials = credentials
        self._settings = {"deadline_s": 5.0, "list_deadline_s": 5.0, "sleep": no_wait, **settings}
        self.failures: list[DeskError] = []
        self.is_closed = False

    async def connect(self, on_in_flight: Callable[[int], None]) -> LumetradeClient:
        """Fails first with what stands in `failures`."""
        if self.failures:
            raise self.failures.pop(0)
        endpoint = Endpoint(self._base_url)
        return LumetradeClient(Transport(endpoint, self._credentials, on_in_flight=on_in_flight, **self._settings))

    async def close(self) -> None:
        self.is_closed = True


def a_session(engine: Engine, profile: ProfilePaths, connector: Connector | None, clock: Clock) -> Session:
    """A session on the profile's files, as the program builds it."""
    heads = (profile.head_of(profile.journal), profile.head_of(profile.audit))
    books = Books(profile.journal, profile.audit, heads, clock, key=STORE_KEY)
    try:
        return Session(engine, profile.mirror, connector, lambda: books, clock, key=STORE_KEY)
    except Exception:
        books.close()
        raise


class Asker(QObject):
    """Asks for something and notes what came of it."""

    def __init__(self) -> None:
        super().__init__()
        self.answers: list[Any] = []
        self.errors: list[DeskError] = []

    @property
    def heard(self) -> int:
        return len(self.answers) + len(self.errors)

    def done(self, answer: Any) -> None:
        self.answers.append(answer)

    def failed(self, error: DeskError) -> None:
        self.errors.append(error)


class Emitted(QObject):
    """Every signal of a session, in order."""

    def __init__(self, session: Session) -> None:
        super().__init__()
        self.records: list[Kind] = []
        self.history: list[tuple[Kind, tuple[int, ...]]] = []
        self.states: list[Kind] = []
        self.connections: list[Any] = []
        session.records_changed.connect(self.records.append)
        session.history_changed.connect(lambda kind, rows: self.history.append((kind, rows)))
        session.state_changed.connect(self.states.append)
        session.connection_changed.connect(self.connections.append)

    def clear(self) -> None:
        for each in (self.records, self.history, self.states, self.connections):
            each.clear()  # type: ignore[attr-defined]
