"""What every test would make anew, and none could tell from what another made: it is made once for a process."""

from gateway.lean_models import import_aiogram


def share() -> None:
    """From now on, in this process. To be called before aiogram is imported."""
    import_aiogram()
