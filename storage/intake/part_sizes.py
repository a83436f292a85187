"""How large parts are: as large as a bot can fetch back, a little less, and never twice the same.

The cloud API spaces uploads of exactly equal size and answers a backlog of them with a flood wait
(TELEGRAM.md, Limits), so every full part gets a size of its own.
"""

import random
from collections.abc import Iterator

CLOUD_FETCH_LIMIT = 20 * 1024 * 1024
"""What `getFile` on the cloud API gives back at most."""

LOCAL_FETCH_LIMIT = 2000 * 1000 * 1000
"""What a local Bot API server takes and gives back."""

_VARIED = 16


def part_sizes(limit: int) -> Iterator[int]:
    """Sizes below ``limit``, by at most a sixteenth."""
    while True:
        yield max(limit - random.randint(1, limit // _VARIED + 1), 1)  # noqa: S311 -- variety, not secrecy
