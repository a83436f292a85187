"""Webhooks and their deliveries."""

from storage.errors import DeliveryNotFound, WebhookNotFound
from web.openapi.doc import Answer, Doc
from web.schemas import webhooks

_TAGS = ("webhooks",)
_ONE = {"webhook_id": webhooks.WebhookId}

CREATE = Doc(
    summary="Have events sent somewhere",
    tags=_TAGS,
    description="Calls follow Standard Webhooks: `webhook-id` (the same each time), `webhook-timestamp`"
    " and `webhook-signature` over `{type, timestamp, data}`. Any 2xx within 15 s is a receipt; else the event is sent"
    " again with growing delays for three days. Events of one media come in their order, each at least once; 410"
    " disables the webhook. The secret is shown here and never again.",
    body=webhooks.NewWebhook,
    answers={201: webhooks.WebhookWithSecret},
)
LIST = Doc(summary="The webhooks, newest first", tags=_TAGS, answers={200: webhooks.WebhookList})
CHANGE = Doc(
    summary="Change a webhook, or its secret",
    tags=_TAGS,
    description="With `rotate_secret` the answer has the new `secret`; the former one signs too for 24 hours.",
    path=_ONE,
    body=webhooks.ChangedWebhook,
    answers={200: webhooks.WebhookWithSecret | webhooks.Webhook},
    errors=(WebhookNotFound,),
)
REMOVE = Doc(
    summary="Remove a webhook",
    tags=_TAGS,
    path=_ONE,
    answers={204: Answer(description="Done; what waited for it is dropped")},
    errors=(WebhookNotFound,),
)
DELIVERIES = Doc(
    summary="What became of a webhook's events",
    tags=_TAGS,
    description="Newest first; kept for 30 days. `dead` ones were given up after three days.",
    path=_ONE,
    query=webhooks.DeliveriesQuery,
    answers={200: webhooks.DeliveryPage},
    errors=(WebhookNotFound,),
)
REDELIVER = Doc(
    summary="Send an event once more",
    tags=_TAGS,
    path={**_ONE, "delivery_id": webhooks.DeliveryId},
    answers={202: webhooks.Delivery},
    errors=(WebhookNotFound, DeliveryNotFound),
)
