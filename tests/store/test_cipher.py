"""Files that are encrypted as a whole, and refused where they wouldn't be."""

from collections.abc import Iterator
from pathlib import Path

import apsw
import pytest

from lumedesk.domain.credentials import Secret
from lumedesk.domain.kinds import Kind
from lumedesk.store.chain import ChainBroken, ChainedLog, ChainUnwritable
from lumedesk.store.cipher import NoCipher, connect
from lumedesk.store.mirror import Mirror
from lumedesk.store.paths import ProfilePaths
from lumedesk.store.reader import MirrorReader
from tests.support.builders import a_withdrawal
from tests.support.keys import STORE_KEY
from tests.support.mirrors import write

CANARY = "canary-4711-canary"
OTHER_KEY = Secret("a5" * 32)


def on_disk(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in folder.rglob("*") if path.is_file())


def test_no_record_can_be_read_from_any_file(profile: ProfilePaths) -> None:
    mirror = Mirror(profile.mirror, STORE_KEY)
    write(mirror, Kind.WITHDRAWALS, [a_withdrawal(transaction_id=CANARY)])
    log = ChainedLog(profile.journal, profile.head_of(profile.journal), STORE_KEY)
    log.append("2026-01-01", CANARY, "armed", CANARY.encode())
    # Both are still open: the write-ahead logs hold what was written.
    assert profile.journal.with_name("journal.sqlite-wal").stat().st_size > 0
    assert CANARY.encode() not in on_disk(profile.folder.parent.parent)
    log.close()
    mirror.close()
    assert CANARY.encode() not in on_disk(profile.folder.parent.parent)
    reader = MirrorReader(profile.mirror, STORE_KEY)
    assert CANARY.encode() in reader.recent(1)[0][1]
    reader.close()


@pytest.mark.parametrize("key", [OTHER_KEY, None])
def test_another_key_begins_no_new_log(profile: ProfilePaths, key: Secret | None) -> None:
    place = (profile.journal, profile.head_of(profile.journal))
    log = ChainedLog(*place, STORE_KEY)
    log.append("2026-01-01", "u1", "armed", b"{}")
    log.close()
    before = profile.journal.read_bytes()
    with pytest.raises(ChainBroken, match="another key"):
        ChainedLog(*place, key)
    assert profile.journal.read_bytes() == before
    reopened = ChainedLog(*place, STORE_KEY)
    assert [entry.subject for entry in reopened.entries] == ["u1"]
    reopened.close()


def test_another_key_begins_the_mirror_anew_and_keeps_the_old_file(profile: ProfilePaths) -> None:
    mirror = Mirror(profile.mirror, STORE_KEY)
    write(mirror, Kind.WITHDRAWALS, [a_withdrawal()])
    mirror.close()
    before = profile.mirror.read_bytes()
    Mirror(profile.mirror, OTHER_KEY).close()
    assert profile.mirror.with_name("mirror.sqlite.damaged").read_bytes() == before


@pytest.mark.parametrize("digits", ["", "5a" * 31, "5A" * 32, "'; --" + "5a" * 32])
def test_a_key_of_another_form_is_refused_and_not_told(tmp_path: Path, digits: str) -> None:
    with pytest.raises(ValueError, match="64 hex digits") as refused:
        connect(tmp_path / "x.sqlite", Secret(digits))
    assert not digits or digits not in str(refused.value)


@pytest.fixture
def plain_layer() -> Iterator[None]:
    """Another layer of files on top of the one that encrypts, as a monitoring tool might put it."""

    class Plain(apsw.VFS):
        def __init__(self) -> None:
            super().__init__("plain", apsw.vfs_names()[0], makedefault=True)

    layer = Plain()
    yield
    layer.unregister()


def test_without_encryption_nothing_is_opened(plain_layer: None, profile: ProfilePaths) -> None:
    with pytest.raises(NoCipher, match="doesn't encrypt"):
        connect(profile.mirror, STORE_KEY)
    with pytest.raises(ChainUnwritable, match="doesn't encrypt"):
        ChainedLog(profile.journal, profile.head_of(profile.journal), STORE_KEY)
