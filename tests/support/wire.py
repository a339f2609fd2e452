"""Short ways to a client in tests: with credentials that are canaries, without waiting between tries."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

from lumedesk.api.client import LumetradeClient
from lumedesk.api.endpoint import Endpoint
from lumedesk.api.transport import Transport
from lumedesk.domain.credentials import Credentials, Secret

SECRET = "s3cret-canary-7f1e"
CREDENTIALS = Credentials("key-canary-22", Secret(SECRET))


async def no_wait(_seconds: float) -> None:
    """Stand in for asyncio.sleep."""
    await asyncio.sleep(0)


@contextlib.asynccontextmanager
async def a_client(
    url: str,
    *,
    proxy: str | None = None,
    extra_ca: Path | None = None,
    credentials: Credentials = CREDENTIALS,
    **settings: Any,
) -> AsyncIterator[LumetradeClient]:
    """Open a client on `url` and close it."""
    settings = {"deadline_s": 5.0, "list_deadline_s": 5.0, "sleep": no_wait, **settings}
    client = LumetradeClient(Transport(Endpoint(url, proxy, extra_ca), credentials, **settings))
    try:
        yield client
    finally:
        await client.aclose()
