"""Loading, empty, failed, stale and offline are designed states of every page, and say so in words."""

from typing import Any

import pytest

from lumedesk.domain.errors import ServerFault
from lumedesk.domain.kinds import Kind
from lumedesk.views.pages.page import Page
from tests.support.stage import LaidOut, LaidOutConnector, NeverConnects, Stage, settle, until

_ALL = [None, *(kind for kind in Kind if kind is not Kind.CURRENCIES)]
_TABLES = [kind for kind in _ALL if kind is not None]


def go(stage: Stage, kind: Kind | None) -> Any:
    stage.window.go_to(kind)
    settle()
    return stage.window.pages[kind][0]


def said(page: Any) -> tuple[str, str]:
    assert page.states.isVisible()
    return page.states._title.text(), page.states._advice.text()


def failing() -> LaidOut:
    fault = ServerFault("Down for an hour", http_status=503, request_id="req_1")
    return LaidOut(**{kind.table: fault for kind in Kind})


def test_loading(make_stage: Any) -> None:
    stage = make_stage(NeverConnects())
    for kind in _ALL:
        page = go(stage, kind)
        assert said(page)[0].startswith("Loading")
        assert not page.states.button.isVisible()
        assert page.subtitle.text() == ""
        if kind is not None:
            # Nobody knows yet that there are none.
            assert page.count.text() == ""


def test_empty(make_stage: Any, load: Any) -> None:
    stage = load(make_stage(LaidOutConnector(LaidOut())))
    for kind in _TABLES:
        page = go(stage, kind)
        assert said(page) == (page.empty_title, page.empty_advice)
        assert page.count.text() == f"0 {page.noun[1]}"


def test_an_empty_overview_offers_the_first_step(make_stage: Any, load: Any) -> None:
    stage = load(make_stage(LaidOutConnector(LaidOut())))
    page = go(stage, None)
    assert said(page)[0] == "Nothing here yet"
    page.states.button.click()
    assert stage.window.dialog is not None
    assert stage.window.dialog.objectName() == "create-account"


def test_failed(make_stage: Any) -> None:
    stage = make_stage(LaidOutConnector(failing()))
    until(lambda: all(stage.session.state(kind).error for kind in Kind), "every list to fail")
    for kind in _ALL:
        title, advice = said(go(stage, kind))
        assert title == "Not loaded"
        assert "Down for an hour" in advice
        assert "req_1" in advice


def test_try_again_tries_again(make_stage: Any, bodies: dict[str, bytes]) -> None:
    laid_out = failing()
    stage = make_stage(LaidOutConnector(laid_out))
    until(lambda: all(stage.session.state(kind).error for kind in Kind), "every list to fail")
    page = go(stage, Kind.WALLETS)
    laid_out.answers["wallets"] = bodies["wallets"]
    page.states.button.click()
    until(lambda: page.table.rowCount() == 11, "the wallets")
    assert not page.states.isVisible()


def test_stale(make_stage: Any, load: Any, own_treasury: LaidOut) -> None:
    stage = load(make_stage(LaidOutConnector(own_treasury)))
    own_treasury.answers = failing().answers
    stage.clock.advance(240)
    stage.session.refresh()
    until(lambda: all(stage.session.state(kind).error for kind in Kind), "every list to fail")
    for kind in _ALL:
        page = go(stage, kind)
        assert page.trouble.isVisible()
        assert page.trouble.text().startswith("What you see is from ")
        assert "4 min ago" in page.subtitle.text()
        assert page.trouble.button.isVisible()
        assert not page.states.isVisible()


def test_offline_with_what_was_saved(make_stage: Any, load: Any, own_treasury: LaidOut) -> None:
    load(make_stage(LaidOutConnector(own_treasury))).close()
    offline = make_stage(None)
    until(lambda: offline.window.trades.table.rowCount(), "the saved trades")
    for kind in _ALL:
        page = go(offline, kind)
        assert not page.states.isVisible()
        assert page.trouble.isVisible()
        assert page.trouble.text().startswith("Working offline (your choice): what you see is from ")
        assert not page.trouble.button.isVisible()


def test_offline_with_nothing_saved(make_stage: Any) -> None:
    stage = make_stage(None)
    for kind in _ALL:
        page = go(stage, kind)
        assert said(page)[0] == "Working offline"
        assert not page.trouble.isVisible()


def test_offline_nothing_can_be_sent(make_stage: Any) -> None:
    window = make_stage(None).window
    for button in (window.overview.quote_button, window.trades.quote_button, window.withdrawals.withdraw_button):
        assert not button.isEnabled()
        assert "Working offline" in button.accessibleDescription()
    assert not window.quote_action.isEnabled()
    assert not window.withdraw_action.isEnabled()


@pytest.mark.parametrize("kind", _TABLES)
def test_nothing_matches(stage: Stage, kind: Kind) -> None:
    page = go(stage, kind)
    page.search.setText("no such thing")
    until(lambda: not page.table.rowCount(), "the search")
    assert said(page) == ("Nothing matches", f"No {page.noun[1]} match the filter.")
    page.states.button.click()
    until(page.table.rowCount, "the rows")
    assert page.search.text() == ""


def test_rows_that_cannot_be_read_are_counted(make_stage: Any, load: Any, own_treasury: LaidOut) -> None:
    own_treasury.answers["accounts"] = [{"id": "a1", "currency": "ZAR"}, {"id": 7}, {"currency": "USD"}]
    stage = load(make_stage(LaidOutConnector(own_treasury)))
    page: Page = go(stage, Kind.ACCOUNTS)
    assert page.trouble.text() == "The server sent 2 rows that can't be read; they are not shown here."


def test_the_status_bar_tells_the_age_at_once(stage: Stage) -> None:
    stage.window.go_to(Kind.WALLETS)
    assert stage.window.status_line.age.text() == "Data confirmed just now"
