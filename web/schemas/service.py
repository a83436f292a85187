"""Whether the service lives and can do its work."""

from typing import Literal

from pydantic import Field

from web.schemas.common import Shown

Word = Literal["ok", "degraded"]


class Alive(Shown):
    """The process turns."""

    status: Literal["ok"]


class HealthSummary(Shown):
    """One word, and the names of what is missing."""

    status: Word
    failing: list[str]


class HealthCheck(Shown):
    """One thing that the work needs."""

    name: str = Field(examples=["database"])
    ok: bool
    detail: str


class Readiness(Shown):
    """Every thing that the work needs."""

    status: Word
    checks: list[HealthCheck]
