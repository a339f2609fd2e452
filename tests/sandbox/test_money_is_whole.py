"""The ledger's promise, under any sequence of operations: what the accounts hold is what the history explains."""

from collections import defaultdict
from decimal import Decimal
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from lumedesk.sandbox.walks import digits_of
from lumedesk.sandbox.world import ASSETS
from tests.support.sandbox_desk import SandboxDesk

CURRENCIES = st.sampled_from(["ZAR", "USD", "EUR", "NGN", "KES", "BTC", "ETH", "USDT", "GHS"])
# The endings that choose what becomes of a movement, more often than chance would pick them.
AMOUNTS = st.builds(
    lambda whole, ending: Decimal(f"{whole}.{ending}"),
    st.integers(0, 5_000),
    st.sampled_from(["00", "50", "13", "17", "19", "23", "29", "01"]),
)


def explained(desk: SandboxDesk) -> dict[str, Decimal]:
    """What the lists alone say each account gained or lost."""
    change: dict[str, Decimal] = defaultdict(Decimal)
    for row in desk.get("/deposits"):
        if row["status"] == "COMPLETED":
            change[row["currency"]] += row["amount"] - row["fee"]
    for row in desk.get("/withdrawals"):
        if row["status"] == "COMPLETED":
            change[row["currency"]] -= row["amount"] + row["fee"]
    for trade in desk.get("/trades"):
        for fill in trade["fills"]:
            if fill["status"] == "COMPLETED":
                change[fill["fromCurrency"]] -= fill["fromCurrencyAmount"]
                change[fill["toCurrency"]] += fill["toCurrencyAmount"]
    return change


def pending(desk: SandboxDesk) -> dict[str, Decimal]:
    """What the lists say is still on its way out, so at least that much is locked."""
    held: dict[str, Decimal] = defaultdict(Decimal)
    for row in desk.get("/withdrawals"):
        if row["status"] not in {"COMPLETED", "FAILED", "CANCELLED", "REVERSED"}:
            held[row["currency"]] += row["amount"] + row["fee"]
    for trade in desk.get("/trades"):
        if trade["status"] == "PENDING":
            held[trade["fromCurrency"]] += trade["fromAmount"]
            for fill in trade["fills"]:
                held[trade["fromCurrency"]] -= fill["fromCurrencyAmount"]
                held[trade["toCurrency"]] += fill["toCurrencyAmount"]
    return held


def assert_whole(desk: SandboxDesk) -> None:
    accounts: list[dict[str, Any]] = desk.get("/accounts")
    change, held = explained(desk), pending(desk)
    for account in accounts:
        currency = account["currency"]
        opening = desk.ledger.accounts[currency].opening
        assert account["balance"] >= 0, account
        assert account["balance"] + account["lockedBalance"] == opening + change[currency], account
        assert account["lockedBalance"] >= held[currency], account
        assert ASSETS[currency].fits(account["balance"])


class Treasury(RuleBasedStateMachine):
    @initialize(seed=st.integers(0, 3), history=st.sampled_from([0, 20]))
    def open(self, seed: int, history: int) -> None:
        self.desk = SandboxDesk(seed=seed, history=history)
        self.quotes: list[dict[str, Any]] = []

    @rule(currency=CURRENCIES)
    def create_account(self, currency: str) -> None:
        assert self.desk.call("POST", "/accounts", {"currency": currency}).status in {201, 409}

    @rule(data=st.data(), amount=AMOUNTS)
    def withdraw(self, data: st.DataObject, amount: Decimal) -> None:
        payee = data.draw(st.sampled_from(self.desk.get("/beneficiaries")))
        body = {"beneficiaryId": payee["id"], "amount": amount}
        assert self.desk.call("POST", "/beneficiaries/withdrawals", body).status in {201, 400, 409}

    @rule(sell=CURRENCIES, buy=CURRENCIES, amount=AMOUNTS, side=st.sampled_from(["fromAmount", "toAmount"]))
    def quote(self, sell: str, buy: str, amount: Decimal, side: str) -> None:
        body = {"fromCurrency": sell, "toCurrency": buy, side: amount, "quoteIntent": "client_linked"}
        reply = self.desk.call("POST", "/trades/quote", body)
        assert reply.status in {200, 400}
        if reply.status == 200:
            self.quotes.append(reply.body)

    @precondition(lambda self: self.quotes)
    @rule(data=st.data())
    def confirm(self, data: st.DataObject) -> None:
        quote = data.draw(st.sampled_from(self.quotes))
        assert self.desk.confirm(quote).status in {200, 400, 409}

    @rule(seconds=st.sampled_from([0.5, 1.5, 2, 5, 10, 20, 60, 1000]))
    def wait(self, seconds: float) -> None:
        self.desk.advance(seconds)

    def teardown(self) -> None:
        """Once all that was begun has ended, nothing is locked without a reason."""
        if not hasattr(self, "desk"):
            return
        before = {row["transactionId"] for row in self.desk.get("/deposits")}
        self.desk.advance(5_000)
        assert_whole(self.desk)
        held = pending(self.desk)
        for row in self.desk.get("/deposits"):
            # Completed, about to be reversed: the sandbox withholds it.
            if row["status"] == "COMPLETED" and row["transactionId"] not in before and digits_of(row["amount"]) == "17":
                held[row["currency"]] += row["amount"] - row["fee"]
        for account in self.desk.get("/accounts"):
            assert account["lockedBalance"] == held[account["currency"]], account

    @invariant()
    def money_is_whole(self) -> None:
        if hasattr(self, "desk"):
            assert_whole(self.desk)


TestTreasury = Treasury.TestCase
TestTreasury.settings = settings(
    max_examples=60,
    stateful_step_count=30,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.too_slow],
)


def test_a_long_quiet_day_keeps_the_money_whole() -> None:
    desk = SandboxDesk(history=200)
    assert_whole(desk)
    for _ in range(24):
        desk.advance(3600)
        assert_whole(desk)
    assert not any(desk.ledger.accounts[currency].locked < 0 for currency in desk.ledger.accounts)
