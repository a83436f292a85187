"""What Schemathesis has to be told of our media types; it imports this by the name in its configuration."""

import json
from typing import Any

import schemathesis

# A chunk of a resumable upload is bytes as they are.
schemathesis.serializer.alias("application/offset+octet-stream", "application/octet-stream")


@schemathesis.deserializer("application/x-ndjson")
def last_line(_context: schemathesis.DeserializationContext, response: schemathesis.Response) -> Any:
    """Each line is as the schema says; the last one, which is the result, stands for all."""
    return json.loads(response.content.splitlines()[-1])
