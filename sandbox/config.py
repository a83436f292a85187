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


def _option(default: Any, about: str) -> Any:
    """A field with a sentence on it, for `/control/openapi.json`; UNKNOWN marks what nobody could verify."""
    return field(default=default, metadata={"about": about})


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

    enabled: bool = _option(True, "whether flood control answers 429 at all")
    per_chat_per_minute: int = _option(20, "messages a minute into one group or channel (documented for groups)")
    per_bot_per_second: int = _option(30, "messages a second of one bot (documented as about 30)")
    per_private_second: float = _option(1.0, "messages a second into one private chat (documented)")
    private_burst: int = _option(20, "messages that pass at once in a private chat; how many is unknown")
    channels: bool = _option(True, "UNKNOWN: whether channels count like groups; operators report that they do")
    same_size: bool = _option(True, "uploads of exactly equal size are spaced 0.2-0.9 s (server source)")
    new_bots_per_minute: int = _option(20, "bots that start within a minute (server source)")


@dataclass(frozen=True, kw_only=True)
class Options:
    """What `/control/options` shows and sets. Sizes in bytes; `max_download` None is no limit.

    Not kept over a restart: the command line rules.
    """

    local: bool
    max_upload: int
    max_download: int | None
    photo_max: int = _option(PHOTO_MAX, "bytes of a photo (documented)")
    flood: FloodOptions = field(default_factory=FloodOptions)
    range_on_file: bool = _option(True, "UNKNOWN: whether /file answers Range with 206 (off: 200 and all bytes)")
    strict_48_hours: bool = _option(True, "REPORTED: nothing older than 48 h can be deleted, by channel admins too")
    path_lifetime: int = _option(3600, "seconds a file_path lives; documented as at least an hour")
    recompress_photos: bool = _option(True, "photos become JPEGs of up to 320, 800 and 1280 px (off: bytes are kept)")
    missing_reply_is_error: bool = _option(True, "UNKNOWN: a reply to a message that is gone answers 400")
    refuse_logged_out: bool = _option(True, "after logOut the cloud answers 400 (the text is assumed)")
    close_refused_for: int = _option(600, "seconds from its start in which close answers 429 (documented)")
    http_webhooks: bool = _option(False, "webhooks by http and on any port, as a local server allows")

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
