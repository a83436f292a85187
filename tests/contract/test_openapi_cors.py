"""Pages of other origins, as browsers ask for them."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from sandbox.client import SandboxClient
from tests.flow.archives import RunningArchive, running_archive
from tests.flow.http_door import UPLOAD, open_door

PAGE = "https://app.example.com"
_ASKED = {"Origin": PAGE, "Access-Control-Request-Method": "PATCH", "Access-Control-Request-Headers": "x-api-key"}


@pytest.fixture
async def archive(database_url: str, sandbox: SandboxClient, tmp_path: Path) -> AsyncIterator[RunningArchive]:
    async with running_archive(database_url, sandbox, tmp_path) as running:
        yield running


async def test_a_page_of_an_allowed_origin_may_call(archive: RunningArchive) -> None:
    """The preflight needs no credentials; errors are readable too, and what clients need of the headers."""
    async with open_door(archive, cors_origins=(PAGE,)) as door:
        async with door.client.options(f"{UPLOAD}/stream", headers=_ASKED | {"X-API-Key": "wrong"}) as preflight:
            assert preflight.status == 204
            assert preflight.headers["Access-Control-Allow-Origin"] == PAGE
            assert "PATCH" in preflight.headers["Access-Control-Allow-Methods"]
            accepted = preflight.headers["Access-Control-Allow-Headers"].lower().split(", ")
            assert {"x-api-key", "authorization", "idempotency-key", "upload-offset", "tus-resumable"} <= {*accepted}
            assert "Access-Control-Allow-Credentials" not in preflight.headers
        for path, status in (("/health", 200), ("/api/v1/media/1", 404), ("/nowhere", 404)):
            async with door.client.get(path, headers={"Origin": PAGE}) as response:
                assert response.status == status
                assert response.headers["Access-Control-Allow-Origin"] == PAGE
                assert response.headers.getall("Vary") == ["Origin"]
                exposed = response.headers["Access-Control-Expose-Headers"].split(", ")
                assert {"Location", "Upload-Offset", "X-Request-ID", "Content-Range", "Retry-After"} <= {*exposed}


async def test_pages_of_other_origins_may_not(archive: RunningArchive) -> None:
    """Their answers lack what would let a browser show them, and say that they differ by origin."""
    elsewhere = _ASKED | {"Origin": "https://app.example.com.evil.example"}
    async with open_door(archive, cors_origins=(PAGE,)) as door:
        async with door.client.options(f"{UPLOAD}/stream", headers=elsewhere) as preflight:
            assert preflight.status == 405
            assert "Access-Control-Allow-Origin" not in preflight.headers
        for headers in ({"Origin": "null"}, {}):
            async with door.client.get("/health", headers=headers) as response:
                assert "Access-Control-Allow-Origin" not in response.headers
                assert response.headers["Vary"] == "Origin"


async def test_a_star_lets_every_page_call(archive: RunningArchive) -> None:
    async with open_door(archive, cors_origins=("*",)) as door:
        async with door.client.get("/health", headers={"Origin": PAGE}) as response:
            assert response.headers["Access-Control-Allow-Origin"] == "*"
            assert "Vary" not in response.headers
        async with door.client.options("/nowhere", headers=_ASKED) as preflight:
            assert preflight.status == 204


async def test_without_the_setting_nothing_is_said(archive: RunningArchive) -> None:
    async with open_door(archive) as door:
        async with door.client.get("/health", headers={"Origin": PAGE}) as response:
            assert not [name for name in response.headers if name.startswith("Access-Control-") or name == "Vary"]
        async with door.client.options(f"{UPLOAD}/stream", headers=_ASKED) as preflight:
            assert preflight.status == 405


async def test_an_options_that_is_no_preflight_reaches_its_handler(archive: RunningArchive) -> None:
    """tus clients ask so what a server can do."""
    async with (
        open_door(archive, cors_origins=("*",)) as door,
        door.client.options("/health", headers={"Origin": PAGE}) as response,
    ):
        assert response.status == 405
        assert response.headers["Access-Control-Allow-Origin"] == "*"
