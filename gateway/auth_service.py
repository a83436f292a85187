"""The Auth Service, as the settings name it: the port behind bearer tokens."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from gateway.settings import Settings
from web.auth.port import Auth, NoAuth
from web.auth.rights import RightsTable
from web.auth.tokens import TokenAuth, by_asking, by_keys
from web.clients.auth_service import AuthServiceClient, AuthServiceConfig, auth_peer
from web.clients.transport import PeerTransport, peer_session


@asynccontextmanager
async def open_auth(settings: Settings) -> AsyncIterator[Auth]:
    """Tokens are refused where no Auth Service is set. It is asked with the first token, not at the start."""
    if settings.auth_service_url is None or settings.auth_issuer is None:
        yield NoAuth()
        return
    secret = settings.auth_client_secret
    config = AuthServiceConfig(
        url=settings.auth_service_url,
        issuer=settings.auth_issuer,
        audience=settings.auth_audience,
        client_id=settings.auth_client_id,
        client_secret=None if secret is None else secret.get_secret_value(),
    )
    async with peer_session(settings.peer_ca_file) as http:
        client = AuthServiceClient(PeerTransport(http, auth_peer(config.url)), config)
        verify = by_keys(client) if settings.auth_mode == "jwks" else by_asking(client)
        yield TokenAuth(verify, RightsTable(settings.auth_roles))
