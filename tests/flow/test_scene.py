"""The scene with all services there, and with each of them away in turn; `docs/SCENE.md` says what differs."""

import os
from pathlib import Path

import pytest

from sandbox.client import SandboxClient
from tests.flow.scene import AUTH, REQUESTS, SERVICES, USERS, play, table, world

DOCUMENT = Path(__file__).parents[2] / "docs" / "SCENE.md"


async def test_the_scene_goes_on_whoever_is_away(
    database_url: str, sandbox: SandboxClient, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What the document says is what was seen; with ``WRITE_SCENE=1`` it is written anew."""
    monkeypatch.setattr("storage.events.delivering.DELAYS", (0.5,))
    async with world(database_url, sandbox, tmp_path) as there:
        seen = {away: await play(there, away) for away in (None, *SERVICES)}
    head = DOCUMENT.read_text("utf-8").partition("| step |")[0]
    if os.environ.get("WRITE_SCENE"):
        DOCUMENT.write_text(head + table(seen), "utf-8")
    assert DOCUMENT.read_text("utf-8") == head + table(seen)
    assert seen[AUTH]["a service's upload"] == "kept; by a new key 503 auth_unavailable"
    assert seen[USERS]["shares their contact"].startswith("asked to try again")
    assert seen[REQUESTS]["the number"] == "unverified; verified once it is back"
