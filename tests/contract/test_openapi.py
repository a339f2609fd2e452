"""The OpenAPI file: valid, true to what the sandbox serves, and its examples true to its schemas and to our records."""

import json
from pathlib import Path
from typing import Any

import pytest
from openapi_schema_validator import OAS31Validator
from openapi_spec_validator import OpenAPIV31SpecValidator
from openapi_spec_validator.readers import read_from_filename

from lumedesk.domain.codec import Codec, encode
from lumedesk.domain.records import Account, Beneficiary, Deposit, Record, Trade, Wallet, Withdrawal, WithdrawalReceipt
from lumedesk.sandbox.routes import BASE, ROUTES
from tests.support.sandbox_desk import SandboxDesk

PATH = Path(__file__).resolve().parents[2] / "resources" / "lumetrade-v1.openapi.yaml"
SPEC: dict[str, Any] = dict(read_from_filename(str(PATH))[0])
OPERATIONS = {
    operation["operationId"]: (method.upper(), path, operation)
    for path, methods in SPEC["paths"].items()
    for method, operation in methods.items()
}
RECORDS: dict[str, type[Record]] = {
    each.__name__: each for each in (Account, Beneficiary, Deposit, Trade, Wallet, Withdrawal, WithdrawalReceipt)
}


def resolved(node: dict[str, Any]) -> Any:
    while "$ref" in node:
        found: Any = SPEC
        for part in node["$ref"].removeprefix("#/").split("/"):
            found = found[part]
        node = found
    return node


def schema_errors(schema: dict[str, Any], value: Any) -> list[str]:
    whole = schema | {"components": SPEC["components"]}
    return [error.message for error in OAS31Validator(whole).iter_errors(value)]


def answers(operation: dict[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    return [(status, resolved(answer)) for status, answer in operation["responses"].items()]


def test_it_is_valid_openapi() -> None:
    assert SPEC["openapi"].startswith("3.1")
    assert [error.message for error in OpenAPIV31SpecValidator(SPEC).iter_errors()] == []


def test_it_and_the_sandbox_know_the_same_18_operations() -> None:
    documented = {(identity, method, path) for identity, (method, path, _) in OPERATIONS.items()}
    assert documented == {(route.operation_id, route.method, BASE + route.path) for route in ROUTES}
    assert len(documented) == 18


def test_both_headers_are_asked_for_everywhere() -> None:
    names = {scheme["name"] for scheme in SPEC["components"]["securitySchemes"].values()}
    assert names == {"X-API-KEY", "X-API-SECRET"}
    assert SPEC["security"] == [{name: [] for name in SPEC["components"]["securitySchemes"]}]
    assert not any("security" in operation for _, _, operation in OPERATIONS.values())


@pytest.mark.parametrize("identity", sorted(OPERATIONS))
def test_its_answers_are_documented_with_examples(identity: str) -> None:
    documented = dict(answers(OPERATIONS[identity][2]))
    assert {"401", "403", "409", "500"} <= documented.keys()
    assert any(status.startswith("2") for status in documented)
    for status, answer in documented.items():
        content = answer["content"]["application/json"]
        examples = [resolved(example)["value"] for example in content["examples"].values()]
        assert examples, status
        for example in examples:
            assert schema_errors(content["schema"], example) == [], status


@pytest.mark.parametrize("identity", sorted(name for name, (_, _, each) in OPERATIONS.items() if "requestBody" in each))
def test_its_request_examples_are_valid(identity: str) -> None:
    content = OPERATIONS[identity][2]["requestBody"]["content"]["application/json"]
    for example in content["examples"].values():
        assert schema_errors(content["schema"], example["value"]) == []


@pytest.mark.parametrize("identity", sorted(OPERATIONS))
def test_success_examples_are_read_whole_by_our_records(identity: str) -> None:
    for status, answer in answers(OPERATIONS[identity][2]):
        content = answer["content"]["application/json"]
        schema = content["schema"]
        name = schema.get("items", schema).get("$ref", "").rpartition("/")[2]
        if not status.startswith("2") or name not in RECORDS:
            continue
        for example in content["examples"].values():
            value = resolved(example)["value"]
            for each in value if isinstance(value, list) else [value]:
                record = Codec[Record](RECORDS[name]).decode(encode(each))
                given = {"".join(f"_{c.lower()}" if c.isupper() else c for c in field) for field in each}
                assert given <= set(type(record).__struct_fields__)


def test_records_and_schemas_have_the_same_fields() -> None:
    for name, record in RECORDS.items():
        documented = set(SPEC["components"]["schemas"][name]["properties"])
        assert documented == set(record.__struct_encode_fields__), name


def test_nothing_forbids_more_fields_or_other_statuses_in_an_answer() -> None:
    for name, schema in SPEC["components"]["schemas"].items():
        assert "additionalProperties" not in schema, name
        assert not any("enum" in resolved(each) for each in schema.get("properties", {}).values()), name


def test_what_is_undocumented_says_so() -> None:
    schemas = SPEC["components"]["schemas"]
    for name in ("Quote", "Currencies"):
        assert "x-undocumented" in schemas[name]
        assert "properties" not in schemas[name]
        assert "required" not in schemas[name]


def test_reserved_parameters_are_on_the_three_histories_and_say_so() -> None:
    reserved = {"page", "size", "sort", "dateFrom", "dateTo", "status"}
    for identity, (_, _, operation) in OPERATIONS.items():
        parameters = [resolved(each) for each in operation.get("parameters", [])]
        names = {each["name"] for each in parameters if each["in"] == "query"}
        is_history = identity in {"getWithdrawHistory", "depositHistory", "tradeHistory"}
        assert (names == reserved) == is_history, identity
        assert not is_history or all(each["description"].startswith("Reserved.") for each in parameters)


def test_what_the_sandbox_lists_fits_the_schemas() -> None:
    desk = SandboxDesk(history=40)
    for identity, (method, path, operation) in OPERATIONS.items():
        if method != "GET" or "{" in path:
            continue
        reply = desk.call("GET", path.removeprefix(BASE))
        value = json.loads(json.dumps(reply.body, default=float))
        assert schema_errors(operation["responses"]["200"]["content"]["application/json"]["schema"], value) == [], (
            identity
        )
