"""Fixtures of the flow tests."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from sandbox.client import SandboxClient
from tests.flow.archives import RunningArchive, eventually, running_archive

__all__ = ["RunningArchive", "eventually", "running_archive"]


@pytest.fixture
async def archive(database_url: str, sandbox: SandboxClient, tmp_path: Path) -> AsyncIterator[RunningArchive]:
    async with running_archive(database_url, sandbox, tmp_path, part_size="64KiB") as running:
        yield running
