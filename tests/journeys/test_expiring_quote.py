"""A quote that runs out while it is looked at, and the next one confirmed, by keyboard alone."""

from PySide6.QtCore import Qt

from tests.journeys.conftest import OpenDesk


def test_an_expired_quote_is_asked_for_anew_and_confirmed(open_desk: OpenDesk) -> None:
    _, operator = open_desk(seed=5, speed=8, quote_seconds=4)
    operator.wait(lambda: bool(operator.rows("overview-balances")) if operator.sees("overview-balances") else False)
    operator.press(Qt.Key.Key_K, Qt.KeyboardModifier.ControlModifier)
    operator.wait_for("quote-amount")
    operator.type_keys("quote-amount", "12.50")
    operator.press(Qt.Key.Key_Return)
    operator.wait_for("quote-confirm")
    assert operator.read("quote-pay").startswith("12.5")

    operator.wait(lambda: operator.read("quote-left").startswith("Expired"))
    assert not operator.sees("quote-confirm")
    operator.press(Qt.Key.Key_Return)
    operator.press(Qt.Key.Key_Space)
    assert not operator.sees("quote-outcome-title"), "nothing was confirmed by keys pressed too late"

    if not operator.sees("quote-confirm"):
        operator.tab_to("quote-get")
        operator.press(Qt.Key.Key_Space)
    operator.wait_for("quote-confirm")
    received = operator.read("quote-receive").split(" ")[0]
    operator.press(Qt.Key.Key_Return)
    assert operator.sees("quote-confirm"), "Enter never confirms"
    operator.tab_to("quote-confirm")
    operator.press(Qt.Key.Key_Space)
    operator.wait(lambda: operator.sees("quote-outcome-title"))
    assert "accepted" in operator.read("quote-outcome-title")
    trade_id = next(text for text in operator.texts("quote-outcome") if text.startswith("trd_"))
    operator.tab_to("quote-close")
    operator.press(Qt.Key.Key_Space)
    operator.press(Qt.Key.Key_4, Qt.KeyboardModifier.ControlModifier)
    operator.wait(lambda: operator.row("trades-table", Id=trade_id, Bought=received, Status="Completed") is not None)
