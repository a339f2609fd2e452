"""Takes a list of trades in by the desk's own code, as its worker does, but without a server: any store, any key."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx

from lumedesk.api.arrival import Arrival
from lumedesk.domain.credentials import Secret
from lumedesk.domain.kinds import Kind
from lumedesk.store.mirror import Mirror
from lumedesk.work.courtesy import Courtesy
from lumedesk.work.taking_in import Taking, Writing, catch_up, settle

# As large as they come from a network.
_PIECE = 64 * 1024
_DEADLINE_S = 600.0


def in_pieces(content: bytes) -> Iterator[bytes]:
    """A list that is in memory."""
    for start in range(0, len(content), _PIECE):
        yield content[start : start + _PIECE]


def file_in_pieces(path: Path) -> Iterator[bytes]:
    """A list that needn't fit there."""
    with path.open("rb") as file:
        while piece := file.read(_PIECE):
            yield piece


def take_in(path: Path, key: Secret | None, pieces: Iterable[bytes], at_end: Callable[[], None] = lambda: None) -> None:
    """Fill a mirror, indexes and search included. `at_end` is called before it is closed."""
    mirror = Mirror(path, key)
    try:
        asyncio.run(_taken(mirror, pieces))
        at_end()
    finally:
        mirror.close()


async def _taken(mirror: Mirror, pieces: Iterable[bytes]) -> None:
    writing = Writing()
    arrival = Arrival(httpx.Response(200, content=_sent(pieces)), None, _DEADLINE_S, _broken)
    now = datetime.now(UTC)
    await Taking(mirror, writing, Kind.TRADES, now, None, lambda: None, Courtesy()).take(arrival, lambda: now)
    await catch_up(mirror, writing, Kind.TRADES, Courtesy())
    await settle(mirror, writing)


async def _sent(pieces: Iterable[bytes]) -> AsyncIterator[bytes]:
    for piece in pieces:
        yield piece


def _broken(error: Exception) -> Any:
    raise error
