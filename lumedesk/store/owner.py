"""Remembers which API key a profile's records were last read with, so that another one is looked at before it writes there."""

import logging
from pathlib import Path

from lumedesk.domain.credentials import Secret
from lumedesk.store.private_file import NotReadable, NotWritable, is_newer, read_json, write_json

# The first files didn't say one.
_VERSION = 1
log = logging.getLogger(__name__)


class OwnerFile:
    """The key's fingerprint; empty where none is known, and what can't be read counts as that."""

    def __init__(self, path: Path, key: Secret | None = None) -> None:
        """`key` seals the file. Never raises."""
        self._path = path
        self._key = key
        self._is_foreign = False
        self.key_fingerprint = ""
        try:
            told = read_json(path, key)
        except (NotReadable, OSError):
            return
        self._is_foreign = is_newer(told, _VERSION)
        if not self._is_foreign and isinstance(told, dict) and isinstance(told.get("key"), str):
            self.key_fingerprint = told["key"]

    def keep(self, key_fingerprint: str) -> None:
        """Remember this one from now on. Never raises: what isn't kept is only asked for again."""
        if key_fingerprint == self.key_fingerprint:
            return
        self.key_fingerprint = key_fingerprint
        if self._is_foreign:
            log.warning("%s was written by a newer LumeDesk and stays as it is", self._path.name)
            return
        try:
            write_json(self._path, {"version": _VERSION, "key": key_fingerprint}, self._key)
        except NotWritable as error:
            log.warning("%s", error)
