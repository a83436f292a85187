"""What the document says of a media is what `media_json` writes."""

from dataclasses import replace
from datetime import UTC, datetime

from storage.domain import Category, FileType, MediaId, MediaStatus
from storage.views import MediaView, TelegramPlace
from web.rendering import media_json, upload_json
from web.schemas.media import EXAMPLE, Media
from web.schemas.streaming import UPLOADED, Uploaded

_WHEN = datetime(2025, 9, 26, 8, 15, tzinfo=UTC)
_FULL = MediaView(
    id=MediaId(17),
    owner="service:crm",
    uploaded_by="42",
    uploaded_by_name="Anna Karimova",
    uploaded_by_language="ru",
    source="http",
    filename="leak.jpg",
    file_size=48211,
    content_type="image/jpeg",
    file_type=FileType.PHOTO,
    category=Category.REQUEST_PHOTO,
    description="Water",
    tags=("urgent",),
    external_id="crm-1",
    request_numbers=("250926-001",),
    sha256=bytes(32),
    width=1280,
    height=960,
    duration=1.5,
    status=MediaStatus.ARCHIVED,
    stored=True,
    verified=True,
    unverified_request=False,
    duplicate_of=MediaId(3),
    uploaded_at=_WHEN,
    archived_at=_WHEN,
    expires_at=_WHEN,
    telegram=TelegramPlace(channel_id=-100, message_id=903, file_id="BQAC", parts=1),
    deliverable=True,
    previewable=True,
)
_BARE = replace(
    _FULL,
    uploaded_by=None,
    file_size=None,
    description=None,
    tags=(),
    external_id=None,
    request_numbers=(),
    sha256=None,
    width=None,
    height=None,
    duration=None,
    duplicate_of=None,
    archived_at=None,
    expires_at=None,
    telegram=None,
    deliverable=False,
    previewable=False,
)


def test_a_media_is_as_the_document_says() -> None:
    """Every field in both, and no other; also where nothing is known."""
    for view in (_FULL, _BARE, replace(_FULL, uploaded_by="crew 7")):
        written = media_json(view)
        assert Media.model_validate(written).model_dump().keys() == written.keys()


def test_an_upload_is_as_the_document_says() -> None:
    upload_id = "1f6f3b5e-2f0f-4a0e-9d53-8a8c2f6f3b5e"
    for view in (_FULL, _BARE):
        written = upload_json(view, upload_id)
        assert Uploaded.model_validate(written).model_dump().keys() == written.keys()


def test_the_examples_are_such_answers() -> None:
    assert list(EXAMPLE) == list(media_json(_FULL))
    assert list(UPLOADED) == list(upload_json(_FULL, ""))
    Uploaded.model_validate(UPLOADED)
