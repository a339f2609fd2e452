"""A treasury with a past: fills a ledger for a seed, and lets deposits arrive as time goes on. The rules are the ledger's."""

from collections import Counter
from datetime import timedelta
from decimal import Decimal
from random import Random

from lumedesk.sandbox.clock import Timeline
from lumedesk.sandbox.ids import Ids
from lumedesk.sandbox.ledger import Account, Ledger
from lumedesk.sandbox.market import Market
from lumedesk.sandbox.past import DAYS, PastTrades
from lumedesk.sandbox.rows import Deposit, Withdrawal
from lumedesk.sandbox.world import ASSETS, BENEFICIARIES, WALLETS, Asset

DEFAULT_HISTORY = 60
_DEPOSITS = 35
_WITHDRAWALS = 40
_ARRIVALS_EVERY_S = 120.0
_ENDINGS = ("FAILED", "REVERSED", "CANCELLED")


def populated(seed: int, history: int, timeline: Timeline, market: Market) -> Ledger:
    """Shape: accounts, wallets, beneficiaries and `history` past trades; the same for the same seed and time."""
    random = Random(seed)
    ledger = Ledger(timeline, Ids(seed), random)
    ledger.wallets = {wallet["id"]: wallet for wallet in ({"id": ledger.ids.new("wal_")} | each for each in WALLETS)}
    payees = ({"id": ledger.ids.new("ben_")} | each for each in BENEFICIARIES)
    ledger.beneficiaries = {payee["id"]: payee for payee in payees}
    past = PastTrades(market, ledger.ids, random, timeline.now.timestamp())
    ledger.trades = past.write(history)
    net: Counter[str] = Counter()
    _past_deposits(ledger, net)
    _past_withdrawals(ledger, net)
    for asset in ASSETS.values():
        if asset.balance is not None:
            change = Decimal(past.net[asset.code] + net[asset.code]).scaleb(-asset.decimals)
            ledger.accounts[asset.code] = Account(
                ledger.ids.new("acc_"), asset, asset.exact(asset.balance - change), asset.exact(asset.balance)
            )
    _still_open(ledger)
    timeline.after(45, lambda: _arrive(ledger))
    timeline.catch_up()
    return ledger


def _worth(random: Random, asset: Asset, least_usd: float, most_usd: float) -> Decimal:
    """An amount worth something between the two."""
    units = int(least_usd * (most_usd / least_usd) ** random.random() / asset.usd * 10**asset.decimals)
    return Decimal(units).scaleb(-asset.decimals)


def _past_deposits(ledger: Ledger, net: Counter[str]) -> None:
    held = [asset for asset in ASSETS.values() if asset.balance is not None]
    for number in range(_DEPOSITS):
        asset = held[number % len(held)]
        deposit = Deposit(
            ledger.ids.new("DP"), asset, asset.exact(_worth(ledger.random, asset, 50, 400_000)), "COMPLETED"
        )
        if number % 9 == 4:
            deposit.status = _ENDINGS[number // 9 % 3]
        if deposit.status == "COMPLETED":
            net[asset.code] += int(deposit.credit.scaleb(asset.decimals))
        if deposit.status in {"COMPLETED", "REVERSED"}:
            age = timedelta(days=DAYS * (_DEPOSITS - number - ledger.random.random()) / _DEPOSITS)
            deposit.completed_at = ledger.timeline.now - age
        ledger.deposits[deposit.id] = deposit.row()


def _past_withdrawals(ledger: Ledger, net: Counter[str]) -> None:
    payees = list(ledger.beneficiaries.values())
    for number in range(_WITHDRAWALS):
        payee = ledger.random.choice(payees)
        asset = ASSETS[payee["currency"]]
        age = timedelta(days=DAYS * (_WITHDRAWALS - number - ledger.random.random()) / _WITHDRAWALS)
        # The first is the least there is of a bitcoin.
        amount = _worth(ledger.random, asset, 20, 90_000)
        if not number:
            payee = next(each for each in payees if each["currency"] == "BTC")
            asset, amount = ASSETS["BTC"], Decimal("0.00000001")
        details = payee["withdrawFormDetails"]
        created_at = ledger.timeline.now - age
        withdrawal = Withdrawal(ledger.ids.new("wdl_"), asset, asset.exact(amount), details, created_at, "COMPLETED")
        if number % 8 == 3:
            withdrawal.status = _ENDINGS[number // 8 % 3]
        if withdrawal.status == "COMPLETED":
            net[asset.code] -= int(withdrawal.debit.scaleb(asset.decimals))
        if withdrawal.status in {"COMPLETED", "REVERSED"}:
            withdrawal.completed_at = created_at + timedelta(minutes=ledger.random.randint(1, 300))
        ledger.withdrawals[withdrawal.id] = withdrawal.row()


def _still_open(ledger: Ledger) -> None:
    """A few movements that are under way on the first look, and stay so for a while."""
    payees = {payee["nickname"]: identity for identity, payee in ledger.beneficiaries.items()}
    for nickname, amount, status in (
        ("Umhlanga Logistics", "18250.00", "COMPLIANCE_PENDING"),
        ("Cold storage", "0.25000000", "AWAITING_CONFIRMATION"),
        ("Atlas Freight Inc.", "4310.55", "PROCESSING"),
    ):
        ledger.withdraw(payees[nickname], Decimal(amount), ((0, status), (900, "PROCESSING"), (60, "COMPLETED")))
    ledger.receive(ASSETS["EUR"], Decimal("12500.00"), ((0, "COMPLIANCE_PENDING"), (1200, "COMPLETED")))
    ledger.receive(ASSETS["ZAR"], Decimal("99750.25"), ((300, "PENDING"), (300, "PROCESSING"), (300, "COMPLETED")))


def _arrive(ledger: Ledger) -> None:
    """A deposit comes in; so will the next."""
    asset = ledger.random.choice([account.asset for account in ledger.accounts.values()])
    amount = _worth(ledger.random, asset, 100, 60_000)
    if ledger.random.random() < 0.2:
        ending = ledger.random.choice((13, 17, 19, 23))
        amount = amount.to_integral_value() + Decimal(ending).scaleb(-2 if asset.decimals else 0)
    ledger.receive(asset, max(amount, asset.deposit_fee + 1))
    ledger.timeline.after(ledger.random.uniform(0.5, 1.5) * _ARRIVALS_EVERY_S, lambda: _arrive(ledger))
