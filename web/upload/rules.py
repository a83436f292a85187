"""Which fields an upload call takes, and how they are read: the calls differ in nothing else."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from storage.details import EXTERNAL_ID_LIMIT, FIELDS, Details, parse_details
from storage.domain import Category, Purpose
from storage.errors import InvalidFields, TypeNotAllowed

Read = Callable[[Mapping[str, str]], Details]
_REPORTS = tuple(category.value for category in Category if category.purpose is Purpose.REPORTS)
_ACCESS = {"plate": Category.ACCESS_PLATE, "overview": Category.ACCESS_OVERVIEW}


@dataclass(frozen=True, kw_only=True, slots=True)
class FieldRules:
    """``required`` fields must be there in the end; ``read`` also gets what came before the file, unfinished."""

    names: frozenset[str]
    read: Read
    required: frozenset[str] = frozenset()
    images_only: bool = False

    def details(self, values: Mapping[str, str], *, whole: bool) -> Details:
        """Raises `InvalidFields` and `InvalidRequestNumber`."""
        missing = sorted(name for name in self.required if not values.get(name, "").strip()) if whole else ()
        if missing:
            raise InvalidFields(*((name, "is missing") for name in missing))
        return self.read(values)

    def check_type(self, content_type: str) -> None:
        """Raises `TypeNotAllowed`."""
        if self.images_only and not content_type.startswith("image/"):
            raise TypeNotAllowed(content_type=content_type)


def _report(values: Mapping[str, str]) -> Details:
    kind = values.get("report_type", "").strip() or Category.COMPLETION_PHOTO.value
    if kind not in _REPORTS:
        raise InvalidFields(("report_type", f"must be one of {', '.join(_REPORTS)}"))
    return parse_details(_without(values, "report_type") | {"category": kind})


def _access(values: Mapping[str, str]) -> Details:
    kind = values.get("kind", "").strip()
    if kind and kind not in _ACCESS:
        raise InvalidFields(("kind", "must be plate or overview"))
    ref = values.get("ref", "")
    if len(ref) > EXTERNAL_ID_LIMIT:
        raise InvalidFields(("ref", f"is longer than {EXTERNAL_ID_LIMIT} characters"))
    given = _without(values, "kind", "ref") | {"external_id": ref}
    return parse_details(given | {"category": _ACCESS.get(kind, Category.ACCESS_PLATE).value})


def _without(values: Mapping[str, str], *names: str) -> dict[str, str]:
    return {name: value for name, value in values.items() if name not in names}


STREAM = FieldRules(names=FIELDS, read=parse_details)
UPLOAD = FieldRules(names=FIELDS, read=parse_details, required=frozenset({"request_number"}))
REPORT = FieldRules(names=FIELDS - {"category"} | {"report_type"}, read=_report, required=UPLOAD.required)
ACCESS = FieldRules(
    names=FIELDS - {"category", "request_number", "external_id"} | {"kind", "ref"},
    read=_access,
    required=frozenset({"kind"}),
    images_only=True,
)
