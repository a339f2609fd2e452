"""What the kinds of record are called."""

from lumedesk.domain.kinds import Kind

# One record of a kind, and several.
NOUNS = {
    Kind.ACCOUNTS: ("account", "accounts"),
    Kind.WALLETS: ("wallet", "wallets"),
    Kind.CURRENCIES: ("currency", "currencies"),
    Kind.BENEFICIARIES: ("beneficiary", "beneficiaries"),
    Kind.TRADES: ("trade", "trades"),
    Kind.DEPOSITS: ("deposit", "deposits"),
    Kind.WITHDRAWALS: ("withdrawal", "withdrawals"),
}


def counted(kind: Kind, count: int) -> str:
    """As `1 trade`, `1,234 trades`."""
    return f"{count:,} {NOUNS[kind][count != 1]}"
