"""Profiles, the lock, the support bundle and what they change in the window, set up for their pictures. See shots.py."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from PySide6.QtWidgets import QApplication

from lumedesk.app import Desk, Setup
from lumedesk.domain.credentials import Secret
from lumedesk.domain.errors import Unauthorised
from lumedesk.domain.kinds import Kind
from lumedesk.domain.lock import LockSettings
from lumedesk.domain.profiles import OFFICIAL_URL, Colour, Listed, Profile, ProfileKind
from lumedesk.exports.support import support_bundle
from lumedesk.logs import LOG_FILE
from lumedesk.store.lock_file import Cost, make_lock, write_lock
from lumedesk.store.paths import profile_paths
from lumedesk.views.dialogs.profiles import ProfilesDialog
from lumedesk.views.dialogs.security import SecurityDialog
from lumedesk.views.dialogs.support import SupportDialog
from lumedesk.views.parts import clipboard
from lumedesk.views.theme import Scheme
from lumedesk.work.engine import Engine
from lumedesk.work.locking import Locking
from lumedesk.work.session import Connection, Connector
from tests.support.clock import FakeClock
from tests.support.keys import STORE_KEY
from tests.support.sandbox import running_sandbox
from tests.support.shots_access import TREASURY, looked_at, put_away
from tests.support.shots_pages import Camera, record_page, staged, wait_for_answers, wait_for_rows
from tests.support.stage import LaidOut, LaidOutConnector, SandboxConnector, settle, until

_PASSPHRASE = Secret("correct horse battery")
_CHEAP = Cost(memory_kib=8, passes=1)

LISTED = (
    Listed("treasury", TREASURY),
    Listed(
        "board",
        Profile("board", ProfileKind.PRODUCTION, "Board", OFFICIAL_URL, colour=Colour.GREY, is_view_only=True),
    ),
    Listed("staging", Profile("staging", ProfileKind.STAGING, "", "https://staging.lumetrade.example:8443")),
    Listed("lab", Profile("lab", ProfileKind.CUSTOM, "Lab", "http://localhost:8080")),
    Listed("sandbox", Profile("sandbox", ProfileKind.SANDBOX)),
    Listed("old-desk", None, "old-desk/profile.json doesn't describe a profile this LumeDesk knows."),
)


def profiles(camera: Camera, _home: Path) -> None:
    """The list, one that can't be read, and the question before one is removed."""
    with looked_at() as look:
        dialog = ProfilesDialog(LISTED, TREASURY.name, look)
        dialog.show()
        camera.take(dialog, "profiles")
        dialog.list.setCurrentRow(len(LISTED) - 1)
        camera.take(dialog, "profiles-unreadable")
        dialog.list.setCurrentRow(0)
        dialog.ask_to_remove()
        camera.take(dialog, "profiles-remove")
        dialog.removal.wipe.click()
        camera.take(dialog, "profiles-wipe")
        dialog.removal.typed.setText(TREASURY.title)
        camera.take(dialog, "profiles-wipe-typed")
        dialog.confirm_button.click()
        camera.take(dialog, "profiles-removing")
        dialog.show_failure("The keychain is locked. Unlock it with the system's own password program, then try again.")
        camera.take(dialog, "profiles-failed")
        put_away(dialog)
        empty = ProfilesDialog((), "", look)
        empty.show()
        camera.take(empty, "profiles-none")
        put_away(empty)


def security(camera: Camera, home: Path) -> None:
    """Without a passphrase, with one, and refused."""
    path, engine = home / "lock.json", Engine()
    try:
        with looked_at():
            dialog = _security_dialog(path, engine)
            camera.take(dialog, "security")
            put_away(dialog)
            write_lock(path, make_lock(_PASSPHRASE, STORE_KEY, TREASURY.id, LockSettings(), _CHEAP))
            dialog = _security_dialog(path, engine)
            camera.take(dialog, "security-set")
            for field in (dialog.old, dialog.new, dialog.again):
                field.field.setText("not this one at all")
            dialog.set_button.click()
            until(dialog.message.text, "the refusal")
            camera.take(dialog, "security-refused")
            put_away(dialog)
    finally:
        engine.stop()


def _security_dialog(path: Path, engine: Engine) -> SecurityDialog:
    locking = Locking(path, TREASURY.id, engine, FakeClock(), store_key=STORE_KEY, cost=_CHEAP)
    dialog = SecurityDialog(locking)
    locking.setParent(dialog)
    dialog.show()
    settle()
    return dialog


def support(camera: Camera, home: Path) -> None:
    """The parts of a bundle, before and after it is saved."""
    logged = (
        '{"time": "2026-05-11T10:15:30.120Z", "level": "INFO", "logger": "lumedesk.program", "message": "denied: core'
        ' dumps, attaching"}\n'
        '{"time": "2026-05-11T10:15:31.004Z", "level": "WARNING", "logger": "lumedesk.work.polling", "message":'
        ' "accounts: the server answered 503; next try in 30 s"}\n'
    )
    (home / LOG_FILE).write_text(logged * 12, encoding="utf-8")
    facts = {"profile": "production", "view only": False, "proxy": False, "connection": "online", "accounts": 7}
    with looked_at():
        dialog = SupportDialog(support_bundle(facts, home, qt="6"), lambda *_: None)
        dialog.show()
        camera.take(dialog, "support")
        dialog.names.setCurrentRow(2)
        camera.take(dialog, "support-log")
        dialog._file = home / "lumedesk-support.zip"
        dialog._tell_saved(None)
        camera.take(dialog, "support-saved")
        put_away(dialog)


def hidden(camera: Camera, home: Path) -> None:
    """Amounts hidden for a screen that others see."""
    with running_sandbox(speed=0) as address, staged(home / "filled", SandboxConnector(address)) as stage:
        wait_for_rows(stage)
        stage.window.hide_action.trigger()
        camera.take(stage.window, "hidden-overview")
        page = record_page(stage.window, Kind.TRADES)
        stage.window.go_to(Kind.TRADES)
        page.view.selectRow(0)
        until(page.detail.isVisible, "the details")
        camera.take(stage.window, "hidden-trades")
        stage.window.hide_action.trigger()


@contextmanager
def desk_of(profile: Profile, folder: Path, connector: Connector | None) -> Iterator[Desk]:
    """A shown desk of any profile, at work through `connector`, or offline."""
    app = QApplication.instance()
    assert isinstance(app, QApplication)
    setup = Setup(profile, profile_paths(folder, profile.name), STORE_KEY, connector is None, connector)
    desk = Desk(app, setup, Scheme.LIGHT)
    try:
        desk.window.show()
        settle()
        yield desk
    finally:
        desk.close()
        desk.look.deleteLater()
        settle()


def view_only(camera: Camera, home: Path) -> None:
    """A profile that never shows a button that moves money."""
    profile = LISTED[1].profile
    assert profile is not None
    with running_sandbox(speed=0) as address, desk_of(profile, home, SandboxConnector(address)) as desk:
        wait_for_rows(desk)  # type: ignore[arg-type]
        for kind, name in (
            (None, "overview"),
            (Kind.WITHDRAWALS, "withdrawals"),
            (Kind.BENEFICIARIES, "beneficiaries"),
        ):
            desk.window.go_to(kind)
            camera.take(desk.window, f"view-only-{name}")


def notices(camera: Camera, home: Path) -> None:
    """What is said above every page: the key is refused, the clipboard was changed."""
    answers = LaidOut(accounts=(([]), Unauthorised("The key is unknown.")))
    with desk_of(TREASURY, home, LaidOutConnector(answers)) as desk:
        wait_for_answers(desk.session)
        ours, found = "0x52908400098527886E0F7030069857D2E4169EE7", "0x8617E340B3D01FA5F11F306F4090FD50E238070D"
        desk.window.notices.warn(clipboard._told(ours, found))
        camera.take(desk.window, "notices-clipboard")
        desk.session.refresh()
        until(lambda: desk.session.connection is Connection.REFUSED, "the refusal")
        camera.take(desk.window, "notices-both")
        desk.window.notices.word.button.click()
        camera.take(desk.window, "notices-key")


def colours(camera: Camera, home: Path) -> None:
    """The window in each colour a profile can carry."""
    for colour in Colour:
        profile = Profile(colour.value, ProfileKind.CUSTOM, f"The {colour.value} one", OFFICIAL_URL, colour=colour)
        with desk_of(profile, home, None) as desk:
            desk.window.resize(desk.window.minimumSize())
            camera.take(desk.window, f"colours-{colour.value}")


SCENES = {
    "profiles": profiles,
    "security": security,
    "support": support,
    "hidden": hidden,
    "view-only": view_only,
    "notices": notices,
    "colours": colours,
}
