"""What the Help menu tells of the program itself, each set up for its picture. What takes the pictures is shots.py."""

from pathlib import Path

from lumedesk.origin import components
from lumedesk.views.dialogs.licences import LicencesDialog
from lumedesk.views.dialogs.updates import UpdatesDialog
from lumedesk.views.parts.update_notice import UpdateNotice
from lumedesk.views.theme import Scheme
from lumedesk.work.updates import NO_SOURCE, Updates
from tests.support.clock import FakeClock
from tests.support.keys import a_profile
from tests.support.notice_server import NoticeServer
from tests.support.raw_server import http
from tests.support.releases import NOW, OTHER_KEY, SHA256, an_envelope
from tests.support.shots_pages import Camera
from tests.support.stage import LaidOut, LaidOutConnector, Stage, settle, until

_NOTES = (
    "Quotes are shown as they come, not once a second.\n"
    "The lock no longer opens for a moment after the computer wakes.\n"
    "Exports hold the time zone of each time."
)
_FILES = [
    {"name": f"LumeDesk-0.2.0{end}", "platform": platform, "sha256": SHA256, "bytes": size}
    for end, platform, size in (
        ("-setup.exe", "windows", 34_500_000),
        (".dmg", "macos", 41_200_000),
        ("-linux-x86_64.tar.xz", "linux", 43_900_000),
    )
]


def updates(camera: Camera, home: Path) -> None:
    """Before asking, while it asks, and what can come of it."""
    clock = FakeClock(NOW)
    with NoticeServer() as server:
        stage = Stage(home / "updates", Scheme.LIGHT, LaidOutConnector(LaidOut()), clock)
        try:
            stage.window.show()
            for name, profile, source in (("none", a_profile(), None), ("", a_profile(), server.source)):
                path = home / f"updates{name}.json"
                made = Updates(
                    stage.session,
                    stage._desk.engine,
                    profile,
                    path,
                    source,
                    problem="" if source else NO_SOURCE,
                    running="0.1.0",
                    parent=stage.window,
                )
                dialog = UpdatesDialog(made, stage.window)
                stage.window.open_dialog(dialog)
                settle()
                camera.take(dialog, "updates-no-source" if source is None else "updates")
                if source is not None:
                    _ask(camera, server, made, dialog)
                stage.put_away_dialog()
            notice = UpdateNotice(stage.window)
            notice.say(made.told)
            settle()
            camera.take(stage.window, "updates-notice")
            stage.session.set_offline(offline=True)
            offline = UpdatesDialog(made, stage.window)
            stage.window.open_dialog(offline)
            settle()
            camera.take(offline, "updates-offline")
        finally:
            stage.close()


def _ask(camera: Camera, server: NoticeServer, made: Updates, dialog: UpdatesDialog) -> None:
    server.hold()
    made.ask()
    settle()
    camera.take(dialog, "updates-asking")
    server.tell(version="0.1.0")
    server.release()
    for name, answer in (
        ("current", None),
        ("refused", http(200, an_envelope(key=OTHER_KEY))),
        ("newer", http(200, an_envelope(serial=8, notes=_NOTES, files=_FILES))),
    ):
        if answer is not None:
            server.answer = answer
            made.ask()
        until(lambda: not made.is_asking, "an answer")
        settle()
        camera.take(dialog, f"updates-{name}")


def licences(camera: Camera, home: Path) -> None:
    """The parts and the first one's licence."""
    stage = Stage(home / "licences", Scheme.LIGHT, None)
    try:
        dialog = LicencesDialog(components(), stage.window)
        stage.window.open_dialog(dialog)
        settle()
        camera.take(dialog, "licences")
    finally:
        stage.close()


SCENES = {"updates": updates, "licences": licences}
