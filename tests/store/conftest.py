"""A mirror in a profile of its own; a place for a chained log and its marker."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from lumedesk.store.mirror import Mirror
from lumedesk.store.paths import ProfilePaths
from lumedesk.store.reader import MirrorReader


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


@pytest.fixture
def place(tmp_path: Path) -> tuple[Path, Path]:
    """The log and its marker, in folders of their own."""
    return tmp_path / "profile" / "journal.sqlite", tmp_path / "heads" / "journal.json"
