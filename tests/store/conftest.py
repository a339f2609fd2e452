"""A mirror in a profile of its own."""

from collections.abc import Iterator

import pytest

from lumedesk.store.mirror import Mirror, MirrorReader
from lumedesk.store.paths import ProfilePaths


@pytest.fixture
def mirror(profile: ProfilePaths) -> Iterator[Mirror]:
    mirror = Mirror(profile.mirror)
    yield mirror
    mirror.close()


@pytest.fixture
def reader(mirror: Mirror, profile: ProfilePaths) -> Iterator[MirrorReader]:
    reader = MirrorReader(profile.mirror)
    yield reader
    reader.close()
