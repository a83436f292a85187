"""What a sandbox is started with, and what can be changed while it runs."""

from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any, Final

MIB: Final = 1024 * 1024
DEFAULT_TOKEN: Final = "7000000001:sandbox-bot-token-aaaaaaaaaaaaaaaaaaaaaaa"  # noqa: S105 - a token of this toy only

# TELEGRAM.md, Limits. The cloud's "50 MB" and "2000 MB" are taken as MiB, as the server's source counts them.
CLOUD_UPLOAD: Final = 50 * MIB
LOCAL_UPLOAD: Final = 2000 * MIB
CLOUD_DOWNLOAD: Final = 20_971_520
PHOTO_MAX: Final = 10_485_760
UNLIMITED: Final = 1 << 62  # for what people send: their apps have no such limit here


@dataclass(frozen=True, kw_only=True)
class SandboxConfig:
    """`port` 0 takes a free one; `samples` fills a fresh state with people, a staff group and channels."""

    data_dir: Path
    host: str = "127.0.0.1"
    port: int = 0
    tokens: tuple[str, ...] = (DEFAULT_TOKEN,)
    local: bool = False
    flood: bool = True
    samples: bool = True


@dataclass(frozen=True, kw_only=True)
class FloodOptions:
    """Messages a minute in a group or channel, and a second for a bot as a whole."""

    enabled: bool = True
    per_chat_per_minute: int = 20
    per_bot_per_second: int = 30


@dataclass(frozen=True, kw_only=True)
class Options:
    """What `/control/options` shows and sets. Sizes in bytes; `max_download` None is no limit.

    Not kept over a restart: the command line rules.
    """

    local: bool
    max_upload: int
    max_download: int | None
    photo_max: int = PHOTO_MAX
    flood: FloodOptions = field(default_factory=FloodOptions)
    range_on_file: bool = True
    http_webhooks: bool = False

    @staticmethod
    def of_mode(*, local: bool, flood: bool) -> "Options":
        return Options(
            local=local,
            max_upload=LOCAL_UPLOAD if local else CLOUD_UPLOAD,
            max_download=None if local else CLOUD_DOWNLOAD,
            flood=FloodOptions(enabled=flood),
        )

    def changed(self, wanted: dict[str, Any]) -> "Options":
        """These options with those of `wanted`; switching `local` takes its limits along. Raises TypeError."""
        base, changes = self, dict(wanted)
        if "local" in changes and changes["local"] != self.local:
            fresh = Options.of_mode(local=changes["local"], flood=self.flood.enabled)
            base = replace(self, local=fresh.local, max_upload=fresh.max_upload, max_download=fresh.max_download)
        if isinstance(changes.get("flood"), dict):
            changes["flood"] = replace(self.flood, **changes["flood"])
        return replace(base, **changes)

    def as_json(self) -> dict[str, Any]:
        return asdict(self)
