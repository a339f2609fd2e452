"""Makes the client of a profile: with its key, or with the sandbox that is started for it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from lumedesk.domain.credentials import Credentials
from lumedesk.domain.errors import Unreachable, Wire
from lumedesk.domain.profiles import Profile

if TYPE_CHECKING:
    # All of this takes long to import, and the first window needs none of it: the functions here do it for themselves.
    import asyncio

    from lumedesk.api.client import LumetradeClient
    from lumedesk.api.endpoint import Endpoint
    from lumedesk.sandbox.launch import SandboxAddress, SandboxOptions


def endpoint_of(profile: Profile) -> Endpoint:
    """Where a profile's server is. Errors: ValueError, whose text can be shown beside the field."""
    from lumedesk.api.endpoint import Endpoint

    return Endpoint(profile.base_url, profile.proxy or None, Path(profile.extra_ca) if profile.extra_ca else None)


def address_problem(profile: Profile) -> str:
    """Why a profile's address, proxy or CA file can't be used, in words for the form; empty when they can."""
    try:
        endpoint = endpoint_of(profile)
    except ValueError as error:
        return str(error)
    if endpoint.extra_ca is not None and not endpoint.extra_ca.is_file():
        return "There is no such CA file."
    return ""


class KeyConnector:
    """Connects to a profile's server with a key."""

    def __init__(self, profile: Profile, credentials: Credentials) -> None:
        """Errors: ValueError for an address that can't be used."""
        self._endpoint = endpoint_of(profile)
        self._credentials = credentials

    async def connect(self, on_in_flight: Callable[[int], None]) -> LumetradeClient:
        """Open nothing yet: the first request does. Errors: none."""
        from lumedesk.api.client import LumetradeClient
        from lumedesk.api.transport import Transport

        return LumetradeClient(Transport(self._endpoint, self._credentials, on_in_flight=on_in_flight))

    async def close(self) -> None:
        """Nothing to take down but the client, which its user closes."""


class SandboxConnector:
    """Starts the sandbox in a process of its own and connects to it."""

    def __init__(self, options: SandboxOptions) -> None:
        from lumedesk.sandbox.launch import SandboxProcess

        self._process = SandboxProcess(options)
        self._starting: asyncio.Future[SandboxAddress] | None = None
        self._address: SandboxAddress | None = None

    async def connect(self, on_in_flight: Callable[[int], None]) -> LumetradeClient:
        """A sandbox that runs already is used again. Errors: Unreachable when it doesn't start."""
        import asyncio

        from lumedesk.api.client import LumetradeClient
        from lumedesk.api.endpoint import Endpoint
        from lumedesk.api.transport import Transport

        try:
            if self._address is None:
                self._starting = asyncio.ensure_future(asyncio.to_thread(self._process.start))
                self._address = await asyncio.shield(self._starting)
            address = self._address
        except (OSError, RuntimeError) as error:
            raise Unreachable(f"The sandbox didn't start: {error}", wire=Wire.NOT_SENT) from error
        endpoint = Endpoint(address.base_url)
        return LumetradeClient(Transport(endpoint, address.credentials, on_in_flight=on_in_flight))

    @property
    def pid(self) -> int | None:
        """The sandbox's process; None while none runs."""
        return self._process.pid

    async def close(self) -> None:
        """End the sandbox's process, also one that is only just starting."""
        import asyncio

        if self._starting is not None:
            await asyncio.wait([self._starting])
        await asyncio.to_thread(self._process.stop)
