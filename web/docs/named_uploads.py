"""Uploads into a certain place."""

from pydantic import BaseModel

from web.docs.uploads import STREAM
from web.openapi.doc import JSON, Answer, Doc
from web.schemas import named_uploads as schemas

_STATUSES = {
    200: "You have this file already (`on_duplicate=return`)",
    201: "Kept, and in Telegram",
    202: "Kept, and on its way to Telegram",
}


def _doc(summary: str, form: type[BaseModel], description: str) -> Doc:
    return Doc(
        summary=summary,
        tags=("uploads",),
        description=description,
        headers=STREAM.headers,
        multipart=form,
        answers={
            status: Answer(description=told, content={JSON: schemas.Placed}, example=schemas.ANSWER)
            for status, told in _STATUSES.items()
        },
        errors=STREAM.errors,
    )


REQUEST = _doc("Upload a file of a request", schemas.RequestForm, "As the streaming upload, with a request number.")
REPORT = _doc("Upload a file of a report", schemas.ReportForm, "Into the reports channel.")
ACCESS = _doc(
    "Upload a picture of who came in", schemas.AccessForm, "Images only; 503 while no channel is bound for `access`."
)
