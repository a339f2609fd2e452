"""Looks for a notice of a newer LumeDesk: on request, and once a day where the user wants that. Installs nothing."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer, Signal

from lumedesk import __version__
from lumedesk.assets import resources
from lumedesk.domain.errors import DeskError, Wire
from lumedesk.domain.profiles import Profile
from lumedesk.domain.releases import Notice, Seen, Source, UpdateRefused, judge, read_notice, read_source
from lumedesk.domain.versions import Version
from lumedesk.store.private_file import NotWritable
from lumedesk.store.update_settings import UpdateSettings, keep_asked, keep_daily, read_update_settings
from lumedesk.work.engine import Engine
from lumedesk.work.preferences import NotSaved
from lumedesk.work.states import Connection

if TYPE_CHECKING:
    from lumedesk.api.endpoint import Endpoint
    from lumedesk.work.session import Session

log = logging.getLogger(__name__)

NO_SOURCE = "This build has no source for updates."
_OFFLINE = "LumeDesk works offline, so it doesn't ask for updates."
_VIEW_ONLY = "This window only shows what another LumeDesk saved, so it doesn't ask for updates."
_SANDBOX = "In the sandbox LumeDesk never asks by itself."

_LOOK_MS = 60_000
_DAY = timedelta(days=1)
_AGAIN_AFTER_S = 3_600.0
# So long without any good notice isn't a bad day of the network any more.
_SILENCE = timedelta(days=14)


@dataclass(frozen=True, slots=True)
class _Outcome:
    """What asking led to: a notice, or why there is none; and what is known and saved now."""

    notice: Notice | None
    error: DeskError | None
    settings: UpdateSettings
    trouble: str = ""


class Updates(QObject):
    """What one open desk knows of newer versions. Lives on the UI thread; asks on the worker.

    `notice` is the last one that was believed, `error` why the last time brought none, `trouble` what couldn't be saved.
    """

    # Something of the above is different now, or asking began or ended. UI thread.
    changed = Signal()
    # What `told` says came of a check that nobody asked for. UI thread.
    noticed = Signal()

    def __init__(
        self,
        session: Session,
        engine: Engine,
        profile: Profile,
        path: Path,
        source: Source | None,
        *,
        problem: str = "",
        running: str = __version__,
        parent: QObject | None = None,
    ) -> None:
        """`path` is the settings' file. `problem` says why a `source` that is there can't be used."""
        super().__init__(parent)
        self._session = session
        self._engine = engine
        self._profile = profile
        self._path = path
        self._source = source
        self._endpoint: Endpoint | None = None
        self._problem = problem or self._find_endpoint()
        self._tried_at: float | None = None
        self.running = Version(running)
        self.settings = read_update_settings(path)
        # Also what couldn't be saved.
        self._seen = self.settings.seen
        self.notice: Notice | None = None
        self.error: DeskError | None = None
        self.trouble = ""
        self.is_asking = False
        self._looks = QTimer(self)
        self._looks.setInterval(_LOOK_MS)
        self._looks.timeout.connect(self.ask_if_due)
        self._watch()

    def _find_endpoint(self) -> str:
        """The profile's own way to the network is used for this, too; its key never is. Shape: what is wrong with it."""
        if self._source is None:
            return NO_SOURCE
        from lumedesk.api.endpoint import Endpoint

        profile = self._profile
        try:
            extra_ca = Path(profile.extra_ca) if profile.extra_ca else None
            self._endpoint = Endpoint(self._source.address, profile.proxy or None, extra_ca)
        except ValueError as error:
            return f"This build's source for updates can't be used: {error}"
        return ""

    # What is known

    @property
    def has_source(self) -> bool:
        """Whether there is anything that could be asked."""
        return self._endpoint is not None

    @property
    def host(self) -> str:
        """Whom a check asks; empty without a source."""
        return self._endpoint.host if self._endpoint else ""

    @property
    def page_host(self) -> str:
        """Where a notice's link may lead; empty without a source."""
        return self._source.page_host if self._source else ""

    @property
    def way(self) -> str:
        """What of the profile's settings a check makes use of, in words; empty where it is nothing."""
        if self._endpoint is None or not self._endpoint.is_encrypted:
            return ""
        proxy = f"goes through this profile's proxy {self._endpoint.proxy}" if self._endpoint.proxy else ""
        trust = "trusts this profile's CA file, too" if self._endpoint.extra_ca else ""
        return " and ".join(filter(None, (proxy, trust)))

    @property
    def why_not(self) -> str:
        """Why nothing can be asked now, in words; empty when it can."""
        if self._problem:
            return self._problem
        if self._session.connection is Connection.VIEW_ONLY:
            return _VIEW_ONLY
        return _OFFLINE if self._session.is_offline else ""

    @property
    def why_not_daily(self) -> str:
        """Why nothing is asked by itself here, whatever the user chose; empty when it is."""
        return self._problem or (_SANDBOX if self._profile.is_sandbox else self.why_not)

    @property
    def is_newer(self) -> bool:
        """Whether there is a newer version than this one."""
        return self.notice is not None and self.notice.version > self.running

    @property
    def told(self) -> str:
        """What a check by itself has to say to somebody who didn't ask; empty where that is nothing."""
        if isinstance(self.error, UpdateRefused):
            return f"{self.error.title}. {self.error.detail}"
        if self.error is not None:
            # Where none ever came: since they are asked for.
            since = self.settings.heard_at or self.settings.daily_since
            is_silent = since is not None and self._session.clock.now() - since > _SILENCE
            return f"No notice of releases has come since {since:%d %B %Y}." if is_silent else ""
        if self.is_newer and self.notice is not None:
            return f"LumeDesk {self.notice.version} has been released; this is {self.running}."
        return ""

    # What can be done

    def ask(self) -> None:
        """Ask now; `changed` follows. Nothing where it is asked already, or can't be."""
        self._ask(by_itself=False)

    def ask_if_due(self) -> None:
        """Ask if the user wants that daily and a day has gone by since the last answer."""
        if not self._is_due():
            return
        # Another LumeDesk of this user may have asked meanwhile, or been told not to.
        saved, known = read_update_settings(self._path), self.settings.asked_at
        self.settings = replace(saved, asked_at=saved.asked_at or known)
        if self._is_due():
            self._ask(by_itself=True)

    def set_daily(self, *, is_daily: bool, failed: Callable[[DeskError], None]) -> None:
        """Note whether to ask once a day; `failed` gets NotSaved, and then all stays as it was."""
        now = self._session.clock.now()

        async def write() -> UpdateSettings:
            try:
                return keep_daily(self._path, is_daily=is_daily, at=now)
            except NotWritable as error:
                raise NotSaved(str(error), wire=Wire.NOT_SENT) from error

        def take(settings: UpdateSettings) -> None:
            self.settings = settings
            self._watch()
            self.changed.emit()

        self._engine.submit(write(), self, take, failed)

    def _watch(self) -> None:
        if self.settings.is_daily and not self._problem and not self._profile.is_sandbox:
            self._looks.start()
        else:
            self._looks.stop()

    def _is_due(self) -> bool:
        clock, asked_at = self._session.clock, self.settings.asked_at
        if not self.settings.is_daily or self.why_not_daily:
            return False
        if self._tried_at is not None and clock.ticks() - self._tried_at < _AGAIN_AFTER_S:
            return False
        # A clock that was set back must not put the next check off for years.
        return asked_at is None or not timedelta() <= clock.now() - asked_at < _DAY

    def _ask(self, *, by_itself: bool) -> None:
        if self.is_asking or self.why_not or self._endpoint is None or self._source is None:
            return
        self.is_asking = True
        self._tried_at = self._session.clock.ticks()
        self.changed.emit()

        def take(outcome: _Outcome) -> None:
            self.is_asking = False
            self.error, self.settings, self.trouble = outcome.error, outcome.settings, outcome.trouble
            if outcome.notice is not None:
                self.notice = outcome.notice
                self._seen = self._seen.with_notice(outcome.notice)
            self.changed.emit()
            if by_itself and self.told:
                self.noticed.emit()

        def take_failure(error: DeskError) -> None:
            take(_Outcome(None, error, self.settings))

        now = self._session.clock.now()
        asking = _asked(self._endpoint, self._source, self._path, self._seen, now, self.running)
        self._engine.submit(asking, self, take, take_failure)


def source_of_this_build() -> tuple[Source | None, str]:
    """Where this build hears of releases, from `resources/release.json`. Shape: None, and why, where it doesn't."""
    try:
        source = read_source((resources() / "release.json").read_bytes())
    except FileNotFoundError:
        return None, NO_SOURCE
    except (OSError, ValueError) as error:
        log.warning("resources/release.json can't be read: %s", error)
        return None, f"This build's source for updates can't be read: {error}"
    return source, "" if source else NO_SOURCE


async def _asked(
    endpoint: Endpoint, source: Source, path: Path, seen: Seen, now: datetime, running: Version
) -> _Outcome:
    """Ask, and note what came. Errors: NotFetched; nothing is noted then. For the worker."""
    from lumedesk.api.releases import fetch_notice, opened

    notice, error = None, None
    # Another LumeDesk of this user may have seen more; where the file is lost, this one still knows.
    saved = read_update_settings(path).seen
    try:
        read = read_notice(opened(await fetch_notice(endpoint), source.keys), source.page_host)
        for each in (seen, saved):
            judge(read, each, now, running=running)
        notice = read
    except UpdateRefused as refused:
        error = refused
    try:
        return _Outcome(notice, error, keep_asked(path, now, notice))
    except NotWritable as unwritable:
        log.warning("%s", unwritable)
        return _Outcome(notice, error, replace(read_update_settings(path), asked_at=now), str(unwritable))
