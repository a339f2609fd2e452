"""Signing and notarising for macOS: what in a bundle has to be signed, in which order, and what Apple has to see of it.

LUMEDESK_SIGN_MACOS                   the identity that codesign is given, "Developer ID Application: … (TEAM)"
LUMEDESK_MACOS_CERTIFICATE            where no keychain holds it yet: certificate and key, a .p12 in base64
LUMEDESK_MACOS_CERTIFICATE_PASSWORD   its password
LUMEDESK_NOTARY_KEY                   an App Store Connect key, the .p8 in base64; without it nothing is notarised
LUMEDESK_NOTARY_KEY_ID                the key's id
LUMEDESK_NOTARY_ISSUER                who issued it
"""

import base64
import binascii
import contextlib
import json
import os
import plistlib
import secrets
import tempfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from installers.signing import SigningFailed

# Runs a program of the system and gives what it printed; raises SigningFailed where it fails.
Run = Callable[[list[str]], str]

CERTIFICATE = "LUMEDESK_MACOS_CERTIFICATE"
CERTIFICATE_PASSWORD = "LUMEDESK_MACOS_CERTIFICATE_PASSWORD"  # noqa: S105 - the name of a variable
NOTARY = ("LUMEDESK_NOTARY_KEY", "LUMEDESK_NOTARY_KEY_ID", "LUMEDESK_NOTARY_ISSUER")

# How programs and libraries begin: for one kind of processor, in either order of bytes, or for several.
_MACHO = frozenset(
    bytes.fromhex(each) for each in ("feedface", "feedfacf", "cefaedfe", "cffaedfe", "cafebabe", "bebafeca", "cafebabf")
)
_BUNDLES = frozenset({".app", ".appex", ".bundle", ".framework", ".plugin", ".xpc"})


def what_to_sign(app: Path) -> list[Path]:
    """Everything in a bundle that carries a signature of its own, innermost first, the bundle itself last.

    A signature seals what lies within, so whatever is signed after its container breaks that one's seal. Of a framework
    each version is signed, by its folder; a bundle's main program is signed with the bundle. Links are nobody's own.
    """
    bundles = [app, *(version for each in _folders(app) if each.suffix in _BUNDLES for version in _versions(each))]
    mains = {_main_of(each) for each in bundles}
    programs = [each for each in _files(app) if each not in mains and _is_program(each)]
    inner = [each for each in [*programs, *bundles] if each != app]
    return [*sorted(inner, key=lambda path: (-len(path.parts), path.as_posix())), app]


def sign(app: Path, identity: str, entitlements: Path, run: Run) -> None:
    """Sign the whole bundle for the hardened runtime and check the outcome. Errors: SigningFailed.

    `identity` "-" is nobody's: then without the hardened runtime, which loads only what one and the same team has signed.
    """
    command = ["codesign", "--force", "--sign", identity]
    command += ["--timestamp=none"] if identity == "-" else ["--timestamp", "--options", "runtime"]
    for each in what_to_sign(app):
        # Entitlements are the program's; libraries run under those of whoever loads them.
        extra = ["--entitlements", str(entitlements)] if each == app else []
        run([*command, *extra, str(each)])
    run(["codesign", "--verify", "--deep", "--strict", "--verbose=2", str(app)])


@dataclass(frozen=True, slots=True)
class Notary:
    """The key by which Apple's notary service knows who asks. `key` is the file's content."""

    key: bytes
    key_id: str
    issuer: str

    def __repr__(self) -> str:
        """Without the key."""
        return f"Notary({self.key_id})"

    def notarise(self, what: Path, run: Run) -> None:
        """Have a signed .app or .dmg looked at, wait for the answer, and staple it on. Errors: SigningFailed."""
        with tempfile.TemporaryDirectory() as folder:
            key = Path(folder) / "key.p8"
            _write_private(key, self.key)
            who = ["--key", str(key), "--key-id", self.key_id, "--issuer", self.issuer]
            sent = what
            if what.suffix == ".app":
                # Only ditto's archive keeps the links that the signature counts on.
                sent = Path(folder) / f"{what.stem}.zip"
                run(["ditto", "-c", "-k", "--sequesterRsrc", "--keepParent", str(what), str(sent)])
            asked = ["xcrun", "notarytool", "submit", str(sent), *who, "--wait", "--output-format", "json"]
            answer = _json(run(asked))
            if answer.get("status") != "Accepted":
                told = run(["xcrun", "notarytool", "log", str(answer.get("id")), *who]) if answer.get("id") else ""
                raise SigningFailed(f"{what.name} was not notarised: {answer.get('status')}.\n{told}".rstrip())
        run(["xcrun", "stapler", "staple", str(what)])
        run(["xcrun", "stapler", "validate", str(what)])


def notary_of(environment: Mapping[str, str]) -> Notary | None:
    """The notary's key from the environment; None where none is set. Errors: SigningFailed where half of it is."""
    values = [environment.get(name, "").strip() for name in NOTARY]
    if not any(values):
        return None
    missing = [name for name, value in zip(NOTARY, values, strict=True) if not value]
    if missing:
        raise SigningFailed(f"{', '.join(missing)} is missing: without it nothing can be notarised.")
    return Notary(_decoded(NOTARY[0], values[0]), values[1], values[2])


def verify_program(app: Path, run: Run) -> None:
    """Ask the system whether it would start a program that came from the network. Errors: SigningFailed."""
    run(["spctl", "--assess", "--type", "execute", "--verbose=2", str(app)])


def verify_disk(disk: Path, run: Run) -> None:
    """Ask the system whether it would open a disk image that came from the network. Errors: SigningFailed."""
    run(["codesign", "--verify", "--strict", "--verbose=2", str(disk)])
    opened = ["spctl", "--assess", "--type", "open", "--context", "context:primary-signature", "--verbose=2"]
    run([*opened, str(disk)])


@contextlib.contextmanager
def signing_keychain(environment: Mapping[str, str], run: Run) -> Iterator[None]:
    """For the block, a keychain of its own that holds the certificate from the environment; nothing where there is none.

    Meant for a computer that is thrown away afterwards: the passwords stand on command lines. Errors: SigningFailed.
    """
    encoded = environment.get(CERTIFICATE, "").strip()
    if not encoded:
        yield
        return
    with tempfile.TemporaryDirectory() as folder:
        bundle, keychain, password = (
            Path(folder) / "certificate.p12",
            f"{folder}/signing.keychain",
            secrets.token_hex(16),
        )
        _write_private(bundle, _decoded(CERTIFICATE, encoded))
        before = [line.strip().strip('"') for line in run(["security", "list-keychains", "-d", "user"]).splitlines()]
        run(["security", "create-keychain", "-p", password, keychain])
        try:
            run(["security", "set-keychain-settings", "-lut", "3600", keychain])
            run(["security", "unlock-keychain", "-p", password, keychain])
            protected = environment.get(CERTIFICATE_PASSWORD, "")
            taken = ["security", "import", str(bundle), "-k", keychain, "-f", "pkcs12", "-P", protected]
            run([*taken, "-T", "/usr/bin/codesign"])
            # Without this the system asks, in a window that nobody sees, whether codesign may use the key.
            allowed = ["security", "set-key-partition-list", "-S", "apple-tool:,apple:,codesign:", "-s"]
            run([*allowed, "-k", password, keychain])
            run(["security", "list-keychains", "-d", "user", "-s", keychain, *before])
            yield
        finally:
            run(["security", "delete-keychain", keychain])


def _files(folder: Path) -> list[Path]:
    return [each for each in folder.rglob("*") if each.is_file() and not _has_link(each, folder)]


def _folders(folder: Path) -> list[Path]:
    return [each for each in folder.rglob("*") if each.is_dir() and not _has_link(each, folder)]


def _has_link(path: Path, folder: Path) -> bool:
    """Whether the path is a link, or leads through one, below `folder`."""
    return any(each.is_symlink() for each in (path, *path.parents) if each != folder and folder in each.parents)


def _versions(bundle: Path) -> list[Path]:
    versions = bundle / "Versions"
    if bundle.suffix != ".framework" or not versions.is_dir():
        return [bundle]
    return sorted(each for each in versions.iterdir() if each.is_dir() and not each.is_symlink())


def _main_of(bundle: Path) -> Path:
    """The program that is signed with its bundle, whether it is there or not."""
    if bundle.parent.name == "Versions":
        return bundle / bundle.parent.parent.stem
    if bundle.suffix == ".framework":
        return bundle / bundle.stem
    with contextlib.suppress(OSError, plistlib.InvalidFileException, KeyError):
        facts = plistlib.loads((bundle / "Contents" / "Info.plist").read_bytes())
        return bundle / "Contents" / "MacOS" / str(facts["CFBundleExecutable"])
    return bundle / "Contents" / "MacOS" / bundle.stem


def _is_program(file: Path) -> bool:
    with file.open("rb") as opened:
        return opened.read(4) in _MACHO


def _decoded(name: str, text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=False)
    except (binascii.Error, ValueError) as error:
        raise SigningFailed(f"{name} isn't base64.") from error


def _write_private(path: Path, content: bytes) -> None:
    with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:  # noqa: PTH123 - a descriptor
        file.write(content)


def _json(text: str) -> dict[str, object]:
    try:
        answer = json.loads(text)
    except ValueError as error:
        raise SigningFailed(f"notarytool answered what can't be read: {text[:200]}") from error
    return answer if isinstance(answer, dict) else {}
