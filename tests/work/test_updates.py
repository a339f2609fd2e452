"""Looking for updates, over a real socket and a real settings file: when it asks, when it doesn't, what it believes."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtWidgets import QApplication

from lumedesk.domain.profiles import Profile, ProfileKind
from lumedesk.domain.releases import UpdateRefused, Why
from lumedesk.store.update_settings import keep_daily, read_update_settings
from lumedesk.views.theme import Scheme
from lumedesk.work.updates import NO_SOURCE, Updates, source_of_this_build
from tests.support.clock import FakeClock
from tests.support.keys import a_profile, a_sandbox
from tests.support.notice_server import NoticeServer
from tests.support.raw_server import http
from tests.support.releases import NOW, OTHER_KEY, a_source, an_envelope
from tests.support.stage import LaidOut, LaidOutConnector, Stage, settle, until

DAY_S, HOUR_S = 86_400.0, 3_600.0
Make = Callable[..., Updates]


@pytest.fixture
def server() -> Iterator[NoticeServer]:
    with NoticeServer() as server:
        yield server


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock(NOW)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "data" / "updates.json"


@pytest.fixture
def stage(qapp: QApplication, tmp_path: Path, clock: FakeClock) -> Iterator[Stage]:
    """A desk that is connected."""
    stage = Stage(tmp_path / "desk", Scheme.LIGHT, LaidOutConnector(LaidOut()), clock)
    yield stage
    stage.close()


@pytest.fixture
def make(stage: Stage, server: NoticeServer, path: Path) -> Make:
    """Makes what a new start of the program would make; version 0.1.0 unless another is given."""

    def make(profile: Profile | None = None, running: str = "0.1.0", **options: Any) -> Updates:
        options = {"source": server.source, **options}
        source = options.pop("source")
        engine = stage._desk.engine
        return Updates(
            stage.session, engine, profile or a_profile(), path, source, running=running, parent=stage.window, **options
        )

    return make


def asked(updates: Updates) -> Updates:
    """Ask, and wait for what comes of it."""
    updates.ask()
    return ended(updates)


def ended(updates: Updates) -> Updates:
    assert updates.is_asking
    until(lambda: not updates.is_asking, "an answer")
    return updates


def why(updates: Updates) -> Why:
    assert isinstance(updates.error, UpdateRefused), updates.error
    return updates.error.why


# What is believed


def test_a_newer_version_is_told(make: Make, path: Path) -> None:
    updates = asked(make())
    assert updates.error is None
    assert updates.is_newer
    assert updates.notice is not None
    assert str(updates.notice.version) == "0.2.0"
    assert updates.told == "LumeDesk 0.2.0 has been released; this is 0.1.0."
    assert read_update_settings(path) == updates.settings
    assert (updates.settings.seen.serial, updates.settings.heard_at) == (7, NOW)


@pytest.mark.parametrize("running", ["0.2.0", "0.2.0+here"])
def test_the_same_version_is_no_news_and_no_error(make: Make, running: str) -> None:
    updates = asked(make(running=running))
    assert (updates.error, updates.is_newer, updates.told) == (None, False, "")
    assert updates.notice is not None


@pytest.mark.parametrize("running", ["0.2.1-rc.1", "0.3.0", "1.0.0"])
def test_a_notice_of_an_older_version_than_runs_is_refused_however_well_it_is_signed(
    make: Make, path: Path, running: str
) -> None:
    updates = asked(make(running=running))
    assert why(updates) is Why.BEHIND
    assert (updates.notice, updates.is_newer) == (None, False)
    assert str(updates.error).endswith(f"It tells of 0.2.0; this is {running}.")
    assert read_update_settings(path).heard_at is None


def test_a_release_is_newer_than_its_own_pre_release(make: Make) -> None:
    assert asked(make(running="0.2.0-rc.1")).is_newer


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (http(200, an_envelope(key=OTHER_KEY)), Why.SIGNATURE),
        (http(200, an_envelope(key=OTHER_KEY, key_id="other")), Why.KEY),
        (http(200, an_envelope(valid_until="2026-05-11T10:15:30Z")), Why.EXPIRED),
        (http(200, an_envelope(format=2)), Why.FORMAT),
        (http(200, an_envelope(page="https://evil.example/0.2.0")), Why.PAGE),
        (http(200, b"<html>Sign in</html>"), Why.CONTENT),
        (http(302, an_envelope(), headers={"Location": "https://evil.example/"}), Why.REDIRECT),
        (http(404), Why.STATUS),
    ],
    ids=lambda each: each.name if isinstance(each, Why) else "",
)
def test_what_is_refused_is_told_and_noted_as_an_answer(
    make: Make, server: NoticeServer, path: Path, answer: bytes, expected: Why
) -> None:
    server.answer = answer
    updates = asked(make())
    assert why(updates) is expected
    assert (updates.notice, updates.is_newer) == (None, False)
    assert updates.told.startswith("The notice of releases was refused. ")
    saved = read_update_settings(path)
    assert (saved.asked_at, saved.heard_at, saved.seen.serial) == (NOW, None, 0)


def test_an_older_notice_than_one_seen_before_is_refused_after_a_restart_too(make: Make, server: NoticeServer) -> None:
    asked(make())
    server.tell(serial=6, version="0.3.0")
    assert why(asked(make())) is Why.OLDER
    server.tell(serial=8, version="0.1.9")
    # Newer than what runs, and properly signed, but older than what was told of already.
    assert why(asked(make())) is Why.OLDER
    server.tell(serial=8, version="0.2.1")
    assert asked(make()).is_newer


def test_what_another_lumedesk_saw_meanwhile_counts(make: Make, server: NoticeServer) -> None:
    first = make()
    asked(make())
    server.tell(serial=6)
    assert why(asked(first)) is Why.OLDER


def test_what_was_seen_counts_where_it_could_not_be_saved(make: Make, server: NoticeServer, path: Path) -> None:
    path.parent.write_text("a file where the folder should be")
    updates = asked(make())
    assert updates.is_newer
    assert updates.trouble.startswith("updates.json can't be written: ")
    server.tell(serial=6)
    assert why(asked(updates)) is Why.OLDER


def test_a_corrupt_settings_file_is_no_hindrance(make: Make, path: Path) -> None:
    path.parent.mkdir()
    path.write_text("{")
    updates = make()
    assert not updates.settings.is_daily
    assert asked(updates).is_newer
    assert read_update_settings(path).seen.serial == 7


def test_what_was_found_stays_when_the_next_answer_is_refused(make: Make, server: NoticeServer) -> None:
    updates = asked(make())
    server.answer = http(404)
    asked(updates)
    assert (why(updates), updates.is_newer) == (Why.STATUS, True)
    server.tell()
    assert asked(updates).error is None


# Whom it asks, and how


def test_the_key_and_the_version_stay_here(make: Make, server: NoticeServer) -> None:
    asked(make())
    (request,) = server.requests
    assert sorted(request.headers) == ["accept-encoding", "connection", "host"]
    assert (request.method, request.target, request.body) == ("GET", "/manifest.json", b"")


def test_the_profiles_way_to_the_network_is_used_and_told(make: Make, tmp_path: Path) -> None:
    profile = Profile(
        "desk",
        ProfileKind.CUSTOM,
        base_url="https://api.example.org",
        proxy="http://127.0.0.1:9",
        extra_ca=str(tmp_path / "ca.pem"),
    )
    updates = make(profile, source=a_source())
    assert updates.host == "releases.example.org"
    assert updates.way == "goes through this profile's proxy http://127.0.0.1:9 and trusts this profile's CA file, too"
    # Taken, and not only told: the file isn't there.
    assert "The extra CA file can't be read" in str(asked(updates).error)
    assert make(source=a_source()).way == ""


def test_two_requests_at_once_are_one(make: Make, server: NoticeServer) -> None:
    server.hold()
    updates = make()
    updates.ask()
    updates.ask()
    until(lambda: server.requests, "the request")
    server.release()
    ended(updates)
    assert len(server.requests) == 1


def test_a_desk_that_closes_drops_the_request(make: Make, server: NoticeServer, stage: Stage) -> None:
    server.hold()
    make().ask()
    until(lambda: server.requests, "the request")
    stage.close()


# When it doesn't ask


def never_asks(updates: Updates, server: NoticeServer) -> bool:
    updates.ask()
    updates.ask_if_due()
    settle()
    return not updates.is_asking and not server.requests


def test_without_a_source_nothing_is_asked(make: Make, server: NoticeServer) -> None:
    updates = make(source=None)
    assert updates.why_not == updates.why_not_daily == NO_SOURCE == "This build has no source for updates."
    assert not updates.has_source
    assert never_asks(updates, server)


@pytest.mark.parametrize("address", ["http://releases.example.org/m.json", "releases.example.org", "https://a/?x=1"])
def test_a_source_that_is_not_https_is_not_asked(make: Make, server: NoticeServer, address: str) -> None:
    updates = make(source=a_source(address))
    assert updates.why_not.startswith("This build's source for updates can't be used: The address")
    assert never_asks(updates, server)


def test_this_build_names_no_source_yet() -> None:
    assert source_of_this_build() == (None, NO_SOURCE)


def test_a_source_that_cannot_be_read_is_told(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, make: Make) -> None:
    monkeypatch.setattr("lumedesk.work.updates.resources", lambda: tmp_path)
    assert source_of_this_build() == (None, NO_SOURCE)
    (tmp_path / "release.json").write_text('{"manifest": "https://a.example"}')
    source, problem = source_of_this_build()
    assert source is None
    assert problem.startswith("This build's source for updates can't be read")
    assert make(source=None, problem=problem).why_not == problem


def test_working_offline_nothing_is_asked(make: Make, server: NoticeServer, stage: Stage, path: Path) -> None:
    keep_daily(path, is_daily=True, at=NOW)
    stage.session.set_offline(offline=True)
    updates = make()
    assert updates.why_not == "LumeDesk works offline, so it doesn't ask for updates."
    assert never_asks(updates, server)
    stage.session.set_offline(offline=False)
    assert updates.why_not == ""
    asked(updates)


def test_a_window_that_only_looks_on_asks_nothing(
    make: Make, server: NoticeServer, stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    from lumedesk.work.session import Connection

    monkeypatch.setattr(stage.session, "connection", Connection.VIEW_ONLY)
    updates = make()
    assert "only shows what another LumeDesk saved" in updates.why_not
    assert never_asks(updates, server)


def test_the_sandbox_never_asks_by_itself_but_on_request(make: Make, server: NoticeServer, path: Path) -> None:
    keep_daily(path, is_daily=True, at=NOW)
    updates = make(a_sandbox())
    updates.ask_if_due()
    assert not updates.is_asking
    assert not updates._looks.isActive()
    assert updates.why_not_daily == "In the sandbox LumeDesk never asks by itself."
    asked(updates)
    assert len(server.requests) == 1


# Once a day


def test_nothing_is_asked_by_itself_until_that_is_chosen(make: Make, server: NoticeServer, path: Path) -> None:
    updates = make()
    assert not updates._looks.isActive()
    updates.ask_if_due()
    assert not updates.is_asking
    updates.set_daily(is_daily=True, failed=pytest.fail)
    until(lambda: updates.settings.is_daily, "the choice is saved")
    assert json.loads(path.read_text())["daily"] is True
    assert updates._looks.isActive()
    updates.set_daily(is_daily=False, failed=pytest.fail)
    until(lambda: not updates.settings.is_daily, "the choice is saved")
    assert not updates._looks.isActive()
    assert not server.requests


def test_a_choice_that_cannot_be_saved_is_told(make: Make, path: Path) -> None:
    path.parent.write_text("a file where the folder should be")
    updates = make()
    failures: list[Any] = []
    updates.set_daily(is_daily=True, failed=failures.append)
    until(lambda: failures, "the failure")
    assert failures[0].title == "The settings were not saved"
    assert not updates.settings.is_daily


def test_once_a_day_is_once_a_day_also_across_restarts(
    make: Make, server: NoticeServer, path: Path, clock: FakeClock
) -> None:
    keep_daily(path, is_daily=True, at=NOW)
    updates = make()
    updates.ask_if_due()
    ended(updates)
    for each in (updates, make()):
        clock.advance(DAY_S / 2 - 1)
        each.ask_if_due()
        assert not each.is_asking
    clock.advance(2)
    updates.ask_if_due()
    ended(updates)
    assert len(server.requests) == 2


def test_two_windows_of_one_user_ask_once_a_day_between_them(
    make: Make, server: NoticeServer, path: Path, clock: FakeClock
) -> None:
    keep_daily(path, is_daily=True, at=NOW)
    first, second = make(), make()
    first.ask_if_due()
    ended(first)
    second.ask_if_due()
    assert not second.is_asking
    keep_daily(path, is_daily=False, at=NOW)
    clock.advance(DAY_S)
    second.ask_if_due()
    assert not second.is_asking
    assert len(server.requests) == 1


def test_the_timer_asks(make: Make, server: NoticeServer, path: Path) -> None:
    keep_daily(path, is_daily=True, at=NOW)
    updates = make()
    assert updates._looks.isActive()
    updates._looks.timeout.emit()
    ended(updates)


def test_a_clock_that_was_set_back_doesnt_put_it_off(make: Make, path: Path, clock: FakeClock) -> None:
    keep_daily(path, is_daily=True, at=NOW)
    asked(make())
    updates = make()
    clock._at = NOW.replace(day=10)
    updates.ask_if_due()
    ended(updates)


def test_a_network_that_fails_is_tried_again_after_an_hour_and_not_complained_of(
    make: Make, path: Path, clock: FakeClock
) -> None:
    keep_daily(path, is_daily=True, at=NOW)
    updates = make(source=a_source("http://localhost:1/manifest.json"))
    noticed: list[bool] = []
    updates.noticed.connect(lambda: noticed.append(True))
    updates.ask_if_due()
    ended(updates)
    assert updates.error is not None
    assert read_update_settings(path).asked_at is None
    clock.advance(HOUR_S - 1)
    updates.ask_if_due()
    assert not updates.is_asking
    clock.advance(1)
    updates.ask_if_due()
    ended(updates)
    assert noticed == []


def told_in_15_days(updates: Updates, clock: FakeClock) -> list[str]:
    """What the desk says by itself when it asks after 13 days and again after 15."""
    noticed: list[str] = []
    updates.noticed.connect(lambda: noticed.append(updates.told))
    for days in (13, 2):
        clock.advance(days * DAY_S)
        updates.ask_if_due()
        ended(updates)
    return noticed


def test_two_weeks_without_any_good_notice_are_told(make: Make, path: Path, clock: FakeClock) -> None:
    keep_daily(path, is_daily=True, at=NOW)
    asked(make())
    updates = make(source=a_source("http://localhost:1/manifest.json"))
    assert told_in_15_days(updates, clock) == ["No notice of releases has come since 11 May 2026."]


def test_two_weeks_in_which_no_good_notice_ever_came_are_told_too(make: Make, path: Path, clock: FakeClock) -> None:
    updates = make(source=a_source("http://localhost:1/manifest.json"))
    updates.set_daily(is_daily=True, failed=pytest.fail)
    until(lambda: updates.settings.is_daily, "the choice is saved")
    assert told_in_15_days(updates, clock) == ["No notice of releases has come since 11 May 2026."]


def test_what_nobody_asked_for_is_told_only_where_there_is_something(
    make: Make, server: NoticeServer, path: Path, clock: FakeClock
) -> None:
    keep_daily(path, is_daily=True, at=NOW)
    noticed: list[str] = []
    updates = make()
    updates.noticed.connect(lambda: noticed.append(updates.told))
    for changed in ({"version": "0.1.0"}, {"version": "0.2.0"}, {"serial": 1}):
        server.tell(**changed)
        updates.ask_if_due()
        ended(updates)
        clock.advance(DAY_S)
    assert noticed[0] == "LumeDesk 0.2.0 has been released; this is 0.1.0."
    assert noticed[1].startswith("The notice of releases was refused. It is older than one seen before.")
    assert len(noticed) == 2


def test_what_was_asked_for_is_not_told_twice(make: Make, path: Path) -> None:
    keep_daily(path, is_daily=True, at=NOW)
    updates = make()
    updates.noticed.connect(pytest.fail)
    assert asked(updates).is_newer
