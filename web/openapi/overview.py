"""What the document says before its first call."""

from typing import Any

INFO: dict[str, Any] = {
    "title": "Mediagate",
    "version": "1.0.0",
    "summary": "A media gateway with Telegram as its archive",
    "description": (
        "Files come in through a Telegram bot and through this API; their bytes are kept in Telegram channels, their "
        "index in PostgreSQL. JSON everywhere, UTF-8, times in RFC 3339 UTC, sizes in bytes.\n\n"
        "Errors are `application/problem+json` (RFC 9457) with a stable `code`. Every answer carries `X-Request-ID`; "
        "send one to choose it. What a caller may not see answers 404 like what does not exist. Unknown fields are "
        "refused by name (422). Requests are counted: `RateLimit` says what is left, 429 that nothing is. Answers may "
        "grow: ignore fields you do not know."
    ),
    "license": {"name": "MIT", "identifier": "MIT"},
}

SECURITY: dict[str, Any] = {
    "apiKey": {
        "type": "apiKey",
        "in": "header",
        "name": "X-API-Key",
        "description": "A key with scopes; the scope an operation needs stands with it.",
    },
    "bearer": {
        "type": "http",
        "scheme": "bearer",
        "bearerFormat": "JWT",
        "description": "A token of the company's Auth Service, where one is configured.",
    },
}

INVITATION: dict[str, Any] = {
    "invitation": {
        "type": "apiKey",
        "in": "header",
        "name": "X-Upload-Token",
        "description": "An invitation's token, in place of credentials.",
    },
}

TAGS = {
    "uploads": "Files come in: one or several, as a form or as they are, watched while they run.",
    "resumable": "Uploads that survive lost connections: tus 1.0.0.",
    "media": "What was kept: its description, and what can be done with it.",
    "files": "The bytes of media, whole or in ranges, their previews and links to them.",
    "links": "Signed links: who has one needs no credentials.",
    "requests": "Which media belong to which request number.",
    "users": "Avatars, and the Telegram accounts of people with a token.",
    "webhooks": "Events, sent to whoever asked for them.",
    "administration": "Keys, webhooks, channels, and what happened.",
    "service": "Health, metrics, and this document.",
}
