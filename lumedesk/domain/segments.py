"""The pieces in which a long list is remembered, so that the next poll reads only what is different."""

import msgspec

# Enough of a piece's beginning to find it again in another place: whole rows are seldom alike in as many bytes.
HEAD_SIZE = 512


class Segment(msgspec.Struct, frozen=True):
    """A run of rows, byte for byte as it came: from the first row's first byte to the last row's last."""

    size: int
    digest: bytes
    head: bytes


def segment_of(piece: bytes) -> Segment:
    """What is remembered of a run of rows."""
    return Segment(len(piece), piece_digest(piece), piece[:HEAD_SIZE])


def piece_digest(*parts: "bytes | bytearray | memoryview") -> bytes:
    """16 bytes that are equal for equal pieces, in however many parts. SHA-256, which processors have instructions for."""
    import hashlib  # what shows the records that are known doesn't wait for it

    digest = hashlib.sha256(usedforsecurity=False)
    for part in parts:
        digest.update(part)
    return digest.digest()[:16]
