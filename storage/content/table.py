"""One table of content types, from which kinds, extensions, families and the upload policy derive.

Sources: the IANA media type registry, RFC 6838 suffixes, the names libmagic 5.41 answers with, and what
browsers, curl and Telegram clients declare in practice (the aliases).
"""

from dataclasses import dataclass
from enum import StrEnum

from storage.domain import FileType


class Family(StrEnum):
    """What a person would call it. Two types of one family never contradict each other."""

    IMAGE = "image"
    VIDEO = "video"
    AUDIO = "audio"
    PDF = "pdf"
    OFFICE = "office"
    TEXT = "text"
    ARCHIVE = "archive"
    EXECUTABLE = "executable"
    OTHER = "other"


@dataclass(frozen=True, kw_only=True)
class Row:
    """One content type.

    ``extensions`` have no dot, the first is the default. ``within`` names the type that the bytes look like
    when their beginning does not show more (a DOCX is within a ZIP, a CSV within plain text): a client's
    hint may refine that one into this one. ``active`` runs in a browser, ``executable`` on a computer or a phone.
    """

    mime: str
    family: Family
    extensions: tuple[str, ...]
    file_type: FileType
    aliases: tuple[str, ...] = ()
    within: str | None = None
    active: bool = False
    executable: bool = False
    listed: bool = True


FILE_TYPES = {Family.IMAGE: FileType.PHOTO, Family.VIDEO: FileType.VIDEO, Family.AUDIO: FileType.AUDIO}
"""The kind a family has unless its row says otherwise; all others are documents."""


def _row(
    family: Family,
    mime: str,
    extensions: str,
    aliases: str = "",
    *,
    file_type: FileType | None = None,
    within: str | None = None,
    active: bool = False,
) -> Row:
    return Row(
        mime=mime,
        family=family,
        extensions=tuple(extensions.split()),
        file_type=file_type or FILE_TYPES.get(family, FileType.DOCUMENT),
        aliases=tuple(aliases.split()),
        within=within,
        active=active,
        executable=family is Family.EXECUTABLE,
    )


OCTET_STREAM = "application/octet-stream"
EMPTY = "application/x-empty"
TEXT = "text/plain"
ZIP = "application/zip"
OLE = "application/x-ole-storage"
XML = "application/xml"
GZIP = "application/gzip"
_OOXML = "application/vnd.openxmlformats-officedocument."
_ODF = "application/vnd.oasis.opendocument."
_I, _V, _A, _T = Family.IMAGE, Family.VIDEO, Family.AUDIO, Family.TEXT
_O, _Z, _X, _R = Family.OFFICE, Family.ARCHIVE, Family.EXECUTABLE, Family.OTHER
_DOC = FileType.DOCUMENT

TABLE: tuple[Row, ...] = (
    # Images
    _row(_I, "image/jpeg", "jpg jpeg jpe jfif", "image/jpg image/pjpeg image/x-jpeg"),
    _row(_I, "image/png", "png", "image/x-png image/apng image/vnd.mozilla.apng"),
    _row(_I, "image/gif", "gif", file_type=FileType.ANIMATION),
    _row(_I, "image/webp", "webp", "image/x-webp"),
    _row(_I, "image/heic", "heic", "image/heic-sequence"),
    _row(_I, "image/heif", "heif hif", "image/heif-sequence"),
    _row(_I, "image/avif", "avif avifs", "image/avif-sequence"),
    _row(_I, "image/jxl", "jxl"),
    _row(_I, "image/bmp", "bmp dib", "image/x-ms-bmp image/x-bmp image/x-windows-bmp"),
    _row(_I, "image/tiff", "tif tiff", "image/tif image/x-tiff"),
    _row(_I, "image/jp2", "jp2 j2k jpx jpf", "image/jpx image/jpm image/x-jp2"),
    _row(_I, "image/vnd.microsoft.icon", "ico cur", "image/x-icon image/ico"),
    _row(_I, "image/x-adobe-dng", "dng", "image/dng", within="image/tiff"),
    _row(_I, "image/x-canon-cr2", "cr2", within="image/tiff"),
    _row(_I, "image/x-canon-cr3", "cr3"),
    _row(_I, "image/x-nikon-nef", "nef", within="image/tiff"),
    _row(_I, "image/vnd.adobe.photoshop", "psd", "application/x-photoshop image/psd", file_type=_DOC),
    _row(_I, "image/vnd.dwg", "dwg", "application/acad image/x-dwg application/x-dwg", file_type=_DOC),
    _row(_I, "image/vnd.djvu", "djvu djv", "image/x-djvu image/x.djvu", file_type=_DOC),
    _row(_I, "image/svg+xml", "svg", "image/svg", file_type=_DOC, within=XML, active=True),
    _row(_I, "application/x-tgsticker", "tgs", file_type=FileType.STICKER, within=GZIP),
    # Video
    _row(_V, "video/mp4", "mp4 mpg4", "application/mp4 video/x-mp4 video/mp4v-es"),
    _row(_V, "video/x-m4v", "m4v", "video/m4v", within="video/mp4"),
    _row(_V, "video/quicktime", "mov qt", "video/x-quicktime"),
    _row(_V, "video/3gpp", "3gp 3gpp", "video/3gp"),
    _row(_V, "video/3gpp2", "3g2", "video/3g2"),
    _row(_V, "video/webm", "webm"),
    _row(_V, "video/x-matroska", "mkv", "video/mkv video/matroska application/x-matroska"),
    _row(_V, "video/ogg", "ogv", "video/x-ogg video/x-theora+ogg application/ogg application/x-ogg"),
    _row(_V, "video/x-msvideo", "avi", "video/avi video/msvideo video/vnd.avi"),
    _row(_V, "video/mpeg", "mpg mpeg mpe vob", "video/mpg video/x-mpeg video/mpv"),
    _row(_V, "video/mp2t", "mts m2ts", "video/mp2p"),
    _row(_V, "video/x-ms-wmv", "wmv asf", "video/x-ms-asf application/vnd.ms-asf video/x-ms-wm"),
    _row(_V, "video/x-flv", "flv", "video/flv"),
    # Audio
    _row(_A, "audio/mpeg", "mp3 mpga mp2", "audio/mp3 audio/x-mp3 audio/x-mpeg audio/mpeg3 audio/x-mpeg-3"),
    _row(_A, "audio/mp4", "m4a m4b", "audio/x-m4a audio/m4a audio/mp4a-latm", within="video/mp4"),
    _row(_A, "audio/3gpp", "3ga", within="video/3gpp"),
    _row(_A, "audio/ogg", "ogg oga opus spx", "audio/opus audio/vorbis audio/x-ogg", within="video/ogg"),
    _row(_A, "audio/webm", "weba", within="video/webm"),
    _row(_A, "audio/x-matroska", "mka", within="video/x-matroska"),
    _row(_A, "audio/aac", "aac", "audio/x-aac audio/aacp audio/x-hx-aac-adts audio/x-hx-aac-adif"),
    _row(_A, "audio/flac", "flac", "audio/x-flac"),
    _row(_A, "audio/wav", "wav wave", "audio/x-wav audio/wave audio/vnd.wave audio/x-pn-wav"),
    _row(_A, "audio/amr", "amr", "audio/amr-nb audio/x-amr"),
    _row(_A, "audio/amr-wb", "awb"),
    _row(_A, "audio/aiff", "aiff aif aifc", "audio/x-aiff"),
    _row(_A, "audio/midi", "mid midi", "audio/x-midi audio/mid"),
    _row(_A, "audio/x-ms-wma", "wma", within="video/x-ms-wmv"),
    _row(_A, "audio/x-caf", "caf"),
    _row(_A, "audio/x-ape", "ape", "audio/ape"),
    # Documents for reading
    _row(Family.PDF, "application/pdf", "pdf ai", "application/x-pdf text/pdf application/illustrator"),
    _row(Family.PDF, "application/postscript", "ps eps", "image/x-eps application/eps", active=True),
    _row(_O, "application/rtf", "rtf", "text/rtf text/richtext", within=TEXT),
    _row(_O, "application/msword", "doc dot", "application/doc application/x-msword", within=OLE),
    _row(_O, "application/vnd.ms-excel", "xls xlt", "application/x-excel application/x-msexcel", within=OLE),
    _row(_O, "application/vnd.ms-powerpoint", "ppt pps", "application/x-mspowerpoint", within=OLE),
    _row(_O, "application/vnd.ms-outlook", "msg", within=OLE),
    _row(_O, "application/vnd.visio", "vsd", "application/x-visio", within=OLE),
    _row(_O, _OOXML + "wordprocessingml.document", "docx", within=ZIP),
    _row(_O, _OOXML + "spreadsheetml.sheet", "xlsx", within=ZIP),
    _row(_O, _OOXML + "presentationml.presentation", "pptx", within=ZIP),
    _row(_O, _OOXML + "presentationml.slideshow", "ppsx", within=ZIP),
    _row(_O, _OOXML + "wordprocessingml.template", "dotx", within=ZIP),
    _row(_O, _OOXML + "spreadsheetml.template", "xltx", within=ZIP),
    _row(_O, "application/vnd.ms-word.document.macroenabled.12", "docm", within=ZIP),
    _row(_O, "application/vnd.ms-excel.sheet.macroenabled.12", "xlsm", within=ZIP),
    _row(_O, "application/vnd.ms-excel.sheet.binary.macroenabled.12", "xlsb", within=ZIP),
    _row(_O, "application/vnd.ms-powerpoint.presentation.macroenabled.12", "pptm", within=ZIP),
    _row(_O, "application/vnd.ms-visio.drawing", "vsdx", within=ZIP),
    _row(_O, _ODF + "text", "odt", within=ZIP),
    _row(_O, _ODF + "spreadsheet", "ods", within=ZIP),
    _row(_O, _ODF + "presentation", "odp", within=ZIP),
    _row(_O, _ODF + "graphics", "odg", within=ZIP),
    _row(_O, _ODF + "formula", "odf", within=ZIP),
    _row(_O, "application/epub+zip", "epub", within=ZIP),
    _row(_O, "application/x-iwork-pages-sffpages", "pages", "application/vnd.apple.pages", within=ZIP),
    _row(_O, "application/x-iwork-numbers-sffnumbers", "numbers", "application/vnd.apple.numbers", within=ZIP),
    _row(_O, "application/x-iwork-keynote-sffkey", "key", "application/vnd.apple.keynote", within=ZIP),
    # Text
    _row(_T, TEXT, "txt text log ini conf cfg", "application/txt text/x-log"),
    _row(_T, "text/csv", "csv", "application/csv text/x-csv text/comma-separated-values", within=TEXT),
    _row(_T, "text/tab-separated-values", "tsv tab", within=TEXT),
    _row(_T, "text/markdown", "md markdown", "text/x-markdown", within=TEXT),
    _row(_T, "application/json", "json", "text/json application/x-json", within=TEXT),
    _row(_T, "application/geo+json", "geojson", within="application/json"),
    _row(_T, "application/x-ndjson", "ndjson jsonl", "application/jsonl", within=TEXT),
    _row(_T, "application/yaml", "yaml yml", "text/yaml text/x-yaml application/x-yaml", within=TEXT),
    _row(_T, "text/vcard", "vcf vcard", "text/x-vcard text/directory", within=TEXT),
    _row(_T, "text/calendar", "ics", within=TEXT),
    _row(_T, "text/vtt", "vtt", within=TEXT),
    _row(_T, "application/x-subrip", "srt", "text/srt application/srt text/x-srt", within=TEXT),
    _row(_T, "text/css", "css", within=TEXT),
    _row(_T, "application/sql", "sql", "text/x-sql", within=TEXT),
    _row(_T, "text/html", "html htm", "application/html", within=TEXT, active=True),
    _row(_T, "application/xhtml+xml", "xhtml xht", within=XML, active=True),
    _row(_T, XML, "xml xsl xsd", "text/xml text/xsl application/rss+xml", within=TEXT, active=True),
    _row(_T, "application/gpx+xml", "gpx", within=XML, active=True),
    _row(_T, "text/javascript", "js mjs", "application/javascript text/ecmascript", within=TEXT, active=True),
    # Archives
    _row(_Z, ZIP, "zip", "application/x-zip-compressed application/x-zip application/zip-compressed"),
    _row(_Z, "application/vnd.rar", "rar", "application/x-rar application/x-rar-compressed application/rar"),
    _row(_Z, "application/x-7z-compressed", "7z"),
    _row(_Z, GZIP, "gz tgz", "application/x-gzip application/x-compressed-tar application/x-gtar-compressed"),
    _row(_Z, "application/x-tar", "tar", "application/x-gtar application/x-ustar"),
    _row(_Z, "application/x-bzip2", "bz2 tbz2", "application/bzip2 application/x-bzip"),
    _row(_Z, "application/x-xz", "xz txz", "application/x-xz-compressed-tar"),
    _row(_Z, "application/zstd", "zst", "application/x-zstd"),
    _row(_Z, "application/x-lz4", "lz4"),
    _row(_Z, "application/x-lzip", "lz"),
    _row(_Z, "application/vnd.ms-cab-compressed", "cab", "application/x-cab"),
    _row(_Z, "application/x-iso9660-image", "iso", "application/x-cd-image"),
    # Programs and scripts
    _row(
        _X,
        "application/vnd.microsoft.portable-executable",
        "exe dll scr sys com",
        "application/x-msdownload application/x-msdos-program application/x-dosexec application/x-exe",
    ),
    _row(_X, "application/x-msi", "msi msp", "application/x-ms-installer", within=OLE),
    _row(
        _X,
        "application/x-executable",
        "elf so run appimage",
        "application/x-elf application/x-sharedlib application/x-pie-executable application/x-object "
        "application/x-coredump",
    ),
    _row(_X, "application/x-mach-binary", "dylib", "application/x-mach-o"),
    _row(_X, "application/x-xar", "pkg"),
    _row(_X, "application/vnd.android.package-archive", "apk aab xapk", within=ZIP),
    _row(_X, "application/java-archive", "jar war", "application/x-java-archive", within=ZIP),
    _row(_X, "application/java-vm", "class", "application/x-java-applet"),
    _row(_X, "application/vnd.android.dex", "dex"),
    _row(_X, "application/wasm", "wasm"),
    _row(_X, "application/vnd.debian.binary-package", "deb", "application/x-debian-package"),
    _row(_X, "application/x-rpm", "rpm"),
    _row(_X, "application/x-ms-shortcut", "lnk"),
    _row(_X, "text/x-shellscript", "sh bash zsh", "application/x-sh text/x-sh", within=TEXT),
    _row(_X, "application/x-bat", "bat cmd", "text/x-msdos-batch application/bat", within=TEXT),
    _row(_X, "application/x-httpd-php", "php phtml", "text/x-php application/x-php", within=TEXT, active=True),
    # Everything else that is worth a name
    _row(_R, OLE, "ole", "application/cdfv2 application/x-cfb"),
    _row(_R, "application/x-sqlite3", "sqlite db", "application/vnd.sqlite3"),
    _row(_R, "message/rfc822", "eml", within=TEXT),
    _row(_R, "font/ttf", "ttf", "font/sfnt application/x-font-ttf"),
    _row(_R, "font/otf", "otf", "application/vnd.ms-opentype"),
    _row(_R, "font/woff2", "woff2"),
    _row(_R, "application/vnd.tcpdump.pcap", "pcap"),
    _row(_R, EMPTY, "bin", "inode/x-empty"),
    _row(_R, OCTET_STREAM, "bin", "binary/octet-stream application/binary application/unknown"),
)
