"""Time in the sandbox: the real clock plus what was advanced. Everything that ages asks here."""

import time


class SandboxClock:
    def __init__(self, offset: float = 0.0) -> None:
        self.offset = offset

    def now(self) -> float:
        """Seconds since 1970."""
        return time.time() + self.offset

    def advance(self, seconds: float) -> None:
        self.offset += seconds
