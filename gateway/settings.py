"""The settings: environment variables with the prefix ``MEDIAGATE_``, or ``.env``, read once."""

import os
from collections.abc import Mapping
from datetime import time, timedelta
from difflib import get_close_matches
from ipaddress import IPv4Network, IPv6Network
from pathlib import Path
from typing import Annotated, Literal, Self
from urllib.parse import unquote, urlsplit
from zoneinfo import ZoneInfo

from dotenv import dotenv_values
from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    FilePath,
    SecretStr,
    ValidationError,
    model_validator,
)
from pydantic_core import ErrorDetails, PydanticCustomError

from gateway import defaults, values
from gateway.values import ApiKey, from_text
from storage.callers.people import Access
from storage.content import DEFAULT_ALLOWED, Policy
from storage.domain import Purpose
from storage.users.forgetting import UserDeleted
from web.auth.call_limits import FAILURES, PER_ADDRESS, PER_KEY
from web.auth.rights import Rights
from web.clients import request_service as requests
from web.clients import user_service as users

PREFIX = "MEDIAGATE_"
CLOUD_API = "https://api.telegram.org"
_GIB = 1 << 30
_CLOUD_FETCH_LIMIT = 20 * (1 << 20)
_LOCAL_FETCH_LIMIT = 2000 * 1000 * 1000
_SHORTEST_SECRET_KEY = 16
_SHORTEST_MIRROR_KEY = 32

Size = Annotated[int, from_text(values.size)]
Duration = Annotated[timedelta, from_text(values.duration), Field(ge=timedelta(0))]
Words = Annotated[tuple[str, ...], from_text(values.words)]
Ids = Annotated[frozenset[int], from_text(values.ids)]
Url = Annotated[str, AfterValidator(values.http_url)]
HookSecrets = Annotated[tuple[SecretStr, ...], from_text(values.hook_secrets)]
PathTo = Annotated[str, AfterValidator(values.path_to)]
Port = Annotated[int, Field(ge=0, le=65535)]


class SettingsError(Exception):
    """A setting cannot be used. ``str()`` is one line for the operator and holds no secret."""


class Settings(BaseModel):
    """Field ``x_y`` is the variable ``MEDIAGATE_X_Y``; ``examples`` is what an error shows. Sizes are bytes."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    bot_tokens: Annotated[tuple[SecretStr, ...], from_text(values.bot_tokens)] = Field((), examples=["123456789:AAE…"])
    telegram_api_url: Url = Field(CLOUD_API, examples=["http://bot-api:8081"])
    telegram_local: bool = Field(default=False, examples=["true"])
    telegram_proxy: Annotated[SecretStr, AfterValidator(values.proxy_url)] | None = Field(
        None, examples=["socks5://127.0.0.1:1080"]
    )
    channels: Annotated[dict[Purpose, tuple[int, ...]], from_text(values.channels)] = Field(
        {}, examples=["requests=-1001234567890,archive=-1001234567891"]
    )
    admin_ids: Ids = Field(frozenset(), examples=["12345,67890"])
    staff_ids: Ids = Field(frozenset(), examples=["12345,67890"])
    staff_chat: int | None = Field(None, examples=["-1001234567890"])
    access: Access = Field(default_factory=defaults.access, examples=["invite"])

    database_url: Annotated[SecretStr, AfterValidator(values.database_url)] | None = Field(
        None, examples=["postgresql+asyncpg://mediagate:…@db/mediagate"]
    )
    data_dir: Annotated[Path, AfterValidator(lambda path: path.expanduser().absolute())] = Field(
        Path(".data"), validate_default=True, examples=["/var/lib/mediagate"]
    )
    secret_key: SecretStr | None = Field(None, examples=["what `openssl rand -hex 32` prints"])

    http_host: str = Field("127.0.0.1", examples=["0.0.0.0"])  # noqa: S104  an example
    http_port: Port = Field(8080, examples=["8080"])
    public_url: Url = Field(default_factory=defaults.public_url, examples=["https://media.example.com"])
    trusted_proxies: Annotated[tuple[IPv4Network | IPv6Network, ...], from_text(values.networks)] = Field(
        (), examples=["127.0.0.1,10.0.0.0/8"]
    )
    cors_origins: Annotated[tuple[str, ...], from_text(values.origins)] = Field(
        (), examples=["https://app.example.com,http://localhost:5173"]
    )
    webhook_allow: Annotated[tuple[str, ...], from_text(values.words)] = Field(
        (), examples=["crm.internal,10.1.0.0/16"]
    )
    api_keys: Annotated[tuple[ApiKey, ...], from_text(values.api_keys)] = Field(
        default_factory=defaults.keys, examples=["crm:…:media:read+media:write"]
    )
    forwarded_header: Literal["X-Forwarded-For", "Forwarded"] = Field("X-Forwarded-For", examples=["Forwarded"])
    rate_limit: int = Field(PER_KEY, ge=0, examples=["60000"])
    rate_limit_address: int = Field(PER_ADDRESS, ge=0, examples=["60000"])
    auth_failures: int = Field(FAILURES, ge=0, examples=["100"])
    person_rate: int = Field(60, ge=0, examples=["60"])
    person_day_files: int | None = Field(None, ge=1, examples=["500"])
    person_day_bytes: Size | None = Field(None, ge=1, examples=["5GiB"])

    auth_service_url: Url | None = Field(None, examples=["https://auth.example.com"])
    auth_mode: Literal["jwks", "introspection"] = Field("jwks", examples=["introspection"])
    auth_issuer: str | None = Field(None, examples=["https://auth.example.com"])
    auth_audience: str | None = Field(None, examples=["mediagate"])
    auth_client_id: str | None = Field(None, examples=["mediagate"])
    auth_client_secret: SecretStr | None = Field(None, examples=["what the Auth Service gave"])
    auth_roles: Annotated[dict[str, Rights], from_text(values.rights)] = Field(
        {}, examples=["dispatcher=staff,chief=admin,uploads=media:read+media:write"]
    )
    user_hook_secrets: HookSecrets = Field((), examples=["whsec_…"])
    request_hook_secrets: HookSecrets = Field((), examples=["whsec_…"])
    user_service_url: Url | None = Field(None, examples=["https://users.example.com/api"])
    user_service_token: SecretStr | None = Field(None, examples=["what the User Service gave"])
    user_service_profiles_path: PathTo = Field(users.PROFILES_PATH, examples=[users.PROFILES_PATH])
    user_service_phone_path: PathTo = Field(users.PHONE_PATH, examples=[users.PHONE_PATH])
    user_service_avatar_path: PathTo = Field(users.AVATAR_PATH, examples=[users.AVATAR_PATH])
    user_deleted: UserDeleted = Field(UserDeleted.KEEP, examples=["anonymise"])
    request_service_url: Url | None = Field(None, examples=["https://requests.example.com/api"])
    request_service_token: SecretStr | None = Field(None, examples=["what the Request Service gave"])
    request_service_wait: Duration = Field(timedelta(seconds=1), examples=["1s"])
    request_service_lookup_path: PathTo = Field(requests.LOOKUP_PATH, examples=[requests.LOOKUP_PATH])
    request_service_open_path: PathTo = Field(requests.OPEN_PATH, examples=[requests.OPEN_PATH])
    request_service_create_path: PathTo = Field(requests.CREATE_PATH, examples=[requests.CREATE_PATH])
    request_service_media_path: PathTo = Field(requests.MEDIA_PATH, examples=[requests.MEDIA_PATH])
    request_service_closed_states: Words = Field(requests.CLOSED_STATES, examples=["closed,done,cancelled"])
    peer_ca_file: FilePath | None = Field(None, examples=["/etc/ssl/company.pem"])

    max_file_size: Size = Field(2 * _GIB, gt=0, examples=["2GiB"])
    max_files_per_request: int = Field(10, ge=1, le=1000, examples=["10"])
    part_size: Size | None = Field(None, ge=1024, examples=["19MiB"])
    spool_max_bytes: Size = Field(default_factory=defaults.spool, ge=0, examples=["10GiB"])
    part_cache_max_bytes: Size = Field(default_factory=defaults.part_cache, ge=0, examples=["4GiB"])
    mirror: Annotated[Path, AfterValidator(lambda path: path.expanduser().absolute())] | None = Field(
        None, examples=["/mnt/mirror"]
    )
    mirror_key: Annotated[SecretStr, Field(min_length=_SHORTEST_MIRROR_KEY)] | None = Field(
        None, examples=["what `openssl rand -hex 32` prints"]
    )
    preview_cache_max_bytes: Size = Field(_GIB, ge=0, examples=["1GiB"])
    allowed_types: Annotated[Words, AfterValidator(lambda types: Policy.parse(types).patterns)] = Field(
        DEFAULT_ALLOWED, examples=["image/*,application/pdf"]
    )
    archive_wait: Duration = Field(timedelta(seconds=30), examples=["30s"])
    upload_expiry: Duration = Field(timedelta(hours=24), examples=["24h"])
    open_uploads: int = Field(1000, ge=1, examples=["1000"])
    delete_grace: Duration = Field(timedelta(seconds=10), examples=["10s"])
    verify_at: Annotated[time, from_text(values.time_of_day)] = Field(time(3), examples=["03:00"])
    verify_sample: int = Field(200, ge=0, le=100_000, examples=["200"])
    verify_deep_sample: int = Field(20, ge=0, le=100_000, examples=["20"])
    channel_messages_max: int = Field(500_000, ge=1, examples=["500000"])
    lane_rate: int = Field(default_factory=defaults.rate, ge=0, examples=["20"])

    webhook: bool = Field(default=False, examples=["true"])
    sandbox_port: Port = Field(8081, examples=["8081"])
    backup_at: Annotated[time | None, from_text(values.time_or_never)] = Field(
        default_factory=defaults.backup_at, examples=["03:30"]
    )
    backups_kept: int = Field(7, ge=1, examples=["7"])
    digest_at: Annotated[time | None, from_text(values.time_of_day)] = Field(None, examples=["08:00"])
    timezone: ZoneInfo = Field(ZoneInfo("UTC"), examples=["Asia/Tashkent"])
    log_format: Literal["console", "json"] | None = Field(None, examples=["json"])
    log_level: Literal["debug", "info", "warning", "error"] = Field("info", examples=["info"])

    @property
    def sandbox(self) -> bool:
        """Without a bot token Mediagate brings its own Telegram."""
        return not self.bot_tokens

    @property
    def public_url_is_local(self) -> bool:
        """Links work on this machine only."""
        return urlsplit(self.public_url).hostname in {"localhost", "127.0.0.1", "::1"}

    @property
    def secrets(self) -> tuple[str, ...]:
        """Every text that must never be shown, for the log's redaction."""
        hooks = (
            *self.user_hook_secrets,
            *self.request_hook_secrets,
            self.request_service_token,
            self.user_service_token,
        )
        keys = (key.secret for key in self.api_keys)
        held = [*self.bot_tokens, *keys, *hooks, self.secret_key, self.auth_client_secret, self.mirror_key]
        texts = [secret.get_secret_value() for secret in held if secret is not None]
        urls = [urlsplit(url.get_secret_value()) for url in (self.database_url, self.telegram_proxy) if url]
        passwords = [url.password for url in urls if url.password]
        return (*texts, *passwords, *map(unquote, passwords))

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        if self.database_url and not self.secret_key:
            raise _wrong("secret_key", "is empty; with MEDIAGATE_DATABASE_URL all nodes need the same one")
        if self.secret_key and len(self.secret_key.get_secret_value()) < _SHORTEST_SECRET_KEY:
            raise _wrong("secret_key", f"is shorter than {_SHORTEST_SECRET_KEY} characters")
        if self.telegram_local and self.telegram_api_url == CLOUD_API:
            raise _wrong("telegram_api_url", "is the cloud's, but MEDIAGATE_TELEGRAM_LOCAL says a local server")
        limit = _LOCAL_FETCH_LIMIT if self.telegram_local else _CLOUD_FETCH_LIMIT
        if self.part_size and self.part_size > limit:
            raise _wrong("part_size", f"is more than can be fetched back from this Bot API ({limit} bytes)")
        if self.mirror_key and not self.mirror:
            raise _wrong("mirror", "is empty, but MEDIAGATE_MIRROR_KEY is set")
        if self.webhook and "public_url" not in self.model_fields_set:
            raise _wrong("public_url", "is empty; with MEDIAGATE_WEBHOOK Telegram needs an address to call")
        return self

    @model_validator(mode="after")
    def _auth_is_whole(self) -> Self:
        """A token whose issuer or audience is not checked may have been made for anybody."""
        if self.auth_service_url is None:
            return self
        asking = self.auth_mode == "introspection"
        for field in ("auth_issuer", *(("auth_client_id", "auth_client_secret") if asking else ("auth_audience",))):
            if getattr(self, field) is None:
                raise _wrong(field, f"is empty; with MEDIAGATE_AUTH_SERVICE_URL and {self.auth_mode} it is needed")
        return self


def _wrong(field: str, phrase: str) -> PydanticCustomError:
    return PydanticCustomError("setting", "{phrase}", {"phrase": phrase, "field": field})


def load_settings(environ: Mapping[str, str] | None = None, env_file: Path = Path(".env")) -> Settings:
    """Read ``environ`` (the process's by default), and beneath it ``env_file`` where there is one.

    An empty variable counts as unset. Raises SettingsError; so does an unknown ``MEDIAGATE_`` variable.
    """
    filed = {name: text or "" for name, text in dotenv_values(env_file).items()}
    given = filed | dict(os.environ if environ is None else environ)
    texts = {
        name.removeprefix(PREFIX).lower(): text.strip()
        for name, text in given.items()
        if name.startswith(PREFIX) and text.strip()
    }
    _refuse_unknown(texts)
    try:
        return Settings.model_validate(texts)
    except ValidationError as exc:
        first = exc.errors(include_url=False)[0]
        raise SettingsError(_describe(first)) from None


def _refuse_unknown(texts: Mapping[str, str]) -> None:
    known = list(Settings.model_fields)
    for name in texts:
        if name not in known:
            near = get_close_matches(name, known, n=1, cutoff=0.0)[0]
            raise SettingsError(f"{PREFIX}{name.upper()} is not a setting; the nearest is {PREFIX}{near.upper()}")


def _describe(error: ErrorDetails) -> str:
    """One line: the variable, what is wrong, an example. The value itself is not shown; it may be a secret."""
    field = str(error["loc"][0] if error["loc"] else error["ctx"]["field"])
    phrase = str(error.get("ctx", {}).get("error") or error["msg"])
    phrase = phrase.replace("Input should be", "should be")
    example = (Settings.model_fields[field].examples or [""])[0]
    return f"{PREFIX}{field.upper()} {phrase}. Example: {PREFIX}{field.upper()}={example}"
