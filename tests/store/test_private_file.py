"""Small private files: whole or as before, for this user alone, and set aside rather than lost."""

import errno
import os
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lumedesk.domain.credentials import Secret
from lumedesk.store import private_file
from lumedesk.store.private_file import NotReadable, NotWritable, last_set_aside, read_json, set_aside, write_json
from tests.support.keys import STORE_KEY

NOW = datetime(2026, 5, 11, 10, 15, 30, tzinfo=UTC)

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(st.characters(codec="utf-8")),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(st.characters(codec="utf-8")), inner, max_size=3)
    ),
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=30, deadline=None)
@given(json_values.filter(lambda value: value is not None))
def test_what_is_written_is_read(tmp_path: Path, value: Any) -> None:
    write_json(tmp_path / "x.json", value)
    assert read_json(tmp_path / "x.json") == value


@pytest.mark.skipif(os.name != "posix", reason="modes are a POSIX matter")
def test_nobody_else_may_read_it_whatever_the_umask(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        write_json(tmp_path / "folder" / "x.json", 1)
    finally:
        os.umask(before)
    assert (tmp_path / "folder" / "x.json").stat().st_mode & 0o777 == 0o600
    assert (tmp_path / "folder").stat().st_mode & 0o777 == 0o700


@pytest.mark.parametrize("failing", ["fsync", "replace"])
def test_when_writing_fails_the_old_file_stays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, failing: str) -> None:
    path = tmp_path / "x.json"
    write_json(path, "old")

    def fail(*_: Any, **__: Any) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    if failing == "fsync":
        monkeypatch.setattr(private_file.os, "fsync", fail)
    else:
        monkeypatch.setattr(Path, "replace", fail)
    with pytest.raises(NotWritable, match="No space left"):
        write_json(path, "new")
    monkeypatch.undo()
    assert read_json(path) == "old"
    assert [each.name for each in tmp_path.iterdir()] == ["x.json"]


def test_a_rest_of_an_interrupted_write_is_in_nobodys_way(tmp_path: Path) -> None:
    path = tmp_path / "x.json"
    path.with_name(f"x.json.{os.getpid()}.new").write_text("half")
    write_json(path, 1)
    assert read_json(path) == 1


def test_no_file_is_nothing(tmp_path: Path) -> None:
    assert read_json(tmp_path / "x.json") is None


@pytest.mark.parametrize(
    "body",
    [b"", b"\0" * 40, b"{", b'{"a": 1, "a": 2}', b'{"a": 1.5}', b"NaN", b"\xff\xfe", b"[" * 100_000, b"1" * 5000],
    ids=["empty", "zeroes", "cut", "twice", "float", "nan", "utf", "deep", "long"],
)
def test_what_is_not_ours_is_unreadable(tmp_path: Path, body: bytes) -> None:
    (tmp_path / "x.json").write_bytes(body)
    with pytest.raises(NotReadable):
        read_json(tmp_path / "x.json")


def test_what_is_set_aside_is_kept_each_time(tmp_path: Path) -> None:
    path = tmp_path / "x.json"
    assert last_set_aside(path) is None
    for text in ("one", "two"):
        path.write_text(text)
        aside = set_aside(path, NOW)
        assert aside.read_text() == text
        assert not path.exists()
    assert len(list(tmp_path.iterdir())) == 2
    assert last_set_aside(path) is not None


@pytest.mark.skipif(sys.platform == "win32" or os.geteuid() == 0, reason="root may read everything")
def test_a_file_that_may_not_be_read_is_told_apart_from_a_damaged_one(tmp_path: Path) -> None:
    path = tmp_path / "x.json"
    write_json(path, 1)
    path.chmod(0)
    with pytest.raises(OSError, match="denied"):
        read_json(path)


def test_a_sealed_file_is_neither_read_nor_altered_without_its_key(tmp_path: Path) -> None:
    path = tmp_path / "x.json"
    write_json(path, {"account": "canary-4711"}, STORE_KEY)
    assert read_json(path, STORE_KEY) == {"account": "canary-4711"}
    sealed = path.read_bytes()
    assert b"canary" not in sealed
    for harmed in (sealed[:-1], sealed[:20] + bytes([sealed[20] ^ 1]) + sealed[21:], b"{}", b""):
        path.write_bytes(harmed)
        with pytest.raises(NotReadable, match="another key"):
            read_json(path, STORE_KEY)
    path.write_bytes(sealed)
    with pytest.raises(NotReadable, match="another key"):
        read_json(path, Secret("a5" * 32))
    with pytest.raises(NotReadable):
        read_json(path)
    # One file put in another's place is no file of ours.
    other = path.rename(tmp_path / "y.json")
    with pytest.raises(NotReadable, match="another key"):
        read_json(other, STORE_KEY)


def test_the_same_content_is_sealed_anew_each_time(tmp_path: Path) -> None:
    path = tmp_path / "x.json"
    write_json(path, {"a": "b"}, STORE_KEY)
    first = path.read_bytes()
    write_json(path, {"a": "b"}, STORE_KEY)
    assert path.read_bytes() != first
