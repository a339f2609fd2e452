"""What each operation answers, and every way it says no."""

from decimal import Decimal
from typing import Any

import pytest

from lumedesk.domain.times import instant
from lumedesk.sandbox.gate import Incoming, KeyPair
from lumedesk.sandbox.routes import ROUTES
from tests.support.sandbox_desk import SandboxDesk


@pytest.fixture
def desk() -> SandboxDesk:
    return SandboxDesk(history=20)


def test_every_operation_asks_for_both_headers(desk: SandboxDesk) -> None:
    for route in ROUTES:
        reply = desk.call(route.method, route.path, {}, role="stranger")
        assert (reply.status, reply.body["httpStatus"]) == (401, 401), route


@pytest.mark.parametrize("header", [b"x-api-key", b"x-api-secret"])
def test_one_right_header_is_not_enough(desk: SandboxDesk, header: bytes) -> None:
    pair = KeyPair.invented(1, "operator")
    headers = {b"x-api-key": pair.key.encode(), b"x-api-secret": pair.secret.encode()} | {header: "schlüssel".encode()}
    assert desk.gate.answer(Incoming("GET", "/api/v1/accounts", headers), "req").status == 401


def test_a_viewing_key_reads_and_quotes_but_moves_nothing(desk: SandboxDesk) -> None:
    for route in ROUTES:
        reply = desk.call(route.method, route.path, {}, role="viewer")
        is_mover = route.operation_id in {"createAccount", "createWithdrawal", "confirmQuote"}
        assert (reply.status == 403) == is_mover, route


def test_errors_come_in_the_documented_envelope(desk: SandboxDesk) -> None:
    body = desk.call("POST", "/accounts", {}).body
    assert body["code"] == 1133
    assert body["httpStatus"] == 400
    assert body["requestId"] == "req_TEST"
    assert instant(body["timestamp"])
    assert body["errors"] == [{"field": "currency", "message": "is required"}]
    assert "currency is required" in body["message"]


def test_unknown_paths_and_methods(desk: SandboxDesk) -> None:
    assert desk.call("GET", "/nothing").status == 404
    reply = desk.call("DELETE", "/accounts")
    assert (reply.status, reply.headers["Allow"]) == (405, "GET, POST")
    # The longer literal path wins over /trades/{transactionId}.
    assert desk.call("GET", "/trades/quote").status == 405


@pytest.mark.parametrize(
    "path",
    [
        "/accounts/nope",
        "/accounts/currency/GHS",
        "/accounts/currency/NOPE",
        "/wallets/nope",
        "/beneficiaries/nope",
        "/withdrawals/nope",
        "/deposits/nope",
        "/trades/nope",
        "/trades/a%2Fb",
    ],
)
def test_what_does_not_exist_is_404(desk: SandboxDesk, path: str) -> None:
    assert desk.call("GET", path).status == 404


def test_an_address_of_bad_utf8_is_400(desk: SandboxDesk) -> None:
    assert desk.call("GET", "/trades/%ff").status == 400


@pytest.mark.parametrize(
    ("listed", "name"),
    [
        ("/accounts", "id"),
        ("/wallets", "id"),
        ("/beneficiaries", "id"),
        ("/withdrawals", "transactionId"),
        ("/deposits", "transactionId"),
        ("/trades", "transactionId"),
    ],
)
def test_what_is_listed_can_be_looked_up(desk: SandboxDesk, listed: str, name: str) -> None:
    rows = desk.get(listed)
    assert rows
    assert len({row[name] for row in rows}) == len(rows)
    assert [desk.get(f"{listed}/{row[name]}") for row in rows] == rows


def test_accounts_by_currency(desk: SandboxDesk) -> None:
    for account in desk.get("/accounts"):
        assert desk.get(f"/accounts/currency/{account['currency']}") == account


def test_creating_an_account(desk: SandboxDesk) -> None:
    reply = desk.call("POST", "/accounts", {"currency": "GHS", "unknown": [1e300]})
    assert reply.status == 201
    assert reply.body | {"id": ""} == {"id": "", "currency": "GHS", "balance": 0, "lockedBalance": 0}
    assert desk.get("/accounts/currency/GHS") == reply.body
    assert desk.call("POST", "/accounts", {"currency": "GHS"}).status == 409


@pytest.mark.parametrize("currency", ["XRP", "NOPE", "ghs"])
def test_a_currency_not_enabled_is_404(desk: SandboxDesk, currency: str) -> None:
    assert desk.call("POST", "/accounts", {"currency": currency}).status == 404


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b'"ZAR"',
        b"{}",
        b'{"currency":null}',
        b'{"currency":1}',
        b'{"currency":" "}',
        b"\xff",
        b"[" * 9999,
    ],
)
def test_a_bad_body_is_400(desk: SandboxDesk, raw: bytes) -> None:
    assert desk.call("POST", "/accounts", raw=raw).status == 400


def test_some_currencies_have_no_account_and_one_is_not_offered(desk: SandboxDesk) -> None:
    offered = {each["code"] for each in desk.get("/currencies")}
    held = {account["currency"] for account in desk.get("/accounts")}
    assert held < offered
    assert len(offered - held) >= 3
    assert "XRP" not in offered


def test_wallets_by_method_and_network(desk: SandboxDesk) -> None:
    wallets = desk.get("/wallets")
    assert {bool(wallet["networkName"]) ^ bool(wallet["paymentMethodType"]) for wallet in wallets} == {True}
    assert [each["currency"] for each in desk.get("/wallets?paymentMethodType=EFT")] == ["ZAR"]
    assert {each["networkName"] for each in desk.get("/wallets?networkName=tron")} == {"TRON"}
    assert desk.get("/wallets?networkName=NOPE") == []
    assert desk.get("/wallets?networkName=") == wallets


def test_beneficiaries_by_currency(desk: SandboxDesk) -> None:
    assert {each["currency"] for each in desk.get("/beneficiaries?currency=ZAR")} == {"ZAR"}
    everyone = desk.get("/beneficiaries")
    assert any("<b>" in each["nickname"] for each in everyone)
    assert any(not each["nickname"].isascii() for each in everyone)
    assert {instant(each["createdAt"]).assumed_utc for each in everyone} == {True, False}  # type: ignore[union-attr]


@pytest.mark.parametrize("listed", ["/withdrawals", "/deposits", "/trades"])
def test_reserved_parameters_change_nothing(desk: SandboxDesk, listed: str) -> None:
    query = "page=0&size=1&sort=createdAt,asc&dateFrom=2026-05-11T10:15:30Z&dateTo=2026-05-11T10:15:30&status=FAILED"
    assert desk.get(f"{listed}?{query}") == desk.get(listed)


@pytest.mark.parametrize(
    "query", ["page=abc", "size=1.5", "size=", "page=9999999999", "dateFrom=today", "dateTo=2026-02-30T00:00:00Z"]
)
def test_reserved_parameters_of_another_type_are_400(desk: SandboxDesk, query: str) -> None:
    for listed in ("/withdrawals", "/deposits", "/trades"):
        assert desk.call("GET", f"{listed}?{query}").status == 400


def test_a_withdrawal_locks_its_amount_and_fee_then_is_gone(desk: SandboxDesk) -> None:
    available, locked = desk.account("ZAR")
    reply = desk.withdraw("100.50")
    assert (reply.status, reply.body["status"]) == (201, "PENDING")
    assert set(reply.body) == {"transactionId", "status"}
    assert desk.account("ZAR") == (available - Decimal("108.00"), locked + Decimal("108.00"))
    row = desk.get(f"/withdrawals/{reply.body['transactionId']}")
    assert (row["amount"], row["fee"], row["completedAt"]) == (Decimal("100.50"), Decimal("7.50"), None)
    desk.advance(30)
    row = desk.get(f"/withdrawals/{reply.body['transactionId']}")
    assert row["status"] == "COMPLETED"
    assert (instant(row["completedAt"]).at - instant(row["createdAt"]).at).total_seconds() == 10  # type: ignore[union-attr]
    assert desk.account("ZAR") == (available - Decimal("108.00"), locked)


@pytest.mark.parametrize("amount", ["0", "-1", "0.001", "1e16", "1e39", "1e-39"])
def test_an_amount_that_cannot_be_paid_is_400(desk: SandboxDesk, amount: str) -> None:
    reply = desk.withdraw(amount)
    assert (reply.status, reply.body["errors"][0]["field"]) == (400, "amount")


@pytest.mark.parametrize("amount", [b'"100"', b"null", b"true", b"[1]", b"1e400", b"1e99999999999999999999", b"NaN"])
def test_what_is_no_amount_is_400(desk: SandboxDesk, amount: bytes) -> None:
    payee = desk.payee("ZAR").encode()
    raw = b'{"beneficiaryId":"' + payee + b'","amount":' + amount + b"}"
    assert desk.call("POST", "/beneficiaries/withdrawals", raw=raw).status == 400


def test_withdrawals_refused_for_other_reasons(desk: SandboxDesk) -> None:
    available, _ = desk.account("ZAR")
    assert desk.withdraw(str(available)).status == 409  # the fee is not covered
    assert desk.withdraw(str(available - Decimal("7.50"))).status == 201
    unknown: dict[str, Any] = {"beneficiaryId": "nope", "amount": 1}
    assert desk.call("POST", "/beneficiaries/withdrawals", unknown).status == 404
    assert desk.call("POST", "/beneficiaries/withdrawals", {"beneficiaryId": "nope"}).status == 400
    assert desk.call("POST", "/beneficiaries/withdrawals", {"amount": 1}).status == 400


def test_amounts_are_written_with_the_currencys_digits_and_never_an_exponent(desk: SandboxDesk) -> None:
    desk.withdraw("0.00000001", "BTC")
    rows = b"".join(desk.ledger.withdrawals.values())
    assert b'"amount":0.00000001,' in rows
    everything = rows + b"".join([*desk.ledger.deposits.values(), *desk.ledger.trades.values()])
    assert not any(exponent in everything for exponent in (b"E-", b"e-", b"E+", b"e+"))
