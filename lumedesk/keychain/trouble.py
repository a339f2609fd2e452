"""What can go wrong with a keychain, in words for the operator, and how the backends' own errors become that.

Nothing here repeats a foreign error's text: it could quote the secret. What is told is the error's type and its number.
"""

from collections.abc import Callable
from typing import TypeVar

Answer = TypeVar("Answer")


class KeychainTrouble(Exception):
    """The keychain couldn't do what was asked. `title` and `advice` are for the operator, str() has the detail."""

    title = "The keychain reported an error"
    advice = "Try again. If it happens again, restart the computer and report it with the details below."


class NoKeychain(KeychainTrouble):
    """No keychain of this computer could be used; the detail says what is missing here."""

    title = "No keychain can be used"
    advice = (
        "Mend what is said below, then try again; or enter the secret for this run only. It is never put into a file."
    )


class KeychainLocked(KeychainTrouble):
    """The keychain is locked and stayed locked: nothing could ask for its password, or nobody answered."""

    title = "The keychain is locked"
    advice = "Unlock it with the system's own password program, then try again."


class KeychainDenied(KeychainTrouble):
    """The operator closed the keychain's question, or the system refused."""

    title = "The keychain wasn't opened"
    advice = "Try again and allow LumeDesk to use the keychain when the system asks."


class SecretTooLong(KeychainTrouble):
    """The secret is longer than an entry may be on every platform. Nothing was written."""

    title = "This is too long for a keychain"
    advice = "Check that only the key itself was pasted."


class NotKept(KeychainTrouble):
    """What the keychain holds isn't what was written, or the entry vanished meanwhile."""

    title = "The keychain didn't keep the secret"
    advice = "Enter it again. If that doesn't help, look for the entry below in the system's own password program."


class NotRemoved(KeychainTrouble):
    """The entry is still there after it was removed."""

    title = "The keychain didn't let go of the secret"
    advice = "Remove the entry below in the system's own password program."


class AlreadyKept(KeychainTrouble):
    """A key that must never be replaced is there already. Nothing was written."""

    title = "The keychain holds a key for this profile already"
    advice = "The key in the keychain was left as it is: without it, what it encrypts couldn't be read."


def answered(call: Callable[[], Answer]) -> Answer:
    """Return what the call to a backend returns. Errors: KeychainTrouble for each of its errors, without the original."""
    try:
        return call()
    except KeychainTrouble:
        raise
    except Exception as error:  # noqa: BLE001 - backends raise their libraries' own errors, and any of them may quote a secret
        trouble = _translated(error)
    # Raised out here, so that it drags no foreign error along as its context.
    raise trouble


_BY_NUMBER: dict[int, type[KeychainTrouble]] = {
    -128: KeychainDenied,  # macOS: the operator pressed Cancel
    -25293: KeychainDenied,  # macOS: wrong password, or an item of a differently signed program
    -67030: KeychainDenied,  # macOS: the program's signature can't be read
    -34018: KeychainDenied,  # macOS: the program lacks an entitlement
    -25308: KeychainLocked,  # macOS: it may not ask (no screen, as over ssh)
    -25291: NoKeychain,  # macOS: no keychain is available
    -25294: NoKeychain,  # macOS: no such keychain
    -25307: NoKeychain,  # macOS: no default keychain
    5: KeychainDenied,  # Windows: access denied
    1168: NotKept,  # Windows: not found
    1223: KeychainDenied,  # Windows: cancelled by the user
    1312: NoKeychain,  # Windows: this logon has no credential set (a service, a network logon)
    1783: SecretTooLong,  # Windows: bad stub data, which is how it says too long
}
_BY_DBUS_NAME: dict[str, type[KeychainTrouble]] = {
    "org.freedesktop.Secret.Error.IsLocked": KeychainLocked,
    "org.freedesktop.Secret.Error.NoSuchObject": NotKept,
    "org.freedesktop.DBus.Error.AccessDenied": KeychainDenied,
    "org.freedesktop.DBus.Error.ServiceUnknown": NoKeychain,
    "org.freedesktop.DBus.Error.NameHasNoOwner": NoKeychain,
    "org.freedesktop.DBus.Error.NoReply": NoKeychain,
    "org.freedesktop.DBus.Error.Disconnected": NoKeychain,
    "org.freedesktop.DBus.Error.TimedOut": NoKeychain,
}
# By name: most of these types can't be imported on most computers. A subclass is found before what it derives from.
_BY_TYPE: dict[str, type[KeychainTrouble]] = {
    "SecretServiceNotAvailableException": NoKeychain,
    "PromptDismissedException": KeychainDenied,
    "LockedException": KeychainLocked,
    "ItemNotFoundException": NotKept,
    "NoKeyringError": NoKeychain,
    "InitError": NoKeychain,
    "KeyringLocked": KeychainLocked,
    "PasswordSetError": KeychainDenied,  # without a cause, it is KWallet's question that was closed
    "PasswordDeleteError": KeychainDenied,
    "DBusException": NoKeychain,
    "UnicodeError": NotKept,
    "TimeoutError": KeychainLocked,
    "OSError": NoKeychain,  # the bus's socket is gone, or was never there
    "Error": KeychainTrouble,  # macOS, with a number that isn't listed above
}


def _translated(error: BaseException) -> KeychainTrouble:
    """The trouble that an error means: by number, by name on the bus, by type; its root says more than what wraps it."""
    chain = _from_the_root(error)
    numbers = [number for each in chain if (number := _number(each)) is not None]
    told = [f"{type(each).__name__}" for each in chain] + [str(number) for number in numbers]
    detail = f"The system reported {', '.join(told)}."
    known = [_BY_NUMBER.get(number) for number in numbers]
    known += [_BY_DBUS_NAME.get(str(getattr(each, "name", ""))) for each in chain]
    known += [_BY_TYPE.get(base.__name__) for each in chain for base in type(each).__mro__]
    return next((kind for kind in known if kind), KeychainTrouble)(detail)


def _from_the_root(error: BaseException) -> list[BaseException]:
    chain = [error]
    while (cause := chain[0].__cause__) is not None and cause not in chain:
        chain.insert(0, cause)
    return chain


def _number(error: BaseException) -> int | None:
    """The system's own number for the error: Windows says it by name, macOS first of all."""
    number = getattr(error, "winerror", None)
    if number is None and type(error).__module__.endswith("macOS.api"):
        number = next(iter(error.args), None)
    return number if isinstance(number, int) else None
