"""Every error has its answer, and answers say what the contract says."""

import json
from collections.abc import Iterator
from uuid import UUID, uuid4

import pytest
from aiohttp import web

from storage import errors
from storage.errors import (
    InvalidFields,
    InvalidRange,
    MediaDeleted,
    MediagateError,
    MediaNotFound,
    SpoolFull,
    Unauthenticated,
)
from web.problems import TABLE, http_problem, incident_problem, line_for, problem, problem_response

REQUEST = str(uuid4())


def concrete(root: type[MediagateError]) -> Iterator[type[MediagateError]]:
    yield root
    for child in root.__subclasses__():
        yield from concrete(child)


def members(response: web.Response) -> dict[str, object]:
    assert isinstance(response.body, bytes)
    read = json.loads(response.body)
    assert isinstance(read, dict)
    return read


@pytest.mark.parametrize("error", [error for error in concrete(MediagateError) if error is not MediagateError])
def test_every_class_of_error_is_in_the_table(error: type[MediagateError]) -> None:
    """By its own line or that of a base, and never by the one for what nobody expected."""
    line = line_for(error)
    assert line in TABLE.values()
    assert 400 <= line.status < 600


@pytest.mark.parametrize(
    "error", [error for error in concrete(MediagateError) if error.__init__ is MediagateError.__init__]
)
def test_every_error_renders_without_its_fields(error: type[MediagateError]) -> None:
    shown = problem(error(), "urn:uuid:x")
    assert shown["code"] == error.code
    assert "{" not in shown["detail"]


def test_errors_outside_the_tree_have_no_line() -> None:
    assert line_for(MediagateError).status == 500


def test_the_table_names_only_errors_that_exist() -> None:
    assert all(getattr(errors, error.__name__) is error for error in TABLE)


def test_a_problem_has_the_members_and_the_fields() -> None:
    response = problem_response(MediaNotFound(media_id=17), REQUEST)
    assert response.status == 404
    assert response.content_type == "application/problem+json"
    assert members(response) == {
        "type": "urn:mediagate:problem:media_not_found",
        "title": "Media not found",
        "status": 404,
        "detail": "There is no such media.",
        "code": "media_not_found",
        "instance": f"urn:uuid:{REQUEST}",
        "media_id": 17,
    }


def test_wrong_fields_are_named_in_the_text_and_beside_it() -> None:
    shown = problem(InvalidFields(("tags", "are more than 50"), ("colour", "is unknown")), "urn:uuid:x")
    assert "tags are more than 50; colour is unknown" in shown["detail"]
    assert shown["errors"][1] == {"field": "colour", "reason": "is unknown"}


def test_a_field_never_replaces_a_member() -> None:
    assert problem(MediaDeleted(status="deleted", title="x"), "urn:uuid:x")["status"] == 410


@pytest.mark.parametrize(
    ("error", "header", "value"),
    [
        (SpoolFull(retry_after=29.2), "Retry-After", "30"),
        (SpoolFull(retry_after=0.1), "Retry-After", "1"),
        (InvalidRange(size=5), "Content-Range", "bytes */5"),
    ],
)
def test_headers_that_belong_to_an_error(error: MediagateError, header: str, value: str) -> None:
    assert problem_response(error, REQUEST).headers[header] == value


def test_without_credentials_the_answer_says_which_are_known() -> None:
    assert "ApiKey" in problem_response(Unauthenticated(), REQUEST).headers["WWW-Authenticate"]


def test_aiohttps_own_refusals_are_problems_too() -> None:
    response = http_problem(web.HTTPMethodNotAllowed("PUT", ["GET", "HEAD"]), REQUEST)
    assert (response.status, response.headers["Allow"]) == (405, "GET,HEAD")
    assert members(response)["code"] == "method_not_allowed"
    assert members(http_problem(web.HTTPNotFound(), REQUEST))["code"] == "not_found"
    assert members(http_problem(web.HTTPRequestEntityTooLarge(1, 2), REQUEST))["code"] == "request_too_large"


def test_what_nobody_expected_shows_its_id_and_nothing_else() -> None:
    incident = UUID(int=5)
    shown = members(incident_problem(incident, "a-clients-own-id"))
    assert (shown["status"], shown["code"], shown["incident"]) == (500, "internal_error", str(incident))
    assert shown["instance"] == "urn:mediagate:request:a-clients-own-id"
