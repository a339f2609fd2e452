"""How a profile stands with its server, and how far each kind of record can be trusted."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from enum import Enum
from typing import TYPE_CHECKING, Any, Protocol

import msgspec

from lumedesk.domain.errors import DeskError, Unauthorised, Wire
from lumedesk.domain.kinds import Kind

if TYPE_CHECKING:
    # What speaks HTTP takes longer to import than a window to appear.
    from lumedesk.api.client import LumetradeClient


class Connector(Protocol):
    """Makes a client for the profile, and takes down what it needed for that."""

    async def connect(self, on_in_flight: Callable[[int], None]) -> LumetradeClient:
        """Errors: DeskError."""

    async def close(self) -> None:
        """Leave no process or socket behind."""


class Connection(Enum):
    """How the desk stands with the server."""

    CONNECTING = "Connecting"
    ONLINE = "Connected"
    TROUBLED = "Not reachable"
    REFUSED = "Key not accepted"
    STRANGER = "Somebody else's key"
    OFFLINE = "Working offline"
    VIEW_ONLY = "View only"


class DatasetState(msgspec.Struct, frozen=True):
    """How far one kind's records can be trusted. `error` is why the last attempt failed; None once it succeeded."""

    confirmed_at: datetime | None = None
    error: DeskError | None = None
    set_aside: int = 0


class FeedReport(msgspec.Struct, frozen=True):
    """What one poll brought. `records` is set for a small kind that changed, `touched` holds a history's changed rows.

    `touched` is None where many are. `is_findable`: rows that were shown before, and are as they were, can be ordered and
    searched by now. `is_whole`: the list came whole and every row could be read.
    """

    kind: Kind
    state: DatasetState
    records: tuple[Any, ...] | None = None
    touched: tuple[int, ...] | None = ()
    is_findable: bool = False
    is_whole: bool = False


def connection_after(error: DeskError | None) -> Connection:
    """How the desk stands with the server after an exchange that ended so."""
    if isinstance(error, Unauthorised):
        return Connection.REFUSED
    # A server that answers, even with an error, is connected.
    return Connection.ONLINE if error is None or error.wire is Wire.ANSWERED else Connection.TROUBLED
