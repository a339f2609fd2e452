"""The environment's word on proxies, which the desk doesn't obey."""

import pytest

PROXY_VARIABLES = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY")


def name_only(monkeypatch: pytest.MonkeyPatch, variable: str, proxy: str) -> None:
    """Set one variable, in both cases, and none that would exempt this computer."""
    for name in (*PROXY_VARIABLES, "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)
    monkeypatch.setenv(variable, proxy)
    monkeypatch.setenv(variable.lower(), proxy)
