"""An authority for the servers of these tests."""

from pathlib import Path

import pytest
import trustme

from tests.support.tls import authority_file


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def extra_ca(authority: trustme.CA, tmp_path: Path) -> Path:
    """The authority as a file that the profile names."""
    return authority_file(authority, tmp_path)
