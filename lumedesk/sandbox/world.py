"""The invented treasury as it stands: currencies, where deposits go, who may be paid. Data only; history is seeding.py's."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

JsonObject = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Asset:
    """A currency: its decimals, its price in USD to start from, what withdrawing and depositing costs in it."""

    code: str
    name: str
    decimals: int
    usd: float
    withdrawal_fee: Decimal = Decimal(0)
    deposit_fee: Decimal = Decimal(0)
    networks: tuple[str, ...] = ()
    balance: Decimal | None = None  # of the account on the first day; None: no account yet
    enabled: bool = True  # for this key's owner

    @property
    def is_crypto(self) -> bool:
        """It moves over a network, not through a bank."""
        return bool(self.networks)

    def exact(self, amount: Decimal) -> Decimal:
        """`amount`, which fits, written with the currency's own decimals."""
        return amount.quantize(Decimal(1).scaleb(-self.decimals))

    def fits(self, amount: Decimal) -> bool:
        """No finer than the currency can be divided."""
        return not (amount.scaleb(self.decimals) % 1)


ASSETS = {
    asset.code: asset
    for asset in (
        Asset("ZAR", "South African Rand", 2, 1 / 18.4, Decimal("7.50"), balance=Decimal("4250000.37")),
        Asset("USD", "US Dollar", 2, 1.0, Decimal("15.00"), balance=Decimal("812445.10")),
        Asset("EUR", "Euro", 2, 1.09, Decimal("0.35"), balance=Decimal("268114.92")),
        Asset("GBP", "Pound Sterling", 2, 1.27, Decimal("0.25"), balance=Decimal("94870.05")),
        Asset(
            "NGN", "Nigerian Naira", 2, 1 / 1580, Decimal("50.00"), Decimal("100.00"), balance=Decimal("183500250.00")
        ),
        Asset("KES", "Kenyan Shilling", 2, 1 / 129.5, Decimal("35.00"), balance=Decimal("6120400.50")),
        Asset("BTC", "Bitcoin", 8, 103_500.0, Decimal("0.00012"), networks=("BITCOIN",), balance=Decimal("3.18420755")),
        Asset("ETH", "Ether", 8, 3_450.0, Decimal("0.0009"), networks=("ETHEREUM",), balance=Decimal("41.00731902")),
        Asset(
            "USDT",
            "Tether USD",
            6,
            1.0,
            Decimal("2.50"),
            networks=("TRON", "ETHEREUM"),
            balance=Decimal("655320.418250"),
        ),
        Asset("USDC", "USD Coin", 6, 1.0, Decimal("3.00"), networks=("ETHEREUM",), balance=Decimal("0.000001")),
        Asset("GHS", "Ghanaian Cedi", 2, 1 / 15.6, Decimal("10.00")),
        Asset("UGX", "Ugandan Shilling", 0, 1 / 3_720, Decimal(1500)),
        Asset("TZS", "Tanzanian Shilling", 2, 1 / 2_690, Decimal("1200.00")),
        Asset("SOL", "Solana", 9, 212.0, Decimal("0.001"), networks=("SOLANA",)),
        Asset("XRP", "XRP", 6, 2.1, Decimal("0.2"), networks=("XRPL",), enabled=False),
    )
}


def currencies() -> list[JsonObject]:
    """What GET /currencies answers: an invented shape, since the vendor documents none."""
    return [
        {
            "code": asset.code,
            "name": asset.name,
            "decimals": asset.decimals,
            "type": "CRYPTO" if asset.is_crypto else "FIAT",
            "networks": list(asset.networks),
        }
        for asset in ASSETS.values()
        if asset.enabled
    ]


def _bank(currency: str, method: str, **details: object) -> JsonObject:
    return {"currency": currency, "depositDetails": details, "networkName": None, "paymentMethodType": method}


def _crypto(currency: str, network: str, address: str, tag: str | None = None) -> JsonObject:
    details = {"address": address, "address_tag": tag}
    return {"currency": currency, "depositDetails": details, "networkName": network, "paymentMethodType": None}


WALLETS: tuple[JsonObject, ...] = (
    _bank(
        "ZAR",
        "EFT",
        bankName="Standard Bank",
        accountName="Lumetrade Client Funds",
        accountNumber="0410229981",
        accountType="CURRENT",
        branchCode="051001",
        reference="LUM-7Q2K",
    ),
    _bank(
        "USD",
        "SWIFT",
        bankName="Citibank N.A.",
        accountName="Lumetrade Client Funds",
        accountNumber="36112904",
        accountType="CURRENT",
        branchCode="CITIUS33",
        reference="LUM-7Q2K",
        intermediary={
            "bankName": "JPMorgan Chase",
            "bic": "CHASUS33",
            "address": {"city": "New York", "country": "US"},
        },
    ),
    _bank(
        "EUR",
        "SEPA",
        bankName="Banque Internationale à Luxembourg",
        accountName="Lumetrade Client Funds",
        accountNumber="LU280019400644750000",
        accountType="CURRENT",
        branchCode="BILLLULL",
    ),
    _bank(
        "GBP",
        "FASTER_PAYMENTS",
        bankName="ClearBank",
        accountName="Lumetrade Client Funds",
        accountNumber="70872490",
        accountType="CURRENT",
        branchCode="04-06-05",
    ),
    _bank(
        "NGN",
        "NIP",
        bankName="Guaranty Trust Bank",
        accountName="Lumetrade Nigeria Ltd",
        accountNumber="0123456789",
        accountType="CURRENT",
        branchCode="058",
    ),
    _bank(
        "KES",
        "PESALINK",
        bankName="KCB Bank Kenya",
        accountName="Lumetrade Kenya Ltd",
        accountNumber="1187724460",
        accountType="CURRENT",
        branchCode="01100",
    ),
    _crypto("BTC", "BITCOIN", "bc1q5n6y0c3d8t2v7k9m4x1z0r8w6p3h5j7l2a4s9e"),
    _crypto("ETH", "ETHEREUM", "0x7A1c9E4b2D8f3056C4aB91e7F02d6E5c8B3A4f10"),
    _crypto("USDT", "TRON", "TQ5nX8yKc2vR7mJ4wZ9bL3pD6hF1sG0aEu", "100482"),
    _crypto("USDT", "ETHEREUM", "0x7A1c9E4b2D8f3056C4aB91e7F02d6E5c8B3A4f10"),
    _crypto("USDC", "ETHEREUM", "0x7A1c9E4b2D8f3056C4aB91e7F02d6E5c8B3A4f10"),
)


def _payee(currency: str, nickname: str, created_at: str, **details: object) -> JsonObject:
    return {"currency": currency, "nickname": nickname, "withdrawFormDetails": details, "createdAt": created_at}


BENEFICIARIES: tuple[JsonObject, ...] = (
    _payee(
        "ZAR",
        "Umhlanga Logistics",
        "2025-02-03T08:12:44Z",
        bankName="First National Bank",
        accountName="Umhlanga Logistics (Pty) Ltd",
        accountNumber="62847719203",
        branchCode="250655",
    ),
    _payee(
        "ZAR",
        "<b>Acme</b> & Sons",
        "2025-06-19T14:30:02",
        bankName="Nedbank",
        accountName="Acme & Sons CC",
        accountNumber="1147720093",
        branchCode="198765",
        reference="INV <2231>",
    ),
    _payee(
        "USD",
        "Atlas Freight Inc.",
        "2024-11-27T09:00:00+02:00",
        bankName="Bank of America",
        accountName="Atlas Freight Inc.",
        accountNumber="483029175502",
        swiftCode="BOFAUS3N",
        address={"line1": "1200 Harbor Blvd", "city": "Weehawken", "country": "US"},
    ),
    _payee(
        "EUR",
        "Müller & Söhne GmbH",
        "2025-01-15T11:45:10.250Z",
        bankName="Deutsche Bank",
        accountName="Müller & Söhne GmbH",
        accountNumber="DE89370400440532013000",
        bic="DEUTDEFF",
    ),
    _payee(
        "GBP",
        "Thames Shipping",
        "2025-08-01T16:20:00",
        bankName="Barclays",
        accountName="Thames Shipping Ltd",
        accountNumber="55779911",
        sortCode="20-00-00",
    ),
    _payee(
        "NGN",
        "Lagos Payroll",
        "2025-03-22T07:05:51Z",
        bankName="Zenith Bank",
        accountName="Okonkwo Foods Plc",
        accountNumber="2009183746",
    ),
    _payee(
        "KES",
        "Nairobi Office Rent",
        "2025-09-30T12:00:00",
        bankName="Equity Bank",
        accountName="Savannah Properties",
        accountNumber="0550299104417",
    ),
    _payee(
        "BTC",
        "Cold storage",
        "2025-04-11T18:22:09Z",
        address="bc1qxy2kgdygjrsqtzq2n0yrf2493p83kkfjhx0wlh",
        networkName="BITCOIN",
    ),
    _payee(
        "USDT",
        "Binance OTC",
        "2025-05-08T10:10:10",
        address="TJRyWwFs9wTFGZg3JbrVriFbNfCug5tDeC",
        address_tag=None,
        networkName="TRON",
    ),
    _payee(
        "ETH",
        "Treasury multisig",
        "2026-01-20T06:59:59Z",
        address="0x1Db3439a222C519ab44bb1144fC28167b4Fa6EE6",
        networkName="ETHEREUM",
        owners=["CFO", "Treasurer", "Auditor"],
    ),
)
