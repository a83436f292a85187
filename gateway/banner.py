"""What `mediagate run` says when it is ready: where to go, with which key, and what to try."""

from gateway.app import Gateway


def banner(gateway: Gateway) -> str:
    """Lines for a person at a terminal. Only the sandbox's well-known key is shown."""
    settings, port = gateway.settings, gateway.url.rsplit(":", 1)[-1].split("/")[0]
    key = "test-key" if settings.sandbox else "YOUR-KEY"
    lines = ["", f"Mediagate is ready: {gateway.url}   bot @{gateway.bot_name}"]
    if gateway.sandbox_url is not None:
        lines += [f"  Chat with it      {gateway.sandbox_url}   (a local Telegram; no account needed)"]
    lines += [
        "  Upload by HTTP    " + f'curl -H "X-API-Key: {key}" -F file=@photo.jpg -F request_number=250926-001 \\',
        f"                         {gateway.url}/api/v1/streaming/upload/stream",
        f"  Health            {gateway.url}/health/ready",
    ]
    if settings.public_url_is_local:
        ports = [port, *([gateway.sandbox_url.rsplit(":", 1)[-1]] if gateway.sandbox_url else [])]
        tunnel = " ".join(f"-L {p}:127.0.0.1:{p}" for p in ports)
        lines += [f"  On another machine, tunnel with   ssh {tunnel} THIS-HOST"]
    return "\n".join([*lines, "  Ctrl-C stops it; nothing is lost.", ""])
