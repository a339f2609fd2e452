"""What is built from, and whether two builds are alike: with real repositories and real files."""

import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from installers import compare
from installers.export import export

WHEN = "2026-03-01T12:00:00Z"
EPOCH = 1_772_366_400

has_git = pytest.mark.skipif(shutil.which("git") is None, reason="needs git")


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A small checkout with one commit."""
    root = tmp_path / "checkout"
    for name in ("lumedesk/a.py", "resources/icon.svg", "main.py"):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(name)
    (root / "main.py").chmod(0o755)
    monkeypatch.setenv("GIT_AUTHOR_DATE", WHEN)
    monkeypatch.setenv("GIT_COMMITTER_DATE", WHEN)
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(tmp_path / "none"))
    git = ["git", "-C", str(root), "-c", "user.name=t", "-c", "user.email=t@example.com"]
    for arguments in (["init", "-q"], ["add", "-A"], ["commit", "-qm", "one"]):
        subprocess.run([*git, *arguments], check=True)
    return root


@has_git
class TestExport:
    """The copy that is built."""

    def test_tracked_files_and_the_commit_and_nothing_that_lies_about(self, checkout: Path, tmp_path: Path) -> None:
        (checkout / "lumedesk" / "stray.py").write_text("not tracked")
        (tmp_path / "to" / "old").mkdir(parents=True)
        source = export(checkout, tmp_path / "to")
        files = {path.relative_to(source.folder).as_posix() for path in source.folder.rglob("*") if path.is_file()}
        assert files == {"lumedesk/a.py", "resources/icon.svg", "main.py", "resources/commit.txt"}
        head = subprocess.run(
            ["git", "-C", str(checkout), "rev-parse", "HEAD"], capture_output=True, text=True, check=True
        )
        assert source.commit == head.stdout.strip()
        assert (source.folder / "resources" / "commit.txt").read_text() == head.stdout
        assert source.epoch == EPOCH
        assert not source.is_changed
        assert source.words.endswith(f"commit {source.commit}")

    def test_changed_files_are_built_as_they_are_and_name_no_commit(self, checkout: Path, tmp_path: Path) -> None:
        (checkout / "main.py").write_text("changed")
        (checkout / "lumedesk" / "a.py").unlink()
        source = export(checkout, tmp_path / "to")
        assert source.is_changed
        assert source.words.endswith("with changes that are not committed")
        assert (source.folder / "main.py").read_text() == "changed"
        assert not (source.folder / "resources" / "commit.txt").exists()
        assert not (source.folder / "lumedesk" / "a.py").exists()

    def test_an_archive_without_a_repository_will_do(
        self, checkout: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        shutil.rmtree(checkout / ".git")
        (checkout / "lumedesk" / "__pycache__").mkdir()
        (checkout / "lumedesk" / "__pycache__" / "a.pyc").write_text("")
        (checkout / "notes.txt").write_text("")
        monkeypatch.setenv("SOURCE_DATE_EPOCH", "1234567890")
        source = export(checkout, tmp_path / "to")
        files = {path.relative_to(source.folder).as_posix() for path in source.folder.rglob("*") if path.is_file()}
        assert files == {"lumedesk/a.py", "resources/icon.svg", "main.py"}
        assert (source.commit, source.epoch) == ("", 1_234_567_890)

    def test_the_repository_around_an_unpacked_archive_is_not_its_own(self, checkout: Path, tmp_path: Path) -> None:
        inner = checkout / "unpacked"
        (inner / "lumedesk").mkdir(parents=True)
        (inner / "lumedesk" / "b.py").write_text("b")
        assert export(inner, tmp_path / "to").commit == ""


@pytest.fixture
def two(tmp_path: Path) -> tuple[Path, Path]:
    """Two folders that are alike."""
    for name in ("one", "two"):
        folder = tmp_path / name / "lib"
        folder.mkdir(parents=True)
        (folder / "libq.so.6").write_bytes(b"\x7fELF")
        (tmp_path / name / "lumedesk").write_text("#!")
        (tmp_path / name / "lumedesk").chmod(0o755)
        if sys.platform != "win32":
            (folder / "libq.so").symlink_to("libq.so.6")
    return tmp_path / "one", tmp_path / "two"


def test_equal_builds_have_no_difference(two: tuple[Path, Path]) -> None:
    assert compare.differences(*two) == []
    assert compare.count(two[0]) == (2 if sys.platform == "win32" else 3)


@pytest.mark.parametrize(
    ("change", "line"),
    [
        (lambda root: (root / "lib" / "libq.so.6").write_bytes(b"\x7fELG"), "lib/libq.so.6: the bytes differ"),
        (lambda root: (root / "new").write_text(""), "new: only in "),
        (lambda root: (root / "lumedesk").unlink(), "lumedesk: only in "),
    ],
)
def test_each_difference_is_named(two: tuple[Path, Path], change: Callable[[Path], object], line: str) -> None:
    change(two[1])
    found = compare.differences(*two)
    assert len(found) == 1
    assert found[0].startswith(line)


@pytest.mark.skipif(sys.platform == "win32", reason="links and rights to run are a matter of the file system there")
def test_links_and_rights_count_too(two: tuple[Path, Path]) -> None:
    (two[1] / "lumedesk").chmod(0o644)
    (two[1] / "lib" / "libq.so").unlink()
    (two[1] / "lib" / "libq.so").symlink_to("../lumedesk")
    assert compare.differences(*two) == ["lib/libq.so: the links differ", "lumedesk: the rights to run it differ"]


def test_single_files_are_compared_whatever_they_are_called(tmp_path: Path) -> None:
    for name in ("a.tar.xz", "b.tar.xz", "c.tar.xz"):
        (tmp_path / name).write_text("same" if name != "c.tar.xz" else "other")
    assert compare.differences(tmp_path / "a.tar.xz", tmp_path / "b.tar.xz") == []
    assert compare.differences(tmp_path / "a.tar.xz", tmp_path / "c.tar.xz") == ["the file: the bytes differ"]


def test_what_is_not_there_is_no_equal(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        compare.differences(tmp_path, tmp_path / "nothing")
