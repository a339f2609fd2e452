"""Profiles as a whole, files and secrets together: made and removed. For the windows and for the command alike."""

import contextlib
import logging
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from lumedesk.domain.clocks import SystemClock
from lumedesk.domain.credentials import Credentials, Secret
from lumedesk.domain.intents import OPEN
from lumedesk.domain.lock import LockSettings
from lumedesk.domain.profiles import Profile
from lumedesk.keychain import AlreadyKept, Keychain, Vault
from lumedesk.store.chain import ChainBroken, ChainUnwritable
from lumedesk.store.journal import Journal
from lumedesk.store.lock_file import make_lock, write_lock
from lumedesk.store.paths import ProfilePaths, make_private_folder, profile_paths
from lumedesk.store.profiles import drop_heads, retire, wipe, write_profile

if TYPE_CHECKING:
    from PySide6.QtCore import QLockFile

log = logging.getLogger(__name__)


class ProfileExists(Exception):
    """A profile of that name is there already; nothing was changed."""


class NotRemoved(Exception):
    """A profile that must stay for now; nothing was changed, and the text says why."""


class RecordsUnreadable(NotRemoved):
    """Nobody can tell whether an order is in doubt, so the records stay. The caller may ask for their end all the same."""


@dataclass(frozen=True, slots=True)
class Removed:
    """How a profile went. `kept` is where its records are now, None where there are none.

    `doubts` is how many orders in them have no known outcome, None where the records couldn't be read.
    """

    kept: Path | None
    doubts: int | None


def has_records(paths: ProfilePaths) -> bool:
    """Whether the profile's folder holds anything that its store key opens."""
    return any(path.exists() for path in (paths.journal, paths.audit, paths.mirror))


def enrol(
    data_dir: Path, profile: Profile, credentials: Credentials, keychain: Keychain, passphrase: Secret | None = None
) -> ProfilePaths:
    """Make a profile with its secrets. What a crash leaves asks for its key at the next start; an error leaves nothing.

    Blocks, and may ask the operator. Without a lasting keychain the passphrase is what opens the records again, so there
    must be one. Errors: ProfileExists, KeychainTrouble, NotWritable, OSError, ValueError without either.
    """
    if passphrase is None and not keychain.is_lasting:
        raise ValueError("without a keychain the records need a passphrase")
    paths = profile_paths(data_dir, profile.name)
    if paths.marker.exists() or has_records(paths):
        raise ProfileExists(f"There is a profile {profile.name!r} already.")
    vault = Vault(keychain, profile.id)
    with _undone_on_error(paths, vault):
        make_private_folder(paths.folder)
        # Those of an earlier profile of that name, whose end was cut off.
        drop_heads(paths)
        write_profile(paths, profile)
        key = vault.make_store_key()
        if passphrase is not None:
            write_lock(paths.lock, make_lock(passphrase, key, profile.id, LockSettings()))
        vault.keep(credentials)
    return paths


def remove(
    paths: ProfilePaths,
    profile: Profile,
    keychain: Keychain | None,
    *,
    keeps_records: bool,
    store_key: Secret | None = None,
    may_lose_doubts: bool = False,
) -> Removed:
    """Remove a profile: its API key and secret for good, its records too unless they are kept.

    Kept records stay encrypted, so the keychain goes on holding the key to them. `keychain` None is for a sandbox, and for a
    computer that has none. Records are only deleted when no order in them is in doubt: they are opened with `store_key`,
    or else with the keychain's. `may_lose_doubts` deletes those that can't be read, too; never those with a known doubt.
    The secrets go first: whatever fails afterwards, they are gone.
    Errors: NotRemoved, RecordsUnreadable, KeychainTrouble (then nothing else was touched), OSError.
    """
    lock = _hold(paths, profile)
    try:
        vault = Vault(keychain, profile.id) if keychain is not None else None
        key = store_key or (vault.store_key() if vault is not None else None)
        doubts = _doubts(paths, profile, key, may_be_unknown=keeps_records or may_lose_doubts)
        if doubts and not keeps_records:
            raise NotRemoved(
                f"{_told(doubts)} still in doubt. Decide on the Movements page first, or keep the records."
            )
        if vault is not None and keeps_records:
            vault.forget_credentials()
        elif vault is not None:
            vault.forget()
        if sys.platform == "win32":
            # Only here: a file that is open can neither be moved nor deleted.
            lock.unlock()
        if keeps_records and has_records(paths):
            return Removed(retire(paths), doubts)
        wipe(paths)
        return Removed(None, doubts)
    finally:
        lock.unlock()


@contextlib.contextmanager
def _undone_on_error(paths: ProfilePaths, vault: Vault) -> Iterator[None]:
    """Whatever ends the block early, the keychain and the folder are as before, as far as they let themselves be changed."""
    was_there = paths.folder.exists()
    try:
        yield
    except BaseException as error:
        # A key that was there before belongs to other records.
        if not isinstance(error, AlreadyKept):
            _attempt(vault.forget)
        if was_there:
            _attempt(lambda: paths.marker.unlink(missing_ok=True))
            _attempt(lambda: paths.lock.unlink(missing_ok=True))
        else:
            _attempt(lambda: wipe(paths))
        raise


def _attempt(step: Callable[[], None]) -> None:
    try:
        step()
    except Exception as error:  # noqa: BLE001 - what it undoes failed for a reason of its own, which is the one to tell
        log.warning("a profile that wasn't made left something behind: %s", type(error).__name__)


def _hold(paths: ProfilePaths, profile: Profile) -> "QLockFile":
    """Keep every other LumeDesk out of the profile until it is unlocked. Errors: NotRemoved where one is in it."""
    # Only here: the command must have its words even where Qt can't be loaded.
    from PySide6.QtCore import QLockFile

    lock = QLockFile(str(paths.folder / "lock"))
    lock.setStaleLockTime(0)
    if not lock.tryLock(0) and lock.error() is QLockFile.LockError.LockFailedError:
        raise NotRemoved(f"The profile {profile.name!r} is open. Close its window first.")
    return lock


def _doubts(paths: ProfilePaths, profile: Profile, key: Secret | None, *, may_be_unknown: bool) -> int | None:
    """How many orders have no known outcome; None where that can't be read. Errors: RecordsUnreadable, unless it may be."""
    if profile.is_sandbox:
        return 0
    try:
        return _counted(paths, key)
    except (ChainBroken, ChainUnwritable, ValueError) as error:
        if may_be_unknown:
            return None
        raise RecordsUnreadable(
            f"The record of movements can't be read, so an order in doubt may be in it. {error}"
            " Keep the records, or put them back from a backup first."
        ) from error


def _counted(paths: ProfilePaths, key: Secret | None) -> int:
    """Errors: ChainBroken, ChainUnwritable, ValueError for no key or what isn't one."""
    head = paths.head_of(paths.journal)
    # A record that is gone leaves its head behind.
    if not paths.journal.exists() and not head.exists():
        return 0
    if key is None:
        raise ValueError("The key to it isn't at hand: open the profile first, or give its passphrase.")
    journal = Journal(paths.journal, head, SystemClock(), key)
    try:
        return sum(intent.state in OPEN for intent in journal.intents)
    finally:
        journal.close()


def _told(doubts: int) -> str:
    return "An order is" if doubts == 1 else f"{doubts} orders are"
