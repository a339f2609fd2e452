"""Profiles as a whole, files and secrets together: made and removed. For the windows and for the command alike."""

from pathlib import Path

from lumedesk.domain.clocks import SystemClock
from lumedesk.domain.credentials import Credentials, Secret
from lumedesk.domain.intents import OPEN
from lumedesk.domain.lock import LockSettings
from lumedesk.domain.profiles import Profile
from lumedesk.keychain import Keychain, Vault
from lumedesk.store.chain import ChainBroken, ChainUnwritable
from lumedesk.store.journal import Journal
from lumedesk.store.lock_file import make_lock, write_lock
from lumedesk.store.paths import ProfilePaths, make_private_folder, profile_paths
from lumedesk.store.profiles import retire, wipe, write_profile


class ProfileExists(Exception):
    """A profile of that name is there already; nothing was changed."""


class NotRemoved(Exception):
    """A profile that must stay for now; nothing was changed, and the text says why."""


def has_records(paths: ProfilePaths) -> bool:
    """Whether the profile's folder holds anything that its store key opens."""
    return any(path.exists() for path in (paths.journal, paths.audit, paths.mirror))


def enrol(
    data_dir: Path, profile: Profile, credentials: Credentials, keychain: Keychain, passphrase: Secret | None = None
) -> ProfilePaths:
    """Make a profile with its secrets. What a crash leaves asks for its key at the next start; nothing is left unnamed.

    Blocks, and may ask the operator. Without a lasting keychain the passphrase is what opens the records again, so there
    must be one. Errors: ProfileExists, KeychainTrouble, NotWritable, OSError, ValueError without either.
    """
    if passphrase is None and not keychain.is_lasting:
        raise ValueError("without a keychain the records need a passphrase")
    paths = profile_paths(data_dir, profile.name)
    if paths.marker.exists() or has_records(paths):
        raise ProfileExists(f"There is a profile {profile.name!r} already.")
    make_private_folder(paths.folder)
    write_profile(paths, profile)
    vault = Vault(keychain, profile.id)
    key = vault.make_store_key()
    if passphrase is not None:
        write_lock(paths.lock, make_lock(passphrase, key, profile.id, LockSettings()))
    vault.keep(credentials)
    return paths


def remove(paths: ProfilePaths, profile: Profile, keychain: Keychain | None, *, keeps_records: bool) -> Path | None:
    """Remove a profile: its API key and secret for good, its records too unless they are kept. Shape: where kept ones are.

    Kept records stay encrypted, so the keychain goes on holding the key to them. `keychain` None is for profiles that have
    nothing there. The secrets go first: whatever fails afterwards, they are gone.
    Errors: NotRemoved, KeychainTrouble (then nothing else was touched), OSError.
    """
    if _is_open(paths):
        raise NotRemoved(f"The profile {profile.name!r} is open. Close its window first.")
    if keychain is not None:
        vault = Vault(keychain, profile.id)
        if keeps_records:
            vault.forget_credentials()
        else:
            _refuse_doubts(paths, vault.store_key())
            vault.forget()
    if keeps_records and has_records(paths):
        return retire(paths)
    wipe(paths)
    return None


def _is_open(paths: ProfilePaths) -> bool:
    # Only here: the command must have its words even where Qt can't be loaded.
    from PySide6.QtCore import QLockFile

    lock = QLockFile(str(paths.folder / "lock"))
    lock.setStaleLockTime(0)
    if lock.tryLock(0):
        lock.unlock()
        return False
    return lock.error() is QLockFile.LockError.LockFailedError


def _refuse_doubts(paths: ProfilePaths, key: Secret | None) -> None:
    """An order whose outcome nobody knows must not be lost from sight. Records that nobody can read tell of none."""
    if key is None or not paths.journal.exists():
        return
    try:
        journal = Journal(paths.journal, paths.head_of(paths.journal), SystemClock(), key)
    except (ChainBroken, ChainUnwritable):
        return
    try:
        doubts = sum(intent.state in OPEN for intent in journal.intents)
    finally:
        journal.close()
    if doubts:
        what = "An order is" if doubts == 1 else f"{doubts} orders are"
        raise NotRemoved(f"{what} still in doubt. Decide on the Movements page first, or keep the records.")
