"""Where the server is: the address, the proxy and the extra CA of a profile, checked when made. Nothing here connects."""

import ipaddress
import re
from pathlib import Path

import msgspec
from msgspec.structs import force_setattr

# Deliberately narrower than RFC 3986: what two URL parsers could read differently is refused, and non-ASCII names
# (lookalikes) must be written in their xn-- form, where they can be seen.
_ADDRESS = re.compile(
    r"(?P<scheme>https?)://"
    r"(?P<host>[A-Za-z0-9_](?:[A-Za-z0-9_.-]{0,251}[A-Za-z0-9_])?|\[[0-9A-Fa-f:.]{2,45}\])"
    r"(?::(?P<port>[0-9]{1,5}))?"
    r"(?P<path>(?:/[A-Za-z0-9_~.-]+)*)/?"
)
_MAX_LABEL = 63


class Endpoint(msgspec.Struct, frozen=True):
    """One server. `base_url` has no `/api/v1`; `extra_ca` is a PEM file trusted on top of the system's authorities.

    `proxy` is the only proxy ever used (the environment is not asked) and tunnels https only: plain http, which is for
    loopback addresses alone, goes there directly. Errors: ValueError, whose text can be shown beside the field.
    """

    base_url: str
    proxy: str | None = None
    extra_ca: Path | None = None

    def __post_init__(self) -> None:
        address = _parsed(self.base_url, "address")
        if address["scheme"] == "http" and not _is_loopback(address["host"]):
            raise ValueError("The address must begin with https://. Plain http is for this computer only.")
        force_setattr(self, "base_url", self.base_url.strip().rstrip("/"))
        if self.proxy is None:
            return
        proxy = _parsed(self.proxy, "proxy")
        if proxy["path"]:
            raise ValueError("The proxy's address has no path: http://host:port.")
        force_setattr(self, "proxy", self.proxy.strip().rstrip("/"))

    @property
    def host(self) -> str:
        """The server's host name or IP address, without port."""
        return _parsed(self.base_url, "address")["host"].strip("[]").lower()

    @property
    def is_encrypted(self) -> bool:
        """False only for plain http to a loopback address."""
        return self.base_url.lower().startswith("https:")


def _parsed(url: str, what: str) -> dict[str, str]:
    url = url.strip()
    if "@" in url:
        raise ValueError(f"The {what} must not hold a user name or password.")
    if "?" in url or "#" in url:
        raise ValueError(f"The {what} must end before any ? or #.")
    if "://" not in url:
        raise ValueError(f"The {what} must begin with https:// and name a host.")
    match = _ADDRESS.fullmatch(url)
    if match is None or not url.startswith(("https://", "http://")):
        raise ValueError(f"The {what} isn't one the desk can use. Write it like https://api.example.com.")
    parts = {name: value or "" for name, value in match.groupdict().items()}
    if parts["port"] and not 0 < int(parts["port"]) < 65536:
        raise ValueError(f"The {what}'s port must be between 1 and 65535.")
    if any(not 0 < len(label) <= _MAX_LABEL for label in parts["host"].split(".")):
        raise ValueError(f"The {what}'s host name isn't valid.")
    if any(step in {".", ".."} for step in parts["path"].split("/")):
        raise ValueError(f"The {what}'s path must not contain . or ..")
    if parts["host"].startswith("["):
        _ip(parts["host"], what)
    return parts


def _ip(host: str, what: str) -> None:
    try:
        ipaddress.IPv6Address(host.strip("[]"))
    except ValueError:
        raise ValueError(f"The {what}'s IPv6 address isn't valid.") from None


def _is_loopback(host: str) -> bool:
    if host.lower() == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False
