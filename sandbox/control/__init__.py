"""The control API: be the people, look into the chats, move the clock, order faults. JSON under `/control`."""

from aiohttp import web

from sandbox.control import chats, files, inline, keys, links, messages, people, running, sending, webapps
from sandbox.control.common import errors_as_json
from sandbox.control.describing import describing
from sandbox.errors import ControlError

__all__ = ["errors_as_json", "routes"]
_MODULES = (people, chats, sending, messages, keys, inline, webapps, links, files, running)


def routes() -> list[web.RouteDef]:
    known = [route for module in _MODULES for route in module.ROUTES]
    known += describing(known)
    return [*(route.definition() for route in known), web.route("*", "/control/{path:.*}", _unknown)]


async def _unknown(_request: web.Request) -> web.Response:
    raise ControlError("no such control call", 404)
