"""The routes that find, count, change and hand on media. Before those of ``/media/{media_id}``: words are no ids."""

from storage.domain import Scope
from web.docs import managing as docs
from web.docs import named_uploads
from web.guard import Endpoint
from web.rendering import API
from web.routes.managing import archive_media, edit_media, list_batch, send_media, tag_media
from web.routes.media import list_request_media
from web.routes.named_uploads import upload_access, upload_report, upload_to_request
from web.routes.requests import attach_several, show_timeline, summarise_request
from web.routes.search import list_tags, search_media, show_statistics
from web.routes.telegram_files import keep_telegram_file, serve_telegram_file, show_telegram_file

_MEDIA, _ONE, _REQUEST = f"{API}/media", f"{API}/media/{{media_id}}", f"{API}/requests/{{number}}/media"
_BY_FILE_ID = f"{_MEDIA}/telegram/{{file_id}}"

ENDPOINTS = (
    Endpoint("POST", f"{_MEDIA}/upload", upload_to_request, Scope.MEDIA_WRITE, named_uploads.REQUEST),
    Endpoint("POST", f"{_MEDIA}/upload-report", upload_report, Scope.MEDIA_WRITE, named_uploads.REPORT),
    Endpoint("POST", f"{_MEDIA}/upload-access", upload_access, Scope.MEDIA_WRITE, named_uploads.ACCESS),
    Endpoint("GET", f"{_MEDIA}/search", search_media, Scope.MEDIA_READ, docs.SEARCH),
    Endpoint("GET", f"{_MEDIA}/statistics", show_statistics, Scope.MEDIA_READ, docs.STATISTICS),
    Endpoint("GET", f"{_MEDIA}/tags/popular", list_tags, Scope.MEDIA_READ, docs.TAGS),
    Endpoint("POST", f"{_MEDIA}/batch", list_batch, Scope.MEDIA_READ, docs.BATCH),
    Endpoint("GET", f"{_MEDIA}/request/{{number}}/timeline", show_timeline, Scope.MEDIA_READ, docs.TIMELINE),
    Endpoint("POST", f"{_MEDIA}/telegram", keep_telegram_file, Scope.MEDIA_WRITE, docs.KEEP_TELEGRAM),
    Endpoint("GET", _BY_FILE_ID, show_telegram_file, Scope.MEDIA_READ, docs.SHOW_TELEGRAM),
    Endpoint("GET", f"{_BY_FILE_ID}/file", serve_telegram_file, Scope.MEDIA_READ, docs.FILE_TELEGRAM),
    Endpoint("HEAD", f"{_BY_FILE_ID}/file", serve_telegram_file, Scope.MEDIA_READ, docs.HEAD_TELEGRAM),
    Endpoint("PATCH", _ONE, edit_media, Scope.MEDIA_WRITE, docs.EDIT),
    Endpoint("PUT", f"{_ONE}/tags", tag_media, Scope.MEDIA_WRITE, docs.TAG),
    Endpoint("POST", f"{_ONE}/archive", archive_media, Scope.MEDIA_WRITE, docs.ARCHIVE),
    Endpoint("POST", f"{_ONE}/send", send_media, Scope.MEDIA_WRITE, docs.SEND),
    Endpoint("POST", _REQUEST, attach_several, Scope.REQUESTS_WRITE, docs.ATTACH_SEVERAL),
    Endpoint("GET", _REQUEST, list_request_media, Scope.MEDIA_READ, docs.REQUEST_MEDIA),
    Endpoint("GET", f"{_REQUEST}/summary", summarise_request, Scope.MEDIA_READ, docs.SUMMARY),
)
