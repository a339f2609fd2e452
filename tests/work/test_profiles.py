"""Profiles made and removed as a whole: real records, a real Secret Service, cut off in between, never with a doubt lost."""

import contextlib
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from PySide6.QtCore import QLockFile

from lumedesk.domain.credentials import Credentials, Secret
from lumedesk.domain.intents import Step
from lumedesk.domain.profiles import Profile, ProfileKind
from lumedesk.keychain import AlreadyKept, Keychain, MemoryKeychain, NoKeychain, SecretTooLong, Vault, system_keychain
from lumedesk.store.chain import ChainedLog
from lumedesk.store.journal import Journal
from lumedesk.store.paths import ProfilePaths, make_private_folder, profile_paths
from lumedesk.store.private_file import NotWritable
from lumedesk.store.profiles import list_profiles, restore, retire, retired
from lumedesk.work.profiles import (
    NotRemoved,
    ProfileExists,
    RecordsUnreadable,
    Removed,
    enrol,
    has_records,
    remove,
)
from tests.support.clock import FakeClock
from tests.support.intents import NOT_SENT, SENDING, UNKNOWN, an_arming
from tests.support.secret_service import SecretService, secret_service

CREDENTIALS = Credentials("key", Secret("secret"))
TOO_LONG = Credentials("key", Secret("s" * 2_000))
PASSPHRASE = Secret("a long passphrase")
FILE_STEPS = ("rename", "replace", "unlink")


@pytest.fixture
def service(monkeypatch: pytest.MonkeyPatch) -> Iterator[SecretService]:
    with secret_service() as service:
        service.use(monkeypatch)
        yield service


@pytest.fixture
def keychain() -> Keychain:
    """One that lasts for the test."""
    keychain = MemoryKeychain()
    keychain.is_lasting = True
    return keychain


def a_profile(name: str = "mine") -> Profile:
    return Profile(name, ProfileKind.CUSTOM, base_url="https://test.invalid")


def ordered(paths: ProfilePaths, key: Secret | None, *steps: Step) -> None:
    """Give an order that gets so far."""
    journal = Journal(paths.journal, paths.head_of(paths.journal), FakeClock(), key)
    intent = journal.arm(an_arming())
    for step in steps:
        intent = journal.move(intent.uuid, intent.state, step)
    journal.close()


def subjects(paths: ProfilePaths, key: Secret | None) -> list[str]:
    log = ChainedLog(paths.journal, paths.head_of(paths.journal), key)
    log.close()
    return [entry.subject for entry in log.entries]


def files(folder: Path) -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


# Made, or not


def test_a_profile_is_made_with_its_secrets(tmp_path: Path, service: SecretService) -> None:
    profile = a_profile()
    paths = enrol(tmp_path, profile, CREDENTIALS, system_keychain())
    assert [each.profile for each in list_profiles(tmp_path)] == [profile]
    assert set(service.held()) == {f"LumeDesk {profile.id}/store-key", f"LumeDesk {profile.id}/credentials"}
    with pytest.raises(ProfileExists):
        enrol(tmp_path, a_profile(), CREDENTIALS, system_keychain())
    assert len(service.held()) == 2
    assert paths.marker.exists()


def test_one_whose_key_is_not_kept_leaves_nothing_behind(tmp_path: Path, service: SecretService) -> None:
    with pytest.raises(SecretTooLong):
        enrol(tmp_path, a_profile(), TOO_LONG, system_keychain(), PASSPHRASE)
    assert service.held() == {}
    assert list_profiles(tmp_path) == ()
    assert not profile_paths(tmp_path, "mine").folder.exists()
    enrol(tmp_path, a_profile(), CREDENTIALS, system_keychain())
    assert len(service.held()) == 2, "the name is free again"


def test_where_the_keychain_is_gone_its_own_error_is_told_and_the_folder_goes(
    tmp_path: Path, service: SecretService
) -> None:
    keychain = system_keychain()
    service.stop()
    with pytest.raises(NoKeychain):
        enrol(tmp_path, a_profile(), CREDENTIALS, keychain)
    assert files(tmp_path) == {}
    assert not profile_paths(tmp_path, "mine").folder.exists()


def test_a_key_that_was_there_before_is_left_alone(tmp_path: Path, keychain: Keychain) -> None:
    profile = a_profile()
    key = Vault(keychain, profile.id).make_store_key()
    with pytest.raises(AlreadyKept):
        enrol(tmp_path, profile, CREDENTIALS, keychain)
    assert Vault(keychain, profile.id).store_key() == key
    assert not profile_paths(tmp_path, "mine").folder.exists()


def test_of_a_folder_that_was_there_only_what_was_put_into_it_goes(tmp_path: Path, keychain: Keychain) -> None:
    paths = profile_paths(tmp_path, "mine")
    make_private_folder(paths.folder)
    aside = paths.folder / "journal.sqlite.20260101T000000.damaged"
    aside.write_bytes(b"set aside")
    with pytest.raises(SecretTooLong):
        enrol(tmp_path, a_profile(), TOO_LONG, keychain, PASSPHRASE)
    assert files(tmp_path) == {aside: b"set aside"}


def test_a_disk_that_takes_nothing_leaves_no_profile(
    tmp_path: Path, keychain: Keychain, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_file: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    profile = a_profile()
    with pytest.raises(NotWritable):
        enrol(tmp_path, profile, CREDENTIALS, keychain)
    assert not profile_paths(tmp_path, "mine").folder.exists()


# Removed, or not


def test_a_known_doubt_keeps_records_from_being_deleted(tmp_path: Path, service: SecretService) -> None:
    profile = a_profile()
    paths = enrol(tmp_path, profile, CREDENTIALS, system_keychain())
    key = Vault(system_keychain(), profile.id).store_key()
    ordered(paths, key, SENDING, UNKNOWN)
    ordered(paths, key, NOT_SENT)
    for may_lose in (False, True):
        with pytest.raises(NotRemoved, match=r"^An order is still in doubt"):
            remove(paths, profile, system_keychain(), keeps_records=False, may_lose_doubts=may_lose)
    ordered(paths, key)
    with pytest.raises(NotRemoved, match=r"^2 orders are still in doubt"):
        remove(paths, profile, system_keychain(), keeps_records=False)
    assert len(service.held()) == 2, "what stays keeps its key"
    assert not (paths.folder / "lock").exists()
    removed = remove(paths, profile, system_keychain(), keeps_records=True)
    assert removed == Removed(tmp_path / "removed" / "mine", 2)
    assert set(service.held()) == {f"LumeDesk {profile.id}/store-key"}
    assert len(set(subjects(restore(tmp_path, "mine"), key))) == 3


def test_records_without_a_doubt_are_deleted_with_all_secrets(tmp_path: Path, service: SecretService) -> None:
    profile = a_profile()
    paths = enrol(tmp_path, profile, CREDENTIALS, system_keychain())
    ordered(paths, Vault(system_keychain(), profile.id).store_key(), NOT_SENT)
    assert remove(paths, profile, system_keychain(), keeps_records=False) == Removed(None, 0)
    assert service.held() == {}
    assert files(tmp_path) == {}


def lose_head(paths: ProfilePaths) -> None:
    paths.head_of(paths.journal).unlink()


def damage_head(paths: ProfilePaths) -> None:
    paths.head_of(paths.journal).write_text("nonsense")


def damage_journal(paths: ProfilePaths) -> None:
    paths.journal.write_bytes(b"\0" * 8192)


def lose_journal(paths: ProfilePaths) -> None:
    paths.journal.unlink()


@pytest.mark.parametrize("spoil", [lose_head, damage_head, damage_journal, lose_journal])
def test_a_journal_that_can_not_be_read_may_hold_a_doubt(
    tmp_path: Path, keychain: Keychain, spoil: Callable[[ProfilePaths], None]
) -> None:
    profile = a_profile()
    paths = enrol(tmp_path, profile, CREDENTIALS, keychain)
    ordered(paths, Vault(keychain, profile.id).store_key(), SENDING, UNKNOWN)
    spoil(paths)
    before = files(tmp_path)
    with pytest.raises(RecordsUnreadable, match=r"^The record of movements can't be read, so an order in doubt may be"):
        remove(paths, profile, keychain, keeps_records=False)
    assert files(tmp_path).keys() == before.keys()
    assert Vault(keychain, profile.id).credentials() == CREDENTIALS
    assert remove(paths, profile, keychain, keeps_records=False, may_lose_doubts=True) == Removed(None, None)
    assert files(tmp_path) == {}


def test_what_can_not_be_read_can_be_kept(tmp_path: Path, keychain: Keychain) -> None:
    profile = a_profile()
    paths = enrol(tmp_path, profile, CREDENTIALS, keychain)
    ordered(paths, Vault(keychain, profile.id).store_key())
    damage_journal(paths)
    removed = remove(paths, profile, keychain, keeps_records=True)
    assert removed == Removed(tmp_path / "removed" / "mine", None)


@pytest.mark.parametrize("lacks_keychain", [False, True])
def test_a_key_behind_the_passphrase_alone_is_handed_in(tmp_path: Path, lacks_keychain: bool) -> None:
    profile, memory = a_profile(), MemoryKeychain()
    paths = enrol(tmp_path, profile, CREDENTIALS, memory, PASSPHRASE)
    key = Vault(memory, profile.id).store_key()
    ordered(paths, key, SENDING, UNKNOWN)
    keychain = None if lacks_keychain else MemoryKeychain()
    with pytest.raises(RecordsUnreadable, match="isn't at hand"):
        remove(paths, profile, keychain, keeps_records=False)
    with pytest.raises(RecordsUnreadable, match="another key"):
        remove(paths, profile, keychain, keeps_records=False, store_key=Secret("00" * 32))
    with pytest.raises(NotRemoved, match="An order is still in doubt") as refused:
        remove(paths, profile, keychain, keeps_records=False, store_key=key, may_lose_doubts=True)
    assert not isinstance(refused.value, RecordsUnreadable)
    assert has_records(paths)
    assert remove(paths, profile, keychain, keeps_records=True, store_key=key).doubts == 1
    assert len(set(subjects(restore(tmp_path, "mine"), key))) == 1


def test_a_profile_that_never_had_records_needs_no_key(tmp_path: Path) -> None:
    profile = a_profile()
    paths = enrol(tmp_path, profile, CREDENTIALS, MemoryKeychain(), PASSPHRASE)
    assert remove(paths, profile, None, keeps_records=False) == Removed(None, 0)
    assert files(tmp_path) == {}


# Nobody comes in between


@pytest.mark.parametrize("platform", ["linux", "win32"])
@pytest.mark.parametrize("keeps_records", [False, True])
def test_the_profile_is_held_until_it_is_gone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, keeps_records: bool, platform: str
) -> None:
    """For Windows only the order is shown: this system would move a file that is open."""
    seen: list[tuple[str, bool, bool]] = []

    def look(what: str) -> None:
        another = QLockFile(str(paths.folder / "lock"))
        another.setStaleLockTime(0)
        is_free = another.tryLock(0)
        another.unlock()
        seen.append((what, not is_free, (paths.folder / "lock").exists()))

    class Watched(MemoryKeychain):
        def remove(self, entry: str) -> None:
            look("secrets")
            super().remove(entry)

    def watched(what: str, real: Callable[..., Any]) -> Callable[..., Any]:
        def call(*arguments: Any, **options: Any) -> Any:
            if Path(arguments[0]) == paths.folder:
                look(what)
            return real(*arguments, **options)

        return call

    profile, keychain = a_profile(), Watched()
    paths = profile_paths(tmp_path, profile.name)
    enrol(tmp_path, profile, CREDENTIALS, keychain, PASSPHRASE)
    ordered(paths, Vault(keychain, profile.id).store_key(), NOT_SENT)
    seen.clear()
    monkeypatch.setattr(shutil, "rmtree", watched("folder", shutil.rmtree))
    monkeypatch.setattr(Path, "rename", watched("folder", Path.rename))
    monkeypatch.setattr("lumedesk.work.profiles.sys", SimpleNamespace(platform=platform))
    remove(paths, profile, keychain, keeps_records=keeps_records)
    is_held = platform != "win32"
    assert set(seen) == {("secrets", True, True), ("folder", is_held, is_held)}
    if keeps_records:
        lock = QLockFile(str(restore(tmp_path, "mine").folder / "lock"))
        lock.setStaleLockTime(0)
        assert lock.tryLock(0), "what was held while it was removed is free when it is back"
        lock.unlock()


def test_an_open_profile_stays_as_it_is(tmp_path: Path, keychain: Keychain) -> None:
    profile = a_profile()
    paths = enrol(tmp_path, profile, CREDENTIALS, keychain)
    lock = QLockFile(str(paths.folder / "lock"))
    assert lock.tryLock(0)
    with pytest.raises(NotRemoved, match="is open"):
        remove(paths, profile, keychain, keeps_records=True)
    assert lock.isLocked()
    assert (paths.folder / "lock").exists(), "its owner's lock is left alone"
    lock.unlock()
    assert Vault(keychain, profile.id).credentials() == CREDENTIALS


# Cut off in between


class Killed(BaseException):
    """Stands for the end of the process: nothing that comes after runs, not even what passes over errors."""


@contextlib.contextmanager
def doomed(at: int, *, after: bool) -> Iterator[list[str]]:
    """The process ends at the `at`th step that changes a file's name, before or after it; the steps are told."""
    steps: list[str] = []

    def fatal(name: str, real: Callable[..., Any]) -> Callable[..., Any]:
        def call(*arguments: Any, **options: Any) -> Any:
            steps.append(name)
            is_last = len(steps) == at
            if is_last and not after:
                raise Killed
            result = real(*arguments, **options)
            if is_last:
                raise Killed
            return result

        return call

    with pytest.MonkeyPatch.context() as patch, contextlib.suppress(Killed):
        for name in FILE_STEPS:
            patch.setattr(Path, name, fatal(name, getattr(Path, name)))
        yield steps
        steps.append("done")


def with_an_order(data_dir: Path, keychain: Keychain) -> tuple[ProfilePaths, Secret, list[str]]:
    profile = a_profile()
    paths = enrol(data_dir, profile, CREDENTIALS, keychain)
    key = Vault(keychain, profile.id).store_key()
    assert key is not None
    ordered(paths, key, SENDING, UNKNOWN)
    return paths, key, subjects(paths, key)


@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize("move", ["retire", "restore"])
def test_wherever_a_move_is_cut_off_the_records_have_their_heads_and_the_name_is_free(
    tmp_path: Path, keychain: Keychain, move: str, after: bool
) -> None:
    ends = []
    for at in range(1, 40):
        data_dir = tmp_path / str(at)
        paths, key, told = with_an_order(data_dir, keychain)
        if move == "restore":
            retire(paths)
        with doomed(at, after=after) as steps:
            if move == "restore":
                restore(data_dir, "mine")
            else:
                retire(paths)
        ends.append(bool(list_profiles(data_dir)))
        if list_profiles(data_dir):
            assert subjects(paths, key) == told, f"after {steps}"
            retire(paths)
        # Another takes the name, and goes the same way.
        another, its_key, its_told = with_an_order(data_dir, keychain)
        retire(another)
        assert retired(data_dir) == ("mine", "mine-2")
        assert subjects(restore(data_dir, "mine"), key) == told, f"after {steps}"
        assert subjects(restore(data_dir, "mine-2"), its_key) == its_told, f"after {steps}"
        if steps[-1] == "done":
            break
    assert steps[-1] == "done"
    assert set(ends) == {True, False}, "it was cut off on either side of the folder's own move"
