"""Settings come from texts; what cannot be used is refused in one line that helps and shows no secret."""

import stat
from collections.abc import Callable
from datetime import timedelta
from ipaddress import ip_network
from pathlib import Path

import pytest
from pydantic import ValidationError

from gateway.data_dir import claim_data_dir, secret_key
from gateway.settings import Settings, SettingsError, load_settings
from storage.callers.people import Access
from storage.domain import Purpose, Scope

TOKEN = "123456789:AAE-abcdefghijklmnopqrstuvwxyz_1234"
NO_FILE = Path("/nonexistent/.env")

Load = Callable[..., Settings]


@pytest.fixture
def load(tmp_path: Path) -> Load:
    def read(**given: str) -> Settings:
        environ = {"MEDIAGATE_DATA_DIR": str(tmp_path / "data")}
        environ |= {f"MEDIAGATE_{name.upper()}": text for name, text in given.items()}
        return load_settings(environ, env_file=NO_FILE)

    return read


def test_without_any_variable_it_is_an_open_sandbox(load: Load) -> None:
    settings = load()
    assert settings.sandbox
    assert settings.access is Access.OPEN
    assert [(key.name, key.secret.get_secret_value()) for key in settings.api_keys] == [("default", "test-key")]
    assert settings.api_keys[0].scopes == frozenset(Scope)
    assert settings.lane_rate == 0
    assert settings.public_url == "http://127.0.0.1:8080"
    assert settings.public_url_is_local
    assert 0 < settings.spool_max_bytes <= 10 * 2**30


def test_with_a_token_nothing_is_open_by_default(load: Load) -> None:
    settings = load(bot_tokens=f"{TOKEN}, 987654321:BBE-abcdefghijklmnopqrstuvwxyz")
    assert not settings.sandbox
    assert len(settings.bot_tokens) == 2
    assert settings.access is Access.INVITE
    assert settings.api_keys == ()
    assert settings.lane_rate == 20


def test_origins_are_as_browsers_send_them(load: Load) -> None:
    assert load().cors_origins == ()
    assert load(cors_origins="https://App.example.com/, http://localhost:5173").cors_origins == (
        "https://app.example.com",
        "http://localhost:5173",
    )
    assert load(cors_origins="*").cors_origins == ("*",)
    for text in ("app.example.com", "https://*.example.com", "https://example.com/path"):
        with pytest.raises(SettingsError, match="CORS_ORIGINS has an item that is no origin"):
            load(cors_origins=text)


def test_an_empty_variable_counts_as_unset(load: Load) -> None:
    assert load(http_port=" ", bot_tokens="").http_port == 8080


@pytest.mark.parametrize(
    ("text", "expected"),
    [("500", 500), ("500MB", 500_000_000), ("2GiB", 2 << 30), ("1.5 kib", 1536), ("1TB", 10**12), ("7b", 7)],
)
def test_sizes(load: Load, text: str, expected: int) -> None:
    assert load(max_file_size=text).max_file_size == expected


@pytest.mark.parametrize(
    ("text", "seconds"), [("24h", 86400), ("10s", 10), ("90", 90), ("250ms", 0.25), ("2d", 172800), ("5M", 300)]
)
def test_durations(load: Load, text: str, seconds: float) -> None:
    assert load(delete_grace=text).delete_grace == timedelta(seconds=seconds)


def test_channels_may_have_several_ids_for_a_purpose(load: Load) -> None:
    channels = load(channels="requests=-1001+-1002, archive=-1003").channels
    assert channels == {Purpose.REQUESTS: (-1001, -1002), Purpose.ARCHIVE: (-1003,)}


def test_a_key_is_split_at_the_first_two_colons(load: Load) -> None:
    bare, crm = load(api_keys="s3cret-of-all,crm:s3cret:media:read+media:write").api_keys
    assert (bare.name, bare.scopes) == ("default", frozenset(Scope))
    assert (crm.name, crm.secret.get_secret_value()) == ("crm", "s3cret")
    assert crm.scopes == {Scope.MEDIA_READ, Scope.MEDIA_WRITE}


def test_lists_and_networks(load: Load) -> None:
    settings = load(admin_ids="1, 2,", trusted_proxies="127.0.0.1,10.0.0.0/8", allowed_types="image/*, a/b")
    assert settings.admin_ids == {1, 2}
    assert settings.trusted_proxies == (ip_network("127.0.0.1"), ip_network("10.0.0.0/8"))
    assert settings.allowed_types == ("image/*", "a/b")


def test_public_url_follows_host_and_port_unless_given(load: Load) -> None:
    assert load(http_host="::1", http_port="9").public_url == "http://[::1]:9"
    assert load(http_host="0.0.0.0").public_url == "http://localhost:8080"
    given = load(public_url="https://media.example.com/")
    assert given.public_url == "https://media.example.com"
    assert not given.public_url_is_local


def test_a_database_url_is_spelt_for_asyncpg(load: Load) -> None:
    settings = load(database_url="postgres://m:p%40ss@db/m", secret_key="k" * 16)
    assert settings.database_url is not None
    assert settings.database_url.get_secret_value() == "postgresql+asyncpg://m:p%40ss@db/m"
    assert {"p%40ss", "p@ss", "k" * 16} <= set(settings.secrets)


def test_settings_are_frozen(load: Load) -> None:
    settings = load()
    with pytest.raises(ValidationError):
        setattr(settings, "http_port", 1)  # noqa: B010  a plain assignment is what mypy already refuses


@pytest.mark.parametrize(
    ("variable", "text", "wrong"),
    [
        ("http_port", "80a", "valid integer"),
        ("http_port", "70000", "less than or equal to 65535"),
        ("max_file_size", "2 gigs", "is not a size"),
        ("upload_expiry", "soon", "is not a duration"),
        ("channels", "photos=-1001", "is not one of requests"),
        ("channels", "requests=1001", "negative"),
        ("channels", "requests=-1001+x", "whole number"),
        ("admin_ids", "@me", "whole number"),
        ("staff_ids", "-5", "positive"),
        ("access", "everyone", "'invite', 'contact' or 'open'"),
        ("auth_roles", "dispatcher=boss", "is not a name, = and roles"),
        ("auth_roles", "=staff", "is not a name, = and roles"),
        ("user_hook_secrets", "whsec_c2hvcnQ=", "at least 16 bytes in base64"),
        ("user_service_avatar_path", "/users/{nobody}", "is no path"),
        ("user_deleted", "burn", "'keep', 'anonymise' or 'delete'"),
        ("api_keys", "crm:secret", "neither name:secret"),
        ("api_keys", "crm:secret:media:fly", "unknown scope"),
        ("api_keys", "one,two", "two keys of one name"),
        ("api_keys", "a:same:admin,b:same:admin", "one secret twice"),
        ("bot_tokens", "123:short", "no bot token"),
        ("bot_tokens", f"{TOKEN},{TOKEN}", "one bot twice"),
        ("database_url", "mysql://u:p@h/d", "is not a postgresql"),
        ("database_url", "postgresql://u:p@h/d", "MEDIAGATE_SECRET_KEY is empty"),
        ("secret_key", "short", "shorter than 16"),
        ("telegram_local", "true", "MEDIAGATE_TELEGRAM_API_URL is the cloud's"),
        ("telegram_proxy", "ftp://h", "socks5://"),
        ("trusted_proxies", "10.0.0.1/8", "no network"),
        ("part_size", "21MiB", "fetched back"),
        ("webhook", "true", "MEDIAGATE_PUBLIC_URL is empty"),
        ("public_url", "media.example.com", "http:// or https://"),
        ("timezone", "Mars/Olympus", "timezone"),
        ("log_level", "loud", "'debug', 'info'"),
        ("max_files_per_request", "0", "greater than or equal to 1"),
    ],
)
def test_an_unusable_value_is_named_in_one_line_with_an_example(
    load: Load, variable: str, text: str, wrong: str
) -> None:
    with pytest.raises(SettingsError) as caught:
        load(**{variable: text})
    line = str(caught.value)
    assert line.startswith("MEDIAGATE_")
    assert wrong in line
    assert ". Example: MEDIAGATE_" in line
    assert "\n" not in line


@pytest.mark.parametrize(
    ("variable", "text"),
    [
        ("bot_tokens", "12345:hunter2"),
        ("api_keys", "crm:hunter2"),
        ("api_keys", "crm:hunter2:media:fly"),
        ("database_url", "mysql://u:hunter2@h/d"),
        ("secret_key", "hunter2"),
        ("user_hook_secrets", "hunter2"),
        ("telegram_proxy", "ftp://u:hunter2@h"),
    ],
)
def test_an_error_shows_no_secret(load: Load, variable: str, text: str) -> None:
    with pytest.raises(SettingsError) as caught:
        load(**{variable: text})
    assert "hunter2" not in str(caught.value)
    assert caught.value.__cause__ is None


def test_secrets_are_not_in_the_representation(load: Load) -> None:
    settings = load(bot_tokens=TOKEN, api_keys="crm:hunter2:admin", secret_key="hunter2" * 3)
    assert TOKEN not in repr(settings)
    assert "hunter2" not in repr(settings)
    assert {TOKEN, "hunter2", "hunter2" * 3} <= set(settings.secrets)


def test_an_unknown_variable_is_refused_with_the_nearest_known_one(load: Load) -> None:
    with pytest.raises(SettingsError, match=r"MEDIAGATE_BOT_TOKEN is not a setting.*MEDIAGATE_BOT_TOKENS"):
        load(bot_token=TOKEN)


def test_the_environment_goes_before_the_file(tmp_path: Path) -> None:
    file = tmp_path / ".env"
    file.write_text("MEDIAGATE_HTTP_PORT=1\nMEDIAGATE_LOG_LEVEL=debug\nOTHER=x\n")
    settings = load_settings({"MEDIAGATE_HTTP_PORT": "2", "HOME": "/"}, env_file=file)
    assert (settings.http_port, settings.log_level) == (2, "debug")


def test_a_data_dir_serves_the_sandbox_or_telegram_never_both(load: Load) -> None:
    claim_data_dir(load())
    claim_data_dir(load())
    with pytest.raises(SettingsError, match="belongs to sandbox, but MEDIAGATE_BOT_TOKENS is set"):
        claim_data_dir(load(bot_tokens=TOKEN))


def test_a_new_data_dir_is_private(load: Load) -> None:
    settings = load()
    claim_data_dir(settings)
    assert stat.S_IMODE(settings.data_dir.stat().st_mode) == 0o700


def test_a_data_dir_that_cannot_be_used_is_named(load: Load, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(SettingsError, match=r"MEDIAGATE_DATA_DIR .* cannot be used: Not a directory"):
        claim_data_dir(load(data_dir=str(tmp_path / "file" / "data")))


def test_the_secret_key_is_generated_once_and_private(load: Load) -> None:
    settings = load()
    claim_data_dir(settings)
    first = secret_key(settings)
    assert len(first) >= 32
    assert secret_key(settings) == first
    assert stat.S_IMODE((settings.data_dir / "secret_key").stat().st_mode) == 0o600
    assert sorted(path.name for path in settings.data_dir.iterdir()) == ["kind", "secret_key"]


def test_a_given_secret_key_is_used_and_not_written(load: Load) -> None:
    settings = load(secret_key="0123456789abcdef")
    claim_data_dir(settings)
    assert secret_key(settings) == b"0123456789abcdef"
    assert [path.name for path in settings.data_dir.iterdir()] == ["kind"]
