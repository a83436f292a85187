"""Schemathesis calls every operation as the document says it, and beside it; answers must be what is written there."""

import asyncio
import logging
import os
import sys
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import structlog

from sandbox.client import SandboxClient
from storage.callers.rate_limits import failure_limiter
from tests.flow.archives import RunningArchive, running_archive
from tests.flow.http_door import KEY, UPLOAD, Door, open_door
from web.auth.call_limits import CallLimits
from web.schemas.streaming import Uploaded

_ROOT = Path(__file__).parents[2]
_CONFIG = """
hooks = "tests.contract.openapi_hooks"

[generation]
deterministic = true
max-examples = 4
no-shrink = true
database = "none"

[phases]
stateful.enabled = false
examples.enabled = false
coverage.generation.mode = "positive"
coverage.unexpected-methods = []

[checks]
positive_data_acceptance.enabled = false
unsupported_method.enabled = false
allow_header_conformance.enabled = false
use_after_free.enabled = false
ensure_resource_availability.enabled = false
not_a_server_error.expected-statuses = ["2xx", "3xx", "4xx", 502, 503]
negative_data_rejection.expected-statuses = [400, 401, 403, 404, 405, 406, 409, 410, 412, 413, 415, 422]
missing_required_header.expected-statuses = [400, 401, 403, 405, 412, 415, 422]

[dictionaries]
media = {{ values = [{media}] }}
numbers = {{ values = ["250926-001", "250926-002", "240229-1234"] }}

[parameters]
"path.media_id" = {{ dictionary = "media", probability = 0.7 }}
"path.number" = {{ dictionary = "numbers", probability = 0.7 }}

[[operations]]
include-operation-id = "delete_media"
parameters = {{ "path.media_id" = {last} }}

[[operations]]
include-tag = "uploads"
phases.coverage.enabled = false

[[operations]]
include-tag = "resumable"
checks.negative_data_rejection.enabled = false

[[operations]]
include-operation-id = "upload_with_progress"
phases.coverage.enabled = false
checks.negative_data_rejection.enabled = false
"""
"""Real ids most of the time. An upload with progress says in its last line what is wrong, after a 200. The many fields
of uploads, each in the query and in a form, would take most of the time in the phase that tries every limit and every
example. OPTIONS of tus answers whatever the upload, and its headers rule each other in ways that a schema cannot say.
"""

_SECONDS = 60


@pytest.fixture(autouse=True)
def quiet() -> Iterator[None]:
    """A line and a picture of the stack for each of thousands of calls would take longer than the calls."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    yield
    structlog.reset_defaults()


@pytest.fixture
async def archive(database_url: str, sandbox: SandboxClient, tmp_path: Path) -> AsyncIterator[RunningArchive]:
    async with running_archive(database_url, sandbox, tmp_path) as running:
        yield running


async def _some_media(door: Door) -> list[int]:
    ids: list[int] = []
    for index in range(6):
        path = f"{UPLOAD}/stream?request_number=250926-001&tags=one,two"
        status, answer = await door.send(f"text {index}".encode(), path=path)
        assert status in (201, 202)  # a busy machine takes longer than the door waits
        Uploaded.model_validate(answer)
        ids.append(answer["media_file_id"])
    return ids


async def test_every_answer_is_documented(archive: RunningArchive, tmp_path: Path) -> None:
    """No 5xx but those that say to come again, no undocumented status, type or shape; what is wrong is refused."""
    async with open_door(archive, archive_wait=0.2, limits=CallLimits(failures=failure_limiter(100_000))) as door:
        config = tmp_path / "schemathesis.toml"
        *media, last = await _some_media(door)
        config.write_text(_CONFIG.format(media=", ".join(map(str, media)), last=last))
        process = await asyncio.create_subprocess_exec(
            *(str(Path(sys.executable).with_name("schemathesis")), "--config-file", str(config)),
            *("run", f"{door.url}/api/openapi.json", "--header", f"X-API-Key: {KEY}", "--no-color"),
            *("--continue-on-failure", "--request-timeout", "10", "--workers", "2"),
            cwd=tmp_path,
            env={**os.environ, "PYTHONPATH": str(_ROOT)},
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        try:
            async with asyncio.timeout(_SECONDS):
                output, _ = await process.communicate()
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()
        print(output.decode())  # shown where the test fails, or with -s
        assert process.returncode == 0
        assert b"Fuzzing (in" in output
