"""Data across versions: what an old desk left behind opens here, and what a newer one wrote is refused and left as it is."""

import logging
import shutil
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from lumedesk.domain.clocks import SystemClock
from lumedesk.domain.intents import OPEN, Intent, State, WithdrawalTerms
from lumedesk.domain.kinds import HISTORIES, Kind
from lumedesk.domain.limits import Limits
from lumedesk.domain.profiles import ProfileKind
from lumedesk.domain.queries import HistoryQuery
from lumedesk.domain.quotes import QuotePreferences
from lumedesk.store import audit
from lumedesk.store.audit import AuditLog
from lumedesk.store.chain import ChainUnwritable
from lumedesk.store.cipher import connect
from lumedesk.store.journal import Blocked, Journal
from lumedesk.store.limits import LimitsFile
from lumedesk.store.lock_file import LockDamaged, read_lock
from lumedesk.store.mirror import Mirror
from lumedesk.store.mirror_file import MirrorError
from lumedesk.store.owner import OwnerFile
from lumedesk.store.paths import ProfilePaths
from lumedesk.store.preferences import read_preferences, write_preferences
from lumedesk.store.private_file import NotWritable, read_json, write_json
from lumedesk.store.profiles import BadProfile, last_opened, list_profiles, read_profile
from lumedesk.store.reader import MirrorReader
from lumedesk.store.retention import read_retention, write_retention
from lumedesk.store.saved_filters import FiltersFile
from lumedesk.store.seen import SeenFile
from tests.support.builders import a_beneficiary
from tests.support.intents import an_arming, withdrawal_terms
from tests.support.keys import STORE_KEY
from tests.support.old_desk import (
    CUT_OFF,
    FILTER,
    IDLE_MINUTES,
    KEEP_DAYS,
    LIMITS,
    LOST,
    NAME,
    PASSPHRASE,
    REFRESHES,
    unpack,
)

DATA = Path(__file__).parents[1] / "data"
NOW = datetime(2027, 3, 1, 9, tzinfo=UTC)
# As many versions later than any that this desk knows.
LATER = 100
ROWS = {Kind.TRADES: 9, Kind.DEPOSITS: 37, Kind.WITHDRAWALS: 45}


@pytest.fixture(params=sorted(DATA.glob("desk-*.tar.xz")), ids=lambda archive: archive.name.removesuffix(".tar.xz"))
def old(request: pytest.FixtureRequest, tmp_path: Path) -> ProfilePaths:
    """The files of the one profile of each older desk."""
    return unpack(request.param, tmp_path)


@pytest.fixture
def journal(old: ProfilePaths) -> Iterator[Journal]:
    journal = Journal(old.journal, old.head_of(old.journal), SystemClock(), STORE_KEY)
    yield journal
    journal.close()


def by_amount(journal: Journal, amount: Decimal) -> Intent:
    return next(
        each for each in journal.intents if isinstance(each.terms, WithdrawalTerms) and each.terms.amount == amount
    )


def shown(paths: ProfilePaths) -> dict[Kind, int]:
    """How many rows of each history a search for nothing in particular shows, once all is filled in."""
    mirror = Mirror(paths.mirror, STORE_KEY)
    try:
        for kind in HISTORIES:
            while mirror.catch_up(kind):
                pass
        reader = MirrorReader(paths.mirror, STORE_KEY)
        try:
            return {kind: len(reader.documents(kind, reader.order(HistoryQuery(kind)))) for kind in HISTORIES}
        finally:
            reader.close()
    finally:
        mirror.close()


def bytes_of(paths: ProfilePaths) -> dict[str, bytes]:
    """All files of the data folder but what SQLite keeps only while one is open."""
    data_dir = paths.folder.parent.parent
    return {
        each.relative_to(data_dir).as_posix(): each.read_bytes()
        for each in sorted(data_dir.rglob("*"))
        if each.is_file() and not each.name.endswith("-shm") and each.stat().st_size
    }


# Older


def test_there_is_old_data_to_try() -> None:
    assert (DATA / "desk-0.1.0.tar.xz").exists(), "without it, nothing below would be tried"


def test_every_order_of_the_old_journal_is_there_with_each_of_its_steps(journal: Journal) -> None:
    states = [[step.state for step in each.steps] for each in journal.intents]
    accepted = [State.ARMED, State.SENDING, State.ACCEPTED]
    assert states[:2] == [accepted, accepted]
    assert states[2][:3] == [State.ARMED, State.SENDING, State.UNKNOWN]
    assert states[3] == [State.ARMED, State.SENDING]
    assert len(states) == 4
    assert all(each.transaction_id for each in journal.intents[:2])
    assert len(journal.bound_ids()) == 2


def test_an_order_in_doubt_is_in_doubt_after_the_upgrade_and_blocks_its_like(journal: Journal) -> None:
    journal.recover()
    assert by_amount(journal, CUT_OFF).state is State.UNKNOWN
    for amount in (LOST, CUT_OFF):
        doubt = by_amount(journal, amount)
        assert doubt.state in OPEN
        again = an_arming(doubt.terms, key_fingerprint=doubt.arming.key_fingerprint)
        with pytest.raises(Blocked, match="no known outcome"):
            journal.arm(again)
    other = withdrawal_terms(amount=Decimal("1.25"))
    journal.arm(an_arming(other, key_fingerprint=journal.intents[0].arming.key_fingerprint))
    assert journal.intents[-1].terms == other


def test_the_old_audit_log_verifies_and_goes_on(old: ProfilePaths) -> None:
    head = old.head_of(old.audit)
    rows = audit.verify(old.audit, head, STORE_KEY)
    assert [row.what for row in rows].count("armed") == 3
    log = AuditLog(old.audit, head, SystemClock(), STORE_KEY)
    log.write("opened", "", {"by": "a later desk"})
    log.close()
    again = audit.verify(old.audit, head, STORE_KEY)
    assert again[: len(rows)] == rows
    assert [row.what for row in again[len(rows) :]] == ["opened"]


def test_the_old_histories_are_shown_and_found(old: ProfilePaths) -> None:
    assert shown(old) == ROWS
    reader = MirrorReader(old.mirror, STORE_KEY)
    try:
        assert len(reader.order(HistoryQuery(Kind.WITHDRAWALS, text=str(LOST)))) == 1
        assert reader.small(Kind.ACCOUNTS)
        assert reader.small(Kind.BENEFICIARIES)
    finally:
        reader.close()


def test_histories_of_the_version_before_that_are_shown_too(old: ProfilePaths) -> None:
    shutil.copyfile(DATA / "mirror-v1.sqlite", old.mirror)
    assert shown(old) == dict.fromkeys(HISTORIES, 60)


def test_the_old_passphrase_opens_the_old_key(old: ProfilePaths) -> None:
    profile = read_profile(old)
    assert profile is not None
    lock = read_lock(old.lock, profile.id)
    assert lock is not None
    key = lock.open(PASSPHRASE)
    assert key is not None
    assert key.reveal() == STORE_KEY.reveal()
    assert lock.settings.idle_minutes == IDLE_MINUTES


def test_everything_that_was_set_is_set_as_it_was(old: ProfilePaths) -> None:
    limits, filters = LimitsFile(old.limits, NOW, STORE_KEY), FiltersFile(old.filters, NOW, STORE_KEY)
    assert (limits.trouble, filters.trouble) == ("", "")
    assert limits.limits == LIMITS
    assert dict(filters.of(Kind.TRADES)) == dict([FILTER])
    assert read_preferences(old.preferences).max_refreshes == REFRESHES
    assert read_retention(old.retention) == KEEP_DAYS
    assert OwnerFile(old.owner, STORE_KEY).key_fingerprint
    data_dir = old.folder.parent.parent
    assert last_opened(data_dir) == NAME
    assert [each.profile.kind for each in list_profiles(data_dir) if each.profile] == [ProfileKind.CUSTOM]


# Newer


def raise_database(path: Path) -> None:
    connection = connect(path, STORE_KEY)
    connection.pragma("user_version", connection.pragma("user_version") + LATER)
    connection.close()


def raise_sealed(path: Path) -> None:
    write_json(path, _raised(read_json(path, STORE_KEY)), STORE_KEY)


def raise_plain(path: Path) -> None:
    write_json(path, _raised(read_json(path)))


def _raised(value: Any) -> Any:
    """As a later version might write it: counted one further, with something in it that nobody knows here."""
    return value | {"version": value.get("version", 1) + 1, "novelty": {"deep": ["1.5"]}}


def open_journal(paths: ProfilePaths) -> str:
    with pytest.raises(ChainUnwritable) as refusal:
        Journal(paths.journal, paths.head_of(paths.journal), SystemClock(), STORE_KEY)
    return str(refusal.value)


def open_audit(paths: ProfilePaths) -> str:
    with pytest.raises(ChainUnwritable) as refusal:
        AuditLog(paths.audit, paths.head_of(paths.audit), SystemClock(), STORE_KEY)
    return str(refusal.value)


def verify_audit(paths: ProfilePaths) -> str:
    with pytest.raises(ChainUnwritable) as refusal:
        audit.verify(paths.audit, paths.head_of(paths.audit), STORE_KEY)
    return str(refusal.value)


def open_mirror(paths: ProfilePaths) -> str:
    with pytest.raises(MirrorError) as refusal:
        Mirror(paths.mirror, STORE_KEY)
    return str(refusal.value)


def open_limits(paths: ProfilePaths) -> str:
    file = LimitsFile(paths.limits, NOW, STORE_KEY)
    assert file.limits == Limits()
    with pytest.raises(NotWritable, match="newer"):
        file.save(LIMITS)
    return file.trouble


def open_filters(paths: ProfilePaths) -> str:
    file = FiltersFile(paths.filters, NOW, STORE_KEY)
    assert not file.of(Kind.TRADES)
    with pytest.raises(NotWritable, match="newer"):
        file.put(Kind.TRADES, *FILTER)
    return file.trouble


def open_seen(paths: ProfilePaths) -> str:
    file = SeenFile(paths.seen, NOW, STORE_KEY)
    assert file.of("ben_1") is None
    with pytest.raises(NotWritable, match="newer"):
        file.notice([a_beneficiary(id="ben_1")], NOW)
    with pytest.raises(NotWritable, match="newer"):
        file.accept(a_beneficiary(id="ben_2"), NOW, used=True)
    return file.trouble


def open_profile(paths: ProfilePaths) -> str:
    with pytest.raises(BadProfile) as refusal:
        read_profile(paths)
    listed = list_profiles(paths.folder.parent.parent)
    assert [(each.name, each.profile, each.problem) for each in listed] == [(NAME, None, str(refusal.value))]
    return str(refusal.value)


def open_lock(paths: ProfilePaths) -> str:
    with pytest.raises(LockDamaged) as refusal:
        read_lock(paths.lock)
    return str(refusal.value)


def open_preferences(paths: ProfilePaths) -> str:
    assert read_preferences(paths.preferences) == QuotePreferences(), "the careful ones"
    with pytest.raises(NotWritable) as refusal:
        write_preferences(paths.preferences, QuotePreferences(two_step=True))
    return str(refusal.value)


def open_retention(paths: ProfilePaths) -> str:
    assert read_retention(paths.retention) is None, "nothing is deleted"
    with pytest.raises(NotWritable) as refusal:
        write_retention(paths.retention, 30)
    return str(refusal.value)


def open_owner(paths: ProfilePaths) -> str:
    file = OwnerFile(paths.owner, STORE_KEY)
    assert file.key_fingerprint == ""
    with LogCapture("lumedesk.store.owner") as said:
        file.keep("another")
    return said.text


class LogCapture(logging.Handler):
    """What one logger says inside a with block."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self.text = ""
        self._logger = logging.getLogger(name)

    def emit(self, record: logging.LogRecord) -> None:
        self.text += record.getMessage()

    def __enter__(self) -> "LogCapture":
        self._logger.addHandler(self)
        return self

    def __exit__(self, *_: object) -> None:
        self._logger.removeHandler(self)


KINDS: dict[str, tuple[Callable[[Path], None], Callable[[ProfilePaths], str]]] = {
    "journal": (raise_database, open_journal),
    "audit": (raise_database, open_audit),
    "mirror": (raise_database, open_mirror),
    "limits": (raise_sealed, open_limits),
    "filters": (raise_sealed, open_filters),
    "seen": (raise_sealed, open_seen),
    "owner": (raise_sealed, open_owner),
    "marker": (raise_plain, open_profile),
    "lock": (raise_plain, open_lock),
    "preferences": (raise_plain, open_preferences),
    "retention": (raise_plain, open_retention),
}


@pytest.fixture
def complete(old: ProfilePaths) -> ProfilePaths:
    """With the one file that the old desk writes only when a beneficiary is looked at."""
    SeenFile(old.seen, NOW, STORE_KEY).notice([a_beneficiary(id="ben_1")], NOW)
    return old


@pytest.mark.parametrize("kind", KINDS)
def test_what_a_newer_desk_wrote_is_refused_in_words_and_not_altered(complete: ProfilePaths, kind: str) -> None:
    newer, refused = KINDS[kind]
    newer(getattr(complete, kind))
    before = bytes_of(complete)
    for _ in range(2):
        assert "newer LumeDesk" in refused(complete)
    assert bytes_of(complete) == before


def test_a_newer_audit_log_is_not_called_broken(old: ProfilePaths) -> None:
    raise_database(old.audit)
    before = bytes_of(old)
    assert "newer LumeDesk" in verify_audit(old)
    assert bytes_of(old) == before


def test_after_a_refusal_the_right_version_opens_everything(complete: ProfilePaths, tmp_path: Path) -> None:
    kept = tmp_path / "kept"
    data_dir = complete.folder.parent.parent
    shutil.copytree(data_dir, kept)
    for kind, (newer, refused) in KINDS.items():
        path: Path = getattr(complete, kind)
        newer(path)
        refused(complete)
        if newer is raise_database:
            connection = connect(path, STORE_KEY)
            connection.pragma("user_version", connection.pragma("user_version") - LATER)
            connection.close()
        else:
            shutil.copyfile(kept / path.relative_to(data_dir), path)
    assert shown(complete) == ROWS
    log = Journal(complete.journal, complete.head_of(complete.journal), SystemClock(), STORE_KEY)
    assert len(log.intents) == 4
    log.close()
    audit.verify(complete.audit, complete.head_of(complete.audit), STORE_KEY)
    test_everything_that_was_set_is_set_as_it_was(complete)
    test_the_old_passphrase_opens_the_old_key(complete)
    assert SeenFile(complete.seen, NOW, STORE_KEY).of("ben_1") is not None


def test_a_newer_mirror_is_not_begun_anew(old: ProfilePaths) -> None:
    raise_database(old.mirror)
    open_mirror(old)
    assert not list(old.folder.glob("mirror.sqlite.damaged*"))
