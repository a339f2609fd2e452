"""The chained log where it can't be kept: full disks, folders that can't be written, network drives."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from lumedesk.store import paths
from lumedesk.store.chain import ChainedLog, ChainUnwritable
from tests.store.full_disk import needs_limits, no_room, read_only_folder
from tests.store.test_chain import AT, FIVE, bodies, filled


@needs_limits
def test_a_full_disk_adds_nothing_and_says_so(place: tuple[Path, Path]) -> None:
    filled(place)
    log = ChainedLog(*place)
    with no_room(), pytest.raises(ChainUnwritable, match="can't be written"):
        log.append(AT, "s", "k", b"x" * 100_000)
    log.append(AT, "s", "k", b"after")
    log.close()
    assert bodies(place) == [*FIVE, b"after"]


def test_a_database_that_may_not_grow_adds_nothing(place: tuple[Path, Path]) -> None:
    filled(place)
    log = ChainedLog(*place)
    log._db.pragma("max_page_count", log._db.pragma("page_count"))
    with pytest.raises(ChainUnwritable, match="full"):
        log.append(AT, "s", "k", b"x" * 100_000)
    log.close()
    assert bodies(place) == FIVE


def test_a_folder_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    with read_only_folder(tmp_path) as folder, pytest.raises(ChainUnwritable):
        ChainedLog(folder / "journal.sqlite", tmp_path / "heads" / "journal.json")


def test_a_folder_in_the_place_of_the_file_is_told(place: tuple[Path, Path]) -> None:
    place[0].mkdir(parents=True)
    with pytest.raises(ChainUnwritable):
        ChainedLog(*place)


@pytest.fixture
def mounts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str], None]]:
    """Say how the test's folder is mounted."""
    table = tmp_path / "mountinfo"
    monkeypatch.setattr(paths, "_MOUNTS", table)

    def mounted(kind: str) -> None:
        point = str(tmp_path.resolve()).replace(" ", "\\040")
        table.write_text(f"1 0 0:1 / / rw - ext4 /dev/x rw\n2 1 0:2 / {point} rw shared:1 - {kind} server:/x rw\n")

    return mounted


@pytest.mark.parametrize("kind", ["nfs4", "cifs", "9p", "fuse.sshfs", "ceph"])
def test_a_network_drive_is_refused(
    place: tuple[Path, Path], mounts: Callable[[str], None], kind: str, tmp_path: Path
) -> None:
    mounts(kind)
    with pytest.raises(ChainUnwritable, match="network drive"):
        ChainedLog(*place)
    link = tmp_path.with_name(tmp_path.name + "-link")
    link.symlink_to(tmp_path)
    with pytest.raises(ChainUnwritable, match="network drive"):
        ChainedLog(link / "journal.sqlite", place[1])
    assert not place[0].exists()
    mounts("ext4")
    filled(place)
