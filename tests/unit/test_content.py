"""Sniffing: the type of a file from its bytes."""

import random
import threading
import time
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storage.content import HEAD_SIZE, TABLE, ContentType, Family, row_of, sniff
from storage.domain import FileType
from tests import media


def sniff_file(path: Path) -> ContentType:
    content = path.read_bytes()
    return sniff(content[:HEAD_SIZE], complete=len(content) <= HEAD_SIZE)


@pytest.mark.parametrize(("mime", "make"), media.SAMPLES.items())
def test_real_files_are_recognised(mime: str, make: Callable[[Path], Path], tmp_path: Path) -> None:
    assert sniff_file(make(tmp_path)).mime == mime


@pytest.mark.parametrize(
    ("head", "mime"),
    [
        (b"\0\0\0\x18ftypM4V \0\0\0\1M4V mp42", "video/x-m4v"),
        (b"\0\0\0\x18ftyp3gp4\0\0\0\x013gp4isom", "video/3gpp"),
        (b"\0\0\0\x18ftypmif1\0\0\0\0mif1heic", "image/heic"),
        (b"\0\0\0\x18ftypmif1\0\0\0\0mif1avif", "image/avif"),
        (b"\0\0\0\x18ftypmif1\0\0\0\0mif1mif2", "image/heif"),
        (b"\0\0\0\x08wide\0\0\0\0mdat", "video/quicktime"),
        (b"OggS\0\2" + bytes(22) + b"\x80theora\3\2\1", "video/ogg"),
        (b"OggS\0\2" + bytes(22) + b"\1vorbis", "audio/ogg"),
        (b"#!AMR\n" + b"\x04" * 40, "audio/amr"),
        (b"ID3\3\0\0\0\0\0\x05" + bytes(5) + b"\xff\xfb\x90\x64", "audio/mpeg"),
        (b"ID3\3\0\0\0\0\0\x05" + bytes(5) + b"fLaC", "audio/flac"),
        (b"7z\xbc\xaf\x27\x1c\0\4" + bytes(40), "application/x-7z-compressed"),
        (b"Rar!\x1a\7\1\0" + bytes(30), "application/vnd.rar"),
        (b"\x28\xb5\x2f\xfd\x04" + bytes(30), "application/zstd"),
        (bytes.fromhex("d0cf11e0a1b11ae1") + bytes(600), "application/x-ole-storage"),
        (
            bytes.fromhex("d0cf11e0a1b11ae1") + bytes(80) + bytes.fromhex("84100c0000000000c000000000000046"),
            "application/x-msi",
        ),
        (b"\xca\xfe\xba\xbe\0\0\0\2" + bytes(40), "application/x-mach-binary"),
        (b"\xca\xfe\xba\xbe\0\0\0\x34" + bytes(40), "application/java-vm"),
        (b"\xcf\xfa\xed\xfe" + bytes(40), "application/x-mach-binary"),
        (b"#!/bin/sh\nrm -rf /\n", "text/x-shellscript"),
        (b"#! /usr/bin/env python3\n", "text/x-shellscript"),
        (b"#!/bin/sh\n" + bytes(100), "text/x-shellscript"),
        (b"@ECHO OFF\r\ndel *\r\n", "application/x-bat"),
        (b"<?php echo 1;", "application/x-httpd-php"),
        (b"<!DOCTYPE html><p>x", "text/html"),
        (b"\xef\xbb\xbf \n<!-- c --><HTML>", "text/html"),
        (b"<script>alert(1)</script>", "text/html"),
        (b"<p>hi <img src=x onerror=alert(1)>", "text/html"),
        ("<html>Привет".encode("utf-16"), "text/html"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "image/svg+xml"),
        (b"<?xml version='1.0'?><!-- c --><!DOCTYPE svg [<!ENTITY a 'b'>]><svg/>", "image/svg+xml"),
        (b"<?xml version='1.0'?><s:svg xmlns:s='http://www.w3.org/2000/svg'/>", "image/svg+xml"),
        (b"<?xml version='1.0'?><root/>", "application/xml"),
        (b"<?xml version='1.0'?><html xmlns='http://www.w3.org/1999/xhtml'/>", "application/xhtml+xml"),
        (b"<div align='center'>\n\n# Project\n</div>", "text/plain"),
        (b'{"a": [1, 2]}', "application/json"),
        (b"{not json", "text/plain"),
        (b"a,b,c\n1,2,3\n", "text/plain"),
        (b"MZ, dear friends, is a code of two letters. It begins many programs of another time.", "text/plain"),
        (b"A text about %PDF-1.4 headers", "text/plain"),
        (b"{\\rtf1\\ansi hi}", "application/rtf"),
        (b"%!PS-Adobe-3.0\n", "application/postscript"),
        (b"BEGIN:VCARD\nVERSION:3.0\n", "text/vcard"),
        (b"", "application/x-empty"),
        (bytes(100), "application/octet-stream"),
    ],
)
def test_beginnings_are_recognised(head: bytes, mime: str) -> None:
    assert sniff(head, complete=True).mime == mime


def test_a_pdf_behind_junk_is_a_pdf(tmp_path: Path) -> None:
    assert sniff_file(media.pdf(tmp_path, junk=b"HTTP/1.1 200 OK\r\n\r\n")).mime == "application/pdf"


def test_an_office_document_that_hides_behind_its_thumbnail_looks_like_a_zip(tmp_path: Path) -> None:
    assert sniff_file(media.ooxml(tmp_path, filler=HEAD_SIZE)).mime == "application/zip"


def test_macros_and_bombs_inside_office_documents(tmp_path: Path) -> None:
    """A macro document has its own type; a part that inflates to a gigabyte costs nothing."""
    types = '<Override ContentType="application/vnd.ms-word.document.macroEnabled.main+xml"/>'
    macro = media.archive(tmp_path, "a.docm", {"[Content_Types].xml": types, "word/document.xml": ""})
    assert sniff_file(macro).mime == "application/vnd.ms-word.document.macroenabled.12"
    bomb = media.archive(tmp_path, "b.docx", {"[Content_Types].xml": bytes(30_000_000), "word/document.xml": ""})
    with zipfile.ZipFile(bomb) as opened:
        assert opened.infolist()[0].file_size == 30_000_000
    assert sniff_file(bomb).mime.endswith("wordprocessingml.document")


@pytest.mark.parametrize(
    ("make", "file_type"),
    [
        (lambda folder: media.gif(folder, frames=3), FileType.ANIMATION),
        (lambda folder: media.gif(folder, frames=1), FileType.PHOTO),
        (lambda folder: media.webp(folder, frames=3), FileType.ANIMATION),
        (lambda folder: media.webp(folder, frames=1), FileType.PHOTO),
        (media.apng, FileType.ANIMATION),
        (media.png, FileType.PHOTO),
        (media.video, FileType.VIDEO),
        (media.voice, FileType.AUDIO),
        (media.pdf, FileType.DOCUMENT),
    ],
)
def test_the_kind_follows_from_what_is_seen(make: Callable[[Path], Path], file_type: FileType, tmp_path: Path) -> None:
    """Only what moves is an animation, and a voice file that came by HTTP is audio."""
    assert sniff_file(make(tmp_path)).file_type is file_type


@pytest.mark.parametrize(
    ("charset", "name"),
    [
        ("utf-8", "utf-8"),
        ("utf-8-sig", "utf-8"),
        ("utf-16", "utf-16le"),
        ("utf-16-be", "utf-16be"),
        ("utf-32", "utf-32le"),
        ("cp1251", "windows-1251"),
        ("koi8-r", "koi8-r"),
        ("cp866", "ibm866"),
    ],
)
def test_text_is_text_in_every_encoding_people_use(charset: str, name: str, tmp_path: Path) -> None:
    found = sniff_file(media.text(tmp_path, charset=charset))
    assert (found.mime, found.charset) == ("text/plain", name)
    assert found.header == f"text/plain; charset={name}"


def test_western_text_is_not_taken_for_russian() -> None:
    assert sniff("Un café à Besançon, déjà vu".encode("cp1252"), complete=True).charset == "windows-1252"


def test_a_character_cut_at_the_end_of_the_head_does_not_spoil_the_text() -> None:
    head = ("ж" * 100).encode()[:-1]
    assert sniff(head, complete=False).charset == "utf-8"


@given(st.binary(max_size=3000), st.booleans())
def test_any_bytes_have_a_type(head: bytes, complete: bool) -> None:
    found = sniff(head, complete=complete)
    assert "/" in found.mime
    assert found.row.listed


_beginnings = st.sampled_from(
    [
        *(b"PK\3\4", b"PK\3\4" + bytes(22) + b"\x13\0\0\0[C", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"),
        *(b"\0\0\0\x20ftyp", b"\x1a\x45\xdf\xa3", b"OggS", b"RIFF....WEBPVP8X", b"GIF89a", b"\xff\xd8\xff"),
        *(b"\x89PNG\r\n\x1a\n", b"MZ", b"\xca\xfe\xba\xbe", b"ID3\4\0\0", b"\xff\xfb\x90", b"\xff\xf1"),
        *(b"%PDF-1.4", b"<?xml ", b"<!", b"\xff\xfe", b"\xfe\xff", b"\0<\0!"),
    ]
)


@given(_beginnings, st.binary(max_size=500), st.booleans())
def test_files_that_break_off_or_lie_have_a_type_too(start: bytes, rest: bytes, complete: bool) -> None:
    assert sniff(start + rest, complete=complete).row in TABLE


@given(_beginnings, st.binary(max_size=200))
def test_what_lies_beyond_the_head_does_not_matter(start: bytes, rest: bytes) -> None:
    head = (start + rest).ljust(HEAD_SIZE, b"\1")
    assert sniff(head, complete=False) == sniff(head + b"<html>", complete=True)


def test_sniffing_works_in_many_threads_at_once(tmp_path: Path) -> None:
    """A libmagic handle may not be shared; wrong answers or a crash would show here."""
    amr, rar = b"#!AMR\n" + b"\x04" * 40, b"Rar!\x1a\7\1\0" + bytes(30)
    wrong: list[str] = []

    def work() -> None:
        for head, mime in [(amr, "audio/amr"), (rar, "application/vnd.rar")] * 200:
            found = sniff(head, complete=True).mime
            if found != mime:
                wrong.append(found)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


@pytest.mark.parametrize(
    "unit", [b"<", b"<!---->", b"<!x>", b"<!x[>", b"[", b"PK\3\4", b" onload ", b"\xff", b"a", b"<p "]
)
def test_no_input_takes_long(unit: bytes) -> None:
    """Sniffing runs on the event loop: hostile input must not make it slow (a few milliseconds measured)."""
    head = (b"<" + unit * HEAD_SIZE)[1:HEAD_SIZE]
    fastest = min(_seconds(head) for _ in range(3))
    assert fastest < 0.05


def _seconds(head: bytes) -> float:
    started = time.perf_counter()
    sniff(head, complete=True)
    return time.perf_counter() - started


def test_random_bytes_are_hardly_ever_taken_for_something() -> None:
    noise = random.Random(1)
    found = [sniff(noise.randbytes(2000), complete=True).mime for _ in range(500)]
    assert found.count("application/octet-stream") >= 498


def test_the_table_is_consistent() -> None:
    """Names are unique and lower case, ``within`` leads to rows, programs are a family, extensions have no dot."""
    names = [name for row in TABLE for name in (row.mime, *row.aliases)]
    assert len(names) == len(set(names))
    for row in TABLE:
        assert row.mime == row.mime.lower()
        assert row.extensions
        assert all(extension.strip(".").lower() == extension for extension in row.extensions)
        assert row.within is None or row_of(row.within).listed
        assert row.executable == (row.family is Family.EXECUTABLE)
    extensions = [extension for row in TABLE for extension in row.extensions if extension != "bin"]
    assert len(extensions) == len(set(extensions))
