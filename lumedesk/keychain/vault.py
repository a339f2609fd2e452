"""A profile's secrets in a keychain: its credentials, which can be replaced, and its store's key, which never is.

A keychain may replace an entry by removing it first, so replacing goes through a second entry: write “next”, write the
entry itself, remove “next”. Wherever that is interrupted, one of the two holds old or new credentials as a whole.
"""

import json
import logging
import os
import re
import threading

from lumedesk.domain.credentials import Credentials, Secret
from lumedesk.keychain.entries import Keychain, refuse_too_long
from lumedesk.keychain.trouble import AlreadyKept, KeychainTrouble, NotKept, NotRemoved

log = logging.getLogger(__name__)

_STORE_KEY = re.compile(r"[0-9a-fA-F]{64}")


def entries_of(profile_id: str) -> tuple[str, str, str]:
    """The names of a profile's entries: its credentials, the ones that are to replace them, the key of its store."""
    return f"{profile_id}/credentials", f"{profile_id}/credentials/next", f"{profile_id}/store-key"


class Vault:
    """The secrets of the profile with that id. Every call blocks and may ask the operator. Errors: KeychainTrouble.

    One process at a time may write to a profile's vault: the one that holds the profile's lock.
    """

    def __init__(self, keychain: Keychain, profile_id: str) -> None:
        self.keychain = keychain
        self._credentials, self._next, self._store_key = entries_of(profile_id)
        self._turn = threading.Lock()

    def credentials(self) -> Credentials | None:
        """The key and secret; None where none were kept. Finishes a replacement that was interrupted."""
        with self._turn:
            pending = self._pending()
            if pending is None:
                return _credentials_of(self._look(self._credentials), self._credentials)
            try:
                self._put_in_place(pending)
            except KeychainTrouble as trouble:
                log.warning("the new credentials stay in their second entry for now: %s", type(trouble).__name__)
            return _credentials_of(pending, self._next)

    def keep(self, credentials: Credentials) -> None:
        """Keep these instead of what was kept. After an error, either the old ones or these are there, whole."""
        members = {"key": credentials.key, "secret": credentials.secret.reveal()}
        value = Secret(json.dumps(members, ensure_ascii=False, separators=(",", ":")))
        refuse_too_long(value)
        with self._turn:
            # After an interruption the second entry may be the only one: it is not to be overwritten before it was used.
            if (pending := self._pending()) is not None:
                self._put_in_place(pending)
            self.keychain.write(self._next, value)
            self._put_in_place(value)

    def store_key(self) -> Secret | None:
        """The store's key as 64 hex digits; None where there is none, or what is there isn't one."""
        value = self._look(self._store_key)
        if value is not None and not _STORE_KEY.fullmatch(value.reveal()):
            _warn(self._store_key)
            return None
        return value

    def make_store_key(self) -> Secret:
        """Make a key for the store, keep it and return it. Errors: AlreadyKept where there is anything in its place."""
        with self._turn:
            if self._is_there(self._store_key):
                raise AlreadyKept("Nothing was changed.")
            key = Secret(os.urandom(32).hex())
            self.keychain.write(self._store_key, key)
            return key

    def keep_store_key(self, key: Secret) -> None:
        """Put back a key that was recovered elsewhere. Errors: AlreadyKept where another is there, ValueError for no key."""
        if not _STORE_KEY.fullmatch(key.reveal()):
            raise ValueError("not a store's key")
        with self._turn:
            held = self.store_key()
            if held == key:
                return
            if held is not None:
                raise AlreadyKept("Nothing was changed.")
            self.keychain.write(self._store_key, key)

    def forget(self) -> None:
        """Remove all that was kept for the profile, and make sure that it is gone."""
        self._remove(self._credentials, self._next, self._store_key)

    def forget_credentials(self) -> None:
        """Remove the key and secret only: what the store's key opens can still be read."""
        self._remove(self._credentials, self._next)

    def _remove(self, *entries: str) -> None:
        with self._turn:
            for entry in entries:
                self.keychain.remove(entry)
            left = [entry for entry in entries if self._is_there(entry)]
        if left:
            raise NotRemoved(f"Still there: {', '.join(f'“LumeDesk {entry}”' for entry in left)}.")

    def _pending(self) -> Secret | None:
        """What a replacement left in the second entry, if it can be read as credentials."""
        value = self._look(self._next)
        return value if _credentials_of(value, self._next) else None

    def _put_in_place(self, value: Secret) -> None:
        self.keychain.write(self._credentials, value)
        self.keychain.remove(self._next)

    def _look(self, entry: str) -> Secret | None:
        """What the entry holds; None also for what isn't even text."""
        try:
            return self.keychain.read(entry)
        except NotKept:
            _warn(entry)
            return None

    def _is_there(self, entry: str) -> bool:
        try:
            return self.keychain.read(entry) is not None
        except NotKept:
            return True


def _credentials_of(value: Secret | None, entry: str) -> Credentials | None:
    if value is None:
        return None
    try:
        match json.loads(value.reveal()):
            case {"key": str(key), "secret": str(secret), **rest} if not rest:
                return Credentials(key, Secret(secret))
    except (ValueError, RecursionError):
        pass
    _warn(entry)
    return None


def _warn(entry: str) -> None:
    log.warning("the keychain's entry “LumeDesk %s” isn't what the desk writes there; it is left as it is", entry)
