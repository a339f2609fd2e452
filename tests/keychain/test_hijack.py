"""What the environment and configuration files would like keyring to do: none of it happens. In processes of their own."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.secret_service import SecretService

ROOT = Path(__file__).parents[2]

_EVIL = """
import os, pathlib
pathlib.Path(os.environ["MARK"]).touch()
from keyring.backend import KeyringBackend
class Keyring(KeyringBackend):
    priority = 99
    def get_password(self, service, username): return "evil"
    def set_password(self, service, username, password): pathlib.Path(os.environ["MARK"]).write_text(password)
    def delete_password(self, service, username): pass
"""
_OURS = """
import sys
from lumedesk.domain.credentials import Credentials, Secret
from lumedesk.keychain import Vault, system_keychain
keychain = system_keychain()
vault = Vault(keychain, "ab12")
vault.keep(Credentials("key", Secret("canary")))
assert vault.credentials() == Credentials("key", Secret("canary"))
assert "evil" not in sys.modules
print(keychain.name, type(keychain._backend).__module__)
"""
_THEIRS = "import keyring; keyring.set_password('bait', 'bait', 'bait'); print(keyring.get_keyring())"
_KEPT = {"LumeDesk ab12/credentials": '{"key":"key","secret":"canary"}'}


class Trap:
    """An environment with a module that leaves a mark when it is run."""

    def __init__(self, service: SecretService) -> None:
        self.service = service
        self.mark = service.home / "mark"
        self.evil = service.home / "evil"
        self.evil.mkdir()
        (self.evil / "evil.py").write_text(_EVIL)

    def config(self) -> None:
        folder = Path(self.service.environment["XDG_CONFIG_HOME"], "python_keyring")
        for each in (folder, folder.with_name("keyring")):
            each.mkdir()
            (each / "keyringrc.cfg").write_text(f"[backend]\ndefault-keyring=evil.Keyring\nkeyring-path={self.evil}\n")

    def run(self, program: str, **more: str) -> str:
        """Run the program in that environment. Shape: what it printed."""
        environment = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), "MARK": str(self.mark)}
        done = subprocess.run(
            [sys.executable, "-W", "error", "-c", program],
            env=environment | self.service.environment | more,
            capture_output=True,
            text=True,
            timeout=60,
        )
        assert done.returncode == 0, done.stderr
        assert "canary" not in done.stdout + done.stderr
        return done.stdout.strip()


@pytest.fixture
def trap(service: SecretService) -> Trap:
    return Trap(service)


OURS = "Secret Service keyring.backends.SecretService"


def test_an_evil_keyringrc_gets_nothing(trap: Trap) -> None:
    trap.config()
    trap.run(_THEIRS)
    assert trap.mark.read_text() == "bait", "keyring itself falls into it"
    trap.mark.unlink()
    assert trap.run(_OURS) == OURS
    assert not trap.mark.exists()
    assert trap.service.held() == _KEPT


def test_an_evil_module_in_python_keyring_backend_gets_nothing(trap: Trap) -> None:
    evil = {"PYTHON_KEYRING_BACKEND": "evil.Keyring", "PYTHONPATH": f"{ROOT}{os.pathsep}{trap.evil}"}
    trap.run(_THEIRS, **evil)
    assert trap.mark.read_text() == "bait", "keyring itself falls into it"
    trap.mark.unlink()
    assert trap.run(_OURS, **evil) == OURS
    assert not trap.mark.exists()
    assert trap.service.held() == _KEPT


def test_a_null_backend_in_python_keyring_backend_gets_nothing(trap: Trap) -> None:
    null = {"PYTHON_KEYRING_BACKEND": "keyring.backends.null.Keyring"}
    assert "null" in trap.run(_THEIRS, **null)
    assert trap.service.held() == {}, "keyring itself swallows it"
    assert trap.run(_OURS, **null) == OURS
    assert trap.service.held() == _KEPT


def test_an_entry_point_of_another_package_is_not_run(trap: Trap) -> None:
    package = trap.evil / "evil-1.dist-info"
    package.mkdir()
    (package / "METADATA").write_text("Metadata-Version: 2.1\nName: evil\nVersion: 1\n")
    (package / "entry_points.txt").write_text("[keyring.backends]\nevil = evil\n")
    path = {"PYTHONPATH": f"{ROOT}{os.pathsep}{trap.evil}"}
    trap.run(_THEIRS, **path)
    assert trap.mark.read_text() == "bait", "keyring itself falls into it"
    trap.mark.unlink()
    assert trap.run(_OURS, **path) == OURS
    assert not trap.mark.exists()
    assert trap.service.held() == _KEPT


def test_keyring_property_preferred_collection_chooses_nothing(trap: Trap) -> None:
    """The session's collection is forgotten at log-out; another could be one that an attacker can open."""
    session = {"KEYRING_PROPERTY_PREFERRED_COLLECTION": "/org/freedesktop/secrets/collection/session"}
    trap.run("from keyring.backends.SecretService import Keyring; Keyring().set_password('b', 'b', 'bait')", **session)
    assert trap.service.held() == {}, "keyring itself puts it where the environment says"
    assert trap.run(_OURS, **session) == OURS
    assert trap.service.held() == _KEPT


@pytest.mark.parametrize(
    "name", ["APPID", "SCHEME", "SCHEMES", "GET_PASSWORD", "SET_PASSWORD", "GET_PREFERRED_COLLECTION", "__CLASS__"]
)
def test_no_other_keyring_property_has_an_influence(trap: Trap, name: str) -> None:
    assert trap.run(_OURS, **{f"KEYRING_PROPERTY_{name}": "KeePassXC"}) == OURS
    assert trap.service.held() == _KEPT
    with trap.service.collection() as collection:
        attributes = [item.get_attributes() for item in collection.get_all_items()]
    assert [each["application"] for each in attributes] == ["LumeDesk"]
    assert [each["username"] for each in attributes] == ["LumeDesk"]
