"""The first start after an upgrade: a folder that an older desk left behind, opened by its operator without a keychain."""

from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QWidget

from lumedesk.keychain import Keychain, NoKeychain
from lumedesk.program import Program
from tests.support.old_desk import PASSPHRASE, unpack
from tests.support.operator import Operator

Start = Callable[..., Program]
Hands = Callable[[Callable[[], QWidget | None]], Operator]
OLD = sorted((Path(__file__).parents[1] / "data").glob("desk-*.tar.xz"))


def no_keychain() -> Keychain:
    raise NoKeychain("There is none on this computer.")


@pytest.mark.parametrize("archive", OLD, ids=lambda archive: archive.name)
def test_the_histories_are_shown_and_both_orders_in_doubt_are_told(
    archive: Path, start: Start, hands: Hands, tmp_path: Path
) -> None:
    unpack(archive, tmp_path)
    program = start(keychain=no_keychain)
    gate = hands(lambda: program.gate)
    gate.write("gate-passphrase", PASSPHRASE.reveal())
    gate.click("gate-unlock")
    gate.wait_for("gate-choice-offline")
    gate.click("gate-choice-offline")
    operator = hands(lambda: program.workplace.window if program.workplace else None)
    assert "2" in operator.read("notice-doubt-text")
    operator.press(Qt.Key.Key_8, Qt.KeyboardModifier.ControlModifier)
    operator.wait(lambda: len(operator.rows("movements-table")) == 4)
    statuses = sorted(row["Status"] for row in operator.rows("movements-table"))
    assert statuses[:2] == ["Accepted", "Accepted"]
    operator.press(Qt.Key.Key_4, Qt.KeyboardModifier.ControlModifier)
    operator.wait(lambda: operator.sees("trades-table") and len(operator.rows("trades-table")) == 9)
