"""The pages and dialogs on the desk's own records, after orders of every outcome. What takes the pictures is shots.py."""

from pathlib import Path

from lumedesk.domain.movements import Verdict
from lumedesk.views.dialogs.decide import DecideDialog
from lumedesk.views.dialogs.new_books import NewBooksDialog
from tests.support.shots_dialogs import Set, on_set, ready_to_send
from tests.support.shots_pages import Camera, record_page, show
from tests.support.stage import settle, until

_OWN = ("movements", "audit")


def own_pages(camera: Camera, home: Path) -> None:
    """Nothing on record yet; then an accepted, a refused and a doubtful order, and what can be decided."""
    with on_set(camera, home) as each:
        window = each.stage.window
        for name in _OWN:
            show(camera, window, name, "-empty")
        _send(each, "0.1", Verdict.ACCEPTED)
        each.control.fault("createWithdrawal", "status", status=422)
        _send(each, "0.2", Verdict.REFUSED)
        each.control.fault("createWithdrawal", "drop_after_commit")
        _send(each, "0.25", Verdict.UNKNOWN)
        each.stage.session.refresh()
        until(lambda: each.stage.session.movements.undecided[0].steps[-1].candidates, "the row that looks like it")
        for name in _OWN:
            window.go_to(name)
            page = record_page(window, name)
            until(page.table.rowCount, f"the rows of {name}")
            show(camera, window, name, "")
            page.view.selectRow(0)
            until(page.detail.isVisible, "the details")
            show(camera, window, name, "-selected")
        _decide(camera, each)


def _send(each: Set, amount: str, verdict: Verdict) -> None:
    wizard = ready_to_send(each, amount)
    wizard.send()
    until(lambda: wizard.verdict is verdict, f"a withdrawal that is {verdict.value}")
    each.close(wizard)


def _decide(camera: Camera, each: Set) -> None:
    uuid = each.stage.session.movements.undecided[0].uuid
    dialog = each.opened(lambda: each.stage.window.open_decision(uuid), DecideDialog)
    camera.take(dialog, "decide")
    dialog.view.selectRow(0)
    dialog.note.setText("The vendor confirmed by phone, ticket 4711")
    settle()
    camera.take(dialog, "decide-answered")
    each.close(dialog)
    each.stage.session.movements.refuse("The journal doesn't fit its marker: an entry is missing.")
    until(lambda: each.stage.session.movements.refusal, "the refusal")
    show(camera, each.stage.window, "movements", "-refused")
    books = each.opened(each.stage.window.open_new_books, NewBooksDialog)
    camera.take(books, "new-books")
    each.close(books)


SCENES = {"own-pages": own_pages}
