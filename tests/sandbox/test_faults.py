"""Faults on request, seen from the other end of a real socket."""

import time
from typing import Any

import httpx
import pytest

from tests.support.sandbox import SandboxControl


def pay(client: httpx.Client) -> httpx.Response:
    payee = client.get("/beneficiaries", params={"currency": "ZAR"}).json()[0]["id"]
    return client.post("/beneficiaries/withdrawals", json={"beneficiaryId": payee, "amount": 10})


def count(client: httpx.Client) -> int:
    return len(client.get("/withdrawals").json())


@pytest.mark.parametrize(("fault", "committed"), [("drop_before_commit", 0), ("drop_after_commit", 1), ("truncate", 1)])
def test_no_whole_answer_says_nothing_about_the_commit(
    client: httpx.Client, control: SandboxControl, fault: str, committed: int
) -> None:
    before = count(client)
    control.fault("createWithdrawal", fault)
    with pytest.raises(httpx.RemoteProtocolError):
        pay(client)
    assert count(client) == before + committed
    assert control.requests()["createWithdrawal"] == 1
    assert pay(client).status_code == 201  # the fault was for one request


@pytest.mark.parametrize(
    ("fault", "status", "committed"),
    [("error_after_commit", 500, 1), ("status", 503, 0), ("html", 200, 0)],
)
def test_a_wrong_answer_says_nothing_either(
    client: httpx.Client, control: SandboxControl, fault: str, status: int, committed: int
) -> None:
    before = count(client)
    control.fault("createWithdrawal", fault)
    reply = pay(client)
    assert reply.status_code == status
    assert count(client) == before + committed
    if fault == "html":
        assert reply.headers["Content-Type"].startswith("text/html")
    else:
        assert reply.json()["httpStatus"] == status


def test_the_status_can_be_chosen(client: httpx.Client, control: SandboxControl) -> None:
    control.fault("getAccounts", "status", status=429, seconds=7)
    reply = client.get("/accounts")
    assert (reply.status_code, reply.headers["Retry-After"]) == (429, "7")
    control.fault("getAccounts", "status", status=307)
    reply = client.get("/accounts")
    assert (reply.status_code, reply.headers["Location"]) == (307, "https://elsewhere.invalid/")
    control.fault("getAccounts", "status", status=204)
    assert client.get("/accounts").content == b""
    assert client.get("/accounts").status_code == 200


def test_a_delay_comes_after_the_commit(client: httpx.Client, control: SandboxControl) -> None:
    before = count(client)
    control.fault("createWithdrawal", "delay", seconds=30)
    payee = client.get("/beneficiaries", params={"currency": "ZAR"}).json()[0]["id"]
    with pytest.raises(httpx.ReadTimeout):
        client.post("/beneficiaries/withdrawals", json={"beneficiaryId": payee, "amount": 10}, timeout=0.2)
    assert count(client) == before + 1
    control.fault("getAccounts", "delay", seconds=0.2)
    started = time.monotonic()
    assert client.get("/accounts").status_code == 200
    assert time.monotonic() - started >= 0.2


def test_faults_wait_for_their_operation_and_as_often_as_asked(client: httpx.Client, control: SandboxControl) -> None:
    control.fault("getAccounts", "status", times=2)
    control.fault("getAccounts", "status", status=500)
    assert client.get("/wallets").status_code == 200
    assert [client.get("/accounts").status_code for _ in range(4)] == [503, 503, 500, 200]
    control.fault("getAccounts", "html", times=100)
    control.clear()
    assert client.get("/accounts").headers["Content-Type"] == "application/json"
    assert control.requests() == {"getAccounts": 1}


@pytest.mark.parametrize(
    "wrong",
    [
        {"operation": "nope"},
        {"fault": "nope"},
        {"times": 0},
        {"times": "2"},
        {"seconds": -1},
        {"status": 99},
        {"fault": None},
    ],
)
def test_a_fault_that_does_not_exist_is_400(client: httpx.Client, wrong: dict[str, Any]) -> None:
    base = str(client.base_url).removesuffix("/api/v1/")
    body = {"operation": "getAccounts", "fault": "delay"} | wrong
    assert client.post(f"{base}/_sandbox/faults", json=body).status_code == 400


def test_the_control_endpoints_ask_for_the_key_too(client: httpx.Client) -> None:
    base = str(client.base_url).removesuffix("/api/v1/")
    for method, name in (("GET", "requests"), ("POST", "clear"), ("POST", "faults"), ("POST", "advance")):
        assert client.request(method, f"{base}/_sandbox/{name}", headers={"X-API-SECRET": "no"}).status_code == 401
    assert client.get(f"{base}/_sandbox/nope").status_code == 404
    for seconds in (-1, 10**9):
        assert client.post(f"{base}/_sandbox/advance", json={"seconds": seconds}).status_code == 400


def test_the_clock_moves_only_forward_and_only_when_told(client: httpx.Client, control: SandboxControl) -> None:
    identity = pay(client).json()["transactionId"]
    assert client.get(f"/withdrawals/{identity}").json()["status"] == "PENDING"
    control.advance(30)
    assert client.get(f"/withdrawals/{identity}").json()["status"] == "COMPLETED"
