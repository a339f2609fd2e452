"""The dialogs on what is saved here: search, alerts, and the saved data itself. What takes the pictures is shots.py."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from lumedesk.domain.kinds import Kind
from lumedesk.store.paths import profile_paths
from lumedesk.views.dialogs.alerts import AlertsDialog
from lumedesk.views.dialogs.data import DataDialog
from lumedesk.views.dialogs.dialog import Dialog
from lumedesk.views.dialogs.find import FindDialog
from tests.support.alerts import ALTERED, EMPTIED, GONE, OLD, keep_alerts
from tests.support.sandbox import running_sandbox
from tests.support.shots_pages import Camera, staged, wait_for_rows
from tests.support.stage import SandboxConnector, Stage, settle, until


def find(camera: Camera, home: Path) -> None:
    """Nothing typed, something found, with amounts hidden, nothing found; and offline, with every age."""
    with running_sandbox(speed=0) as address, staged(home / "filled", SandboxConnector(address)) as stage:
        wait_for_rows(stage)
        dialog = FindDialog(stage.session, stage.look, stage.window)
        dialog.show()
        camera.take(dialog, "find")
        _search(dialog, "zar")
        camera.take(dialog, "find-hits")
        stage.look.hide_amounts(hidden=True)
        camera.take(dialog, "find-hidden")
        stage.look.hide_amounts(hidden=False)
        _search(dialog, "no such thing")
        camera.take(dialog, "find-nothing-matches")
        _put_away(dialog)
    with staged(home / "filled", None) as stage:
        stage.clock.advance(7_200)
        dialog = FindDialog(stage.session, stage.look, stage.window)
        dialog.show()
        _search(dialog, "usdt")
        camera.take(dialog, "find-offline")
        _put_away(dialog)


def _search(dialog: FindDialog, text: str) -> None:
    dialog.field.setText(text)
    until(lambda: dialog.answered == text, "the answer")


def alerts(camera: Camera, home: Path) -> None:
    """The notice; an altered record, a vanished one, several at once, hidden amounts; and none."""
    with _saved(home) as stage:
        _with_alerts(camera, stage, "alerts-none")
    keep_alerts(profile_paths(home / "filled", "sandbox").mirror, (OLD, EMPTIED, GONE, ALTERED))
    with _saved(home) as stage:
        until(stage.window.notices.alerts.text, "the notice")
        camera.take(stage.window, "alerts-notice")
        _with_alerts(camera, stage, "alerts")


def _with_alerts(camera: Camera, stage: Stage, name: str) -> None:
    dialog = AlertsDialog(stage.session, stage.look, stage.window)
    dialog.show()
    until(lambda: dialog.is_loaded, "the alerts")
    camera.take(dialog, name)
    if dialog.table.rowCount():
        stage.look.hide_amounts(hidden=True)
        camera.take(dialog, f"{name}-hidden")
        stage.look.hide_amounts(hidden=False)
        dialog.view.selectRow(1)
        camera.take(dialog, f"{name}-gone")
        dialog.view.selectAll()
        camera.take(dialog, f"{name}-selected")
    _put_away(dialog)


@contextmanager
def _saved(home: Path) -> Iterator[Stage]:
    """What a sandbox sent, without the sandbox."""
    if not (home / "filled").exists():
        with running_sandbox(speed=0) as address, staged(home / "filled", SandboxConnector(address)) as stage:
            wait_for_rows(stage)
    with staged(home / "filled", None) as stage:
        until(lambda: stage.session.records(Kind.ACCOUNTS), "the saved accounts")
        yield stage


def data(camera: Camera, home: Path) -> None:
    """Sizes and ages, a period put in force, the question before all is deleted, and after."""
    with _saved(home) as stage:
        stage.clock.advance(7_200)
        dialog = DataDialog(stage.session, stage.look, stage.window)
        dialog.show()
        until(lambda: dialog.is_loaded, "the size")
        camera.take(dialog, "data")
        dialog.period.choose("365")
        dialog.apply()
        until(dialog.message.text, "the period")
        camera.take(dialog, "data-applied")
        dialog.ask_to_delete()
        camera.take(dialog, "data-delete")
        dialog.delete()
        until(dialog.message.text, "the end")
        camera.take(dialog, "data-deleted")
        _put_away(dialog)


def _put_away(dialog: Dialog) -> None:
    dialog.close()
    dialog.deleteLater()
    settle()


SCENES = {"find": find, "alerts": alerts, "data": data}
