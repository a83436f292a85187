"""How arguments come in and answers go out."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable

import aiohttp
import pytest

from sandbox.client import SandboxClient
from sandbox.server import RunningSandbox
from tests.contract.sandbox.driving import AZIZA, REQUESTS, TOKEN, Raw


async def test_method_names_ignore_case_and_arguments_come_from_everywhere(raw: Raw) -> None:
    url = f"{raw.url}/bot{TOKEN}/SENDmessage"
    async with raw.session.get(url, params={"chat_id": REQUESTS, "text": "from the query"}) as answer:
        assert (await answer.json())["result"]["text"] == "from the query"
    async with raw.session.post(f"{url}?chat_id={REQUESTS}", data={"text": "urlencoded"}) as answer:
        assert (await answer.json())["result"]["text"] == "urlencoded"
    async with raw.session.post(url, json={"chat_id": REQUESTS, "text": "JSON"}) as answer:
        assert (await answer.json())["result"]["text"] == "JSON"
    with aiohttp.MultipartWriter("form-data") as form:
        for name, value in (("chat_id", str(REQUESTS)), ("text", "multipart ю")):
            form.append(value).set_content_disposition("form-data", name=name)
    async with raw.session.post(url, data=form) as answer:
        assert (await answer.json())["result"]["text"] == "multipart ю"


async def test_json_values_that_are_no_strings_stay_raw_text(raw: Raw) -> None:
    keyboard = {"inline_keyboard": [[{"text": "Да", "callback_data": "yes"}]]}
    body = {"chat_id": REQUESTS, "text": "x", "reply_markup": keyboard, "protect_content": True}
    async with raw.session.post(f"{raw.url}/bot{TOKEN}/sendMessage", json=body) as answer:
        result = (await answer.json())["result"]
    assert result["reply_markup"] == keyboard
    assert result["has_protected_content"] is True


async def test_malformed_json_counts_as_no_arguments(raw: Raw) -> None:
    headers = {"Content-Type": "application/json"}
    async with raw.session.post(f"{raw.url}/bot{TOKEN}/sendMessage", data=b'{"text"', headers=headers) as answer:
        assert answer.status == 400
        assert (await answer.json())["description"] == "Bad Request: message text is empty"


@pytest.mark.parametrize(
    ("path", "status", "description"),
    [
        ("/botnonsense/getMe", 401, "Unauthorized: invalid token specified"),
        ("/bot7000000009:unknown-token-cccccccccccccccccc/getMe", 401, "Unauthorized"),
        (f"/bot{TOKEN}/getNothing", 404, "Not Found: method not found"),
        ("/elsewhere", 404, "Not Found"),
        (f"/file/bot{TOKEN}/documents/file_99.bin", 404, "Not Found"),
    ],
)
async def test_errors_of_addresses(raw: Raw, path: str, status: int, description: str) -> None:
    async with raw.session.get(raw.url + path) as answer:
        assert answer.status == status
        assert await answer.json() == {"ok": False, "error_code": status, "description": description}


async def test_multipart_file_names_are_percent_decoded_and_kept_without_directories(raw: Raw) -> None:
    status, body = await raw.upload("sendDocument", {"document": ("../план дома.txt", b"x")}, chat_id=REQUESTS)
    assert status == 200
    assert body["result"]["document"]["file_name"] == "план дома.txt"


async def test_boundaries_inside_the_bytes_do_not_end_a_file(raw: Raw, client: SandboxClient) -> None:
    data = b"\r\n--frontier\r\n" * 5 + b"\r\n--" + b"-" * 300_000 + b"\r\n"
    _, body = await raw.upload("sendDocument", {"document": ("a.bin", data)}, chat_id=REQUESTS)
    assert await client.file(body["result"]["document"]["file_unique_id"]) == data


@pytest.mark.parametrize("step", [1, 2, 7, 64, 1000])
async def test_a_form_reads_the_same_however_it_is_cut(raw: Raw, client: SandboxClient, step: int) -> None:
    """Boundaries that arrive in pieces, and bytes that almost are boundaries."""
    data = b"\r\n--fronti\r\r\n-\r\n--frontie" + bytes(range(256)) + b"\r\n--frontie"
    disposition = b'\r\nContent-Disposition: form-data; name="'
    body = b"--frontier" + disposition + b'document"; filename="a.bin"\r\nContent-Type: a/b\r\n\r\n' + data
    body += b"\r\n--frontier" + disposition + b'chat_id"\r\n\r\n' + str(REQUESTS).encode()
    body += b"\r\n--frontier" + disposition + b'caption"\r\n\r\n\r\n--frontier--\r\n'

    async def pieces() -> AsyncIterator[bytes]:
        for at in range(0, len(body), step):
            yield body[at : at + step]

    headers = {"Content-Type": 'multipart/form-data; boundary="frontier"'}
    url = f"{raw.url}/bot{TOKEN}/sendDocument"
    async with raw.session.post(url, data=pieces(), headers=headers) as answer:
        result = (await answer.json())["result"]
    assert await client.file(result["document"]["file_unique_id"]) == data


async def test_a_body_over_the_limit_gets_an_empty_413(raw: Raw, client: SandboxClient) -> None:
    await client.options(max_upload=300_000)
    form = aiohttp.FormData({"chat_id": str(REQUESTS)})
    form.add_field("document", b"x" * 400_000, filename="a.bin")
    async with raw.session.post(f"{raw.url}/bot{TOKEN}/sendDocument", data=form) as answer:
        assert (answer.status, answer.reason, await answer.read()) == (413, "Request Entity Too Large", b"")


async def test_a_chunked_body_over_the_limit_gets_the_same(raw: Raw, client: SandboxClient) -> None:
    await client.options(max_upload=300_000)
    head = b'--b\r\nContent-Disposition: form-data; name="document"; filename="a"\r\n\r\n'
    body = head + b"x" * 400_000 + b"\r\n--b--\r\n"
    reader, writer = await _connect(raw.url)
    writer.write(
        f"POST /bot{TOKEN}/sendDocument HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n"
        f"Content-Type: multipart/form-data; boundary=b\r\n\r\n{len(body):x}\r\n".encode()
    )
    writer.write(body)
    assert (await reader.readline()).startswith(b"HTTP/1.1 413")
    writer.close()


async def test_an_upload_that_breaks_off_leaves_nothing(raw: Raw, sandbox: RunningSandbox) -> None:
    _, writer = await _connect(raw.url)
    head = b'--b\r\nContent-Disposition: form-data; name="document"; filename="a"\r\n\r\n'
    writer.write(
        f"POST /bot{TOKEN}/sendDocument?chat_id={REQUESTS} HTTP/1.1\r\nHost: a\r\nContent-Length: 9000000\r\n"
        "Content-Type: multipart/form-data; boundary=b\r\n\r\n".encode()
    )
    writer.write(head + b"x" * 3_000_000)
    await writer.drain()
    incoming = sandbox.world.store.root / "incoming"
    await _until(lambda: any(incoming.iterdir()))
    writer.transport.abort()
    await _until(lambda: not any(incoming.iterdir()))
    assert not sandbox.state.room_for(REQUESTS, 0).messages


async def test_a_refused_upload_leaves_no_file(raw: Raw, sandbox: RunningSandbox) -> None:
    status, _ = await raw.upload("sendDocument", {"document": ("a.bin", b"x" * 10)}, chat_id=-5)
    assert status == 400
    assert not any((sandbox.world.store.root / "incoming").iterdir())


async def test_what_a_person_cannot_do_is_said_as_json(raw: Raw, client: SandboxClient) -> None:
    async with raw.session.post(f"{raw.url}/control/chats/{REQUESTS}/messages", json={"from": AZIZA}) as answer:
        assert answer.status == 403
        assert json.loads(await answer.text()) == {"error": "the person is not in this chat"}
    async with raw.session.get(f"{raw.url}/control/nothing") as answer:
        assert (answer.status, await answer.json()) == (404, {"error": "no such control call"})


async def _connect(url: str) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    host, _, port = url.removeprefix("http://").partition(":")
    return await asyncio.open_connection(host, int(port))


async def _until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(5):
        while not condition():
            await asyncio.sleep(0.01)
