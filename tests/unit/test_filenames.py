import unicodedata

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from storage.filenames import (
    MAX_BYTES,
    clean_filename,
    content_disposition,
    parse_content_disposition_filename,
)


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ("leak.jpg", "leak.jpg"),
        ("Протечка в подвале.jpg", "Протечка в подвале.jpg"),
        ("../../etc/passwd", "passwd"),
        (r"C:\Users\me\фото.png", "фото.png"),
        ("й.txt".replace("й", "й"), "й.txt"),
        ("a\x00b\r\nc.txt", "ab c.txt"),
        ("invoice\u202egpj.exe", "invoicegpj.exe"),
        ("zero\u200bwidth\ufeff.txt", "zerowidth.txt"),
        ("...hidden", "hidden"),
        ("name.pdf. . ", "name.pdf"),
        ("con.txt", "_con.txt"),
        ("LPT1", "_LPT1"),
        ("console.txt", "console.txt"),
        ('a<b>:"c|?*.txt', "a_b___c___.txt"),
        ("a\u00a0\u2003b.txt", "a b.txt"),
        ("семья 👍🏽 🫨.png", "семья 👍🏽 🫨.png"),
        ("Смета.xlsx".encode("cp1251"), "Смета.xlsx"),
        ("café.txt".encode("latin-1"), "café.txt"),
        ("Смета.xlsx".encode(), "Смета.xlsx"),
        ("Смета.xlsx".encode().decode("ascii", "surrogateescape"), "Смета.xlsx"),
    ],
)
def test_a_name_becomes_safe_and_stays_recognisable(raw: str | bytes, expected: str) -> None:
    assert clean_filename(raw, mime=None) == expected


@pytest.mark.parametrize("raw", [None, "", b"", "/", "...", " . ", "\x00\u200b", "dir/"])
def test_an_empty_name_becomes_file_with_the_types_extension(raw: str | bytes | None) -> None:
    assert clean_filename(raw, mime="image/jpeg") == "file.jpg"
    assert clean_filename(raw, mime="application/octet-stream") == "file.bin"
    assert clean_filename(raw, mime=None) == "file"


def test_a_long_name_keeps_its_extension_and_whole_characters() -> None:
    assert clean_filename("ж" * 300 + ".pdf", mime=None) == "ж" * 125 + ".pdf"
    assert clean_filename("x" * 249 + "q\u0301" * 20 + ".txt", mime=None) == "x" * 249 + ".txt"
    assert clean_filename("x" * 300 + "." + "y" * 40, mime=None) == "x" * MAX_BYTES


@given(st.one_of(st.none(), st.text(max_size=600), st.binary(max_size=600)))
@example("a" * 251 + ".\u0301txt")
@example("nul ." + "я" * 200)
@example("\ud800\udcff.txt")
def test_any_name_becomes_a_safe_one(raw: str | bytes | None) -> None:
    name = clean_filename(raw, mime="image/png")
    assert 1 <= len(name.encode("utf-8")) <= MAX_BYTES
    assert not set(name) & set('/\\<>:"|?*\x00\r\n')
    assert not any(unicodedata.category(char) in {"Cc", "Cf", "Cs"} for char in name)
    assert name == unicodedata.normalize("NFC", name)
    assert not name.startswith((".", " "))
    assert not name.endswith((".", " "))
    assert clean_filename(name, mime="image/png") == name, "cleaning twice changes nothing"


@given(st.text(max_size=300), st.booleans())
def test_a_header_carries_any_name_there_and_back(raw: str, attachment: bool) -> None:
    name = clean_filename(raw, mime="text/plain")
    header = content_disposition(name, attachment=attachment)
    assert header.isascii()
    assert header.isprintable()
    assert header.startswith("attachment;" if attachment else "inline;")
    assert parse_content_disposition_filename(header) == name


@given(st.text(max_size=200))
def test_a_header_stays_one_header_even_for_names_that_were_not_cleaned(name: str) -> None:
    header = content_disposition(name, attachment=True)
    assert header.isascii()
    assert header.isprintable()


@given(st.text(max_size=200))
def test_any_header_can_be_parsed(header: str) -> None:
    name = parse_content_disposition_filename(header)
    assert name is None or name


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ('attachment; filename="leak.jpg"', "leak.jpg"),
        ("attachment; filename=leak.jpg", "leak.jpg"),
        ("attachment;FILENAME=leak.jpg ; size=3", "leak.jpg"),
        ("""attachment; filename="x.txt"; filename*=UTF-8''%D0%B6.txt""", "ж.txt"),
        ("""attachment; filename*=utf-8'ru'%D0%B6.txt; filename=x.txt""", "ж.txt"),
        ("""attachment; filename*=iso-8859-1''caf%E9.txt""", "café.txt"),
        (r'form-data; name="file"; filename="a \"b\" \\c.txt"', r'a "b" \c.txt'),
        (r'form-data; name="filename"; filename="C:\dir\file.txt"', r"C:\dir\file.txt"),
        ('form-data; name="file"; filename="a; filename=b.txt"', "a; filename=b.txt"),
        ('form-data; filename="say %22hi%22 100%.txt"', 'say "hi" 100%.txt'),
        ('form-data; filename="%D0%B6.txt"', "ж.txt"),
        ('form-data; filename="' + "ж.txt".encode().decode("latin-1") + '"', "ж.txt"),
        ('form-data; filename="' + "ж.txt".encode().decode("ascii", "surrogateescape") + '"', "ж.txt"),
        ('attachment; filename="unclosed.txt', "unclosed.txt"),
        ("attachment", None),
        ('attachment; filename=""', None),
        ('form-data; name="filename"', None),
        ("attachment; filename*=nonsense", None),
        ("", None),
    ],
)
def test_what_clients_send_is_understood(header: str, expected: str | None) -> None:
    assert parse_content_disposition_filename(header) == expected


def test_old_clients_get_an_ascii_name_that_keeps_the_extension() -> None:
    assert content_disposition("Смета.xlsx", attachment=True) == (
        "attachment; filename=\"file.xlsx\"; filename*=UTF-8''%D0%A1%D0%BC%D0%B5%D1%82%D0%B0.xlsx"
    )
    assert content_disposition("a.txt", attachment=False) == 'inline; filename="a.txt"'
