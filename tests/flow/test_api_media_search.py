"""Searching media over HTTP: three languages, parts of names, filters, pages."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import quote, urlencode

import pytest
from sqlalchemy import update

from storage.catalog.refreshing import Refresher
from storage.tables import Media
from tests.flow.conftest import RunningArchive
from tests.flow.http_door import Door, open_door

SEARCH = "/api/v1/media/search"
FILES: tuple[tuple[str, dict[str, str]], ...] = (
    ("Протечка_трубы_2025.txt", {"description": "Вода под раковиной, течёт с потолка", "tags": "срочно,сантехника"}),
    ("елка во дворе.txt", {"description": "Новогодняя ёлка", "request_number": "250926-001"}),
    ("Qoʻshimcha hujjat.txt", {"description": "O'zbekiston suv ta'minoti, quvurlar", "tags": "shoshilinch"}),
    ("Ўқиш режаси.txt", {"description": "Тошкент шаҳри, ёзги таътил", "tags": "режа"}),
    ("Leaking-pipes_IMG4711.txt", {"description": "Broken valves in the café", "tags": "urgent,kitchen"}),
    ("report.txt", {"request_number": "250927-0042", "external_id": "TCK-99871", "uploaded_by": "42"}),
)


@pytest.fixture
async def door(archive: RunningArchive) -> AsyncIterator[Door]:
    async with open_door(archive, archive_wait=0.0) as opened:
        yield opened


@pytest.fixture
async def ids(door: Door) -> list[int]:
    """The media of `FILES`, in their order."""
    found = []
    for number, (name, fields) in enumerate(FILES):
        disposition = f"attachment; filename*=UTF-8''{quote(name)}"
        path = f"/api/v1/streaming/upload/stream?{urlencode(fields)}"
        _, answer = await door.send(b"text %d\n" % number, path=path, Content_Disposition=disposition)
        found.append(answer["media_file_id"])
    return found


async def search(door: Door, **query: object) -> dict[str, Any]:
    status, answer = await door.get(f"{SEARCH}?{urlencode(query, doseq=True)}")
    assert status == 200, answer
    return dict(answer)


async def found(door: Door, ids: list[int], **query: object) -> list[int]:
    """Positions in `FILES` of what a search finds, in order."""
    return sorted(ids.index(media["id"]) for media in (await search(door, **query))["results"])


async def test_words_of_three_languages_are_found(door: Door, ids: list[int]) -> None:
    """However they are written: other endings, other case, other alphabet, any apostrophe, accents left out."""
    expected = {
        "протечка": [0], "ПРОТЕЧКИ": [0], "протечку": [0], "труба": [0], "протеч": [0],
        "текла": [], "течет": [0], "потолком": [0], "protechka": [0], "сроч": [0], "#срочно": [0],
        "ёлка": [1], "елка": [1], "ЕЛКИ": [1], "двор": [1], "yolka": [1],
        "qo'shimcha": [2], "qo‘shimcha": [2], "qoʻshimcha": [2], "qo`shimcha": [2], "qoshimcha": [2],
        "қўшимча": [2], "o’zbekiston": [2], "ўзбекистон": [2], "Ozbek": [2], "сув": [2], "suv quvur": [2],
        "таъминот": [2], "ta'minot": [2], "shoshilinch": [2], "шошилинч": [2],
        "ўқиш": [3], "o'qish": [3], "oqish": [3], "toshkent": [3], "Тошкент": [3], "yozgi": [3], "ёзги": [3],
        "shahri": [3], "reja": [3], "режа": [3],
        "leak": [4], "leaking": [4], "leaks": [4], "pipe": [4], "valve": [4], "cafe": [4], "CAFÉ": [4], "kitchen": [4],
    }  # fmt: skip
    wrong = {query: places for query in expected if (places := await found(door, ids, query=query)) != expected[query]}
    assert wrong == {}


async def test_parts_of_names_and_numbers_are_found(door: Door, ids: list[int]) -> None:
    expected = {
        "течк": [0], "4711": [4], "mg471": [4], "ipes": [4], "eaking": [4], "кин": [4], "025": [0],
        "250926-001": [1], "250926": [1], "2509": [1, 5], "#r250926_001": [1], "926-001": [1], "0926001": [1],
        "250927-0042": [5], "0042": [5], "tck-99871": [5], "9987": [5], "99871": [5],
        "250926-001 елка": [1], "250926-001 report": [], "leak труба": [],
        "valves broken": [4], "alves": [],
    }  # fmt: skip
    wrong = {query: places for query in expected if (places := await found(door, ids, query=query)) != expected[query]}
    assert wrong == {}


async def test_nothing_in_a_query_is_syntax(door: Door, ids: list[int]) -> None:
    for query in ("!!!", "' OR 1=1 --", "<script>alert(1)</script>", "%", "_", "a:* & b", "\\", "''"):
        answer = await search(door, query=query)
        assert (answer["results"], answer["total_count"]) == ([], 0)


async def test_filters_hold_all_at_once(door: Door, ids: list[int]) -> None:
    assert await found(door, ids, tags="urgent") == [4]
    assert await found(door, ids, tags=["Urgent", "#kitchen"]) == [4]
    assert await found(door, ids, tags=["urgent", "режа"]) == []
    assert await found(door, ids, tags=["urgent", "режа"], match="any") == [3, 4]
    assert await found(door, ids, request_numbers=["250926-001", "250927-0042"]) == [1, 5]
    assert await found(door, ids, request_numbers="250926-001", query="report") == []
    assert await found(door, ids, attached="true") == [1, 5]
    assert await found(door, ids, attached="false") == [0, 2, 3, 4]
    assert await found(door, ids, external_id="TCK-99871", uploaded_by="42") == [5]
    assert await found(door, ids, file_types="photo") == []
    assert await found(door, ids, file_types="photo,document", categories="request_document") == [0, 1, 2, 3, 4, 5]
    assert await found(door, ids, status="archived") == []
    assert await found(door, ids, date_from="2020-01-01", date_to="2020-01-01") == []
    assert len(await found(door, ids, date_from="2020-01-01", date_to="2999-12-31T23:59:59Z")) == 6
    answer = await search(door, tags="#Urgent", query=" leak ", date_from="2020-01-01", limit=3)
    assert answer["filters_applied"] == {"tags": ["urgent"], "query": "leak", "date_from": "2020-01-01T00:00:00Z"}
    assert (answer["total_count"], answer["limit"], answer["offset"], answer["has_more"]) == (1, 3, 0, False)


async def test_pages_join_without_gap_or_repetition(door: Door, ids: list[int]) -> None:
    for query in ({}, {"query": "txt"}):
        for sort in ("-uploaded_at", "uploaded_at", "-file_size", "file_size", "filename", "-filename"):
            await check_pages(door, ids, sort, query)


async def check_pages(door: Door, ids: list[int], sort: str, query: dict[str, str]) -> None:
    whole = [media["id"] for media in (await search(door, sort=sort, **query))["results"]]
    assert sorted(whole) == ids
    by_offset = [(await search(door, sort=sort, limit=2, offset=at, **query))["results"] for at in (0, 2, 4, 6)]
    assert [media["id"] for page in by_offset for media in page] == whole
    walked: list[int] = []
    cursor: dict[str, str] = {}
    while True:
        page = await search(door, sort=sort, limit=2, **cursor, **query)
        assert page["total_count"] == 6
        walked += [media["id"] for media in page["results"]]
        if not page["has_more"]:
            break
        cursor = {"cursor": page["next_cursor"]}
    assert walked == whole
    assert page["next_cursor"] is None


async def test_a_cursor_holds_while_media_come_and_go(door: Door, ids: list[int]) -> None:
    first = await search(door, limit=2)
    await door.send(b"newer\n")
    async with door.client.delete(f"/api/v1/media/{first['results'][1]['id']}") as response:
        assert response.status == 204
    second = await search(door, limit=2, cursor=first["next_cursor"])
    assert [media["id"] for media in second["results"]] == [ids[3], ids[2]]


async def test_the_index_follows_what_is_said(door: Door, ids: list[int]) -> None:
    one = f"/api/v1/media/{ids[5]}"
    await door.client.patch(one, json={"filename": "Насос.txt", "description": "перегрелся", "tags": ["Подвал"]})
    assert await found(door, ids, query="насос перегрелся подвал") == [5]
    assert await found(door, ids, query="report") == []
    await door.client.put(f"/api/v1/requests/251001-777/media/{ids[5]}")
    assert await found(door, ids, query="251001-777") == [5]
    await door.client.delete(f"/api/v1/requests/251001-777/media/{ids[5]}")
    assert await found(door, ids, query="251001-777") == []


async def test_what_is_not_indexed_is_found_after_the_sweep(door: Door, ids: list[int]) -> None:
    sessions = door.running.archive.sessions
    async with sessions.begin() as session:
        await session.execute(update(Media).values(search=None, caption_wanted=None))
    assert await found(door, ids, query="елка") == []
    await Refresher(sessions).sweep()
    assert await found(door, ids, query="елка") == [1]


async def test_what_is_deleted_is_not_found(door: Door, ids: list[int]) -> None:
    async with door.client.delete(f"/api/v1/media/{ids[0]}") as response:
        assert response.status == 204
    assert await found(door, ids[1:], query="txt") == [0, 1, 2, 3, 4]


WRONG = (
    ("limit=0", "limit"), ("limit=201", "limit"), ("limit=x", "limit"), ("offset=-1", "offset"),
    ("offset=99999999999999999999", "offset"), ("query=a%00b", "query"), ("query=" + "x" * 201, "query"),
    ("sort=rank", "sort"), ("status=deleted", "status.0"), ("attached=maybe", "attached"), ("match=some", "match"),
    ("date_from=yesterday", "date_from"), ("date_to=0001-01-01", "date_to"), ("date_to=9999-12-31", "date_to"),
    ("date_from=2025-02-30", "date_from"), ("date_from=2025-02-02&date_to=2025-02-01", "date_from"),
    ("cursor=abc", "cursor"), ("cursor=WyJmaWxlbmFtZSIsImEiLDFd", "cursor"), ("cursor=%00", "cursor"),
    ("cursor=WyItdXBsb2FkZWRfYXQiLCIyMDI1LTAxLTAxIiwxXQ", "cursor"), ("colour=red", "colour"),
    ("file_types=photo,gif", "file_types.1"), ("categories=1", "categories.0"), ("query=a&query=b", "query"),
    ("tags=" + "x" * 65, "tags.0"), ("tags=" + ",".join(map(str, range(51))), "tags"),
    ("uploaded_by=" + "x" * 65, "uploaded_by"), ("external_id=" + "x" * 201, "external_id"),
)  # fmt: skip


async def test_each_wrong_parameter_is_named(door: Door) -> None:
    for query, field in WRONG:
        status, answer = await door.get(f"{SEARCH}?{query}")
        assert (status, answer["code"]) == (422, "invalid_fields"), (query, answer)
        assert [error["field"] for error in answer["errors"]] == [field]


async def test_a_wrong_request_number_is_named(door: Door) -> None:
    status, answer = await door.get(f"{SEARCH}?request_numbers=250926-001,251399-001")
    assert (status, answer["code"]) == (422, "invalid_request_number")


async def test_the_far_end_of_the_pages_is_empty(door: Door, ids: list[int]) -> None:
    for query in ({}, {"query": "txt"}):
        answer = await search(door, offset=2**63 - 1, limit=200, **query)
        assert (answer["results"], answer["total_count"], answer["has_more"]) == ([], 6, False)


async def test_searching_needs_the_scope_and_many_may_search_at_once(door: Door, ids: list[int]) -> None:
    status, answer = await door.get(SEARCH, X_API_Key="nonsense")
    assert (status, answer["code"]) == (401, "unauthenticated")
    counts = await asyncio.gather(*(search(door, query="txt") for _ in range(20)))
    assert {answer["total_count"] for answer in counts} == {6}
