"""The OpenAPI document: valid, whole, in step with API.md's scopes and with its stored copy."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from jsonschema_rs import Draft202012Validator
from openapi_spec_validator import OpenAPIV31SpecValidator

from storage import errors
from storage.domain import Scope
from storage.errors import MediagateError
from web.app import all_endpoints
from web.deps import HealthLine
from web.docs.serving import encoded
from web.guard import Endpoint
from web.openapi.__main__ import stored
from web.openapi.doc import Doc
from web.openapi.document import Undocumented, document
from web.openapi.problems import GAP, examples
from web.problems import CONTENT_TYPE
from web.routes.health import Health

_COPY = Path(__file__).parents[2] / "docs" / "openapi.json"

_SCOPES: dict[Scope | None, str] = {
    Scope.MEDIA_READ: """
        GET /media/search
        GET /media/statistics
        GET /media/tags/popular
        GET /media/{media_id}
        GET /media/{media_id}/file
        GET /media/{media_id}/preview
        GET /media/{media_id}/url
        GET POST /media/{media_id}/links
        GET /media/telegram/{file_id}
        GET /media/telegram/{file_id}/file
        GET /media/request/{number}
        GET /media/request/{number}/timeline
        POST /media/batch
        GET /requests/{number}/media
        GET /requests/{number}/media/summary
        GET /users/me/telegram-link
    """,
    Scope.MEDIA_WRITE: """
        POST /streaming/upload/stream
        POST /streaming/upload/multiple
        GET POST /streaming/upload/progress
        GET /streaming/upload/progress/{upload_id}
        GET /streaming/upload/limits
        POST /media/upload
        POST /media/upload-report
        POST /media/upload-access
        POST /media/telegram
        POST /media/{media_id}/send
        PATCH /media/{media_id}
        PUT /media/{media_id}/tags
        POST /media/{media_id}/archive
        GET POST /uploads/invitations
        DELETE /uploads/invitations/{invitation_id}
        POST DELETE /users/me/telegram-link
    """,
    Scope.MEDIA_DELETE: """
        DELETE /media/{media_id}
        DELETE /links/{link_id}
    """,
    Scope.REQUESTS_WRITE: """
        PUT DELETE /requests/{number}/media/{media_id}
        POST /requests/{number}/media
    """,
    Scope.USERS_WRITE: """
        GET PUT DELETE /users/{user_id}/avatar
    """,
    Scope.ADMIN: """
        GET POST /keys
        DELETE /keys/{key_id}
        GET POST /webhooks
        PATCH DELETE /webhooks/{webhook_id}
        GET /webhooks/{webhook_id}/deliveries
        POST /webhooks/{webhook_id}/deliveries/{delivery_id}/redeliver
        GET /channels
        GET /audit
        GET /incidents/{incident_id}
    """,
    None: """
        POST OPTIONS /uploads
        GET PATCH DELETE POST OPTIONS /uploads/{upload_id}
        GET /uploads/invitation
        GET //health
        GET //health/live
        GET //health/ready
        GET //api/docs
        GET //api/docs/{name}
        GET //api/openapi.json
        GET //d/{token}
        GET //r/{token}
        GET //r/{token}/request
        GET //r/{token}/zip
        GET //r/{token}/media/{media_id}/preview
        GET //r/{token}/media/{media_id}/file
        GET //r/static/{folder}/{name}
        GET //upload
        GET //upload/static/{folder}/{name}
        GET //metrics
        POST //telegram/webhook
        POST /hooks/{service}
        GET HEAD /avatars/{digest}/{size}
    """,
}
"""API.md's table *Who may call*, call by call; two slashes: at the root. None: no credentials, or its own rule."""


async def _nothing() -> list[HealthLine]:
    return []


ENDPOINTS = all_endpoints(Health(_nothing))
DOCUMENT = document(ENDPOINTS)


def _table() -> dict[tuple[str, str], Scope | None]:
    found: dict[tuple[str, str], Scope | None] = {}
    for scope, lines in _SCOPES.items():
        for line in lines.split("\n"):
            *methods, path = line.split() or [""]
            full = path[1:] if path.startswith("//") else f"/api/v1{path}"
            found |= {(method, full): scope for method in methods}
    return found


def _operations() -> Iterator[tuple[str, dict[str, Any]]]:
    for path, operations in DOCUMENT["paths"].items():
        for method, operation in operations.items():
            yield f"{method.upper()} {path}", operation


def test_the_document_is_valid() -> None:
    OpenAPIV31SpecValidator(DOCUMENT).validate()


def test_the_stored_copy_is_in_step() -> None:
    assert _COPY.read_bytes() == stored(), "run: python -m web.openapi > docs/openapi.json"


def test_every_route_needs_the_scope_that_api_md_states() -> None:
    table = _table()
    for endpoint in ENDPOINTS:
        call = (endpoint.method, endpoint.path)
        if endpoint.method == "HEAD" and call not in table:
            call = ("GET", endpoint.path)
        assert call in table, f"{endpoint.method} {endpoint.path} has no line in the table of scopes"
        assert endpoint.scope == table[call], f"{endpoint.method} {endpoint.path}"


def test_every_operation_says_who_may_call_it() -> None:
    scopes = {f"{one.method} {one.path}": one.scope for one in ENDPOINTS}
    for call, operation in _operations():
        scope = scopes[call]
        if scope is None:
            assert operation["security"] == []
            continue
        assert {"apiKey": [scope.value]} in operation["security"]
        assert scope.value in operation["description"]
        assert {"401", "403"} <= operation["responses"].keys(), call


def test_operation_ids_are_unique_and_tags_are_explained() -> None:
    names = [operation["operationId"] for _, operation in _operations()]
    assert not {name for name in names if names.count(name) > 1}
    explained = {tag["name"] for tag in DOCUMENT["tags"]}
    assert all(set(operation["tags"]) <= explained for _, operation in _operations())


def test_every_refusal_is_a_problem_with_its_codes() -> None:
    for call, operation in _operations():
        if call.startswith("HEAD") or call == "GET /health/ready":
            continue
        for status, response in operation["responses"].items():
            if status >= "400" and "$ref" not in response:
                schema = response["content"][CONTENT_TYPE]["schema"]
                assert schema["allOf"][1]["properties"]["code"]["enum"], f"{call} {status}"


def test_a_parameter_that_nothing_explains_is_refused() -> None:
    async def handler(_request: Any) -> Any: ...

    doc = Doc(summary="New", tags=("service",), answers={204: None})
    with pytest.raises(Undocumented, match="what 'colour' is"):
        document([Endpoint("GET", "/new/{colour}", handler, None, doc)])


def _classes(base: type[MediagateError]) -> Iterator[type[MediagateError]]:
    yield base
    for below in base.__subclasses__():
        yield from _classes(below)


def test_every_error_has_an_example_without_gaps() -> None:
    """The texts name fields of the error; each of them has a sample."""
    everyone = [error for error in _classes(MediagateError) if error.__module__ == errors.__name__]
    made = examples(everyone)
    assert made.keys() == {error.code for error in everyone}
    gaps = [code for code, example in made.items() if GAP in example["value"]["detail"]]
    assert not gaps, "add samples of their fields to web/openapi/problems.py"


def _examples() -> Iterator[tuple[str, dict[str, Any], Any]]:
    """Every example of the document beside its schema."""
    for call, operation in _operations():
        for response in operation["responses"].values():
            for media in response.get("content", {}).values():
                given = [media["example"]] if "example" in media else []
                for named in media.get("examples", {}).values():
                    name = named["$ref"].rpartition("/")[2]
                    given.append(DOCUMENT["components"]["examples"][name]["value"])
                yield from ((call, media["schema"], example) for example in given)
        for parameter in operation.get("parameters", ()):
            schema = parameter["schema"]
            yield from ((f"{call} {parameter['name']}", schema, example) for example in schema.get("examples", ()))
    for name, schema in DOCUMENT["components"]["schemas"].items():
        yield from ((name, schema, example) for example in schema.get("examples", ()))


def test_examples_are_what_their_schemas_say() -> None:
    found = 0
    for where, schema, example in _examples():
        rooted = {**schema, "components": DOCUMENT["components"]}
        wrong = [error.message for error in Draft202012Validator(rooted).iter_errors(example)]
        assert not wrong, f"{where}: {wrong}"
        found += 1
    assert found > 50


def test_the_document_says_nothing_of_python() -> None:
    """Docstrings become descriptions; what is written for programmers of this side does not belong there."""
    text = encoded(DOCUMENT).decode()
    assert "pydantic" not in text
    assert "Raises" not in text
