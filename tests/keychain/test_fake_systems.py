"""The paths for Windows, macOS and KWallet, on fakes of those systems' calls under keyring's real backends. No more than that."""

import traceback
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from keyring.backends import Windows, kwallet, macOS  # none of them needs its system to be imported

from lumedesk.domain.credentials import Credentials, Secret
from lumedesk.keychain import (
    KeychainDenied,
    KeychainLocked,
    KeychainTrouble,
    NoKeychain,
    NotKept,
    SecretTooLong,
    Vault,
    system_keychain,
)
from tests.keychain.fake_macos import FakeSecurity
from tests.keychain.fake_windows import FakeCredentials

OLD = Credentials("old-key", Secret("old-canary"))
NEW = Credentials("new-key", Secret("new-canary"))
CANARY = Secret("c4nary")  # and the fakes' errors quote it


@pytest.fixture
def windows(monkeypatch: pytest.MonkeyPatch) -> FakeCredentials:
    fake = FakeCredentials()
    fake.install(monkeypatch)
    return fake


@pytest.fixture
def security(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> FakeSecurity:
    fake = FakeSecurity(tmp_path / "items.json")
    fake.install(monkeypatch)
    return fake


def whole_life(vault: Vault) -> None:
    assert vault.credentials() is None
    vault.keep(OLD)
    vault.keep(NEW)
    assert vault.credentials() == NEW
    key = vault.make_store_key()
    assert vault.store_key() == key


def told(trouble: BaseException) -> str:
    return "".join(traceback.format_exception(trouble))


def test_fake_windows_keeps_rotates_and_forgets(windows: FakeCredentials) -> None:
    keychain = system_keychain()
    assert (keychain.name, keychain.is_lasting) == ("Windows Credential Manager", True)
    vault = Vault(keychain, "ab12")
    whole_life(vault)
    assert set(windows.held) == {"lumedesk ab12/credentials", "lumedesk ab12/store-key"}
    vault.forget()
    assert windows.held == {}


def test_fake_windows_keyring_itself_leaves_the_old_secret_behind_and_the_desk_does_not(
    windows: FakeCredentials,
) -> None:
    keychain = system_keychain()
    backend = Windows.WinVaultKeyring()
    for value in ("old-canary", "new"):
        backend.set_password("theirs", "LumeDesk", value)
        keychain.write("ours", Secret(value))
    assert set(windows.held) == {"theirs", "lumedesk@theirs", "lumedesk ours"}
    assert windows.held["lumedesk@theirs"]["CredentialBlob"].decode("utf-16-le") == "old-canary"


def test_fake_windows_entries_stay_on_this_computer(windows: FakeCredentials, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KEYRING_PROPERTY_PERSIST", "enterprise")
    monkeypatch.setenv("KEYRING_PROPERTY__PERSIST", "3")
    whole_life(Vault(system_keychain(), "ab12"))
    assert {each["Persist"] for each in windows.held.values()} == {windows.CRED_PERSIST_LOCAL_MACHINE}


@pytest.mark.parametrize(
    ("number", "kind"),
    [(5, KeychainDenied), (1223, KeychainDenied), (1312, NoKeychain), (1783, SecretTooLong), (87, KeychainTrouble)],
)
def test_fake_windows_raw_errors_are_told_in_words(
    windows: FakeCredentials, number: int, kind: type[KeychainTrouble]
) -> None:
    keychain = system_keychain()
    secret = Secret("canary")  # made outside the call: a traceback quotes the line of the call
    windows.status = number
    for call in (
        lambda: keychain.read("x"),
        lambda: keychain.write("x", secret),
        lambda: keychain.remove("x"),
    ):
        with pytest.raises(KeychainTrouble, match=str(number)) as caught:
            call()
        assert caught.type is kind
        assert CANARY.reveal() not in told(caught.value)


def test_fake_windows_without_its_part_is_no_keychain(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("platform.system", lambda: "Windows")
    monkeypatch.setattr(Windows, "missing_deps", True)
    with pytest.raises(NoKeychain, match="Install LumeDesk again"):
        system_keychain()


def test_fake_macos_keeps_rotates_and_forgets(security: FakeSecurity) -> None:
    keychain = system_keychain()
    assert (keychain.name, keychain.is_lasting) == ("macOS Keychain", True)
    vault = Vault(keychain, "ab12")
    whole_life(vault)
    vault.forget()
    assert (vault.credentials(), vault.store_key()) == (None, None)


def test_fake_macos_a_keychain_file_in_the_environment_is_not_used(
    security: FakeSecurity, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KEYRING_PROPERTY_KEYCHAIN", "/evil.keychain")
    monkeypatch.setattr(macOS.Keyring, "keychain", "/evil.keychain")  # what KEYCHAIN_PATH does on import
    seen: list[Any] = []
    monkeypatch.setattr(security, "find_generic_password", lambda keychain, *_: seen.append(keychain))
    system_keychain().read("x")
    assert seen == [None]


@pytest.mark.parametrize(
    ("number", "kind"),
    [
        (-128, KeychainDenied),
        (-25293, KeychainDenied),
        (-67030, KeychainDenied),
        (-34018, KeychainDenied),
        (-25308, KeychainLocked),
        (-25307, NoKeychain),
        (-50, KeychainTrouble),
    ],
)
def test_fake_macos_errors_are_told_in_words(security: FakeSecurity, number: int, kind: type[KeychainTrouble]) -> None:
    keychain = system_keychain()
    secret = Secret("canary")  # made outside the call: a traceback quotes the line of the call
    security.status = number
    for call in (
        lambda: keychain.read("x"),
        lambda: keychain.write("x", secret),
        lambda: keychain.remove("x"),
    ):
        with pytest.raises(KeychainTrouble, match=str(number)) as caught:
            call()
        assert caught.type is kind
        assert CANARY.reveal() not in told(caught.value)


def test_fake_macos_a_secret_that_is_cut_is_told(security: FakeSecurity) -> None:
    """MacOS takes a C string: what follows a NUL would be lost without a word."""
    keychain = system_keychain()
    set_password = security.set_generic_password
    security.set_generic_password = lambda *a: set_password(*a[:3], a[3].partition("\0")[0])  # type: ignore[method-assign]
    with pytest.raises(NotKept, match="LumeDesk x"):
        keychain.write("x", Secret("canary\0more"))


def test_a_mac_without_its_library_is_no_keychain(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("platform.system", lambda: "Darwin")
    monkeypatch.delattr(macOS, "api", raising=False)
    with pytest.raises(NoKeychain, match="macOS Keychain"):
        system_keychain()


class FakeWallet:
    """Stands for KWallet on the bus, by dbus-python, which this project doesn't install."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, names: tuple[str, ...] = ("org.kde.kwalletd5",)) -> None:
        self.entries: dict[tuple[str, str], str] = {}
        self.handle = 1
        self.apps: set[str] = set()
        bus = SimpleNamespace(
            name_has_owner=names.__contains__, list_activatable_names=lambda: names, get_object=lambda *_: None
        )
        fake = SimpleNamespace(SessionBus=lambda **_: bus, Interface=lambda *_: self, DBusException=ConnectionError)
        monkeypatch.setattr(kwallet, "dbus", fake, raising=False)
        monkeypatch.setattr(kwallet, "DBusGMainLoop", lambda: None, raising=False)

    def networkWallet(self) -> str:  # noqa: N802 - KWallet's name
        return "wallet"

    def open(self, wallet: str, window: int, app: str) -> int:
        self.apps.add(app)
        return self.handle

    def isOpen(self, handle: int) -> bool:  # noqa: N802 - KWallet's name
        return handle >= 0

    def hasFolder(self, *_: Any) -> bool:  # noqa: N802 - KWallet's name
        return False

    def hasEntry(self, handle: int, folder: str, key: str, app: str) -> bool:  # noqa: N802 - KWallet's name
        return (folder, key) in self.entries

    def readPassword(self, handle: int, folder: str, key: str, app: str) -> str:  # noqa: N802 - KWallet's name
        return self.entries[folder, key]

    def writePassword(self, handle: int, folder: str, key: str, value: str, app: str) -> int:  # noqa: N802 - KWallet's
        self.entries[folder, key] = value
        return 0

    def removeEntry(self, handle: int, folder: str, key: str, app: str) -> int:  # noqa: N802 - KWallet's name
        del self.entries[folder, key]
        return 0


@pytest.fixture
def no_bus(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DBUS_SESSION_BUS_ADDRESS", raising=False)


@pytest.mark.usefixtures("no_bus")
def test_fake_kwallet_is_used_where_there_is_no_secret_service(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KEYRING_PROPERTY_WALLET", "evil")
    monkeypatch.setenv("KEYRING_PROPERTY_APPID", "evil")
    monkeypatch.setenv("KEYRING_PROPERTY_BUS_NAME", "org.evil")
    wallet = FakeWallet(monkeypatch)
    keychain = system_keychain()
    assert keychain.name == "KWallet"
    vault = Vault(keychain, "ab12")
    whole_life(vault)
    vault.forget()
    assert wallet.entries == {}
    assert wallet.apps == {"LumeDesk"}


@pytest.mark.usefixtures("no_bus")
def test_fake_kwallet_that_is_not_opened_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    wallet = FakeWallet(monkeypatch)
    keychain = system_keychain()
    wallet.handle = -1
    with pytest.raises(KeychainLocked):
        keychain.read("x")
    with pytest.raises(KeychainDenied):
        keychain.write("x", Secret("canary"))
    with pytest.raises(KeychainDenied):
        keychain.remove("x")


@pytest.mark.usefixtures("no_bus")
def test_fake_kwallet_that_is_not_on_the_bus_is_no_keychain(monkeypatch: pytest.MonkeyPatch) -> None:
    FakeWallet(monkeypatch, names=())
    with pytest.raises(NoKeychain):
        system_keychain()


def test_a_real_secret_service_comes_before_a_fake_kwallet(service: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    FakeWallet(monkeypatch)
    assert system_keychain().name == "Secret Service"
