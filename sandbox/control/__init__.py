"""The control API: be the people, look into the chats, move the clock, order faults. JSON under `/control`."""

from aiohttp import web

from sandbox.control import chats, files, messages, people, running
from sandbox.control.common import errors_as_json

__all__ = ["errors_as_json", "routes"]


def routes() -> list[web.RouteDef]:
    return [*people.ROUTES, *chats.ROUTES, *messages.ROUTES, *files.ROUTES, *running.ROUTES]
