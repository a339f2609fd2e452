"""The money: accounts, what moves it, and the rules that keep it whole. No prices, no HTTP.

For each account, at any moment: available + locked = opening + completed deposits less their fees - completed withdrawals
with their fees - what completed fills sold + what completed fills bought. What is still on its way out is locked.
"""

from dataclasses import dataclass, field
from decimal import Decimal
from functools import partial
from random import Random

from lumedesk.sandbox.clock import Timeline
from lumedesk.sandbox.ids import Ids
from lumedesk.sandbox.market import split
from lumedesk.sandbox.refusals import conflict, invalid, not_found
from lumedesk.sandbox.rows import Deposit, Fill, Rows, Trade, Withdrawal
from lumedesk.sandbox.walks import FILL_EVERY_S, REVERSED_AFTER_S, Walk, deposit_walk, digits_of, withdrawal_walk
from lumedesk.sandbox.world import ASSETS, Asset, JsonObject

MOST = Decimal("1e15")


@dataclass(slots=True)
class Account:
    """One currency's money. Nothing in it is ever negative."""

    id: str
    asset: Asset
    opening: Decimal
    available: Decimal
    locked: Decimal = Decimal(0)

    def fields(self) -> JsonObject:
        """As the API shows it."""
        return {
            "id": self.id,
            "currency": self.asset.code,
            "balance": self.asset.exact(self.available),
            "lockedBalance": self.asset.exact(self.locked),
        }

    def lock(self, amount: Decimal) -> None:
        """Set money aside. Errors: Refusal 409."""
        if amount > self.available:
            raise conflict(f"Insufficient funds in the {self.asset.code} account", "amount")
        self.available -= amount
        self.locked += amount

    def release(self, amount: Decimal) -> None:
        """Make what was set aside available."""
        self.locked -= amount
        self.available += amount


@dataclass(slots=True)
class Ledger:
    """All that belongs to the key's owner."""

    timeline: Timeline
    ids: Ids
    random: Random
    accounts: dict[str, Account] = field(default_factory=dict)  # by currency
    beneficiaries: dict[str, JsonObject] = field(default_factory=dict)
    wallets: dict[str, JsonObject] = field(default_factory=dict)
    withdrawals: Rows = field(default_factory=dict)
    deposits: Rows = field(default_factory=dict)
    trades: Rows = field(default_factory=dict)

    def open_account(self, currency: str) -> Account:
        """Errors: Refusal 404, 409."""
        asset = ASSETS.get(currency)
        if asset is None or not asset.enabled:
            raise not_found("Currency")
        if currency in self.accounts:
            raise conflict(f"A {currency} account already exists", "currency")
        account = self.accounts[currency] = Account(self.ids.new("acc_"), asset, Decimal(0), Decimal(0))
        return account

    def withdraw(self, beneficiary_id: str, amount: Decimal, walk: Walk | None = None) -> Withdrawal:
        """Start paying a beneficiary. Errors: Refusal 400, 404, 409."""
        beneficiary = self.beneficiaries.get(beneficiary_id)
        if beneficiary is None:
            raise not_found("Beneficiary")
        account = self.accounts.get(beneficiary["currency"])
        if account is None:
            raise conflict("The beneficiary's currency has no account", "beneficiaryId")
        checked_amount("amount", amount, account.asset)
        account.lock(amount + account.asset.withdrawal_fee)
        details = beneficiary["withdrawFormDetails"]
        withdrawal = Withdrawal(
            self.ids.new("wdl_"), account.asset, account.asset.exact(amount), details, self.timeline.now
        )
        self.withdrawals[withdrawal.id] = withdrawal.row()
        walk = walk or withdrawal_walk(amount, over_network=account.asset.is_crypto)
        self._walk(walk, partial(self._withdrawal_becomes, withdrawal, account))
        return withdrawal

    def receive(self, asset: Asset, amount: Decimal, walk: Walk | None = None) -> Deposit:
        """Money arrives from outside, into an account that exists."""
        deposit = Deposit(self.ids.new("DP"), asset, asset.exact(amount))
        self.deposits[deposit.id] = deposit.row()
        walk = walk or deposit_walk(amount)
        is_kept = walk[-1][1] != "REVERSED"
        self._walk(walk, partial(self._deposit_becomes, deposit, self.accounts[asset.code], is_kept))
        return deposit

    def trade(self, trade: Trade) -> None:
        """Book a trade at its agreed terms. Errors: Refusal 409."""
        seller = self.accounts[trade.sell.code]
        seller.lock(trade.sold)
        self.trades[trade.id] = trade.row()
        digits = digits_of(trade.asked)
        shares = tuple(self.random.randint(1, 5) for _ in range(self.random.randint(1, 3)))
        if digits == "19":
            shares = (1, 1)
        sold, bought = split(trade.sold, shares, trade.sell), split(trade.bought, shares, trade.buy)
        if not all(sold) or not all(bought):
            sold, bought = [trade.sold], [trade.bought]
        delay = FILL_EVERY_S
        if digits != "13":
            parts = list(zip(sold, bought, strict=True))
            for part in parts[:1] if digits == "19" else parts:
                self.timeline.after(delay, partial(self._fill, trade, *part))
                delay += FILL_EVERY_S
        end = "CANCELLED" if digits in {"13", "19"} else "COMPLETED"
        self.timeline.after(delay, partial(self._trade_ends, trade, end))
        if digits == "17":
            self.timeline.after(delay + REVERSED_AFTER_S, partial(self._trade_ends, trade, "REVERSED"))

    def _walk(self, walk: Walk, step: "partial[None]") -> None:
        total = 0.0
        for delay, status in walk:
            total += delay
            self.timeline.after(total, partial(step, status))

    def _withdrawal_becomes(self, withdrawal: Withdrawal, account: Account, status: str) -> None:
        before, withdrawal.status = withdrawal.status, status
        match status:
            case "COMPLETED":
                account.locked -= withdrawal.debit
                withdrawal.completed_at = self.timeline.now
            case "REVERSED" if before == "COMPLETED":
                account.available += withdrawal.debit
            case "FAILED" | "CANCELLED" | "REVERSED":
                account.release(withdrawal.debit)
        self.withdrawals[withdrawal.id] = withdrawal.row()

    def _deposit_becomes(self, deposit: Deposit, account: Account, is_kept: bool, status: str) -> None:
        deposit.status = status
        match status:
            # What will be taken back stays locked until then, so that it can't have been spent.
            case "COMPLETED" if is_kept:
                account.available += deposit.credit
            case "COMPLETED":
                account.locked += deposit.credit
            case "REVERSED":
                account.locked -= deposit.credit
        if status == "COMPLETED":
            deposit.completed_at = self.timeline.now
        self.deposits[deposit.id] = deposit.row()

    def _fill(self, trade: Trade, sold: Decimal, bought: Decimal) -> None:
        now = self.timeline.now
        trade.fills.append(Fill(self.ids.new("fil_"), sold, bought, now, now))
        self.accounts[trade.sell.code].locked -= sold
        # Bought money is locked until the trade has ended.
        self.accounts[trade.buy.code].locked += bought
        self.trades[trade.id] = trade.row()

    def _trade_ends(self, trade: Trade, status: str) -> None:
        seller, buyer = self.accounts[trade.sell.code], self.accounts[trade.buy.code]
        sold, bought = sum(fill.sold for fill in trade.fills), sum(fill.bought for fill in trade.fills)
        trade.status = status
        if status == "REVERSED":
            buyer.locked -= bought
            seller.available += sold
            for fill in trade.fills:
                fill.status, fill.modified_at = "REVERSED", self.timeline.now
        else:
            trade.completed_at = self.timeline.now if status == "COMPLETED" else None
            seller.release(trade.sold - sold)
            if digits_of(trade.asked) != "17":
                buyer.release(Decimal(bought))
        self.trades[trade.id] = trade.row()


def checked_amount(name: str, amount: Decimal, asset: Asset) -> None:
    """Errors: Refusal 400 unless positive, credible, and no finer than the currency."""
    if amount <= 0:
        raise invalid(name, "must be greater than 0")
    if amount > MOST:
        raise invalid(name, "is too large")
    if not asset.fits(amount):
        raise invalid(name, f"must have at most {asset.decimals} decimals")
