"""What kind of text a text is: active content first of all, because that is what must not be missed."""

import json
import re

from storage.content.table import TEXT, XML

_MAX_PROLOGUE = 500  # comments and declarations before the first element; bounds the time
_SPACE = " \t\r\n\f\ufeff"
_HTML_TAG = re.compile(
    r"<(?:html|head|body|script|iframe|title|style|meta|link|base|object|embed|frameset|form|template)[\s/>]",
    re.IGNORECASE,
)
_HTML_DOCTYPE = re.compile(r"<!doctype\s+html", re.IGNORECASE)
_RUNS_CODE = re.compile(
    r"<script[\s/>]|<iframe[\s/>]|javascript:|\son(?:load|error|click|focus|toggle|mouse[a-z]{2,5})\s*=",
    re.IGNORECASE,
)
_ROOT = re.compile(r"<(?:[\w.-]{1,80}:)?([a-zA-Z_][\w.-]{0,80})")
_XML_ROOTS = {"svg": "image/svg+xml", "html": "application/xhtml+xml", "gpx": "application/gpx+xml"}
_STARTS = (
    ("<?php", "application/x-httpd-php"),
    ("<?=", "application/x-httpd-php"),
    ("@echo off", "application/x-bat"),
    ("begin:vcard", "text/vcard"),
    ("begin:vcalendar", "text/calendar"),
    ("webvtt", "text/vtt"),
)


def text_type(text: str, *, complete: bool) -> str:
    """The content type of decoded text: HTML, SVG, XML, scripts, JSON and a few with a fixed first line.

    CSV and Markdown have no signature (libmagic takes prose with commas for CSV): for them the name counts.
    """
    start = text.lstrip(_SPACE)
    if start.startswith("<"):
        return _markup(start)
    lowered = start[:16].lower()
    for prefix, mime in _STARTS:
        if lowered.startswith(prefix):
            return mime
    if complete and start[:1] in {"{", "["} and _is_json(start):
        return "application/json"
    return TEXT


def _markup(start: str) -> str:
    lowered = start[:5].lower()
    if lowered.startswith(("<?php", "<?=")):
        return "application/x-httpd-php"
    body, declared_html = _skip_prologue(start)
    root = _ROOT.match(body)
    name = root[1].lower() if root else ""
    if name == "svg":
        return "image/svg+xml"
    if start.startswith("<?xml"):
        return _XML_ROOTS.get(name, XML)
    if declared_html or _HTML_TAG.match(body):
        return "text/html"
    # A fragment that opens with markup is prose (Markdown) unless it would run something.
    return "text/html" if _RUNS_CODE.search(start) else TEXT


def _skip_prologue(text: str) -> tuple[str, bool]:
    """The text from its first element on, past declarations, comments and the doctype; and whether that says HTML."""
    position, declared_html = 0, False
    for _ in range(_MAX_PROLOGUE):
        while position < len(text) and text[position] in _SPACE:
            position += 1
        if text.startswith("<!--", position):
            end = text.find("-->", position + 2)
            width = 3
        elif text.startswith("<?", position):
            end, width = text.find("?>", position), 2
        elif text.startswith("<!", position):
            declared_html = declared_html or _HTML_DOCTYPE.match(text, position) is not None
            end, width = _doctype_end(text, position), 1
        else:
            return text[position : position + 256], declared_html
        if end < 0:
            break
        position = end + width
    return "", declared_html


def _doctype_end(text: str, position: int) -> int:
    """Where the ``>`` of a doctype is, which may carry an internal subset in brackets."""
    close = text.find(">", position)
    bracket = text.find("[", position, close) if close >= 0 else -1
    if bracket >= 0:
        subset_end = text.find("]", bracket)
        return text.find(">", subset_end) if subset_end >= 0 else -1
    return close


def _is_json(text: str) -> bool:
    try:
        json.loads(text)
    except (ValueError, RecursionError):
        return False
    return True
