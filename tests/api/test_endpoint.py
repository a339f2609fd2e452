"""Which addresses a profile may hold."""

import pytest

from lumedesk.api.endpoint import Endpoint


@pytest.mark.parametrize(
    "url",
    [
        "https://api.lumetrade.com",
        "https://api.lumetrade.com:8443/gateway",
        "https://10.0.0.1",
        "https://[2001:db8::1]:444",
        "http://127.0.0.1:8000",
        "http://127.8.9.1",
        "http://localhost:1",
        "http://[::1]:80",
    ],
)
def test_usable_addresses_are_taken(url: str) -> None:
    assert Endpoint(url).base_url == url


def test_a_final_slash_and_blanks_around_are_dropped() -> None:
    assert Endpoint(" https://api.lumetrade.com/ ").base_url == "https://api.lumetrade.com"


@pytest.mark.parametrize(
    "url",
    [
        "",
        "api.lumetrade.com",
        "http://api.lumetrade.com",
        "http://127.0.0.1.evil.example",
        "http://localhost.evil.example",
        "http://0x7f000001",
        "http://10.0.0.1",
        "http://[::2]",
        "ftp://api.lumetrade.com",
        "https://user:pass@api.lumetrade.com",
        "https://api.lumetrade.com@evil.example",
        "https://api.lumetrade.com?x=1",
        "https://api.lumetrade.com#x",
        "https://api.lumetrade.com/../x",
        "https://api.lumetrade.com/a/./b",
        "https://api.lumetrade.com/a%2fb",
        "https://api.lumetrade.com\\@evil.example",
        "https://api.lumetrade.com:0",
        "https://api.lumetrade.com:99999",
        "https://api..lumetrade.com",
        "https://" + "a" * 64 + ".com",
        "https://аpi.lumetrade.com",
        "https://api lumetrade.com",
        "https://api.lumetrade.com\n.evil.example",
        "https://[::zz]",
        "https://[1::2::3]",
        "https://",
    ],
)
def test_other_addresses_are_refused_with_words(url: str) -> None:
    with pytest.raises(ValueError, match=r"^The address"):
        Endpoint(url)


@pytest.mark.parametrize(
    "proxy", ["proxy:3128", "socks5://proxy", "http://u:p@proxy:1", "http://proxy/path", "http://p?x"]
)
def test_bad_proxies_are_refused(proxy: str) -> None:
    with pytest.raises(ValueError, match=r"^The proxy"):
        Endpoint("https://api.lumetrade.com", proxy=proxy)


def test_a_proxy_may_be_plain_http_on_another_host() -> None:
    assert Endpoint("https://api.lumetrade.com", proxy="http://proxy.corp:3128/").proxy == "http://proxy.corp:3128"


def test_the_host_and_encryption_are_told() -> None:
    assert Endpoint("https://API.lumetrade.com:8443/x").host == "api.lumetrade.com"
    assert Endpoint("http://[::1]:80").host == "::1"
    assert Endpoint("https://x.test").is_encrypted
    assert not Endpoint("http://localhost").is_encrypted
