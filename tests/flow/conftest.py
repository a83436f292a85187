"""Fixtures of the flow tests."""

import logging
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import structlog

from sandbox.client import SandboxClient
from tests.flow.archives import RunningArchive, eventually, running_archive

__all__ = ["RunningArchive", "eventually", "running_archive"]


@pytest.fixture
async def archive(database_url: str, sandbox: SandboxClient, tmp_path: Path) -> AsyncIterator[RunningArchive]:
    async with running_archive(database_url, sandbox, tmp_path, part_size="64KiB") as running:
        yield running


@pytest.fixture(autouse=True)
def logging_as_it_was() -> Iterator[None]:
    """Commands say where logs go; here they run within the process of the tests."""
    root = logging.getLogger()
    before = root.handlers[:], root.level
    yield
    root.handlers[:] = before[0]
    root.setLevel(before[1])
    structlog.reset_defaults()
