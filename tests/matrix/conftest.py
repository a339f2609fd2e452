"""A rig in a profile of its own, and an authority for certificates."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import trustme

from lumedesk.store.paths import ProfilePaths
from tests.matrix.rig import Rig
from tests.support.clock import FakeClock
from tests.support.tls import authority_file


@pytest.fixture
def rig(profile: ProfilePaths, clock: FakeClock) -> Iterator[Rig]:
    rig = Rig(profile, clock)
    yield rig
    rig.close()


@pytest.fixture(scope="session")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def ca(authority: trustme.CA, tmp_path: Path) -> Path:
    """The authority as a file that the profile names."""
    return authority_file(authority, tmp_path)
