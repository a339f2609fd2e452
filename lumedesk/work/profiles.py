"""Profiles as a whole, files and secrets together: made, removed, brought back. For the windows and for the command; no Qt."""

from pathlib import Path

from lumedesk.domain.credentials import Credentials, Secret
from lumedesk.domain.lock import LockSettings
from lumedesk.domain.profiles import Profile
from lumedesk.keychain import Keychain, Vault
from lumedesk.store.lock_file import make_lock, write_lock
from lumedesk.store.paths import ProfilePaths, make_private_folder, profile_paths
from lumedesk.store.profiles import retire, wipe, write_profile


class ProfileExists(Exception):
    """A profile of that name is there already; nothing was changed."""


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
    Errors: KeychainTrouble (then nothing else was touched), OSError.
    """
    if keychain is not None:
        vault = Vault(keychain, profile.id)
        if keeps_records:
            vault.forget_credentials()
        else:
            vault.forget()
    if keeps_records and has_records(paths):
        return retire(paths)
    wipe(paths)
    return None
