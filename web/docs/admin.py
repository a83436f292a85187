"""Keys, the audit, channels, incidents and metrics."""

from storage.errors import IncidentNotFound, KeyNotFound, MissingScope, Unauthenticated
from web.openapi.doc import Answer, Doc
from web.schemas import admin

_TAGS = ("administration",)

CREATE_KEY = Doc(
    summary="Make a key",
    tags=_TAGS,
    description="Its secret is shown here and never again. A name may have several keys.",
    body=admin.NewKey,
    answers={201: admin.CreatedKey},
)
LIST_KEYS = Doc(
    summary="The keys, newest first, revoked ones too",
    tags=_TAGS,
    description="Keys from `MEDIAGATE_API_KEYS` are not among them.",
    answers={200: admin.KeyList},
)
REVOKE_KEY = Doc(
    summary="Revoke a key",
    tags=_TAGS,
    description="In this process at once, in others within 30 seconds.",
    path={"key_id": admin.KeyId},
    answers={204: Answer(description="Done; again the same")},
    errors=(KeyNotFound,),
)
AUDIT = Doc(
    summary="Who did what",
    tags=_TAGS,
    description="Changes are kept for good, reads of media for 90 days; reads appear within about a second.",
    query=admin.AuditQuery,
    answers={200: admin.AuditPage},
)
CHANNELS = Doc(summary="The channels and their lanes", tags=_TAGS, answers={200: admin.ChannelList})
INCIDENT = Doc(
    summary="What was logged for an incident",
    tags=_TAGS,
    description="Kept for 30 days.",
    path={"incident_id": admin.IncidentId},
    answers={200: admin.Incident},
    errors=(IncidentNotFound,),
)
METRICS = Doc(
    summary="Metrics for Prometheus",
    tags=("service",),
    description="Without credentials on the machine itself, elsewhere with the scope `admin`.",
    answers={200: Answer(description="The text format", content={"text/plain": str})},
    errors=(Unauthenticated, MissingScope),
)
