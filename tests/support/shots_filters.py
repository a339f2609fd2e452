"""The histories with filters: the panel, mistakes in it, chips, what is saved, and a record's past. Pictures are by shots.py."""

import json
from datetime import date
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Any

from lumedesk.domain.codec import encode
from lumedesk.domain.filters import HistoryFilter
from lumedesk.domain.kinds import Kind
from tests.support.builders import json_of
from tests.support.sandbox import running_sandbox
from tests.support.sandbox_desk import SandboxDesk
from tests.support.shots_pages import Camera, record_page, show, staged, wait_for_answers, wait_for_rows
from tests.support.stage import LaidOut, LaidOutConnector, SandboxConnector, Stage, settle, until


def filters(kind: Kind, camera: Camera, home: Path) -> None:
    """The panel empty, full and with mistakes; chips; a name to save by; what is saved; nothing that matches."""
    with running_sandbox(speed=0) as address, staged(home / "filters", SandboxConnector(address)) as stage:
        wait_for_rows(stage)
        page: Any = record_page(stage.window, kind)
        stage.window.go_to(kind)
        _shoot(camera, stage, kind, page)


def _shoot(camera: Camera, stage: Stage, kind: Kind, page: Any) -> None:
    def take(state: str) -> None:
        until(lambda: page.foot.words.text() != "adding up…", "the sums")
        show(camera, stage.window, kind, f"-filter-{state}")

    some = page.table.record(0)
    page.bar.open_button.click()
    until(page.bar.panel.lists["status"].count, "the values that occur")
    take("panel")
    facet = page.plan.facets[1]
    value = f"{some.from_currency}/{some.to_currency}" if kind is Kind.TRADES else some.currency
    each = (
        HistoryFilter()
        .with_values("status", ["COMPLETED", "PENDING"])
        .with_values(facet.column, [value])
        .with_days(date(2020, 1, 1), None)
        .with_amount(page.plan.amounts[-1][0], Decimal("0.01"), None)
    )
    page.bar._set(each)
    settle()
    until(lambda: page.count.text().count(" of "), "the count of all")
    take("full")
    page.bar.panel.first_day.setText("2026-02-30")
    page.bar.panel.first_day.editingFinished.emit()
    page.bar.panel.least.setText("1.500")
    page.bar.panel.least.editingFinished.emit()
    take("mistakes")
    page.bar.close_panel()
    take("chips")
    page.bar.form.ask("Mine")
    take("saving")
    page.bar.form.save_button.click()
    until(lambda: not page.bar.form.isVisible(), "the filter to be saved")
    take("saved")
    page.search.setText("no such thing")
    until(lambda: not page.table.rowCount(), "the search")
    take("nothing")
    page.clear_filters()
    until(page.table.rowCount, "the rows")


def past(camera: Camera, home: Path) -> None:
    """A trade that went on, and one that vanished from the server's list."""
    answers = LaidOut(**_bodies())
    with staged(home / "past", LaidOutConnector(answers)) as stage:
        wait_for_answers(stage.session)
        page: Any = record_page(stage.window, Kind.TRADES)
        stage.window.go_to(Kind.TRADES)
        until(page.table.rowCount, "the trades")
        listed = json.loads(answers.answers["trades"], parse_float=Decimal)
        going, gone = [each for each in listed if each["status"] == "COMPLETED"][:2]
        going["status"] = "REVERSED"
        listed.remove(gone)
        answers.answers["trades"] = json_of(listed)
        stage.clock.advance(60)
        stage.session.refresh()
        for record, state in ((going, "changed"), (gone, "gone")):
            page.show_record(record["transactionId"])
            until(page.mark.isVisible, "the mark")
            until(lambda: page.foot.words.text() not in ("", "adding up…"), "the sums")
            show(camera, stage.window, Kind.TRADES, f"-past-{state}")


def _bodies() -> dict[str, bytes]:
    desk = SandboxDesk(history=12)
    return {kind.table: encode(desk.get(f"/{kind.table}")) for kind in Kind}


SCENES = {
    "trades-filter": partial(filters, Kind.TRADES),
    "withdrawals-filter": partial(filters, Kind.WITHDRAWALS),
    "trades-past": past,
}
