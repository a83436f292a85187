"""What the control API says of itself: `/control/openapi.json` and a page, both made of its routes."""

import html
import inspect
import re
from collections.abc import Sequence
from typing import Any, Final

from aiohttp import web

from sandbox.control.common import answer_json
from sandbox.control.routing import INTEGER, STRING, Json, Route, obj

_VARIABLE: Final = re.compile(r"\{(\w+)\}")
_CODE: Final = re.compile(r"`([^`]+)`")
_ERROR: Final = obj("error", error=STRING)
_STYLE: Final = """body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem}
h2{margin:2.2rem 0 .3rem;font-size:1.1rem}code,pre{font:14px/1.45 ui-monospace,monospace;background:#f2f3f5}
code{padding:.1rem .3rem;border-radius:4px}pre{padding:.7rem;border-radius:8px;overflow:auto}
.m{display:inline-block;min-width:4.2rem;color:#06c}a{color:#06c}
@media(prefers-color-scheme:dark){body{background:#17181c;color:#e6e6e8}code,pre{background:#26282e}a,.m{color:#6cb2ff}}"""


def openapi(routes: Sequence[Route]) -> Json:
    """An OpenAPI 3.1 document."""
    paths: dict[str, Json] = {}
    for route in routes:
        paths.setdefault(route.path, {})[route.method.lower()] = _operation(route)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Sandbox control API",
            "version": "1",
            "description": "Be the people of a local Telegram, look into its chats, move its clock, order faults.",
        },
        "paths": paths,
    }


def _operation(route: Route) -> Json:
    operation: Json = {"operationId": _operation_id(route), "summary": route.summary}
    text = inspect.getdoc(route.handler)
    if text:
        operation["description"] = text
    variables = _VARIABLE.findall(route.path)
    parameters = [_parameter(name, "path", STRING if name == "uid" else INTEGER) for name in variables]
    parameters += [_parameter(name, "query", schema) for name, schema in route.query.items()]
    if parameters:
        operation["parameters"] = parameters
    bodies = {"application/json": route.body, "multipart/form-data": route.form}
    known = {kind: {"schema": schema} for kind, schema in bodies.items() if schema is not None}
    if known:
        required = any("required" in one["schema"] for one in known.values())
        operation["requestBody"] = {"required": required, "content": known}
    schema = route.answer if route.media == "application/json" else None
    content: Json = {route.media: {"schema": schema} if schema else {}}
    error = {"description": "Refused", "content": {"application/json": {"schema": _ERROR}}}
    operation["responses"] = {"200": {"description": "Done", "content": content}, "4XX": error}
    return operation


def _operation_id(route: Route) -> str:
    words = re.sub(r"[^A-Za-z0-9]+", "_", route.path.removeprefix("/control")).strip("_")
    return f"{route.method.lower()}_{words}"


def _parameter(name: str, place: str, schema: Json) -> Json:
    return {"name": name, "in": place, "required": place == "path", "schema": schema}


def page(routes: Sequence[Route]) -> str:
    """The same for people: one page without scripts or foreign hosts."""
    sections = "".join(_section(route) for route in routes)
    return (
        f'<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">'
        f"<title>Sandbox control API</title><style>{_STYLE}</style><h1>Sandbox control API</h1>"
        f"<p>JSON over HTTP. Errors are <code>{{&quot;error&quot;: …}}</code> with a 4xx status. For programs: "
        f'<a href="/control/openapi.json">openapi.json</a>.</p>{sections}'
    )


def _section(route: Route) -> str:
    text = _CODE.sub(r"<code>\1</code>", html.escape(inspect.getdoc(route.handler) or ""))
    parts = [
        f'<h2><span class="m">{route.method}</span> <code>{html.escape(route.path)}</code></h2>',
        f"<p>{html.escape(route.summary)}. {text}</p>",
    ]
    if route.query:
        parts.append("<p>Query: " + ", ".join(f"<code>{name}</code>" for name in route.query) + "</p>")
    for kind, schema in (("", route.body), ("<p>As multipart/form-data:</p>", route.form)):
        if schema is not None:
            parts.append(f"{kind}<pre>{html.escape(_outline(schema))}</pre>")
    return "".join(parts)


def _outline(schema: Json) -> str:
    required = schema.get("required", [])
    lines = []
    for name, one in schema.get("properties", {}).items():
        mark = "" if name in required else "?"
        about = f"  — {one['description']}" if "description" in one else ""
        lines.append(f"{name}{mark}: {_type_of(one)}{about}")
    return "\n".join(lines)


def _type_of(schema: Json) -> str:
    if "enum" in schema:
        return " | ".join(schema["enum"])
    if "oneOf" in schema:
        return " | ".join(_type_of(one) for one in schema["oneOf"])
    kind: Any = schema.get("type", "any")
    if kind == "array":
        return f"[{_type_of(schema['items'])}]"
    if kind == "object" and schema.get("properties"):
        return "{" + ", ".join(schema["properties"]) + "}"
    return " | ".join(kind) if isinstance(kind, list) else str(kind)


def describing(routes: Sequence[Route]) -> list[Route]:
    """The two routes that describe `routes` and themselves."""
    described = list(routes)

    async def get_openapi(_request: web.Request) -> web.Response:
        """OpenAPI 3.1, generated from the routes."""
        return answer_json(openapi(described))

    async def get_page(_request: web.Request) -> web.Response:
        """The page for people: no scripts, no foreign hosts."""
        return web.Response(text=page(described), content_type="text/html")

    own = [
        Route(
            method="GET",
            path="/control/openapi.json",
            handler=get_openapi,
            summary="Describe the control API to programs",
            answer={"type": "object"},
        ),
        Route(
            method="GET",
            path="/control/docs",
            handler=get_page,
            summary="Describe the control API to people",
            media="text/html",
        ),
    ]
    described += own
    return own
