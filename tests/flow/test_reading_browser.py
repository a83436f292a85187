"""A browser plays a film out of parts, and seeks in it: it fetches what it shows, not what is between."""

import random
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import av

from sandbox.client import SandboxClient
from tests.flow.archives import ARRIVAL, accept, running_archive
from tests.flow.upload_page import DESK, visiting

_SECONDS, _RATE = 120, 5
_SHOWN = "document.querySelector('video').readyState >= 2 && !document.querySelector('video').seeking"


def film(folder: Path) -> bytes:
    """Two minutes of noise, its index behind its frames, as cameras write it."""
    path, dice = folder / "noise.mp4", random.Random(1)
    with av.open(str(path), "w") as output:
        stream = output.add_stream("libx264", rate=_RATE, options={"preset": "ultrafast", "g": "10"})
        stream.width, stream.height, stream.pix_fmt = 128, 96, "yuv420p"
        for index in range(_SECONDS * _RATE):
            frame = av.VideoFrame(128, 96, "yuv420p")
            for plane in frame.planes:
                plane.update(dice.randbytes(plane.buffer_size))
            frame.pts, frame.time_base = index, Fraction(1, _RATE)
            output.mux(stream.encode(frame))
        output.mux(stream.encode(None))
    return path.read_bytes()


async def test_a_film_plays_and_seeks(database_url: str, sandbox: SandboxClient, tmp_path: Path) -> None:
    data = film(tmp_path)
    async with running_archive(database_url, sandbox, tmp_path, part_size="256KiB") as running:
        stored = await accept(running, data, replace(ARRIVAL, filename="film.mp4"), wait=True)
        async with visiting(running, DESK) as visit:
            terms = {"expires_in": 600}
            async with visit.door.client.post(f"/api/v1/media/{stored.media.id}/links", json=terms) as answer:
                token = (await answer.json())["url"].rpartition("/")[2]
            before = (await sandbox.stats())["bytes_out"]
            await visit.open(f"/d/{token}")
            await visit.until(_SHOWN)
            await visit.page.evaluate(f"document.querySelector('video').currentTime = {_SECONDS - 5}")
            await visit.until(_SHOWN)
            fetched = (await sandbox.stats())["bytes_out"] - before
            await visit.page.evaluate("document.querySelector('video').pause()")
            at = await visit.page.evaluate("document.querySelector('video').currentTime")
            assert at >= _SECONDS - 6
            assert fetched <= len(data), "what was there was not asked for again"
