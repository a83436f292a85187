"""The proxies' example configurations, as they are shipped but for TLS and their ports."""

import asyncio
import os
import re
import shutil
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from tests.flow.archives import RunningArchive
from tests.flow.http_door import UPLOAD, Door, open_door
from tests.flow.processes import free_port
from tests.flow.tus import Tus, text

DEPLOY = Path(__file__).resolve().parents[2] / "deploy"
PACKAGES = {"nginx": "nginx-light", "caddy": "caddy"}


@pytest.fixture(params=list(PACKAGES))
async def behind(request: pytest.FixtureRequest, archive: RunningArchive, open_path: Path) -> AsyncIterator[Door]:
    """The application, and a client that reaches it through a proxy under its public name."""
    proxy, port = str(request.param), free_port()
    if shutil.which(proxy) is None:
        pytest.skip(f"*** LEFT OUT: {proxy} in front; it is not installed (Debian: sudo apt install {PACKAGES[proxy]})")
    commands = {"nginx": _nginx, "caddy": _caddy}
    url = f"http://127.0.0.1:{port}"
    async with (
        open_door(archive, public_url=url) as door,
        _running(commands[proxy](open_path, port, door.port), open_path, port),
    ):
        yield Door(door.running, door.deps, url, door.client, door.runner)


async def test_bytes_arrive_while_the_rest_is_still_to_come(behind: Door) -> None:
    """Not buffered: what a client has sent counts before its body ends, and stays when the connection breaks."""
    data = text(400_000)
    tus = Tus(behind)
    url = await tus.begin(len(data))
    assert url.startswith(behind.url)
    patch = await tus.open_patch(url, 0, len(data))
    await patch.send(data[:200_000])
    async with asyncio.timeout(30):
        while (reached := (await tus.head(url)).offset) < 150_000:
            await asyncio.sleep(0.05)
    patch.hang_up()
    async with asyncio.timeout(30):
        while await tus.is_writing():
            await asyncio.sleep(0.05)
    assert reached <= (await tus.head(url)).offset <= 200_000
    reached = (await tus.head(url)).offset
    media_id = (await tus.patch(url, reached, data[reached:])).media_id
    assert media_id is not None
    assert await tus.get(f"/api/v1/media/{media_id}/file") == data


async def test_large_bodies_are_not_cut(behind: Door) -> None:
    """nginx's own limit is 1 MiB, Caddy has none."""
    data = text(3_000_000)
    answer = await Tus(behind).create(len(data), data)
    assert (answer.status, answer.offset) == (201, len(data))


async def test_events_come_as_they_happen(behind: Door) -> None:
    tus = Tus(behind)
    url = await tus.begin(1000)
    await tus.patch(url, 0, text(1000)[:500])
    reader, writer = await asyncio.open_connection("127.0.0.1", int(behind.url.rpartition(":")[2]))
    path = f"{UPLOAD}/progress/{url.rpartition('/')[2]}"
    writer.write(f"GET {path} HTTP/1.1\r\nHost: x\r\nX-API-Key: test-key\r\nAccept: text/event-stream\r\n\r\n".encode())
    try:
        async with asyncio.timeout(30):
            assert b'"received_bytes": 500' in await reader.readuntil(b'"received_bytes": 500')
    finally:
        writer.close()


def _nginx(place: Path, port: int, to_port: int) -> Sequence[str]:
    config = (DEPLOY / "nginx.conf").read_text().replace("127.0.0.1:8080", f"127.0.0.1:{to_port}")
    config = re.sub(r"listen 443 ssl http2;", f"listen 127.0.0.1:{port};", config)
    config = re.sub(r"^ *(listen \[::\]|ssl_).*\n", "", config, flags=re.MULTILINE)
    paths = "".join(
        f"{name}_temp_path {place}/{name};\n" for name in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    whole = f"pid {place}/pid;\nerror_log stderr;\nevents {{}}\nhttp {{\naccess_log off;\n{paths}{config}}}\n"
    (place / "nginx.conf").write_text(whole)
    return ["nginx", "-p", str(place), "-c", str(place / "nginx.conf"), "-g", "daemon off;"]


def _caddy(place: Path, port: int, to_port: int) -> Sequence[str]:
    config = (DEPLOY / "Caddyfile").read_text().replace("127.0.0.1:8080", f"127.0.0.1:{to_port}")
    config = config.replace("media.example.com {", f"http://:{port} {{\n\tbind 127.0.0.1")
    assert f"http://:{port} {{" in config
    (place / "Caddyfile").write_text(f"{{\n\tadmin off\n\tauto_https off\n}}\n{config}")
    return ["caddy", "run", "--config", str(place / "Caddyfile"), "--adapter", "caddyfile"]


@asynccontextmanager
async def _running(command: Sequence[str], place: Path, port: int) -> AsyncIterator[None]:
    homes = {"HOME": str(place), "XDG_DATA_HOME": str(place), "XDG_CONFIG_HOME": str(place)}
    process = await asyncio.create_subprocess_exec(*command, env={**os.environ, **homes})
    try:
        async with asyncio.timeout(30):
            while not await _answers(port):
                assert process.returncode is None
                await asyncio.sleep(0.05)
        yield
    finally:
        if process.returncode is None:
            process.terminate()
        await process.wait()


async def _answers(port: int) -> bool:
    try:
        _, writer = await asyncio.open_connection("127.0.0.1", port)
    except OSError:
        return False
    writer.close()
    return True
