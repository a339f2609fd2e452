"""Secrets in the operating system's keychain, and only there: never in a file, never in the environment. No Qt."""

from lumedesk.keychain.entries import MAX_UNITS, Keychain, MemoryKeychain
from lumedesk.keychain.system import SystemKeychain, system_keychain
from lumedesk.keychain.trouble import (
    AlreadyKept,
    KeychainDenied,
    KeychainLocked,
    KeychainTrouble,
    NoKeychain,
    NotKept,
    NotRemoved,
    SecretTooLong,
)
from lumedesk.keychain.vault import Vault

__all__ = [
    "MAX_UNITS",
    "AlreadyKept",
    "Keychain",
    "KeychainDenied",
    "KeychainLocked",
    "KeychainTrouble",
    "MemoryKeychain",
    "NoKeychain",
    "NotKept",
    "NotRemoved",
    "SecretTooLong",
    "SystemKeychain",
    "Vault",
    "system_keychain",
]
