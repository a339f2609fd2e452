"""Certificates for servers in tests, from an authority that no system trusts."""

import ssl
from pathlib import Path

import trustme


def serving(certificate: trustme.LeafCert) -> ssl.SSLContext:
    """What a server needs to show this certificate."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    certificate.configure_cert(context)
    return context


def authority_file(authority: trustme.CA, folder: Path) -> Path:
    """The authority's own certificate as the file that a profile names."""
    path = folder / "corporate-ca.pem"
    authority.cert_pem.write_to_path(str(path))
    return path
