"""Rows 69 to 74 of the fault matrix, on a real Secret Service. What the windows make of them: tests/journeys."""

import contextlib
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from keyring.backends.fail import Keyring as FailKeyring
from keyring.backends.null import Keyring as NullKeyring

from lumedesk.domain.credentials import Credentials, Secret
from lumedesk.keychain import (
    MAX_UNITS,
    KeychainDenied,
    KeychainLocked,
    MemoryKeychain,
    NoKeychain,
    SecretTooLong,
    SystemKeychain,
    Vault,
    system_keychain,
)
from tests.keychain.fake_macos import FakeSecurity
from tests.support.keychain_victim import NEW
from tests.support.secret_service import PASSWORD, SecretService, secret_service

ROOT = Path(__file__).resolve().parents[2]
OLD = Credentials("old-key", Secret("old-secret"))


@pytest.fixture
def service(monkeypatch: pytest.MonkeyPatch) -> Iterator[SecretService]:
    with secret_service() as service:
        service.use(monkeypatch)
        yield service


@pytest.fixture
def vault(service: SecretService) -> Vault:
    vault = Vault(system_keychain(), "ab12")
    vault.keep(OLD)
    return vault


def test_row_69_a_locked_keychain_is_told_and_asked_for_its_password(service: SecretService, vault: Vault) -> None:
    service.lock()
    with pytest.raises(KeychainLocked):
        vault.credentials()
    with service.prompter() as prompter:
        prompter.enter(PASSWORD)
        assert vault.credentials() == OLD
        assert prompter.questions == 1


def test_row_70_a_dismissed_question_gives_nothing_and_loses_nothing(service: SecretService, vault: Vault) -> None:
    service.lock()
    with service.prompter() as prompter:
        prompter.dismiss()
        with pytest.raises(KeychainDenied):
            vault.credentials()
        with pytest.raises(KeychainDenied):
            vault.keep(NEW)
    with service.prompter() as prompter:
        prompter.enter(PASSWORD)
        assert vault.credentials() == OLD


def test_row_71_without_a_keychain_a_secret_is_in_memory_and_in_no_file(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.delenv("DBUS_SESSION_BUS_ADDRESS", raising=False)
    for name in ("HOME", "XDG_RUNTIME_DIR", "XDG_DATA_HOME", "XDG_CONFIG_HOME", "XDG_CACHE_HOME", "TMPDIR"):
        monkeypatch.setenv(name, str(tmp_path))
    with pytest.raises(NoKeychain):
        system_keychain()
    memory = Vault(MemoryKeychain(), "ab12")
    memory.keep(NEW)
    assert memory.credentials() == NEW
    assert not memory.keychain.is_lasting
    assert not list(tmp_path.rglob("*"))


def test_row_72_a_backend_that_forgets_is_refused() -> None:
    class Disguised(NullKeyring):
        """A null backend that calls itself the real one."""

    Disguised.__module__, Disguised.__qualname__ = "keyring.backends.SecretService", "Keyring"
    for backend in (NullKeyring(), FailKeyring(), Disguised()):
        with pytest.raises(NoKeychain, match="refused"):
            SystemKeychain(backend)


def test_row_73_a_secret_that_windows_could_not_hold_is_refused_everywhere(
    service: SecretService, vault: Vault
) -> None:
    before = service.held()
    for long in ("x" * (MAX_UNITS + 1), "𝄞" * (MAX_UNITS // 2 + 1)):
        with pytest.raises(SecretTooLong, match=r"1,?280"):
            vault.keep(Credentials("k", Secret(long)))
    assert MAX_UNITS == 1280
    assert service.held() == before


def killed(service: SecretService, call: int, moment: str) -> int:
    """Replace the key in a process that dies at that call; how it ended."""
    command = [sys.executable, "-m", "tests.support.keychain_victim", "ab12", str(call), moment]
    return subprocess.run(command, cwd=ROOT, stdout=subprocess.DEVNULL, timeout=30).returncode


def test_row_74_a_crash_between_any_two_calls_leaves_the_old_key_or_the_new_one(
    service: SecretService, vault: Vault
) -> None:
    seen, call = [], 0
    while True:
        call += 1
        endings = set()
        for moment in ("before", "after"):
            vault.forget()
            vault.keep(OLD)
            endings.add(killed(service, call, moment))
            # Another process, as the next start is.
            found = Vault(system_keychain(), "ab12").credentials()
            assert found in (OLD, NEW), f"{moment} call {call}"
            seen.append(found)
        if endings == {0}:
            break
        assert endings == {-signal.SIGKILL}
    assert call > 5, "the key is written twice, read back twice, and one copy removed"
    assert seen[0] == OLD
    assert seen[-1] == NEW
    assert OLD not in seen[seen.index(NEW) :], "once the new key was whole it stays"


@pytest.mark.parametrize("call", range(1, 12))
def test_row_74_a_fake_macos_that_dies_between_delete_and_add_loses_no_key(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, call: int
) -> None:
    """The fake stands for macOS, whose keychain replaces an entry by deleting it first."""

    class Died(BaseException):
        pass

    def die(number: int) -> None:
        if number == call:
            raise Died

    security = FakeSecurity(tmp_path / "items")
    security.install(monkeypatch)
    Vault(system_keychain(), "ab12").keep(OLD)
    security.calls = 0
    security.before = die
    with contextlib.suppress(Died):
        Vault(system_keychain(), "ab12").keep(NEW)
    security.before = lambda _number: None
    assert Vault(system_keychain(), "ab12").credentials() in (OLD, NEW)
