"""Which licences are listed, and which commit this copy was built from."""

import json
from pathlib import Path
from typing import Any

import pytest

from lumedesk.assets import resources
from lumedesk.origin import COMMIT_FILE, Component, commit, components

HASH = "0123456789abcdef0123456789abcdef01234567"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """An empty resources/ within an empty checkout."""
    folder = tmp_path / "checkout" / "resources"
    (folder / "licences").mkdir(parents=True)
    return folder


def index(folder: Path, *entries: Any) -> tuple[Component, ...]:
    (folder / "licences" / "index.json").write_text(json.dumps(entries))
    return components(folder)


def test_every_part_listed_here_has_a_text() -> None:
    found = components()
    assert len({each.title for each in found}) == len(found) >= 3
    for each in found:
        assert each.path.is_file()
        assert len(each.text()) > 200


def test_the_index_says_what_is_listed(folder: Path) -> None:
    (folder / "licences" / "qt.txt").write_text("LGPL\n")
    entry = {"name": "Qt", "version": "6.11.3", "licence": "LGPL-3.0-only", "file": "qt.txt"}
    (found,) = index(folder, entry)
    assert (found.title, found.licence, found.text()) == ("Qt 6.11.3", "LGPL-3.0-only", "LGPL")


@pytest.mark.parametrize("file", ["../../secret.txt", "/etc/hostname", "a/../../b", ""])
def test_the_index_leads_to_no_other_folder(folder: Path, file: str) -> None:
    (folder / "licences" / "good.txt").write_text("x")
    found = index(folder, {"name": "Bad", "file": file}, {"name": "Good", "file": "good.txt"})
    assert [each.name for each in found] == ["Good"]


@pytest.mark.parametrize(
    "entry", [None, 1, [], {}, {"name": 1, "file": "a"}, {"name": "a"}, {"name": "a", "file": None}]
)
def test_an_entry_that_makes_no_sense_is_left_out(folder: Path, entry: Any) -> None:
    assert [each.name for each in index(folder, entry, {"name": "Good", "file": "a.txt"})] == ["Good"]


@pytest.mark.parametrize("text", [None, "", "{", "{}", "[]", "[" * 100_000])
def test_without_an_index_the_texts_that_are_there_are_listed(folder: Path, text: str | None) -> None:
    if text is not None:
        (folder / "licences" / "index.json").write_text(text)
    assert components(folder) == ()
    (folder.parent / "LICENSE").write_text("MIT License")
    (folder / "icons").mkdir()
    (folder / "icons" / "LICENSE").write_text("ISC")
    (folder / "licences" / "LGPL-3.0.txt").write_text("LGPL")
    assert [each.name for each in components(folder)] == ["LumeDesk", "Lucide (icons)", "LGPL-3.0"]


def test_a_text_that_is_gone_says_so(folder: Path) -> None:
    (found,) = index(folder, {"name": "A", "file": "a.txt"})
    assert found.text() == "a.txt can't be read: No such file or directory."


def test_hidden_characters_in_a_text_are_spelled_out(folder: Path) -> None:
    (folder / "licences" / "a.txt").write_bytes("one\x0cpage\n\u202etwo\xff".encode("latin-1", "ignore") + b"\xff")
    (found,) = index(folder, {"name": "A\u202e", "file": "a.txt"})
    assert found.name == "A⟨U+202E⟩"
    assert found.text().isprintable() or "\n" in found.text()


def test_a_built_copy_knows_its_commit(folder: Path) -> None:
    assert commit(folder) == ""
    (folder / COMMIT_FILE).write_text(f"{HASH}\n")
    assert commit(folder) == HASH
    (folder / COMMIT_FILE).write_text("main\n")
    assert commit(folder) == ""


def test_a_checkout_knows_its_commit(folder: Path) -> None:
    git = folder.parent / ".git"
    (git / "refs" / "heads").mkdir(parents=True)
    (git / "HEAD").write_text(f"{HASH}\n")
    assert commit(folder) == HASH
    (git / "HEAD").write_text("ref: refs/heads/main\n")
    assert commit(folder) == ""
    (git / "packed-refs").write_text(f"# pack-refs\n{HASH} refs/heads/main\n")
    assert commit(folder) == HASH
    (git / "refs" / "heads" / "main").write_text("f" * 40 + "\n")
    assert commit(folder) == "f" * 40


def test_the_release_file_ships_empty() -> None:
    assert json.loads((resources() / "release.json").read_bytes()) == {"manifest": "", "page_host": "", "keys": {}}
