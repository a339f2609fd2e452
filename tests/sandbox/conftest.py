"""One running sandbox for the tests of a file, with a clean sheet for each."""

from collections.abc import Iterator

import httpx
import pytest

from lumedesk.sandbox.launch import SandboxAddress
from tests.support.sandbox import SandboxControl, client_of, running_sandbox


@pytest.fixture(scope="module")
def address() -> Iterator[SandboxAddress]:
    with running_sandbox(speed=0) as started:
        yield started


@pytest.fixture
def control(address: SandboxAddress) -> SandboxControl:
    control = SandboxControl(address)
    control.clear()
    return control


@pytest.fixture
def client(address: SandboxAddress, control: SandboxControl) -> Iterator[httpx.Client]:
    with client_of(address) as opened:
        yield opened
