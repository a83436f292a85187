"""Clients that others wrote, against the served application; also over connections that are cut."""

import asyncio
import json
import shutil
from collections.abc import AsyncIterator
from io import BytesIO
from pathlib import Path
from typing import Any

import aiotus
import pytest
from tusclient.client import TusClient

from tests.flow.archives import RunningArchive
from tests.flow.cutting import CuttingProxy
from tests.flow.http_door import KEY, Door, open_door
from tests.flow.tus import CHUNK, UPLOADS, Tus, metadata, text

CLIENTS = Path(__file__).resolve().parent.parent / "clients"
DATA = text(700_000)
SAID = {"filename": "notes.txt", "category": "other"}


@pytest.fixture
async def door(archive: RunningArchive) -> AsyncIterator[Door]:
    async with open_door(archive) as opened:
        yield opened


async def is_kept(door: Door, url: str) -> bool:
    """Whether the upload became a media with all of its bytes."""
    tus = Tus(door)
    media_id = (await tus.head(f"{UPLOADS}/{url.rpartition('/')[2]}")).media_id
    return media_id is not None and await tus.bytes_of(media_id) == DATA


@pytest.mark.parametrize("summed", [False, True])
async def test_tuspy(door: Door, summed: bool) -> None:
    def upload(base: str) -> str:
        client = TusClient(f"{base}{UPLOADS}", headers={"X-API-Key": KEY})
        uploader = client.uploader(
            file_stream=BytesIO(DATA),
            chunk_size=200_000,
            metadata=SAID,
            upload_checksum=summed,
            retries=9,
            retry_delay=0,
        )
        uploader.upload()
        return str(uploader.url)

    async with CuttingProxy(door.port, 0 if summed else 2).serving() as proxy:
        assert await is_kept(door, await asyncio.to_thread(upload, f"http://127.0.0.1:{proxy.port}"))


async def test_aiotus(archive: RunningArchive) -> None:
    """It joins paths in a way of its own, so it needs absolute URLs: there are under the public name."""
    async with CuttingProxy(0, 3).serving() as proxy:
        public_url = f"http://127.0.0.1:{proxy.port}"
        async with open_door(archive, public_url=public_url) as door:
            proxy.to_port = door.port
            assert await is_kept(door, await _with_aiotus(public_url))
        assert proxy.cuts_left == 0


async def _with_aiotus(base: str) -> str:
    config = aiotus.RetryConfiguration(retry_attempts=10, max_retry_period_seconds=0.1)
    said = {name: value.encode() for name, value in SAID.items()}
    headers = {"X-API-Key": KEY}
    url = await aiotus.upload(f"{base}{UPLOADS}", BytesIO(DATA), said, config=config, headers=headers)
    return str(url)


async def test_aiotus_in_parallel(archive: RunningArchive) -> None:
    async with CuttingProxy(0, 0).serving() as proxy:
        public_url = f"http://127.0.0.1:{proxy.port}"
        async with open_door(archive, public_url=public_url) as door:
            proxy.to_port = door.port
            runs = [BytesIO(DATA[:300_000]), BytesIO(DATA[300_000:])]
            said = {name: value.encode() for name, value in SAID.items()}
            url = await aiotus.upload_multiple(f"{public_url}{UPLOADS}", runs, said, headers={"X-API-Key": KEY})
            assert await is_kept(door, str(url))


async def test_curl(door: Door, tmp_path: Path) -> None:
    """By hand, as the documentation tells it."""
    (tmp_path / "first").write_bytes(DATA[:300_000])
    (tmp_path / "rest").write_bytes(DATA[300_000:])
    common = ["-sS", "-i", "-H", f"X-API-Key: {KEY}", "-H", "Tus-Resumable: 1.0.0"]
    said = ["-H", f"Upload-Length: {len(DATA)}", "-H", f"Upload-Metadata: {metadata(**SAID)}"]
    made = await _run("curl", *common, *said, "-X", "POST", f"{door.url}{UPLOADS}")
    location = made.lower().partition("location: ")[2].split("\r\n")[0]
    for offset, name in ((0, "first"), (300_000, "rest")):
        chunk = ["-H", f"Content-Type: {CHUNK}", "-H", f"Upload-Offset: {offset}", "-T", str(tmp_path / name)]
        answer = await _run("curl", *common, *chunk, "-X", "PATCH", f"{door.url}{location}")
        assert " 204 " in answer
    assert await is_kept(door, location)


TUS_JS: list[tuple[dict[str, Any], int]] = [
    ({}, 0),
    ({"chunkSize": 100_000}, 0),
    ({"chunkSize": 90_001, "deferred": True}, 0),  # at a multiple of the length the client waits for ever
    ({"chunkSize": 100_000, "abortAt": 300_000}, 0),
    ({"chunkSize": 300_000, "retries": 20}, 4),
]


@pytest.mark.parametrize(("options", "cuts"), TUS_JS)
async def test_tus_js_client(door: Door, tmp_path: Path, options: dict[str, Any], cuts: int) -> None:
    _require_node()
    path = tmp_path / "notes.txt"
    path.write_bytes(DATA)
    async with CuttingProxy(door.port, cuts).serving() as proxy:
        endpoint = f"http://127.0.0.1:{proxy.port}{UPLOADS}"
        given = json.dumps({"endpoint": endpoint, "key": KEY, "path": str(path), **options})
        outcome = json.loads(await _run("node", str(CLIENTS / "upload.js"), given))
        assert await is_kept(door, outcome["url"])
        assert proxy.cuts_left == 0


async def test_tus_js_client_in_parallel(door: Door, tmp_path: Path) -> None:
    _require_node()
    path = tmp_path / "notes.txt"
    path.write_bytes(DATA)
    given = {"endpoint": f"{door.url}{UPLOADS}", "key": KEY, "path": str(path), "parallel": 3, "retries": 3}
    outcome = json.loads(await _run("node", str(CLIENTS / "upload.js"), json.dumps(given)))
    assert await is_kept(door, outcome["url"])
    assert (await door.left_over())["media"] == 1


def _require_node() -> None:
    if shutil.which("node") is None or not (CLIENTS / "node_modules" / "tus-js-client").is_dir():
        pytest.skip(
            "*** LEFT OUT: tus-js-client; run `npm install --no-package-lock --ignore-scripts` in tests/clients"
        )


async def _run(*command: str) -> str:
    """Its output; it has a minute. Fails with what it said where it fails."""
    process = await asyncio.create_subprocess_exec(
        *command, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
    )
    try:
        async with asyncio.timeout(60):
            out, err = await process.communicate()
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    assert process.returncode == 0, err.decode()
    return out.decode()
