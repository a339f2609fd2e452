"""How amounts are written on this system, as the operator's settings say. The rules of reading are in domain/amount_entry.py."""

from PySide6.QtCore import QLocale

from lumedesk.domain.amount_entry import Convention, convention_of


def system_convention() -> Convention:
    """The convention of the locale in force."""
    locale = QLocale()
    group = locale.groupSeparator()
    written = QLocale(locale.language(), locale.script(), locale.territory()).toString(10_000_000)
    # Three signs in ten million: 1,00,00,000.
    return convention_of(locale.decimalPoint(), group, lakhs=bool(group) and written.count(group) == 3)
