"""Which method and path lead to which operation. What the operations do is in operations.py."""

import re
from collections.abc import Callable
from dataclasses import dataclass

from lumedesk.sandbox.operations import Answer, Desk, Request

BASE = "/api/v1"
Operation = Callable[[Desk, Request], Answer]


@dataclass(frozen=True, slots=True)
class Route:
    """`needs_full_key`: it moves money or opens an account, which a view-only key may not."""

    method: str
    path: str
    operation_id: str
    operation: Operation
    needs_full_key: bool = False


ROUTES = (
    Route("GET", "/accounts", "getAccounts", Desk.list_accounts),
    Route("POST", "/accounts", "createAccount", Desk.create_account, needs_full_key=True),
    Route("GET", "/accounts/{accountId}", "getAccount", Desk.get_account),
    Route("GET", "/accounts/currency/{currency}", "getAccountByCurrency", Desk.get_account_by_currency),
    Route("GET", "/wallets", "getWallets", Desk.list_wallets),
    Route("GET", "/wallets/{walletId}", "getWallet", Desk.get_wallet),
    Route("GET", "/currencies", "getCurrencies", Desk.list_currencies),
    Route("GET", "/beneficiaries", "getBeneficiaries", Desk.list_beneficiaries),
    Route("GET", "/beneficiaries/{beneficiaryId}", "getBeneficiary", Desk.get_beneficiary),
    Route("POST", "/beneficiaries/withdrawals", "createWithdrawal", Desk.create_withdrawal, needs_full_key=True),
    Route("GET", "/withdrawals", "getWithdrawHistory", Desk.list_withdrawals),
    Route("GET", "/withdrawals/{transactionId}", "getWithdraw", Desk.get_withdrawal),
    Route("GET", "/deposits", "depositHistory", Desk.list_deposits),
    Route("GET", "/deposits/{transactionId}", "getDeposit", Desk.get_deposit),
    Route("POST", "/trades/quote", "getQuote", Desk.get_quote),
    Route("POST", "/trades/quote/confirm", "confirmQuote", Desk.confirm_quote, needs_full_key=True),
    Route("GET", "/trades", "tradeHistory", Desk.list_trades),
    Route("GET", "/trades/{transactionId}", "getTrade", Desk.get_trade),
)
OPERATIONS = frozenset(route.operation_id for route in ROUTES)


def _pattern(path: str) -> re.Pattern[str]:
    return re.compile(re.sub(r"\\{(\w+)\\}", r"(?P<\1>[^/]+)", re.escape(BASE + path)))


# A path without placeholders goes before one with, as OpenAPI has it: /trades/quote is not a trade's id.
_PATTERNS = {
    _pattern(path): [route for route in ROUTES if route.path == path]
    for path in sorted({route.path for route in ROUTES}, key=lambda path: path.count("{"))
}


def matched(path: str) -> tuple[list[Route], dict[str, str]]:
    """The routes of a still percent-encoded path, one per method, and the encoded parts of it. Empty: no such path."""
    for pattern, routes in _PATTERNS.items():
        found = pattern.fullmatch(path)
        if found:
            return routes, found.groupdict()
    return [], {}
