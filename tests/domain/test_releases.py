"""The notice of a release: read strictly, shown safely, and refused when it is out of date or goes back."""

import json
from base64 import b64encode
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lumedesk.domain.releases import (
    MAX_BYTES,
    Notice,
    Seen,
    Source,
    UpdateRefused,
    Why,
    judge,
    page_problem,
    read_envelope,
    read_notice,
    read_source,
)
from lumedesk.domain.versions import Version
from tests.support.releases import KEY, NOW, PAGE_HOST, SHA256, a_text, an_envelope, public, signed

A_KEY = b64encode(public(KEY)).decode()
GOOD_SOURCE = {"manifest": "https://example.org/manifest.json", "page_host": PAGE_HOST, "keys": {"k1": A_KEY}}


def notice(**changed: Any) -> Notice:
    return read_notice(signed(a_text(**changed)), PAGE_HOST)


def refused(**changed: Any) -> UpdateRefused:
    with pytest.raises(UpdateRefused) as caught:
        notice(**changed)
    return caught.value


def judged(read: Notice, seen: Seen = Seen(), now: datetime = NOW) -> UpdateRefused:  # noqa: B008 - it can't change
    with pytest.raises(UpdateRefused) as caught:
        judge(read, seen, now)
    return caught.value


# Reading it


def test_a_notice_is_read_as_it_is_written() -> None:
    read = notice()
    assert (read.serial, read.version.text) == (7, "0.2.0")
    assert read.released == datetime(2026, 5, 1, 8, tzinfo=UTC)
    assert read.valid_until == datetime(2026, 7, 30, 8, tzinfo=UTC)
    assert read.notes.splitlines() == ["Quotes are faster.", "A lock that was forgotten is fixed."]
    assert read.page == f"https://{PAGE_HOST}/0.2.0"
    (file,) = read.files
    assert (file.name, file.platform, file.sha256, file.size) == ("LumeDesk-0.2.0.exe", "windows", SHA256, 34_500_000)


def test_a_notice_needs_no_files() -> None:
    assert notice(files=None).files == ()


@pytest.mark.parametrize("told", [2, 0, -1, 10**30])
def test_an_unknown_format_is_refused_in_words(told: int) -> None:
    # The rest may look as it likes: a format of its own has members of its own.
    error = refused(format=told, other=1, serial=None)
    assert error.why is Why.FORMAT
    assert "in a format that this LumeDesk doesn't know" in error.detail
    assert "known is 1" in error.detail


@pytest.mark.parametrize(
    "changed",
    [
        {"format": None},
        {"format": "1"},
        {"format": True},
        {"format": 1.0},
        {"serial": None},
        {"serial": "7"},
        {"serial": 0},
        {"serial": -1},
        {"serial": 1.5},
        {"serial": 2**60},
        {"version": "2"},
        {"version": "0.2"},
        {"version": 2},
        {"released": "2026-05-01"},
        {"released": "2026-05-01T08:00:00"},
        {"released": "2026-02-30T08:00:00Z"},
        {"released": "2026-05-01T08:00:00+00:00"},
        {"valid_until": None},
        {"valid_until": "2026-05-01T08:00:00Z"},
        {"notes": None},
        {"notes": ["a"]},
        {"notes": "a" * 8_001},
        {"notes": "a\n" * 100},
        {"page": None},
        {"other": 1},
        {"files": {}},
        {"files": [{"name": "a", "platform": "linux", "sha256": SHA256}]},
        {"files": [{"name": "../a", "platform": "linux", "sha256": SHA256, "bytes": 1}]},
        {"files": [{"name": "a", "platform": "Linux", "sha256": SHA256, "bytes": 1}]},
        {"files": [{"name": "a", "platform": "linux", "sha256": SHA256.upper(), "bytes": 1}]},
        {"files": [{"name": "a", "platform": "linux", "sha256": SHA256 + "\n", "bytes": 1}]},
        {"files": [{"name": "a", "platform": "linux", "sha256": SHA256, "bytes": 0}]},
        {"files": [{"name": "a", "platform": "linux", "sha256": SHA256, "bytes": 1}] * 41},
    ],
    ids=lambda changed: json.dumps(changed)[:50],
)
def test_a_signed_text_of_another_shape_is_refused(changed: dict[str, Any]) -> None:
    assert refused(**changed).why is Why.SHAPE


@pytest.mark.parametrize(
    "body",
    [b"", b"{", b"[]", b"null", b"1", b"\xff", b'{"format": 1, "format": 1}', b"[" * 100_000, b'{"format": NaN}'],
)
def test_signed_bytes_that_are_no_notice_are_refused(body: bytes) -> None:
    with pytest.raises(UpdateRefused) as caught:
        read_notice(body, PAGE_HOST)
    assert caught.value.why is Why.SHAPE


def test_hidden_characters_in_the_notes_are_spelled_out() -> None:
    assert notice(notes="one\r\ntwo \u202egpj\x00\n\n").notes == "one\ntwo ⟨U+202E⟩gpj⟨U+0000⟩"


# The link


@pytest.mark.parametrize("path", ["", "/", "/0.2.0", "/lumedesk/releases/0.2.0/", "/a_b~c.d+e"])
def test_a_link_to_the_host_is_fine(path: str) -> None:
    assert page_problem(f"https://{PAGE_HOST}{path}", PAGE_HOST) == ""


@pytest.mark.parametrize(
    "page",
    [
        "",
        f"http://{PAGE_HOST}/0.2.0",
        f"HTTPS://{PAGE_HOST}/0.2.0",
        "https://evil.example/0.2.0",
        f"https://{PAGE_HOST}.evil.example/",
        f"https://{PAGE_HOST}:8443/",
        f"https://{PAGE_HOST}@evil.example/",
        f"https://me@{PAGE_HOST}/",
        f"https://evil.example/https://{PAGE_HOST}/",
        f"https://{PAGE_HOST}/a?b=c",
        f"https://{PAGE_HOST}/a#b",
        f"https://{PAGE_HOST}/a b",
        f"https://{PAGE_HOST}//evil.example",
        f"https://{PAGE_HOST}/\\evil.example",
        f"https://{PAGE_HOST}/%2e%2e/a",
        f"https://{PAGE_HOST}/a/../b",
        f"https://{PAGE_HOST}/a\n",
        f"https://{PAGE_HOST}/ä",
        f"https://{PAGE_HOST.upper()}/",
        f"https://{PAGE_HOST}/" + "a" * 300,
        "javascript:alert(1)",
        "file:///etc/passwd",
    ],
)
def test_a_link_that_leads_elsewhere_is_refused(page: str) -> None:
    assert page_problem(page, PAGE_HOST)
    assert refused(page=page).why in {Why.PAGE, Why.SHAPE}


# Time and order


def test_a_good_notice_passes() -> None:
    judge(notice(), Seen(), NOW)
    judge(notice(), Seen(7, Version("0.2.0")), NOW)
    judge(notice(), Seen(6, Version("0.2.0-rc.1")), NOW)


def test_an_older_version_than_the_running_one_is_refused_and_the_same_is_not() -> None:
    for running in ("0.1.0", "0.2.0-rc.1", "0.2.0"):
        judge(notice(), Seen(), NOW, running=Version(running))
    with pytest.raises(UpdateRefused) as refused:
        judge(notice(), Seen(), NOW, running=Version("0.2.1"))
    assert refused.value.why is Why.BEHIND


def test_an_older_serial_than_seen_before_is_refused() -> None:
    error = judged(notice(serial=6), Seen(7, Version("0.2.0")))
    assert error.why is Why.OLDER
    assert "It is number 6; number 7 was seen already." in error.detail


@pytest.mark.parametrize("version", ["0.1.0", "0.2.0-rc.1", "0.1.99"])
def test_an_older_version_than_seen_before_is_refused(version: str) -> None:
    error = judged(notice(serial=8, version=version), Seen(7, Version("0.2.0")))
    assert error.why is Why.OLDER
    assert f"It tells of {version}; 0.2.0 was told of already." in error.detail


def test_an_expired_notice_is_refused() -> None:
    read = notice()
    judge(read, Seen(), read.valid_until - timedelta(seconds=1))
    error = judged(read, now=read.valid_until)
    assert error.why is Why.EXPIRED
    assert "It was valid until 2026-07-30 08:00 UTC; this computer's clock says 2026-07-30 08:00 UTC." in error.detail


def test_a_notice_from_the_future_is_refused() -> None:
    read = notice()
    judge(read, Seen(), read.released - timedelta(hours=23))
    error = judged(read, now=read.released - timedelta(hours=25))
    assert error.why is Why.EARLY


def test_what_was_seen_only_rises() -> None:
    seen = Seen().with_notice(notice())
    assert (seen.serial, str(seen.version)) == (7, "0.2.0")
    assert seen.with_notice(notice(serial=3, version="0.1.0")) == seen
    assert seen.with_notice(notice(serial=9, version="0.1.0")) == Seen(9, Version("0.2.0"))


# The envelope


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html>Please sign in</html>",
        b"[]",
        b"null",
        b'"signed"',
        b"\xff\xfe",
        b"{" * 100_000,
        b'{"signed": "YQ=="}',
        b'{"signed": 1, "signature": "", "key": ""}',
    ],
)
def test_other_content_is_refused(body: bytes) -> None:
    with pytest.raises(UpdateRefused) as caught:
        read_envelope(body)
    assert caught.value.why is Why.CONTENT
    assert "sign-in page" in caught.value.detail


@pytest.mark.parametrize(
    "changed",
    [
        {"signed": ""},
        {"signed": "YQ"},
        {"signed": "YQ==\n"},
        {"signed": "YR=="},
        {"signed": "Y Q=="},
        {"signature": "YQ=="},
        {"signature": ""},
        {"key": ""},
        {"key": "../a"},
        {"key": "a" * 41},
        {"key": 1},
        {"more": 1},
    ],
    ids=str,
)
def test_an_envelope_of_another_shape_is_refused(changed: dict[str, Any]) -> None:
    told = json.loads(an_envelope()) | changed
    with pytest.raises(UpdateRefused) as caught:
        read_envelope(json.dumps(told).encode())
    assert caught.value.why is Why.CONTENT


def test_a_body_too_large_is_refused() -> None:
    with pytest.raises(UpdateRefused) as caught:
        read_envelope(an_envelope() + b" " * MAX_BYTES)
    assert caught.value.why is Why.SIZE


@given(st.binary(max_size=200))
def test_no_bytes_are_more_than_refused(body: bytes) -> None:
    for read in (read_envelope, lambda each: read_notice(each, PAGE_HOST)):
        with pytest.raises(UpdateRefused):
            read(body)


# The source


def test_a_source_is_read() -> None:
    expected = Source("https://example.org/manifest.json", PAGE_HOST, {"k1": public(KEY)})
    assert read_source(json.dumps(GOOD_SOURCE).encode()) == expected


def test_a_build_without_a_source_names_none() -> None:
    assert read_source(b'{"manifest": "", "page_host": "", "keys": {}}') is None


@pytest.mark.parametrize(
    "changed",
    [
        {"manifest": ""},
        {"page_host": ""},
        {"page_host": "Example.org"},
        {"page_host": "example.org:443"},
        {"page_host": "https://example.org"},
        {"page_host": "localhost"},
        {"keys": {}},
        {"keys": []},
        {"keys": {"k1": ""}},
        {"keys": {"k1": A_KEY[:-4]}},
        {"keys": {"k 1": A_KEY}},
        {"keys": {"k1": 1}},
        {"more": ""},
        {"manifest": 1},
    ],
    ids=str,
)
def test_a_source_filled_in_wrongly_is_refused(changed: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"."):
        read_source(json.dumps(GOOD_SOURCE | changed).encode())


@pytest.mark.parametrize("body", [b"", b"[]", b"\xff", b"{}", b" " * 20_000, b"[" * 10_000])
def test_what_is_no_source_is_refused(body: bytes) -> None:
    with pytest.raises(ValueError, match=r"."):
        read_source(body)
