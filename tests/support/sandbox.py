"""A running sandbox for tests, and the handle on its control endpoints. What it serves is tested in tests/sandbox."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx

from lumedesk.domain.credentials import Credentials
from lumedesk.sandbox.launch import SandboxAddress, SandboxOptions, SandboxProcess


@contextmanager
def running_sandbox(**options: Any) -> Iterator[SandboxAddress]:
    """A sandbox in its own process; `options` are those of SandboxOptions. speed=0 lets only `advance` move it."""
    with SandboxProcess(SandboxOptions(**options)) as process:
        yield process.start()


def headers(credentials: Credentials) -> dict[str, str]:
    return {"X-API-KEY": credentials.key, "X-API-SECRET": credentials.secret.reveal()}


@contextmanager
def client_of(address: SandboxAddress, *, view_only: bool = False) -> Iterator[httpx.Client]:
    """A plain HTTP client for /api/v1, where a test wants to look past the program's own client."""
    credentials = address.view_only if view_only else address.credentials
    with httpx.Client(
        base_url=f"{address.base_url}/api/v1", headers=headers(credentials), timeout=10, trust_env=False
    ) as client:
        yield client


class SandboxControl:
    """Asks a sandbox for faults, moves its clock, counts what it received."""

    def __init__(self, address: SandboxAddress) -> None:
        self._base = f"{address.base_url}/_sandbox"
        self._headers = headers(address.credentials)

    def fault(
        self, operation: str, fault: str, *, times: int = 1, seconds: float | None = None, status: int | None = None
    ) -> None:
        """Let the next `times` requests of an operation go wrong; the kinds are in lumedesk/sandbox/faults.py."""
        wanted = {"operation": operation, "fault": fault, "times": times, "seconds": seconds, "status": status}
        self._call("POST", "faults", {name: value for name, value in wanted.items() if value is not None})

    def requests(self) -> dict[str, int]:
        """How often each operation was asked for since the start or the last `clear`."""
        return dict(self._call("GET", "requests"))

    def clear(self) -> None:
        """Forget faults and counts."""
        self._call("POST", "clear")

    def change_beneficiary(self, key: str, field: str, value: str) -> None:
        """Put another value into one of a beneficiary's details."""
        self._call("POST", "beneficiary", {"id": key, "field": field, "value": value})

    def advance(self, seconds: float) -> None:
        """Move the clock and the world forward."""
        self._call("POST", "advance", {"seconds": seconds})

    def _call(self, method: str, name: str, body: dict[str, Any] | None = None) -> Any:
        answer = httpx.request(
            method, f"{self._base}/{name}", json=body, headers=self._headers, timeout=10, trust_env=False
        )
        answer.raise_for_status()
        return answer.json()
