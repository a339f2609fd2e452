"""The keychain, looked into while the desk loads: with a real Secret Service, from a process that then reports."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from lumedesk.domain.credentials import Credentials, Secret
from lumedesk.keychain import KeychainTrouble, MemoryKeychain, Vault, system_keychain
from lumedesk.keychain.glimpse import GlimpsedKeychain
from tests.support.secret_service import SecretService

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="elsewhere nothing is read ahead")

_ROOT = Path(__file__).parents[2]
_ID = "0123456789abcdef"
_KEY = Secret("ab" * 32)

# A process of its own, because a glimpse is for one that has a single thread.
_ASK = """
import json, sys, threading
from lumedesk.keychain.glimpse import Glimpse
seen = Glimpse(sys.argv[1], lambda: None)
told = seen._hear()
seen.close()
print(json.dumps(None if told is None else {name: value and value.reveal() for name, value in told.items()}))
print(json.dumps([name for name in sys.modules if name.startswith("keyring")]))
"""


def _glimpsed(profile_id: str = _ID) -> tuple[dict[str, str | None] | None, list[str]]:
    asked = [sys.executable, "-c", _ASK, profile_id]
    done = subprocess.run(asked, cwd=_ROOT, capture_output=True, text=True, timeout=60, check=True)
    told, loaded = done.stdout.splitlines()
    return json.loads(told), json.loads(loaded)


def test_it_brings_all_entries_and_loads_nothing_here(service: SecretService) -> None:
    vault = Vault(system_keychain(), _ID)
    vault.keep_store_key(_KEY)
    vault.keep(Credentials("key-1", Secret("secret-1")))
    told, loaded = _glimpsed()
    assert told == {
        f"{_ID}/credentials": '{"key":"key-1","secret":"secret-1"}',
        f"{_ID}/credentials/next": None,
        f"{_ID}/store-key": _KEY.reveal(),
    }
    assert loaded == []


def test_the_look_itself_needs_no_keyring(service: SecretService) -> None:
    Vault(system_keychain(), _ID).keep_store_key(_KEY)
    code = (
        "import sys; from lumedesk.keychain.system import look_quietly\n"
        "print(look_quietly([sys.argv[1]])[sys.argv[1]].reveal())\n"
        "print([name for name in sys.modules if name.startswith('keyring')])"
    )
    asked = [sys.executable, "-c", code, f"{_ID}/store-key"]
    done = subprocess.run(asked, cwd=_ROOT, capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout.splitlines() == [_KEY.reveal(), "[]"]


def test_what_was_never_kept_is_nothing(service: SecretService) -> None:
    told, _ = _glimpsed("fedcba9876543210")
    assert told is not None
    assert set(told.values()) == {None}


def test_of_a_locked_keychain_it_tells_nothing_and_asks_nobody(service: SecretService) -> None:
    Vault(system_keychain(), _ID).keep_store_key(_KEY)
    service.lock()
    with service.prompter() as prompter:
        assert _glimpsed()[0] is None
        # Nor that another profile has nothing there.
        assert _glimpsed("fedcba9876543210")[0] is None
        assert prompter.questions == 0


def test_without_a_keychain_it_tells_nothing(service: SecretService) -> None:
    service.stop()
    assert _glimpsed()[0] is None


def test_each_reading_is_used_once() -> None:
    later = MemoryKeychain()
    later.write(f"{_ID}/store-key", Secret("cd" * 32))
    keychain = GlimpsedKeychain({f"{_ID}/store-key": _KEY, f"{_ID}/credentials/next": None}, lambda: later)
    assert keychain.read(f"{_ID}/store-key") == _KEY
    assert keychain.read(f"{_ID}/store-key") == Secret("cd" * 32)


def test_what_is_written_is_not_read_from_before() -> None:
    later = MemoryKeychain()
    keychain = GlimpsedKeychain({"entry": Secret("old")}, lambda: later)
    keychain.write("entry", Secret("new"))
    assert keychain.read("entry") == Secret("new")
    keychain.remove("entry")
    assert keychain.read("entry") is None


def test_trouble_is_told_when_the_keychain_is_needed_after_all() -> None:
    def none() -> MemoryKeychain:
        raise KeychainTrouble("gone")

    keychain = GlimpsedKeychain({}, none)
    with pytest.raises(KeychainTrouble):
        keychain.read("entry")
