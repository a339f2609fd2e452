"""Movements whose outcome nobody knows, by keyboard alone: lost answers, look-alikes, and a changed beneficiary."""

from PySide6.QtCore import Qt

from tests.journeys.conftest import OpenDesk
from tests.support.operator import Operator
from tests.support.sandbox import SandboxControl, client_of, running_sandbox

_PAYEE = "Umhlanga Logistics"


def _send_withdrawal(operator: Operator, amount: str) -> None:
    """Up to the amount, and through the further steps to the button that sends."""
    _begin_withdrawal(operator, amount)
    operator.press(Qt.Key.Key_Return)
    operator.pass_checks()
    operator.wait_for("withdrawal-send")
    operator.tab_to("withdrawal-send")
    operator.press(Qt.Key.Key_Space)


def _begin_withdrawal(operator: Operator, amount: str) -> None:
    """Ctrl+N, the beneficiary by name, and the amount."""
    operator.wait(lambda: bool(operator.rows("overview-balances")) if operator.sees("overview-balances") else False)
    operator.press(Qt.Key.Key_N, Qt.KeyboardModifier.ControlModifier)
    operator.wait_for("withdrawal-search")
    operator.wait(lambda: bool(operator.rows("withdrawal-beneficiaries")))
    operator.type_keys("withdrawal-search", _PAYEE)
    operator.press(Qt.Key.Key_Return)
    operator.press(Qt.Key.Key_Return)
    operator.wait_for("withdrawal-amount")
    operator.type_keys("withdrawal-amount", amount)


def test_an_answer_that_never_comes_is_reconciled_after_a_restart(open_desk: OpenDesk) -> None:
    with running_sandbox(seed=3, speed=0) as server:
        control = SandboxControl(server)
        desk, operator = open_desk(server=server)
        control.fault("createWithdrawal", "drop_after_commit")
        _send_withdrawal(operator, "250.75")
        operator.wait(lambda: operator.sees("withdrawal-outcome-title"))
        assert "isn't known" in operator.read("withdrawal-outcome-title")
        desk.close()

        desk, operator = open_desk(server=server)
        operator.wait(lambda: operator.sees("notice-doubt-text"))
        operator.press(Qt.Key.Key_8, Qt.KeyboardModifier.ControlModifier)
        operator.wait(lambda: operator.row("movements-table", Status="Likely executed") is not None)
        operator.press(Qt.Key.Key_Down)
        operator.tab_to("movements-decide")
        operator.press(Qt.Key.Key_Space)
        operator.wait_for("decide-candidates")
        operator.press(Qt.Key.Key_Down)
        operator.tab_to("decide-accept")
        operator.press(Qt.Key.Key_Space)
        operator.wait(lambda: operator.row("movements-table", Status="Accepted") is not None)
        assert not operator.sees("notice-doubt-text")
        assert control.requests()["createWithdrawal"] == 1
        desk.close()


def test_two_look_alikes_are_for_the_operator_to_choose(open_desk: OpenDesk) -> None:
    with running_sandbox(seed=3, speed=0) as server:
        control = SandboxControl(server)
        desk, operator = open_desk(server=server)
        control.fault("createWithdrawal", "drop_after_commit")
        _send_withdrawal(operator, "250.75")
        operator.wait(lambda: operator.sees("withdrawal-outcome-title"))
        operator.tab_to("withdrawal-close")
        operator.press(Qt.Key.Key_Space)

        # A colleague pays the same beneficiary the same amount at the same time.
        with client_of(server) as colleague:
            payee = next(each for each in colleague.get("/beneficiaries").json() if each["nickname"] == _PAYEE)
            order = {"beneficiaryId": payee["id"], "amount": 250.75}
            theirs = colleague.post("/beneficiaries/withdrawals", json=order).json()["transactionId"]
        operator.press(Qt.Key.Key_F5)
        operator.press(Qt.Key.Key_8, Qt.KeyboardModifier.ControlModifier)
        operator.wait(lambda: operator.row("movements-table", Status="Several candidates") is not None)
        operator.press(Qt.Key.Key_Down)
        operator.tab_to("movements-decide")
        operator.press(Qt.Key.Key_Space)
        operator.wait(lambda: operator.sees("decide-candidates") and len(operator.rows("decide-candidates")) == 2)
        ours = next(row["Id"] for row in operator.rows("decide-candidates") if row["Id"] != theirs)
        operator.press(Qt.Key.Key_Down)
        if operator.current("decide-candidates", "Id") != ours:
            operator.press(Qt.Key.Key_Down)
        assert operator.current("decide-candidates", "Id") == ours
        operator.tab_to("decide-accept")
        operator.press(Qt.Key.Key_Space)
        operator.wait(lambda: operator.row("movements-table", Id=ours, Status="Accepted") is not None)
        desk.close()


def test_the_same_again_is_blocked_while_one_is_in_doubt(open_desk: OpenDesk) -> None:
    with running_sandbox(seed=3, speed=0) as server:
        control = SandboxControl(server)
        desk, operator = open_desk(server=server)
        control.fault("createWithdrawal", "drop_before_commit")
        _send_withdrawal(operator, "99.50")
        operator.wait(lambda: operator.sees("withdrawal-outcome-title"))
        operator.tab_to("withdrawal-close")
        operator.press(Qt.Key.Key_Space)
        operator.wait(lambda: not operator.sees("withdrawal-close"))
        operator.press(Qt.Key.Key_1, Qt.KeyboardModifier.ControlModifier)
        _begin_withdrawal(operator, "99.5")
        operator.press(Qt.Key.Key_Return)
        assert "no known outcome" in operator.read("withdrawal-problem")
        assert operator.sees("withdrawal-amount"), "there is no way on"
        assert control.requests()["createWithdrawal"] == 1
        desk.close()


def test_a_beneficiary_that_changed_since_the_review_gets_nothing(open_desk: OpenDesk) -> None:
    with running_sandbox(seed=3, speed=0) as server, client_of(server) as vendor:
        control = SandboxControl(server)
        payee = next(each for each in vendor.get("/beneficiaries").json() if each["nickname"] == _PAYEE)
        desk, operator = open_desk(server=server)
        operator.wait(lambda: bool(operator.rows("overview-balances")) if operator.sees("overview-balances") else False)
        # The desk's own copy is some seconds old when somebody at the vendor changes the account number.
        operator.wait(lambda: "Connected" in operator.read("status-connection"))
        control.change_beneficiary(payee["id"], "accountNumber", "99999999999")
        _send_withdrawal(operator, "10.25")
        operator.wait(lambda: operator.sees("withdrawal-outcome-title"))
        assert "not sent" in operator.read("withdrawal-outcome-title")
        assert any("changed" in text for text in operator.texts("withdrawal"))
        assert control.requests().get("createWithdrawal", 0) == 0
        desk.close()
