"""What a file is, from its bytes, and what may come in.

`sniff` looks at the first `HEAD_SIZE` bytes, `resolve` holds that against what the client said, a `Policy`
decides. Everything known about a content type by its name derives from one table, `storage.content.table`.
"""

from storage.content.lookup import (
    default_category,
    extension_of,
    file_type_of,
    inline_safe,
    is_active,
    row_of,
)
from storage.content.model import ContentType
from storage.content.policy import DEFAULT_ALLOWED, Policy
from storage.content.resolving import TypeContradiction, resolve
from storage.content.sniffing import HEAD_SIZE, sniff
from storage.content.table import TABLE, Family, Row

__all__ = [
    "DEFAULT_ALLOWED",
    "HEAD_SIZE",
    "TABLE",
    "ContentType",
    "Family",
    "Policy",
    "Row",
    "TypeContradiction",
    "default_category",
    "extension_of",
    "file_type_of",
    "inline_safe",
    "is_active",
    "resolve",
    "row_of",
    "sniff",
]
