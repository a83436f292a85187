"""``python -m web.openapi > docs/openapi.json``: the stored copy of the document."""

import sys

from web.app import all_endpoints
from web.deps import HealthLine
from web.docs.serving import encoded
from web.openapi.document import document
from web.routes.health import Health


async def _nothing() -> list[HealthLine]:
    return []


def stored() -> bytes:
    """The document of this code, with nothing running."""
    return encoded(document(all_endpoints(Health(_nothing))))


if __name__ == "__main__":
    sys.stdout.buffer.write(stored())
