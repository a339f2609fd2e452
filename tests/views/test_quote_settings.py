"""The dialog that says how quotes are asked for and confirmed."""

from decimal import Decimal

from lumedesk.domain.quotes import QuotePreferences
from lumedesk.store.preferences import read_preferences
from lumedesk.views.dialogs.quote_settings import QuoteSettingsDialog
from tests.support.stage import Stage, until


def test_what_is_set_holds_and_is_kept(stage: Stage) -> None:
    dialog = QuoteSettingsDialog(stage.session, stage.window)
    dialog.show()
    dialog.hold_from.setText("2500.50")
    dialog.auto_refresh.click()
    dialog.tolerance.setValue(40)
    dialog.save_button.click()
    until(lambda: not dialog.isVisible(), "the settings are saved")
    expected = QuotePreferences(hold_from=Decimal("2500.50"), auto_refresh=True, tolerance_bp=Decimal(40))
    assert stage.session.preferences.quotes == expected
    assert read_preferences(stage.session.preferences._path) == expected
    dialog.deleteLater()


def test_an_amount_that_is_none_is_said_and_nothing_is_kept(stage: Stage) -> None:
    before = stage.session.preferences.quotes
    dialog = QuoteSettingsDialog(stage.session, stage.window)
    dialog.show()
    dialog.hold_from.setText("1,000")
    dialog.save_button.click()
    assert dialog.isVisible()
    assert "Hold to confirm" in dialog.message.text()
    assert stage.session.preferences.quotes == before
    dialog.close()
    dialog.deleteLater()
