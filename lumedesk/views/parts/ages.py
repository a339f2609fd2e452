"""How old the data of each kind is, and how the desk stands with the server, in words."""

from lumedesk.domain.kinds import Kind
from lumedesk.models.nouns import NOUNS
from lumedesk.models.texts import ago
from lumedesk.work.session import Connection, Session


def age_of(session: Session, kind: Kind) -> str:
    """Since when the server's word on a kind stands, as `3 h ago`; `never` where it never came."""
    confirmed_at = session.state(kind).confirmed_at
    return "never" if confirmed_at is None else ago(confirmed_at, session.clock.now())


def all_ages(session: Session) -> list[str]:
    """A line for each kind of record, as `Trades: 3 h ago`."""
    return [f"{NOUNS[kind][1].capitalize()}: {age_of(session, kind)}" for kind in Kind]


def told_connection(session: Session) -> str:
    """How the desk stands with the server; being offline by choice is told from a server that can't be reached."""
    connection = session.connection
    if session.is_offline and connection is not Connection.VIEW_ONLY:
        return "Working offline (your choice)"
    return connection.value


def is_connected(session: Session) -> bool:
    """Whether what is shown is being kept current."""
    return session.connection is Connection.ONLINE and not session.is_offline
