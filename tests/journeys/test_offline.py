"""Without a network: yesterday's data at once, searching all of it, nothing that could be sent, and back without a click."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QAction
from pytestqt.qtbot import QtBot

from lumedesk.domain.kinds import Kind
from lumedesk.sandbox.launch import SandboxAddress
from lumedesk.views.theme import Scheme
from tests.support.clock import FakeClock
from tests.support.desk import AddressConnector
from tests.support.network import Network
from tests.support.operator import Operator
from tests.support.sandbox import SandboxControl, client_of, running_sandbox
from tests.support.stage import Stage

DAY_S = 24 * 60 * 60
TRADES = Qt.Key.Key_4
CONTROL = Qt.KeyboardModifier.ControlModifier
# Every button that leads to money, with the page it is on.
MONEY_BUTTONS = (
    ("nav-overview", "overview-quote"),
    ("nav-overview", "overview-withdraw"),
    ("nav-accounts", "accounts-create"),
    ("nav-trades", "trades-quote"),
    ("nav-withdrawals", "withdrawals-new"),
    ("nav-beneficiaries", "beneficiaries-pay"),
)


@pytest.fixture(scope="module")
def sandbox() -> Iterator[SandboxAddress]:
    """A world that stands still unless it is told to go on."""
    with running_sandbox(history=200, speed=0) as sandbox:
        yield sandbox


@pytest.fixture
def network(sandbox: SandboxAddress) -> Iterator[Network]:
    with Network(sandbox.base_url) as network:
        yield network


Start = Callable[[], tuple[Stage, Operator]]


@pytest.fixture
def start(qtbot: QtBot, tmp_path: Path, clock: FakeClock, sandbox: SandboxAddress, network: Network) -> Iterator[Start]:
    """Open the desk on what an earlier one left, behind a network that may be cut."""
    stages: list[Stage] = []

    def start_one() -> tuple[Stage, Operator]:
        connector = AddressConnector(network.url, sandbox.credentials)
        stage = Stage(tmp_path, Scheme.LIGHT, connector, clock)
        stages.append(stage)
        stage.window.show()
        qtbot.waitExposed(stage.window)
        return stage, Operator(qtbot, stage.window)

    yield start_one
    for stage in stages:
        stage.close()


@pytest.fixture
def yesterday(start: Start, clock: FakeClock) -> list[dict[str, str]]:
    """A day of work with a network, closed; the trades it ended with."""
    stage, operator = start()
    filled(stage, operator)
    operator.press(TRADES, CONTROL)
    operator.wait(lambda: operator.sees("trades-table") and len(operator.rows("trades-table")) > 100)
    trades = operator.rows("trades-table")
    stage.close()
    clock.advance(DAY_S)
    return trades


def filled(stage: Stage, operator: Operator) -> None:
    operator.wait(lambda: all(stage.session.state(kind).confirmed_at for kind in Kind))
    operator.wait(lambda: operator.read("status-connection").endswith("Connected"))


def choose(stage: Stage, name: str) -> None:
    """Choose an entry of a menu."""
    action = stage.window.findChild(QAction, name)
    assert action is not None
    assert action.isEnabled()
    action.trigger()


def reasons(operator: Operator) -> dict[str, str]:
    """Why each button that leads to money can't be pressed; empty for one that can."""
    told = {}
    for page, name in MONEY_BUTTONS:
        operator.click(page)
        if page == "nav-beneficiaries":
            operator.click_row("beneficiaries-table")
        button: Any = operator.wait_for(name)
        assert button.isEnabled() == (not button.accessibleDescription()), f"{name} is off without a word"
        told[name] = button.accessibleDescription()
    return told


def new_trade(sandbox: SandboxAddress) -> str:
    """Somebody trades elsewhere: the server has a trade that no desk has seen."""
    wanted = {"fromCurrency": "USDT", "toCurrency": "ZAR", "fromAmount": 12.5, "quoteIntent": "client_linked"}
    with client_of(sandbox) as client:
        quote = client.post("/trades/quote", json=wanted).raise_for_status().json()
        order = {name: quote[name] for name in ("quoteStr", "fromCurrency", "toCurrency", "fromAmount")}
        return str(client.post("/trades/quote/confirm", json=order).raise_for_status().json()["transactionId"])


def ids(operator: Operator, name: str = "trades-table") -> list[str]:
    return [row["Id"] for row in operator.rows(name)] if operator.sees(name) else []


def test_a_start_without_a_network_shows_yesterday_and_catches_up_by_itself(
    yesterday: list[dict[str, str]], start: Start, network: Network, sandbox: SandboxAddress
) -> None:
    network.cut()
    _, operator = start()
    operator.press(TRADES, CONTROL)
    operator.wait(lambda: operator.sees("trades-table") and operator.rows("trades-table") == yesterday)
    assert operator.read("status-age") == "Data confirmed 1 d ago"
    assert "confirmed by the server 1 d ago" in operator.read("trades-subtitle")
    operator.wait(lambda: operator.read("status-connection").endswith("Not reachable"))
    assert operator.read("trades-trouble-text").startswith("Not reachable: what you see is from")
    assert all("reach" in why for why in reasons(operator).values()), "nothing can be sent, and the reason is told"
    operator.press(TRADES, CONTROL)

    traded = new_trade(sandbox)
    network.mend()
    operator.wait(lambda: operator.read("status-connection").endswith("Connected"))
    operator.wait(lambda: traded in ids(operator))
    assert len(ids(operator)) == len(yesterday) + 1
    operator.wait(lambda: not operator.sees("trades-trouble-text"))
    operator.wait(lambda: operator.read("status-age") == "Data confirmed just now")
    assert not any(reasons(operator).values())


def test_a_network_cut_in_the_middle_of_a_poll_costs_nothing(
    start: Start, network: Network, sandbox: SandboxAddress
) -> None:
    stage, operator = start()
    filled(stage, operator)
    operator.press(TRADES, CONTROL)
    operator.wait(lambda: len(ids(operator)) > 100)
    before, chosen = operator.rows("trades-table"), ids(operator)[3]
    operator.click_row("trades-table", Id=chosen)

    traded = new_trade(sandbox)
    network.cut_after(20_000)
    operator.press(Qt.Key.Key_F5)
    operator.wait(network.is_cut.is_set)
    operator.wait(lambda: operator.sees("trades-trouble-text"))
    assert [row["Id"] for row in operator.rows("trades-table")] == [row["Id"] for row in before], (
        "half a list is no list"
    )
    assert operator.current("trades-table", "Id") == chosen

    network.mend()
    operator.wait(lambda: ids(operator)[:1] == [traded])
    assert ids(operator)[1:] == [row["Id"] for row in before]
    assert operator.current("trades-table", "Id") == chosen, "what was chosen stays chosen"


def test_a_network_cut_in_the_middle_of_a_search_goes_unnoticed_by_it(start: Start, network: Network) -> None:
    stage, operator = start()
    filled(stage, operator)
    operator.press(TRADES, CONTROL)
    operator.wait(lambda: len(ids(operator)) > 100)
    sought = ids(operator)[70]
    operator.press(Qt.Key.Key_F, CONTROL)
    operator.type_keys("trades-search", sought[:6])
    network.cut()
    operator.type_keys("trades-search", sought[6:])
    operator.wait(lambda: ids(operator) == [sought])
    operator.wait(lambda: operator.read("status-connection").endswith("Not reachable"))
    operator.write("trades-search", sought[:4])
    operator.wait(lambda: len(ids(operator)) > 1)
    assert sought in ids(operator)
    network.mend()
    operator.wait(lambda: operator.read("status-connection").endswith("Connected"))
    operator.write("trades-search", sought)
    operator.wait(lambda: ids(operator) == [sought])


def test_working_offline_is_chosen_and_left_again(start: Start, network: Network, sandbox: SandboxAddress) -> None:
    stage, operator = start()
    filled(stage, operator)
    choose(stage, "action-offline")
    operator.wait(lambda: "Working offline (your choice)" in operator.read("status-connection"))
    assert all("offline" in why.lower() for why in reasons(operator).values())
    operator.press(TRADES, CONTROL)
    operator.wait(lambda: len(ids(operator)) > 100)
    shown = ids(operator)
    asked = SandboxControl(sandbox).requests()
    traded = new_trade(sandbox)
    operator.press(Qt.Key.Key_F5)
    operator.write("trades-search", shown[3])
    operator.wait(lambda: ids(operator) == [shown[3]])
    operator.write("trades-search", " ")
    operator.wait(lambda: ids(operator) == shown)
    after = SandboxControl(sandbox).requests()
    new = {name for name, count in after.items() if count != asked.get(name)}
    assert new == {"getQuote", "confirmQuote"}, "of the desk nothing is heard"

    choose(stage, "action-offline")
    operator.wait(lambda: operator.read("status-connection").endswith("Connected"))
    operator.wait(lambda: ids(operator)[:1] == [traded])
    assert not any(reasons(operator).values())


def test_everything_is_found_without_a_network(yesterday: list[dict[str, str]], start: Start, network: Network) -> None:
    network.cut()
    _, operator = start()
    operator.wait(lambda: operator.read("status-connection").endswith("Not reachable"))
    sought = yesterday[50]["Id"]
    operator.press(Qt.Key.Key_F, CONTROL | Qt.KeyboardModifier.ShiftModifier)
    operator.type_keys("find-text", sought)
    operator.wait(lambda: operator.sees("find-hits") and len(operator.rows("find-hits")) == 1)
    assert "Not reachable" in operator.read("find-ages")
    assert "1 d ago" in operator.read("find-ages")
    operator.press(Qt.Key.Key_Return)
    operator.wait(lambda: operator.sees("trades-detail-title"))
    assert operator.current("trades-table", "Id") == sought
