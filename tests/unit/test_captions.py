"""Captions carry a manifest that always fits and always comes back."""

from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from storage.engine.captions import CAPTION_LIMIT, Facts, Manifest, caption, parse_manifest, part_filename

KEY = UUID("0123456789abcdef0123456789abcdef")
digests = st.binary(min_size=32, max_size=32)


def facts(**changes: object) -> Facts:
    values: dict[str, object] = {
        "filename": "leak.jpg",
        "content_type": "image/jpeg",
        "file_type": "photo",
        "category": "request_photo",
        "request_numbers": ("250926-001",),
        "tags": ("urgent", "кв 5"),
        "description": "Water\ncomes through",
        "who": "telegram:1001",
        "when": "2026-09-26T10:15:00+00:00",
    }
    return Facts(**(values | changes))  # type: ignore[arg-type]


def test_people_read_a_caption_too() -> None:
    manifest = Manifest(media_key=KEY, index=0, offset=0, size=3, sha256=bytes(32), count=1, total=3, whole=bytes(32))
    assert caption(facts(), manifest).splitlines() == [
        "leak.jpg (photo, image/jpeg)",
        "telegram:1001, 2026-09-26 10:15 UTC",
        "request_photo #r250926_001 #urgent #кв_5",
        "Water comes through",
        f"mediagate:1 k={KEY.hex} i=0 o=0 s=3 h={bytes(32).hex()} n=1 t=3",
    ]


def test_a_split_file_says_which_part_it_is() -> None:
    first = Manifest(media_key=KEY, index=0, offset=0, size=3, sha256=bytes(32))
    last = Manifest(media_key=KEY, index=2, offset=6, size=3, sha256=bytes(32), count=3, total=9, whole=bytes(32))
    assert "part 1)" in caption(facts(), first)
    assert "part 3 of 3)" in caption(facts(), last)
    assert [part_filename("a.mp4", index, single=False) for index in (0, 9)] == ["a.mp4.0001", "a.mp4.0010"]
    assert part_filename("a.mp4", 0, single=True) == "a.mp4"


@given(
    index=st.integers(0, 10_000),
    offset=st.integers(0, 2**50),
    size=st.none() | st.integers(0, 2**32),
    sha256=st.none() | digests,
    totals=st.none() | st.tuples(st.integers(2, 10_000), st.none() | st.integers(0, 2**50), st.none() | digests),
    name=st.text(max_size=255),
    description=st.none() | st.text(max_size=2000),
    tags=st.lists(st.text(max_size=64), max_size=50),
)
def test_the_manifest_fits_and_comes_back(
    index: int,
    offset: int,
    size: int | None,
    sha256: bytes | None,
    totals: tuple[int, int | None, bytes | None] | None,
    name: str,
    description: str | None,
    tags: list[str],
) -> None:
    count, total, whole = totals or (None, None, None)
    manifest = Manifest(
        media_key=KEY, index=index, offset=offset, size=size, sha256=sha256, count=count, total=total, whole=whole
    )
    text = caption(facts(filename=name, description=description, tags=tuple(tags)), manifest)
    assert len(text) <= CAPTION_LIMIT
    assert parse_manifest(text) == manifest


@given(st.none() | st.text(max_size=1024))
def test_any_text_may_be_a_caption(text: str | None) -> None:
    parse_manifest(text)


def test_the_last_manifest_line_wins() -> None:
    """Somebody may describe a file with the manifest of another."""
    other = Manifest(media_key=UUID(int=7), index=0, offset=0, size=1, sha256=bytes(32))
    mine = Manifest(media_key=KEY, index=0, offset=0, size=1, sha256=bytes(32))
    found = parse_manifest(f"{other}\n{mine}")
    assert found is not None
    assert found.media_key == KEY
