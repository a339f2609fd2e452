"""The key with which the tests' records are encrypted, as every profile's are, and the profile they stand for."""

from lumedesk.domain.credentials import Secret
from lumedesk.domain.profiles import Profile, ProfileKind

STORE_KEY = Secret("5a" * 32)


def a_profile(name: str = "test") -> Profile:
    """A profile whose server is handed in as a connector."""
    return Profile(name, ProfileKind.CUSTOM, base_url="https://test.invalid", id="0123456789abcdef")


def a_sandbox(name: str = "sandbox") -> Profile:
    return Profile(name, ProfileKind.SANDBOX)
