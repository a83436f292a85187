"""The control API describes itself, and files of strangers are served without power."""

import re
from pathlib import Path

from openapi_spec_validator import OpenAPIV31SpecValidator, validate

from sandbox.client import SandboxClient
from sandbox.config import FloodOptions, Options
from sandbox.control import routes
from sandbox.faults import KINDS
from tests.contract.sandbox.driving import AZIZA, Raw


async def test_the_description_is_valid_and_names_every_route(client: SandboxClient) -> None:
    document = await client.call("GET", "/openapi.json")
    validate(document, cls=OpenAPIV31SpecValidator)
    described = {(method.upper(), path) for path, one in document["paths"].items() for method in one}
    known = {(route.method, route.path) for route in routes() if route.method != "*"}
    assert described == known
    fault = document["paths"]["/control/faults"]["post"]["requestBody"]["content"]["application/json"]["schema"]
    assert set(fault["properties"]["kind"]["enum"]) == set(KINDS)


async def test_every_option_says_what_it_is(client: SandboxClient) -> None:
    document = await client.call("GET", "/openapi.json")
    answer = document["paths"]["/control/options"]["get"]["responses"]["200"]["content"]["application/json"]["schema"]
    shown = answer["properties"]
    assert set(shown) == set(await client.options()) == set(Options.__dataclass_fields__)
    assert set(shown["flood"]["properties"]) == set(FloodOptions.__dataclass_fields__)
    unknown = [name for name, one in shown.items() if "UNKNOWN" in one.get("description", "")]
    assert unknown == ["range_on_file", "missing_reply_is_error"]


async def test_the_readme_has_every_switch_and_fault() -> None:
    readme = (Path(__file__).parents[3] / "sandbox" / "README.md").read_text()
    switches = {name for name in (*Options.__dataclass_fields__, *FloodOptions.__dataclass_fields__) if name != "flood"}
    assert {name for name in (*switches, *KINDS) if f"`{name}`" not in readme and f".{name}`" not in readme} == set()


async def test_the_page_needs_nobody_else(raw: Raw) -> None:
    async with raw.session.get(f"{raw.url}/control/docs") as answer:
        assert (answer.status, answer.content_type) == (200, "text/html")
        page = await answer.text()
    assert "/control/chats/{chat}/messages/{mid}/press" in page
    assert not re.search(r"<script|(src|href)=\"(https?:)?//", page)


async def test_uploads_are_served_without_power(client: SandboxClient, raw: Raw, tmp_path: Path) -> None:
    for name, kind in (("a.html", "text/html"), ("a.svg", "image/svg+xml")):
        (tmp_path / name).write_text("<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>")
        (message,) = await client.send_files(AZIZA, [tmp_path / name])
        async with raw.session.get(f"{raw.url}/control/files/{message['document']['file_unique_id']}") as answer:
            assert answer.content_type == kind
            assert answer.headers["Content-Security-Policy"] == "sandbox"
            assert answer.headers["X-Content-Type-Options"] == "nosniff"


async def test_the_switches_of_what_is_unknown(client: SandboxClient, raw: Raw) -> None:
    channel = -1001000000001
    await client.options(strict_48_hours=False, flood={"channels": False, "private_burst": 30})
    for _ in range(25):  # as a group it would take 20
        sent = await raw.result("sendMessage", chat_id=channel, text="x")
    await client.advance(49 * 3600)
    assert await raw.result("deleteMessage", chat_id=channel, message_id=sent["message_id"]) is True
    await client.options(path_lifetime=10)
    (message,) = await client.send(AZIZA, AZIZA, media=[{"kind": "document"}])
    path = (await raw.result("getFile", file_id=message["document"]["file_id"]))["file_path"]
    await client.advance(11)
    async with raw.session.get(f"{raw.url}/file/bot{(await client.state())['bots'][0]['token']}/{path}") as answer:
        assert answer.status == 404
