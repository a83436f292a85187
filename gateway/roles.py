"""Who has a role by the settings; the local Telegram brings its own people."""

from dataclasses import dataclass

from gateway import sandbox_process
from gateway.settings import Settings


@dataclass(frozen=True, slots=True)
class Roles:
    """Telegram ids."""

    admins: frozenset[int]
    staff: frozenset[int]


def configured_roles(settings: Settings) -> Roles:
    if not settings.sandbox:
        return Roles(settings.admin_ids, settings.staff_ids)
    return Roles(settings.admin_ids | sandbox_process.ADMIN_IDS, settings.staff_ids | sandbox_process.STAFF_IDS)
