"""Makes profiles that hold a list, and knows when nothing of taking it in is left to do."""

from pathlib import Path

import apsw

from lumedesk.domain.credentials import Secret
from lumedesk.domain.kinds import Kind
from lumedesk.store.catching_up import behind, missing_indexes
from lumedesk.store.cipher import connect
from lumedesk.store.profiles import write_profile
from tests.bench.process import Watch
from tests.bench.rig import Rig, paths_in
from tests.bench.server import Server
from tests.bench.taking import file_in_pieces, take_in
from tests.support.keys import STORE_KEY, a_profile

_PAUSE_MS = 50.0


class Follower:
    """Looks at a mirror from outside: which of its work behind the rows is done. Its looking is rare enough to cost nothing."""

    def __init__(self, path: Path, key: Secret | None = STORE_KEY) -> None:
        self._db = connect(path, key, apsw.SQLITE_OPEN_READONLY)
        self._last = Watch()

    def close(self) -> None:
        self._db.close()

    def is_done(self) -> bool:
        """Whether all rows can be found and every index is there."""
        if self._last.passed() < _PAUSE_MS:
            return False
        self._last = Watch()
        return not behind(self._db, Kind.TRADES) and not missing_indexes(self._db, Kind.TRADES)


def build(folder: str, body: str) -> dict[str, float]:
    """In a fresh process: a profile in `folder` that holds the list. Shape: how long it took, and its CPU."""
    with Server() as server:
        server.serve("trades", Path(body))
        rig = Rig(Path(folder), server.url)
        write_profile(rig.paths, a_profile())
        watch = Watch()
        session = rig.open_session()
        rig.wait_for(lambda: session.state(Kind.TRADES).confirmed_at, "the list")
        follower = Follower(rig.paths.mirror)
        rig.wait_for(follower.is_done, "the indexes")
        follower.close()
        told = {"passed_ms": watch.passed(), "cpu_ms": watch.computed()}
        rig.close()
    return told


def write(folder: str, body: str) -> None:
    """In a fresh process: the same profile, by the desk's own writing code alone, without a server."""
    paths = paths_in(Path(folder))
    write_profile(paths, a_profile())
    take_in(paths.mirror, STORE_KEY, file_in_pieces(Path(body)))
