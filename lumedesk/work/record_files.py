"""The file of a profile's records, as a session has it open."""

from pathlib import Path

from lumedesk.domain.credentials import Secret
from lumedesk.store.mirror import Mirror
from lumedesk.store.reader import MirrorReader


class RecordFiles:
    """One file, open to be written to, and to be read on the window's thread and on the worker's.

    `writer` is None where another process writes. Errors: MirrorError when the file can't be used.
    """

    def __init__(self, path: Path, key: Secret | None, *, view_only: bool) -> None:
        self._path = path
        self._key = key
        self._view_only = view_only
        self._open()

    def _open(self) -> None:
        self.writer = None if self._view_only else Mirror(self._path, self._key)
        self.reader = MirrorReader(self._path, self._key)
        self.worker_reader = MirrorReader(self._path, self._key)

    def note_damage(self) -> None:
        """Something in the file can't be read: the next opening sets it aside if it is really damaged."""
        if self.writer is not None:
            self.writer.note_damage()

    def set_aside(self) -> bool:
        """The same, and open it anew now; False, with nothing done, where another process writes."""
        if self.writer is None:
            return False
        self.note_damage()
        self.reader.close()
        self.close_worker()
        self._open()
        return True

    def close_worker(self) -> None:
        """Close all but the window's reader. The writer closes last: only it can bring everything into the one file."""
        self.worker_reader.close()
        if self.writer is not None:
            self.writer.close()
