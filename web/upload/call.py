"""One call of an upload route: what every way of uploading shares."""

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

from storage.domain import Caller, MediaId, UploadId, UploadPhase
from storage.intake.idempotency import FirstCall
from storage.intake.progress import Progress
from storage.intake.taking_in import Accepted, Intake
from storage.views import MediaView, stored_view
from web.deps import CALLER, DEPS, REQUEST_ID, WebDeps
from web.multipart import Multipart, boundary_of
from web.rendering import media_path
from web.upload.body import TimedBody
from web.upload.fields import MOST_FIELDS
from web.upload.options import FORM_OVERHEAD, Options, admit, read_options
from web.upload.rules import STREAM, FieldRules
from web.upload.taking import OnBegin
from web.waiting import unless_closing


@dataclass(frozen=True, kw_only=True, slots=True)
class Content:
    """What a body held, to know a retry by: a digest of its fields, and of each file (None: not looked at)."""

    fields: str
    files: tuple[str | None, ...]

    @classmethod
    def of(cls, fields: Mapping[str, str], files: list[bytes | None]) -> "Content":
        digest = hashlib.sha256(json.dumps(sorted(fields.items())).encode("utf-8", "surrogatepass"))
        return cls(fields=digest.hexdigest(), files=tuple(None if file is None else file.hex() for file in files))

    def is_that_of(self, first: Any) -> bool:
        """Whether a retry's body is that of the ``first`` call, as `as_json` wrote it."""
        files = first["files"]
        pairs = zip(self.files, files, strict=False)
        same = all(None in (mine, theirs) or mine == theirs for mine, theirs in pairs)
        return same and self.fields == first["fields"] and len(self.files) == len(files)

    def as_json(self) -> dict[str, Any]:
        return {"fields": self.fields, "files": list(self.files)}


@dataclass(frozen=True, kw_only=True, slots=True)
class Outcome:
    """The end of a call. ``kept``: something was acknowledged, so that a retry must not do it again."""

    status: int
    answer: Any
    content: Content | None
    kept: bool
    replayed: bool = False


@dataclass(kw_only=True, slots=True)
class Call:
    """A request that has been admitted. ``boundary`` None: the body is the file itself."""

    request: web.Request
    deps: WebDeps
    caller: Caller
    options: Options
    body: TimedBody
    boundary: bytes | None
    on_begin: OnBegin
    rules: FieldRules = STREAM
    first: FirstCall | None = None
    kept: bool = False
    progresses: dict[UploadId, Progress] = field(default_factory=dict)

    @property
    def intake(self) -> Intake:
        return self.deps.use_cases.intake

    @property
    def request_id(self) -> str:
        return self.request[REQUEST_ID]

    def form(self) -> Multipart:
        assert self.boundary is not None
        most_parts = MOST_FIELDS + self.deps.max_files_per_request
        return Multipart(self.body.read, self.boundary, most_parts=most_parts)

    def upload_id(self, index: int) -> UploadId | None:
        """The id of the call's ``index``-th upload; None: any. A client names only the first."""
        if self.first is not None:
            return self.first.upload_id(index)
        return self.options.upload_id if index == 0 else None

    def begun(self, progress: Progress) -> None:
        self.progresses[progress.upload_id] = progress
        self.on_begin(progress)

    async def already_kept(self, index: int) -> Accepted | None:
        """What an interrupted attempt under the same idempotency key made of the ``index``-th file."""
        earlier = self.first.earlier_ids(index) if self.first is not None else []
        media_id = await self.deps.uploads.kept(self.caller, earlier) if earlier else None
        if media_id is None:
            return None
        return Accepted(media=await self.media(media_id), upload_id=earlier[0])

    async def media(self, media_id: MediaId) -> MediaView:
        return await self.deps.use_cases.reading.media(self.caller, media_id)

    async def settled(self, accepted: Accepted, timeout: float) -> MediaView:
        """The media once it is in Telegram, or as it is after ``timeout`` seconds."""
        progress = self.progresses.get(accepted.upload_id)
        if accepted.existing or accepted.media.stored or progress is None or timeout <= 0:
            return accepted.media
        await unless_closing(self.request.app, progress.wait_ended(timeout))
        if progress.phase is UploadPhase.DONE and progress.total_parts == 1 and progress.landed is not None:
            return stored_view(accepted.media, progress.landed)
        now = await self.intake.views(accepted.media.id)
        return now or accepted.media  # deleted by somebody within the wait: the upload itself succeeded


def begin_call(
    request: web.Request,
    *,
    most_files: int,
    on_begin: OnBegin = lambda _progress: None,
    rules: FieldRules = STREAM,
) -> Call:
    """Check all that can be checked before the body. Raises what `admit` and `read_options` raise."""
    deps = request.app[DEPS]
    boundary = _boundary(request)
    most = deps.max_file_size if boundary is None else deps.max_file_size * most_files + FORM_OVERHEAD
    admit(request, deps.use_cases.intake, most=most, size=request.content_length)
    return Call(
        request=request,
        deps=deps,
        caller=request[CALLER],
        options=read_options(request),
        body=TimedBody(request, deps.times, most=most),
        boundary=boundary,
        on_begin=on_begin,
        rules=rules,
    )


def outcome_response(
    call: Call, outcome: Outcome, *, render: Callable[[Any], Any] = lambda answer: answer
) -> web.Response:
    """The outcome with its headers: ``Location``, the upload's id, and what preference was applied."""
    headers = {"Cache-Control": "no-store"}
    if isinstance(outcome.answer, dict):
        headers["Location"] = media_path(outcome.answer["media_file_id"])
        headers["X-Upload-ID"] = outcome.answer["upload_id"]
    if call.options.preference is not None:
        headers["Preference-Applied"] = call.options.preference
    if outcome.replayed:
        headers["Idempotency-Replayed"] = "true"
    return web.json_response(render(outcome.answer), status=outcome.status, headers=headers)


def _boundary(request: web.Request) -> bytes | None:
    if request.content_type != "multipart/form-data":
        return None
    return boundary_of(request.headers.get("Content-Type", ""))
