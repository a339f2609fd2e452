"""`lumedesk profile` and `lumedesk audit`: on a real Secret Service, a real server, and the command as a process of its own."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from msgspec.structs import replace

from lumedesk.domain.clocks import SystemClock
from lumedesk.domain.credentials import Secret
from lumedesk.domain.intents import Intent
from lumedesk.domain.profiles import Profile
from lumedesk.keychain import Vault, system_keychain
from lumedesk.sandbox.launch import SandboxAddress
from lumedesk.store.audit import AuditLog
from lumedesk.store.journal import Journal
from lumedesk.store.lock_file import read_lock, write_lock
from lumedesk.store.paths import ProfilePaths, profile_paths
from lumedesk.store.profiles import read_profile
from tests.support.intents import SENDING, UNKNOWN, an_arming
from tests.support.sandbox import running_sandbox
from tests.support.secret_service import SecretService, secret_service

ROOT = Path(__file__).resolve().parents[1]
CANARY = "canary-secret-4711"
PASSPHRASE = " a long passphrase  "


@pytest.fixture(scope="module")
def address() -> Iterator[SandboxAddress]:
    with running_sandbox(history=5, speed=0) as address:
        yield address


@pytest.fixture
def service(monkeypatch: pytest.MonkeyPatch) -> Iterator[SecretService]:
    with secret_service() as service:
        service.use(monkeypatch)
        yield service


@pytest.fixture
def no_keychain(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A computer without a keychain, as seen from here."""
    monkeypatch.delenv("DBUS_SESSION_BUS_ADDRESS", raising=False)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path / "run"))


def command(data_dir: Path, *arguments: str, says: str = "") -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "lumedesk", "--data-dir", str(data_dir), *arguments],
        cwd=ROOT,
        input=says,
        capture_output=True,
        text=True,
        timeout=60,
    )


def added(data_dir: Path, address: SandboxAddress, secret: str | None = None) -> None:
    says = f"{address.credentials.key}\n{secret or address.credentials.secret.reveal()}\n"
    done = command(data_dir, "profile", "add", "mine", "--kind", "custom", "--url", address.base_url, says=says)
    assert (done.returncode, done.stderr) == (0, ""), done.stderr
    assert "Secret Service" in done.stdout


def added_with_passphrase(data_dir: Path) -> subprocess.CompletedProcess[str]:
    says = f"{PASSPHRASE}\n{PASSPHRASE}\nkey\n{CANARY}\n"
    done = command(data_dir, "profile", "add", "mine", "--kind", "custom", "--url", "https://test.invalid", says=says)
    assert done.returncode == 0, done.stderr
    return done


def opened(data_dir: Path) -> tuple[ProfilePaths, Profile, Secret]:
    """The profile with the key of its records, from behind its passphrase."""
    paths = profile_paths(data_dir, "mine")
    profile, lock = read_profile(paths), read_lock(paths.lock)
    assert profile is not None
    assert lock is not None
    key = lock.open(Secret(PASSPHRASE))
    assert key is not None
    return paths, profile, key


def tries(paths: ProfilePaths) -> int:
    lock = read_lock(paths.lock)
    assert lock is not None
    return lock.wrong_tries


def ordered(paths: ProfilePaths, key: Secret) -> None:
    """Give an order whose outcome isn't known."""
    journal = Journal(paths.journal, paths.head_of(paths.journal), SystemClock(), key)
    intent = journal.arm(an_arming())
    journal.move(intent.uuid, journal.move(intent.uuid, intent.state, SENDING).state, UNKNOWN)
    journal.close()


def orders(paths: ProfilePaths, key: Secret) -> tuple[Intent, ...]:
    journal = Journal(paths.journal, paths.head_of(paths.journal), SystemClock(), key)
    journal.close()
    return journal.intents


def on_disk(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in folder.rglob("*") if path.is_file())


def test_a_profile_is_added_listed_tested_and_removed(
    tmp_path: Path, service: SecretService, address: SandboxAddress
) -> None:
    added(tmp_path, address)
    assert address.credentials.secret.reveal().encode() not in on_disk(tmp_path)
    listed = command(tmp_path, "profile", "list")
    assert listed.stdout.split() == ["mine", "Custom", address.base_url]
    tested = command(tmp_path, "profile", "test", "mine")
    assert tested.returncode == 0
    assert "passed   API key" in tested.stdout
    removed = command(tmp_path, "profile", "remove", "mine", "--delete-records")
    assert (removed.returncode, removed.stderr) == (0, "")
    assert service.held() == {}
    assert "no profiles yet" in command(tmp_path, "profile", "list").stdout
    assert not profile_paths(tmp_path, "mine").folder.exists()


def test_a_wrong_key_is_told_apart(tmp_path: Path, service: SecretService, address: SandboxAddress) -> None:
    added(tmp_path, address, secret=CANARY)
    tested = command(tmp_path, "profile", "test", "mine")
    assert tested.returncode == 1
    assert "FAILED   API key" in tested.stdout
    assert CANARY not in tested.stdout + tested.stderr


def test_kept_records_are_encrypted_and_come_back_with_their_key(
    tmp_path: Path, service: SecretService, address: SandboxAddress
) -> None:
    added(tmp_path, address)
    paths = profile_paths(tmp_path, "mine")
    profile = read_profile(paths)
    assert profile is not None
    log = AuditLog(
        paths.audit, paths.head_of(paths.audit), SystemClock(), Vault(system_keychain(), profile.id).store_key()
    )
    log.write("quoted", "", {"sell": "5 BTC"})
    log.close()
    assert "1 entries" in command(tmp_path, "--profile", "mine", "audit", "verify").stdout
    removed = command(tmp_path, "profile", "remove", "mine", "--keep-records")
    assert "profile restore mine" in removed.stdout
    assert list(service.held()) == [f"LumeDesk {profile.id}/store-key"]
    assert "its records are kept" in command(tmp_path, "profile", "list").stdout
    assert command(tmp_path, "profile", "restore", "mine").returncode == 0
    assert "1 entries" in command(tmp_path, "--profile", "mine", "audit", "verify").stdout
    assert Vault(system_keychain(), profile.id).credentials() is None


def test_an_open_profile_is_not_removed(tmp_path: Path, service: SecretService, address: SandboxAddress) -> None:
    from PySide6.QtCore import QLockFile

    added(tmp_path, address)
    lock = QLockFile(str(profile_paths(tmp_path, "mine").folder / "lock"))
    assert lock.tryLock(0)
    refused = command(tmp_path, "profile", "remove", "mine", "--delete-records")
    lock.unlock()
    assert refused.returncode == 2
    assert "is open" in refused.stderr
    assert len(service.held()) == 2


def test_without_a_keychain_a_passphrase_protects_the_records_and_no_secret_is_kept(
    tmp_path: Path, no_keychain: None
) -> None:
    data = tmp_path / "data"
    done = added_with_passphrase(data)
    assert "asked for at each start" in done.stdout
    assert CANARY.encode() not in on_disk(tmp_path)
    assert PASSPHRASE.strip().encode() not in on_disk(tmp_path)
    wrong = command(data, "--profile", "mine", "audit", "verify", says="another one\n")
    assert wrong.returncode == 2
    assert "There is no audit log" in wrong.stderr


def test_wrong_passphrases_for_the_audit_log_count_and_wait(tmp_path: Path, no_keychain: None) -> None:
    added_with_passphrase(tmp_path)
    paths, _, key = opened(tmp_path)
    log = AuditLog(paths.audit, paths.head_of(paths.audit), SystemClock(), key)
    log.write("quoted", "", {"sell": "5 BTC"})
    log.close()
    verify = ("--profile", "mine", "audit", "verify")
    # The blanks around it are part of a passphrase.
    for number, wrong in enumerate((PASSPHRASE.strip(), "another one", ""), 1):
        refused = command(tmp_path, *verify, says=f"{wrong}\n")
        assert (refused.returncode, refused.stdout) == (2, "")
        assert "isn't the passphrase" in refused.stderr
        assert tries(paths) == number
    assert "1 entries" in command(tmp_path, *verify, says=f"{PASSPHRASE}\n").stdout
    assert tries(paths) == 0
    assert "1 entries" in command(tmp_path, *verify, says=f"{PASSPHRASE}\r\n").stdout, "the line's end is no part"
    lock = read_lock(paths.lock)
    assert lock is not None
    write_lock(paths.lock, replace(lock, wrong_tries=20, last_wrong_at=SystemClock().now()))
    waits = command(tmp_path, *verify, says=f"{PASSPHRASE}\n")
    assert waits.returncode == 2
    assert "has to wait" in waits.stderr
    assert tries(paths) == 20
    paths.lock.write_text("nonsense")
    damaged = command(tmp_path, *verify, says=f"{PASSPHRASE}\n")
    assert damaged.returncode == 2
    assert "Put it back from a backup" in damaged.stderr


def test_without_a_keychain_records_are_deleted_only_when_no_order_is_in_doubt(
    tmp_path: Path, no_keychain: None
) -> None:
    added_with_passphrase(tmp_path)
    paths, profile, key = opened(tmp_path)
    ordered(paths, key)
    delete = ("profile", "remove", "mine", "--delete-records")
    for says, words in (
        (f"{PASSPHRASE}\n", "An order is still in doubt"),
        ("another one\n", "isn't the passphrase"),
        ("\n", "can't be read, so an order in doubt may be in it"),
        ("", "--even-if-unreadable"),
    ):
        refused = command(tmp_path, *delete, says=says)
        assert (refused.returncode, refused.stdout) == (2, "")
        assert words in refused.stderr
        assert "Traceback" not in refused.stderr
        assert paths.journal.exists()
    known = command(tmp_path, *delete, "--even-if-unreadable", says=f"{PASSPHRASE}\n")
    assert known.returncode == 2, "a known doubt isn't an unreadable one"
    done = command(tmp_path, *delete, "--even-if-unreadable")
    assert (done.returncode, done.stderr) == (0, "")
    assert f"“LumeDesk {profile.id}/”" in done.stdout, "what a keychain elsewhere may still hold"
    assert on_disk(tmp_path) == b""


def test_what_is_kept_says_how_many_orders_are_in_doubt(tmp_path: Path, no_keychain: None) -> None:
    added_with_passphrase(tmp_path)
    paths, _, key = opened(tmp_path)
    ordered(paths, key)
    ordered(paths, key)
    keep = ("profile", "remove", "mine", "--keep-records")
    kept = command(tmp_path, *keep, says=f"{PASSPHRASE}\n")
    assert (kept.returncode, kept.stderr) == (0, "")
    assert "2 orders in them are still in doubt" in kept.stdout
    assert command(tmp_path, "profile", "restore", "mine").returncode == 0
    assert len(orders(paths, key)) == 2
    unread = command(tmp_path, *keep)
    assert unread.returncode == 0
    assert "isn't known" in unread.stdout


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["add", "mine", "--url", "http://api.example.com"], "must begin with https://"),
        (["add", "mine", "--kind", "staging"], "must begin with https://"),
        (["add", "mine", "--ca-file", "/nowhere/ca.pem"], "no such CA file"),
        (["add", "a b"], "1 to 40 letters"),
        (["test", "nobody"], "There is no profile 'nobody'"),
        (["remove", "nobody", "--keep-records"], "There is no profile 'nobody'"),
        (["restore", "nobody"], "No records of a removed profile"),
    ],
)
def test_what_can_not_be_done_is_said_and_nothing_is_made(tmp_path: Path, arguments: list[str], words: str) -> None:
    done = command(tmp_path, "profile", *arguments, says="k\ns\n")
    assert done.returncode == 2
    assert words in done.stderr
    assert "Traceback" not in done.stderr
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("option", ["--secret=x", "--key=x", "--api-secret=x", "--passphrase=x"])
def test_no_secret_is_ever_taken_as_an_argument(tmp_path: Path, option: str) -> None:
    done = command(tmp_path, "profile", "add", "mine", option, says="k\ns\n")
    assert done.returncode == 2
    assert "unrecognized arguments" in done.stderr


@pytest.mark.skipif(os.name != "posix", reason="file modes are POSIX's")
def test_all_files_are_the_users_own(tmp_path: Path, service: SecretService, address: SandboxAddress) -> None:
    data = tmp_path / "data"
    before = os.umask(0)
    try:
        added(data, address)
    finally:
        os.umask(before)
    modes = {path.stat().st_mode & 0o777 for path in data.rglob("*") if path.is_file()}
    folders = {path.stat().st_mode & 0o777 for path in [data, *data.rglob("*")] if path.is_dir()}
    assert modes == {0o600}
    assert folders <= {0o700}
