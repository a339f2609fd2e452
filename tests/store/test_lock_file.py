"""The lock's file: opens to the passphrase and to nothing else, and damage is never taken for no passphrase."""

import json
import os
import stat
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from lumedesk.domain.credentials import Secret
from lumedesk.domain.lock import LockSettings
from lumedesk.store.lock_file import Cost, LockDamaged, LockFile, make_lock, read_lock, remove_lock, write_lock
from lumedesk.store.private_file import NotWritable

CHEAP = Cost(memory_kib=8, passes=1)
PASSPHRASE = Secret("correct horse battery")
STORE_KEY = Secret("f3" * 32)
SETTINGS = LockSettings(idle_minutes=25, with_system=False, blocks_capture=True)
NOW = datetime(2026, 5, 11, 10, 15, 30, tzinfo=UTC)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "profile" / "lock.json"


@pytest.fixture(scope="module")
def lock() -> LockFile:
    return make_lock(PASSPHRASE, STORE_KEY, "profile-1", SETTINGS, CHEAP)


@pytest.fixture
def saved(path: Path, lock: LockFile) -> dict[str, Any]:
    """What the written file holds."""
    write_lock(path, lock)
    value: dict[str, Any] = json.loads(path.read_text())
    return value


def test_it_opens_to_its_passphrase_alone(lock: LockFile) -> None:
    assert lock.open(PASSPHRASE) == STORE_KEY
    for wrong in ("", "correct horse batterY", "correct horse battery "):
        assert lock.open(Secret(wrong)) is None


def test_the_real_cost_is_what_is_promised_and_opens() -> None:
    lock = make_lock(PASSPHRASE, STORE_KEY, "profile-1", SETTINGS)
    assert lock.cost == Cost(memory_kib=65_536, passes=3, lanes=1)
    assert lock.open(PASSPHRASE) == STORE_KEY
    assert lock.open(Secret("another passphrase")) is None


@settings(max_examples=40)
@given(st.text(min_size=1, max_size=60))
def test_any_passphrase_opens_what_it_locked(text: str) -> None:
    assert make_lock(Secret(text), STORE_KEY, "p", SETTINGS, CHEAP).open(Secret(text)) == STORE_KEY


def test_one_passphrase_from_two_keyboards_is_the_same() -> None:
    lock = make_lock(Secret("Z\u00fcrich Caf\u00e9 10"), STORE_KEY, "p", SETTINGS, CHEAP)
    assert lock.open(Secret("Zu\u0308rich Cafe\u0301 10")) == STORE_KEY


def test_what_is_written_is_read(path: Path, lock: LockFile) -> None:
    tried = lock.after_wrong_try(NOW).after_wrong_try(NOW)
    write_lock(path, tried)
    read = read_lock(path, "profile-1")
    assert read == tried
    assert read is not None
    assert (read.wrong_tries, read.last_wrong_at, read.settings) == (2, NOW, SETTINGS)
    assert read.open(PASSPHRASE) == STORE_KEY
    assert (read.after_right_try().wrong_tries, read.after_right_try().last_wrong_at) == (0, None)


def test_neither_the_passphrase_nor_the_key_stands_in_it(path: Path, saved: dict[str, Any], lock: LockFile) -> None:
    text = path.read_text() + repr(lock)
    assert PASSPHRASE.reveal() not in text
    assert STORE_KEY.reveal() not in text


def test_the_same_passphrase_never_wraps_alike_twice(lock: LockFile) -> None:
    other = make_lock(PASSPHRASE, STORE_KEY, "profile-1", SETTINGS, CHEAP)
    assert other.salt != lock.salt
    assert other.nonce != lock.nonce
    assert other.wrapped != lock.wrapped


@pytest.mark.skipif(os.name != "posix", reason="modes are a POSIX matter")
def test_nobody_else_may_read_it(path: Path, saved: dict[str, Any]) -> None:
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


def test_no_file_is_no_passphrase(path: Path, lock: LockFile) -> None:
    assert read_lock(path) is None
    write_lock(path, lock)
    remove_lock(path)
    remove_lock(path)
    assert read_lock(path) is None


def test_a_file_that_cannot_be_removed_stays_in_force(path: Path) -> None:
    (path / "inside").mkdir(parents=True)
    with pytest.raises(NotWritable, match="can't be removed"):
        remove_lock(path)


def test_what_wraps_is_bound_to_the_profile_and_to_the_cost(lock: LockFile) -> None:
    assert replace(lock, profile_id="profile-2").open(PASSPHRASE) is None
    assert replace(lock, cost=Cost(memory_kib=16, passes=1)).open(PASSPHRASE) is None


def test_another_profiles_file_is_none_of_ours(path: Path, saved: dict[str, Any]) -> None:
    with pytest.raises(LockDamaged, match="another profile"):
        read_lock(path, "profile-2")


@pytest.mark.parametrize("body", [b"", b"null", b"{}", b"[]", b"\0" * 100, b'"lock"'])
def test_what_is_no_lock_is_damage(path: Path, body: bytes) -> None:
    path.parent.mkdir()
    path.write_bytes(body)
    with pytest.raises(LockDamaged, match="from a backup"):
        read_lock(path)


def test_what_stands_in_the_files_place_is_damage(path: Path, tmp_path: Path) -> None:
    path.mkdir(parents=True)
    with pytest.raises(LockDamaged, match="directory"):
        read_lock(path)
    path.rmdir()
    if os.name == "posix":
        path.symlink_to(tmp_path / "nowhere")
        with pytest.raises(LockDamaged):
            read_lock(path)


@pytest.mark.parametrize(
    ("member", "value"),
    [
        ("version", 0),
        ("version", True),
        ("profile", 7),
        ("salt", "AAAA"),
        ("salt", "not base64!"),
        ("salt", 5),
        ("nonce", ""),
        ("wrapped", ""),
        ("wrapped", "A" * 4000),
        ("digest", "0" * 64),
        ("settings", None),
        ("settings", {"idle_minutes": 241, "with_system": True, "blocks_capture": False}),
        ("settings", {"idle_minutes": True, "with_system": True, "blocks_capture": False}),
        ("settings", {"idle_minutes": 10, "with_system": 1, "blocks_capture": False}),
        ("tries", {"wrong": -1, "last_at": None}),
        ("tries", {"wrong": 10**9, "last_at": None}),
        ("tries", {"wrong": 1, "last_at": "yesterday"}),
        ("tries", {"wrong": 1, "last_at": "2026-05-11T10:15:30"}),
        ("tries", {"wrong": 1, "last_at": 5}),
        ("tries", {"wrong": 1}),
        ("kdf", {"name": "argon2i", "memory_kib": 8, "passes": 1, "lanes": 1}),
        ("kdf", {"name": "argon2id", "memory_kib": 8, "passes": 1}),
    ],
)
def test_a_member_that_is_not_ours_is_damage(path: Path, saved: dict[str, Any], member: str, value: Any) -> None:
    path.write_text(json.dumps(saved | {member: value}))
    with pytest.raises(LockDamaged):
        read_lock(path)


@pytest.mark.parametrize("missing", ["version", "profile", "kdf", "salt", "nonce", "wrapped", "digest", "tries"])
def test_a_missing_member_is_damage(path: Path, saved: dict[str, Any], missing: str) -> None:
    del saved[missing]
    path.write_text(json.dumps(saved))
    with pytest.raises(LockDamaged):
        read_lock(path)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("memory_kib", 104_857_600),
        ("memory_kib", 7),
        ("memory_kib", "8"),
        ("passes", 0),
        ("passes", 10**6),
        ("lanes", 99),
    ],
)
def test_a_cost_out_of_bounds_is_refused_before_it_is_paid(
    path: Path, saved: dict[str, Any], name: str, value: Any
) -> None:
    saved["kdf"][name] = value
    path.write_text(json.dumps(saved))
    with pytest.raises(LockDamaged, match="out of bounds"):
        read_lock(path)


def test_one_written_by_a_newer_desk_says_so(path: Path, saved: dict[str, Any]) -> None:
    path.write_text(json.dumps({"version": 2, "door": "something new"}))
    with pytest.raises(LockDamaged, match="newer LumeDesk"):
        read_lock(path)


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(at=st.integers(0, 10**6), bit=st.integers(0, 7))
def test_a_flipped_bit_never_makes_it_no_passphrase(path: Path, lock: LockFile, at: int, bit: int) -> None:
    """It is damage, or another setting or count; what it opens to is the same."""
    write_lock(path, lock)
    body = bytearray(path.read_bytes())
    body[at % len(body)] ^= 1 << bit
    path.write_bytes(body)
    try:
        read = read_lock(path)
    except LockDamaged:
        return
    assert read is not None
    assert read.open(PASSPHRASE) == STORE_KEY


def test_a_key_that_is_too_long_is_refused() -> None:
    for key in ("", "x" * 1025):
        with pytest.raises(ValueError, match="1024"):
            make_lock(PASSPHRASE, Secret(key), "p", SETTINGS, CHEAP)


def test_the_count_of_wrong_tries_has_an_end(lock: LockFile) -> None:
    assert replace(lock, wrong_tries=10**6).after_wrong_try(NOW).wrong_tries == 10**6
