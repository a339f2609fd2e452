"""The operating system's own keychain, through keyring's backend for it and no other; at a start, without even that.

keyring would rather choose for itself, by a configuration file and the environment, and run what they name. So nothing
here asks it to choose: the platform's backend is made directly, and what the environment says about it is not read.
"""

import contextlib
import sys
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from lumedesk.domain.credentials import Secret
from lumedesk.keychain.entries import Keychain, refuse_too_long
from lumedesk.keychain.trouble import (
    KeychainDenied,
    KeychainLocked,
    KeychainTrouble,
    NoKeychain,
    NotKept,
    NotRemoved,
    answered,
)

if TYPE_CHECKING:
    # It takes 65 ms to import: whoever asks does it, on a thread of its own.
    from keyring.backend import KeyringBackend

PROMPT_S = 180.0

SERVICE_NAME = "Secret Service"

_USER = "LumeDesk"
_NAMES = {
    "keyring.backends.SecretService.Keyring": SERVICE_NAME,
    "keyring.backends.kwallet.DBusKeyring": "KWallet",
    "keyring.backends.macOS.Keyring": "macOS Keychain",
    "keyring.backends.Windows.WinVaultKeyring": "Windows Credential Manager",
}
_WINDOWS = "Windows Credential Manager"
_MOST_COPIES = 20
_PROMPTER = "org.gnome.keyring.SystemPrompter"


def system_keychain() -> Keychain:
    """The keychain of this computer. Looks for it on the bus: for a thread other than the window's. Errors: NoKeychain."""
    # Here, where somebody waits for a keychain anyway: the window needn't wait for its import.
    import platform

    match platform.system():
        case "Windows":
            return _windows_keychain()
        case "Darwin":
            return _macos_keychain()
        case _:
            return _linux_keychain()


def look_quietly(entries: Iterable[str]) -> dict[str, Secret | None]:
    """What the Secret Service holds in these entries, as keyring would find it; the operator is asked for nothing.

    Over one connection and without keyring, which takes twice as long. Errors: Exception of any kind where that can't be told.
    """
    import secretstorage

    with contextlib.closing(secretstorage.dbus_init()) as bus:
        collection = secretstorage.Collection(bus, session=secretstorage.util.open_session(bus))
        # Locked, it may keep to itself which entries there are.
        collection.ensure_not_locked()
        return {entry: _read_quietly(collection, entry) for entry in entries}


def _read_quietly(collection: Any, entry: str) -> Secret | None:
    """Errors: LockedException."""
    for item in collection.search_items({"service": _service(entry), "username": _USER}):
        return Secret(item.get_secret().decode())
    return None


class SystemKeychain:
    """Entries in the system's keychain, by one of keyring's four backends for one. Errors: NoKeychain for any other."""

    is_lasting = True

    def __init__(self, backend: "KeyringBackend") -> None:
        kind = type(backend)
        home = sys.modules.get(kind.__module__)
        name = _NAMES.get(f"{kind.__module__}.{kind.__qualname__}", "")
        if not name or getattr(home, kind.__qualname__, None) is not kind:
            raise NoKeychain("What would hold the secrets isn't the system's own keychain; it was refused.")
        self.name = name
        self._backend = backend

    def read(self, entry: str) -> Secret | None:
        """The entry's secret; None where there is no such entry. Errors: KeychainTrouble."""
        value = answered(lambda: self._backend.get_password(_service(entry), _USER))
        return None if value is None else Secret(value)

    def write(self, entry: str, secret: Secret) -> None:
        """Put the secret into the entry and read it back. Errors: KeychainTrouble.

        On macOS and Windows the old value goes before the new one comes: who can't do without either keeps a second entry.
        """
        refuse_too_long(secret)
        if self.name == _WINDOWS:
            # WORKAROUND(jaraco/keyring issue 545): its backend would move the old secret to another entry and leave it there.
            self.remove(entry)
        answered(lambda: self._backend.set_password(_service(entry), _USER, secret.reveal()))
        if self.read(entry) != secret:
            raise NotKept(f"The entry “{_service(entry)}” doesn't read as it was written.")

    def remove(self, entry: str) -> None:
        """Remove the entry, and each copy of it; one that isn't there is no error. Errors: KeychainTrouble."""
        for _ in range(_MOST_COPIES):
            if not answered(lambda: self._remove_one(entry)):
                return
        raise NotRemoved(f"The entry “{_service(entry)}” is still there.")

    def _remove_one(self, entry: str) -> bool:
        """Remove one entry of that name; False where there is none."""
        from keyring.errors import PasswordDeleteError

        try:
            self._backend.delete_password(_service(entry), _USER)
        except PasswordDeleteError as error:
            if type(error.__cause__).__name__ == "NotFound":  # macOS
                return False
            if error.__cause__ is not None or "Cancelled" in str(error):  # KWallet's word for a closed question
                raise
            return False
        return True


def _service(entry: str) -> str:
    # One service for each entry: where two share one, the Windows backend renames entries.
    return f"LumeDesk {entry}"


def _made(kind: Any) -> Any:
    """A backend of that class on which the environment's KEYRING_PROPERTY_... have no influence."""
    backend = kind.__new__(kind)
    vars(backend)["set_properties_from_env"] = lambda: None
    kind.__init__(backend)
    return backend


def _is_usable(kind: Any) -> bool:
    try:
        return bool(kind.priority > 0)
    except Exception:  # noqa: BLE001 - keyring says RuntimeError, its libraries whatever they like: it isn't usable
        return False


def _windows_keychain() -> Keychain:
    from keyring.backends.Windows import WinVaultKeyring

    if not _is_usable(WinVaultKeyring):
        raise NoKeychain("The part that opens Windows Credential Manager is missing. Install LumeDesk again.")
    backend = _made(WinVaultKeyring)
    # The default would let the entry roam to every computer of the domain that this user logs on to.
    answered(lambda: setattr(backend, "persist", "local machine"))
    return SystemKeychain(backend)


def _macos_keychain() -> Keychain:
    from keyring.backends.macOS import Keyring

    if not _is_usable(Keyring):
        raise NoKeychain("The macOS Keychain's library can't be loaded. Install LumeDesk again.")
    backend = _made(Keyring)
    backend.keychain = None  # the class took it from the environment's KEYCHAIN_PATH
    return SystemKeychain(backend)


def _linux_keychain() -> Keychain:
    from keyring.backends import SecretService, kwallet

    if _is_usable(SecretService.Keyring):
        return _secret_service()
    if _is_usable(kwallet.DBusKeyring):
        backend = _made(kwallet.DBusKeyring)
        backend.appid = _USER
        return SystemKeychain(backend)
    raise NoKeychain(
        "No Secret Service answers on this session's D-Bus. Log in to a desktop session with GNOME Keyring, KWallet or"
        " KeePassXC; on Debian and Ubuntu, the package gnome-keyring has one."
    )


def _secret_service() -> SystemKeychain:
    from keyring.backends import SecretService

    backend = _made(SecretService.Keyring)
    library = vars(SecretService)["secretstorage"]
    vars(backend).update(appid=_USER, get_preferred_collection=lambda: _unlocked_collection(library))
    return SystemKeychain(backend)


def _unlocked_collection(secretstorage: Any) -> Any:
    """The default collection on a connection of its own, which is closed if anything fails; unlocked, by asking if need be.

    It stands in for the backend's own method, which leaves the connection open on failure, waits forever for an answer
    and takes a closed question for a lock.
    """
    with contextlib.ExitStack() as on_failure:
        bus = secretstorage.dbus_init()
        on_failure.callback(bus.close)
        try:
            collection = secretstorage.get_default_collection(bus)
            was_dismissed = collection.is_locked() and collection.unlock(timeout=PROMPT_S)
        except secretstorage.PromptDismissedException:  # there was no collection, and none could be made
            was_dismissed = True
        except TimeoutError:
            raise KeychainLocked("Nobody answered the question for its password.") from None
        if was_dismissed:
            raise _unanswered(bus, secretstorage)
        if collection.is_locked():
            raise KeychainLocked("It was unlocked and is locked again.")
        on_failure.pop_all()
        return collection


def _unanswered(bus: Any, secretstorage: Any) -> KeychainTrouble:
    """Why the question for the password came back unanswered: GNOME Keyring says “dismissed” also if it can't ask."""
    if _can_ask(bus, secretstorage):
        return KeychainDenied("The question for its password was closed, or couldn't be shown.")
    return KeychainLocked("Nothing on this computer can ask for its password; the package gcr has what is missing.")


def _can_ask(bus: Any, secretstorage: Any) -> bool:
    daemon = secretstorage.Proxy(secretstorage.message_bus, bus)
    if not daemon.NameHasOwner("org.gnome.keyring")[0]:
        return True  # another Secret Service, which shows its own windows
    return bool(daemon.NameHasOwner(_PROMPTER)[0]) or _PROMPTER in daemon.ListActivatableNames()[0]
