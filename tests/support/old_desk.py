"""Makes a whole data folder as this version of the desk leaves it behind, for the tests of later versions.

    python -m tests.support.old_desk tests/data/desk-VERSION.tar.xz

Run it once for each release, from that release's own checkout, and keep what it made: a later desk couldn't make it any
more. The records are what a real session on a sandbox wrote; the key to them and the passphrase are told below.
"""

import sys
import tarfile
import tempfile
import time
import uuid
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import apsw
import msgspec
from PySide6.QtCore import QCoreApplication

import lumedesk
from lumedesk.domain.clocks import SystemClock
from lumedesk.domain.credentials import Secret
from lumedesk.domain.filters import HistoryFilter
from lumedesk.domain.intents import Arming, Ground, State, Step, WithdrawalTerms
from lumedesk.domain.kinds import HISTORIES, Kind
from lumedesk.domain.limits import CurrencyLimits, Limits
from lumedesk.domain.lock import LockSettings
from lumedesk.domain.profiles import Profile, ProfileKind
from lumedesk.domain.quotes import Quote
from lumedesk.domain.withdrawals import WithdrawalOrder
from lumedesk.store.cipher import connect
from lumedesk.store.journal import Journal
from lumedesk.store.lock_file import make_lock, write_lock
from lumedesk.store.mirror import Mirror
from lumedesk.store.paths import ProfilePaths, make_private_folder, profile_paths
from lumedesk.store.profiles import note_opened, write_profile
from lumedesk.store.retention import write_retention
from lumedesk.work.engine import Engine
from lumedesk.work.session import Session
from tests.support.builders import a_quote_request
from tests.support.desk import AddressConnector, a_session
from tests.support.keys import STORE_KEY
from tests.support.sandbox import SandboxControl, running_sandbox

NAME = "treasury"
PASSPHRASE = Secret("correct horse battery")
FILTER = ("Rand", HistoryFilter(text="ZAR"))
LIMITS = Limits({"ZAR": CurrencyLimits(single=Decimal("1000000.00"), daily=Decimal("2500000"))})
IDLE_MINUTES = 25
KEEP_DAYS = 400
REFRESHES = 7
# What was in doubt when the desk ended: the answer was lost; the desk ended while it was being sent.
LOST, CUT_OFF = Decimal("250.75"), Decimal("99.50")
_PATIENCE_S = 30.0


def main(archive: Path) -> None:
    """Write the archive."""
    QCoreApplication([])
    with tempfile.TemporaryDirectory() as folder:
        data_dir = Path(folder) / "data"
        make(data_dir)
        pack(data_dir, archive)
    sys.stdout.write(f"{archive}: LumeDesk {lumedesk.__version__}, {archive.stat().st_size:,} bytes\n")


def make(data_dir: Path) -> None:
    """Work with the desk for a while on a sandbox, and end it in the middle of an order."""
    profile = Profile(NAME, ProfileKind.CUSTOM, "Treasury", id="0123456789abcdef")
    paths = profile_paths(data_dir, NAME)
    make_private_folder(paths.folder)
    settings = LockSettings(idle_minutes=IDLE_MINUTES)
    with running_sandbox(seed=3, history=8, speed=0, quote_seconds=60) as server:
        write_profile(paths, msgspec.structs.replace(profile, base_url=server.base_url))
        write_lock(paths.lock, make_lock(PASSPHRASE, STORE_KEY, profile.id, settings))
        note_opened(data_dir, NAME)
        write_retention(paths.retention, KEEP_DAYS)
        engine = Engine()
        try:
            session = a_session(engine, paths, AddressConnector(server.base_url, server.credentials), SystemClock())
            session.start()
            wait(lambda: all(session.state(kind).confirmed_at for kind in Kind))
            work(session, SandboxControl(server))
            fingerprint = session.key_fingerprint
            session.stop()
        finally:
            engine.stop()
    end_while_sending(paths, fingerprint)
    settle(paths)


def work(session: Session, control: SandboxControl) -> None:
    """A trade, a withdrawal that went well, one whose answer is lost, and everything that can be set."""
    quotes: list[Quote] = []
    request = a_quote_request(from_amount=Decimal("100.25"))
    answered(lambda done: session.movements.request_quote(request, session, quotes.append, done), lambda: bool(quotes))
    given(session.movements.confirm, quotes[0], session)
    given(session.movements.withdraw, order(session, Decimal("42.10")), session)
    control.fault("createWithdrawal", "drop_after_commit")
    given(session.movements.withdraw, order(session, LOST), session)
    saved(lambda done, failed: session.safeguards.save_limits(LIMITS, done, failed))
    saved(lambda done, failed: session.filters.put(Kind.TRADES, *FILTER, done, failed))
    preferences = msgspec.structs.replace(session.preferences.quotes, max_refreshes=REFRESHES)
    saved(lambda done, failed: session.preferences.save(preferences, done, failed))


def end_while_sending(paths: ProfilePaths, fingerprint: str) -> None:
    """Leave the journal as a desk does that is killed between an order's POST and its answer."""
    clock = SystemClock()
    journal = Journal(paths.journal, paths.head_of(paths.journal), clock, STORE_KEY)
    earlier = next(each for each in journal.intents if each.state is not State.ACCEPTED)
    assert isinstance(earlier.terms, WithdrawalTerms)
    at = clock.now() - timedelta(seconds=1)
    journal.arm(
        Arming(
            str(uuid.uuid4()),
            WithdrawalTerms(
                earlier.terms.beneficiary_id,
                earlier.terms.beneficiary_name,
                earlier.terms.details,
                earlier.terms.currency,
                CUT_OFF,
            ),
            earlier.arming.host,
            fingerprint,
            (),
            at.isoformat(),
            clock.ticks(),
        )
    )
    journal.move(journal.intents[-1].uuid, State.ARMED, Step(State.SENDING, Ground.PROTOCOL))
    journal.close()


def settle(paths: ProfilePaths) -> None:
    """Fill in behind what the session had no time for, and fold the write-ahead log into the file."""
    mirror = Mirror(paths.mirror, STORE_KEY)
    for kind in HISTORIES:
        while mirror.catch_up(kind):
            pass
    mirror.checkpoint()
    mirror.close()


def order(session: Session, amount: Decimal) -> WithdrawalOrder:
    """To the first beneficiary for rand."""
    payee = next(each for each in session.records(Kind.BENEFICIARIES) if each.currency == "ZAR")
    return WithdrawalOrder(str(uuid.uuid4()), payee.id, payee.nickname, payee.withdraw_form_details, "ZAR", amount)


def given(give: Callable[..., None], what: Any, session: Session) -> None:
    """Give an order and wait for what becomes of it."""
    outcomes: list[Any] = []
    give(what, session, outcomes.append)
    wait(lambda: bool(outcomes))


def saved(save: Callable[[Callable[[], None], Callable[[Any], None]], None]) -> None:
    """Save a setting and wait until it is on disk."""
    said: list[bool] = []
    answered(lambda failed: save(lambda: said.append(True), failed), lambda: bool(said))


def answered(ask: Callable[[Callable[[Any], None]], object], is_there: Callable[[], bool]) -> None:
    """Ask and wait for the answer. Errors: RuntimeError with the failure that came instead."""
    failures: list[Any] = []
    ask(failures.append)
    wait(lambda: is_there() or bool(failures))
    if failures:
        raise RuntimeError(str(failures[0]))


def wait(condition: Callable[[], bool]) -> None:
    """Let Qt work until the condition holds. Errors: TimeoutError."""
    end = time.monotonic() + _PATIENCE_S
    while not condition():
        if time.monotonic() > end:
            raise TimeoutError("the desk didn't come that far")
        QCoreApplication.processEvents()


def pack(data_dir: Path, archive: Path) -> None:
    """One file for the whole folder: what is sealed must not be touched by any conversion of line ends.

    The mirror goes in unencrypted, where it packs to a twentieth; `unpack` encrypts it as it was. All else is as it was.
    """
    connection = connect(profile_paths(data_dir, NAME).mirror, STORE_KEY)
    connection.pragma("journal_mode", "delete")
    connection.pragma("rekey", "")
    connection.close()
    archive.parent.mkdir(parents=True, exist_ok=True)
    with tarfile.open(archive, "w:xz") as packed:
        for each in sorted(data_dir.rglob("*")):
            packed.add(each, each.relative_to(data_dir.parent).as_posix(), recursive=False, filter=_nobodys)


def unpack(archive: Path, folder: Path) -> ProfilePaths:
    """The old desk's data below `folder`. Shape: the files of its one profile."""
    with tarfile.open(archive) as packed:
        # Python 3.11 knows it from 3.11.4 on; the archive is our own.
        packed.extractall(folder, **({"filter": "data"} if hasattr(tarfile, "data_filter") else {}))  # noqa: S202
    paths = profile_paths(folder / "data", NAME)
    connection = apsw.Connection(str(paths.mirror))
    connection.pragma("cipher", "aegis")
    connection.pragma("rekey", f"raw:{STORE_KEY.reveal()}")
    connection.pragma("journal_mode", "wal")
    connection.close()
    return paths


def _nobodys(info: tarfile.TarInfo) -> tarfile.TarInfo:
    info.uid = info.gid = 0
    info.uname = info.gname = ""
    return info


if __name__ == "__main__":
    main(Path(sys.argv[1]))
