"""An operator's first day, by clicks and keys alone, on the real program with the sandbox as a separate process."""

import os
from decimal import Decimal

from PySide6.QtCore import Qt

from tests.journeys.conftest import OpenDesk


def _figure(text: str) -> Decimal:
    return Decimal(text.replace(",", ""))


def test_a_first_day(open_desk: OpenDesk) -> None:
    desk, operator = open_desk(seed=7, speed=8, quote_seconds=4)

    # Reads the balances.
    operator.wait(lambda: operator.sees("overview-balances") and bool(operator.rows("overview-balances")))
    usdt_before = operator.row("overview-balances", Currency="USDT")
    zar_before = operator.row("overview-balances", Currency="ZAR")
    assert usdt_before is not None
    assert zar_before is not None
    assert _figure(usdt_before["Available"]) > 100
    operator.wait(lambda: operator.read("status-connection").endswith("Connected"))

    # Opens a trade's fills.
    operator.click("nav-trades")
    operator.wait(lambda: operator.sees("trades-table") and len(operator.rows("trades-table")) > 10)
    operator.click_row("trades-table", Status="Completed")
    operator.wait_for("fills-table")
    fills = operator.rows("fills-table")
    assert fills
    assert all(_figure(fill["Sold"]) > 0 for fill in fills)

    # Creates an account.
    operator.click("nav-accounts")
    held = {row["Currency"] for row in operator.rows("accounts-table")}
    operator.click("accounts-create")
    offered = operator.wait_for("create-account-currency").currentText().split(" ")[0]  # type: ignore[attr-defined]
    assert offered not in held
    operator.click("create-account-create")
    operator.wait(lambda: not operator.sees("create-account-create"))
    operator.wait(lambda: operator.row("accounts-table", Currency=offered) is not None)

    # Requests a quote and watches it expire.
    operator.click("nav-trades")
    trades_before = {row["Id"] for row in operator.rows("trades-table")}
    operator.click("trades-quote")
    operator.choose("quote-sell", "USDT")
    operator.choose("quote-buy", "ZAR")
    operator.write("quote-amount", "100.25")
    operator.press(Qt.Key.Key_Return)
    operator.wait_for("quote-confirm")
    assert operator.read("quote-pay").startswith("100.25")
    assert "left to confirm" in operator.read("quote-left")
    operator.wait(lambda: operator.read("quote-left").startswith("Expired"))
    assert not operator.sees("quote-confirm")

    # Requests another and confirms it.
    operator.click("quote-get")
    operator.wait_for("quote-confirm")
    bought = operator.read("quote-receive").split(" ")[0]
    operator.press(Qt.Key.Key_Return)
    assert operator.sees("quote-confirm"), "Enter never confirms"
    operator.click("quote-confirm")
    operator.wait(lambda: operator.sees("quote-outcome-title"))
    assert "accepted" in operator.read("quote-outcome-title")
    trade_id = next(text for text in operator.texts("quote-outcome") if text.startswith("trd_"))
    assert trade_id not in trades_before
    operator.click("quote-close")

    # Finds the trade in the history and the balances changed.
    operator.wait(lambda: operator.row("trades-table", Id=trade_id, Status="Completed") is not None)
    trade = operator.row("trades-table", Id=trade_id)
    assert trade is not None
    assert _figure(trade["Sold"]) == Decimal("100.25")
    assert _figure(trade["Bought"]) == _figure(bought)
    operator.click("nav-overview")
    operator.wait(lambda: operator.row("overview-balances", Currency="USDT") != usdt_before)
    operator.wait(lambda: operator.row("overview-balances", Currency="ZAR") != zar_before)

    # Sends a withdrawal and sees it reach COMPLETED.
    operator.click("overview-withdraw")
    operator.click_row("withdrawal-beneficiaries", Currency="ZAR")
    operator.click("withdrawal-next")
    operator.write("withdrawal-amount", "1234.50")
    assert operator.read("withdrawal-echo") == "Read as 1234.50 ZAR"
    operator.press(Qt.Key.Key_Return)
    operator.pass_checks()
    operator.wait_for("withdrawal-send")
    assert "1,234.50 ZAR" in operator.read("withdrawal-statement")
    operator.press(Qt.Key.Key_Return)
    assert operator.sees("withdrawal-send"), "Enter never sends"
    operator.click("withdrawal-send")
    operator.wait(lambda: operator.sees("withdrawal-outcome-title"))
    assert "accepted" in operator.read("withdrawal-outcome-title")
    operator.wait(lambda: "Completed" in operator.texts("withdrawal-outcome"))
    withdrawal_id = next(text for text in operator.texts("withdrawal-outcome") if text.startswith("wdl_"))
    operator.click("withdrawal-close")
    operator.click("nav-withdrawals")
    operator.wait(lambda: operator.row("withdrawals-table", Id=withdrawal_id, Status="Completed") is not None)

    # Quits, and nothing stays behind.
    pid = desk.connector.pid  # type: ignore[union-attr]
    assert pid is not None
    desk.close()
    assert not os.path.exists(f"/proc/{pid}")  # noqa: PTH110 - the process, not a file
