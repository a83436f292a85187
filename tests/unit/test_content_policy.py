"""What clients declare, what the table says, and what may come in."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storage.content import (
    DEFAULT_ALLOWED,
    TABLE,
    ContentType,
    Family,
    Policy,
    Row,
    TypeContradiction,
    default_category,
    extension_of,
    file_type_of,
    inline_safe,
    is_active,
    resolve,
    row_of,
    sniff,
)
from storage.domain import Category, FileType

DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
APK = "application/vnd.android.package-archive"
PE = "application/vnd.microsoft.portable-executable"
mimes = st.sampled_from([row.mime for row in TABLE])


@pytest.mark.parametrize(
    ("detected", "declared", "filename", "expected"),
    [
        ("image/jpeg", None, None, "image/jpeg"),
        ("image/jpeg", "", "", "image/jpeg"),
        ("image/jpeg", "application/octet-stream", "a.bin", "image/jpeg"),
        ("image/jpeg", "application/x-www-form-urlencoded", None, "image/jpeg"),
        ("image/jpeg", "complete nonsense", None, "image/jpeg"),
        ("image/jpeg", "image/jpg", "a.jpg", "image/jpeg"),
        ("image/jpeg", "image/png", "a.png", "image/jpeg"),
        ("image/jpeg", "image/*", None, "image/jpeg"),
        ("image/jpeg", None, "a.exe", "image/jpeg"),
        ("image/jpeg", None, "a.pdf", "image/jpeg"),
        ("image/jpeg", "application/x-company-photo", None, "image/jpeg"),
        ("application/zip", DOCX, None, DOCX),
        ("application/zip", None, "a.docx", DOCX),
        ("application/zip", "application/zip", "a.docx", DOCX),
        ("application/zip", "application/x-zip-compressed", "a.zip", "application/zip"),
        ("application/zip", None, "a.apk", APK),
        ("application/zip", "application/vnd.rar", None, "application/zip"),
        (DOCX, "application/zip", "a.zip", DOCX),
        (APK, "application/zip", "a.zip", APK),
        ("application/x-ole-storage", None, "a.doc", "application/msword"),
        ("text/plain", "text/markdown", None, "text/markdown"),
        ("text/plain", None, "a.CSV", "text/csv"),
        ("text/plain", "text/plain; charset=utf-8", "a.csv", "text/csv"),
        ("text/plain", "application/vnd.ms-excel", "a.csv", "text/csv"),
        ("text/plain", "text/html", None, "text/html"),
        ("text/plain", None, "a.html", "text/plain"),
        ("text/plain", None, "a.jpg", "text/plain"),
        ("text/html", "text/plain", "a.txt", "text/html"),
        ("application/json", None, "a.geojson", "application/geo+json"),
        ("video/webm", "audio/webm", None, "audio/webm"),
        ("video/mp4", None, "a.m4a", "audio/mp4"),
        ("audio/ogg", "application/ogg", None, "audio/ogg"),
        ("audio/mp4", "video/mp4", None, "audio/mp4"),
        ("application/gzip", "application/x-tgsticker", None, "application/x-tgsticker"),
        ("application/octet-stream", "application/x-company", None, "application/x-company"),
        (PE, None, "setup.exe", PE),
        (PE, None, "setup", PE),
        ("text/x-shellscript", "text/plain", "a.txt", "text/x-shellscript"),
        ("application/x-empty", "image/jpeg", "a.jpg", "application/x-empty"),
    ],
)
def test_a_hint_refines_or_says_nothing(
    detected: str, declared: str | None, filename: str | None, expected: str
) -> None:
    assert resolve(ContentType.of(detected), declared=declared, filename=filename).mime == expected


@pytest.mark.parametrize(
    ("detected", "declared", "filename"),
    [
        (PE, "image/jpeg", None),
        (PE, None, "photo.jpg"),
        (PE, "application/octet-stream", "photo.jpg"),
        (APK, DOCX, None),
        (APK, None, "a.docx"),
        ("image/png", "application/pdf", None),
        ("application/pdf", "image/png", None),
        ("text/plain", "image/png", None),
        ("text/html", "image/jpeg", None),
        ("application/octet-stream", "image/jpeg", None),
        ("audio/mpeg", "video/mp4", None),
        ("application/zip", "text/plain", None),
        ("text/plain", DOCX, None),
    ],
)
def test_a_contradiction_is_refused(detected: str, declared: str | None, filename: str | None) -> None:
    with pytest.raises(TypeContradiction) as caught:
        resolve(ContentType.of(detected), declared=declared, filename=filename)
    assert caught.value.detected == detected
    assert (
        caught.value.declared
        == row_of(declared if declared and "octet" not in declared else caught.value.declared).mime
    )


def test_a_refined_text_keeps_its_charset() -> None:
    found = sniff("имя,номер\n".encode("cp1251"), complete=True)
    assert resolve(found, declared=None, filename="a.csv").header == "text/csv; charset=windows-1251"


@given(mimes, st.one_of(st.none(), st.text(max_size=40), mimes), st.one_of(st.none(), st.text(max_size=40)))
def test_any_hints_give_a_type_or_a_contradiction(detected: str, declared: str | None, filename: str | None) -> None:
    """Whatever is declared, a program never becomes anything else than what was sniffed or a kind of program."""
    try:
        found = resolve(ContentType.of(detected), declared=declared, filename=filename)
    except TypeContradiction:
        return
    if row_of(detected).executable:
        assert found.row.executable


def test_the_default_policy_lets_media_and_documents_in() -> None:
    policy = Policy.default()
    for mime in ("image/jpeg", "image/heic", "video/mp4", "audio/ogg", "application/pdf", DOCX, "text/plain"):
        assert policy.allows(mime), mime
    for mime in ("text/csv", "application/zip", "application/vnd.rar", "image/x-new-format", "application/x-tgsticker"):
        assert policy.allows(mime), mime


@pytest.mark.parametrize("row", [row for row in TABLE if row.active or row.executable], ids=lambda row: row.mime)
def test_programs_and_active_content_must_be_named(row: Row) -> None:
    """No wildcard covers them, not even ``*/*``; their full name does."""
    mime = row.mime
    assert not Policy.default().allows(mime)
    assert not Policy.parse("*/*").allows(mime)
    assert Policy.parse(f"image/*, {mime}").allows(mime)


def test_patterns_are_read_as_people_write_them() -> None:
    policy = Policy.parse(" IMAGE/*, application/PDF ,image/jpg,, image/jpeg")
    assert str(policy) == "image/*,application/pdf,image/jpeg"
    assert policy.allows("Image/JPG; q=1")
    assert policy.allows("image/png")
    assert not policy.allows("video/mp4")
    assert not policy.allows("not a type")
    assert Policy.parse("*").allows("application/octet-stream")
    assert Policy.parse(str(Policy.default())) == Policy.default()
    assert Policy.default().patterns == DEFAULT_ALLOWED


@pytest.mark.parametrize(
    "text", ["", " , ", "image", "jpg,png", "image/", "/png", "image/j*", "*/png", "image/png;q=1"]
)
def test_nonsense_is_refused_in_words(text: str) -> None:
    with pytest.raises(ValueError, match="content type"):
        Policy.parse(text)


def test_questions_by_name() -> None:
    assert file_type_of("image/jpg") is FileType.PHOTO
    assert file_type_of("image/gif") is FileType.ANIMATION
    assert file_type_of("video/x-unheard-of") is FileType.VIDEO
    assert file_type_of("image/svg+xml") is FileType.DOCUMENT
    assert file_type_of("!") is FileType.DOCUMENT
    assert extension_of("audio/mp3") == ".mp3"
    assert extension_of("application/x-unheard-of") == ".bin"
    assert is_active("text/html; charset=utf-8")
    assert is_active("application/x-unheard-of+xml")
    assert not is_active("image/png")


@pytest.mark.parametrize("row", TABLE, ids=lambda row: row.mime)
def test_only_inert_kinds_are_shown_in_the_browser(row: Row) -> None:
    mime = row.mime
    if inline_safe(mime):
        assert not is_active(mime)
        assert row_of(mime).family in {Family.IMAGE, Family.VIDEO, Family.AUDIO, Family.PDF, Family.TEXT}


def test_a_type_nobody_knows_is_never_shown_in_the_browser() -> None:
    assert not inline_safe("image/x-unheard-of")
    assert inline_safe("image/jpeg")
    assert inline_safe("application/pdf")
    assert not inline_safe("image/svg+xml")


@pytest.mark.parametrize("file_type", FileType)
def test_every_kind_has_a_default_category(file_type: FileType) -> None:
    expected = {
        FileType.PHOTO: Category.REQUEST_PHOTO,
        FileType.VIDEO: Category.REQUEST_VIDEO,
        FileType.VIDEO_NOTE: Category.REQUEST_VIDEO,
        FileType.ANIMATION: Category.REQUEST_VIDEO,
    }
    assert default_category(file_type) is expected.get(file_type, Category.REQUEST_DOCUMENT)
