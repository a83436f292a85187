"""What backups and recoveries are made of: keys, lines, lists, ranges, and captions read back."""

import json
from datetime import UTC, datetime, time
from itertools import pairwise
from pathlib import Path
from uuid import UUID

import pyrage
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.settings import SettingsError, load_settings
from storage.domain import Category, FileType
from storage.engine.captions import Facts, Manifest, caption, parse_manifest
from storage.recovery.caption_reading import UNKNOWN_OWNER, read_caption
from storage.recovery.errors import BackupDamaged, BackupNewer, WrongPassphrase
from storage.recovery.indexes import BackupIndex, Piece, sealed
from storage.recovery.manifests import PieceManifest, parse_piece, piece_caption
from storage.recovery.passphrases import canonical, new_backup_key, open_identity
from storage.recovery.postgres_tools import libpq_environment
from storage.recovery.ranges import IdRanges
from storage.recovery.restoring import open_secrets, require_known
from storage.schema import newest_revision

KEY = UUID("6c9eab6fe1cb46759a4cc1b43cb336de")
PASSPHRASE = "hdcy9-qxkee-uubyx-tf3ct-zq2t3-zk6m3"
BACKUP_KEY = new_backup_key(PASSPHRASE)
IDENTITY = open_identity(PASSPHRASE, BACKUP_KEY.identity)


def an_index(**changes: object) -> BackupIndex:
    piece = {"index": 0, "offset": 0, "size": 3, "sha256": "00" * 32, "chat": -1001, "message": 2}
    fields = {
        "key": KEY,
        "made_at": datetime(2026, 11, 22, 3, 30, tzinfo=UTC),
        "revision": newest_revision(),
        "size": 3,
        "sha256": "00" * 32,
        "counted": {"media": 1},
        "identity": BACKUP_KEY.identity,
        "secrets": sealed(pyrage.encrypt(b'{"secret_key": "s", "mirror_key": null}', [IDENTITY.to_public()])),
        "pieces": (Piece.model_validate(piece),),
    }
    return BackupIndex.model_validate(fields | changes)


def test_the_passphrase_opens_the_identity_however_it_is_typed() -> None:
    for typed in (PASSPHRASE, PASSPHRASE.upper(), PASSPHRASE.replace("-", " "), f" {PASSPHRASE.replace('-', '')}\n"):
        assert str(open_identity(typed, BACKUP_KEY.identity).to_public()) == BACKUP_KEY.recipient


def test_the_identity_is_an_age_file_that_another_program_opens() -> None:
    text = pyrage.passphrase.decrypt(BACKUP_KEY.identity.encode(), canonical(PASSPHRASE)).decode()
    assert text.startswith("AGE-SECRET-KEY-1")


@pytest.mark.parametrize("passphrase", ["", "hdcy9", PASSPHRASE[:-1], new_backup_key("x").recipient], ids=str.__len__)
def test_a_wrong_passphrase_is_refused(passphrase: str) -> None:
    with pytest.raises(WrongPassphrase):
        open_identity(passphrase, BACKUP_KEY.identity)


@pytest.mark.parametrize(
    "identity", ["", "no age file", BACKUP_KEY.identity[:-80], BACKUP_KEY.identity.replace("a", "b")]
)
def test_an_identity_that_is_broken_is_refused_like_a_wrong_passphrase(identity: str) -> None:
    with pytest.raises(WrongPassphrase):
        open_identity(PASSPHRASE, identity)


def test_the_lines_of_parts_and_of_backups_are_not_taken_for_each_other() -> None:
    piece = PieceManifest(key=KEY, index=3, offset=4, size=5, sha256=bytes(32))
    listed = PieceManifest(key=KEY, index=4, offset=0, size=5, sha256=bytes(32), count=4)
    for one in (piece, listed):
        text = piece_caption(one, datetime(2026, 11, 22, tzinfo=UTC), pieces=4)
        assert parse_piece(text) == one
        assert parse_manifest(text) is None
        assert len(text) <= 1024
    assert parse_piece(str(Manifest(media_key=KEY, index=0, offset=0, size=1, sha256=bytes(32)))) is None
    assert parse_piece(None) is None


def test_a_list_comes_back_as_it_was() -> None:
    index = an_index()
    assert BackupIndex.from_bytes(index.to_bytes()) == index


def _changed(**changes: object) -> bytes:
    return json.dumps({**json.loads(an_index().to_bytes()), **changes}).encode()


@pytest.mark.parametrize(
    "data",
    [b"", b"{}", b"\xff", an_index().to_bytes()[:-40], _changed(format=2), _changed(size=4), _changed(pieces=[])],
)
def test_a_list_that_is_cut_or_of_another_format_is_damaged(data: bytes) -> None:
    with pytest.raises(BackupDamaged):
        BackupIndex.from_bytes(data)


def test_secrets_open_with_the_identity_only() -> None:
    assert open_secrets(an_index(), IDENTITY) == {"secret_key": "s"}
    with pytest.raises(BackupDamaged):
        open_secrets(an_index(), pyrage.x25519.Identity.generate())
    with pytest.raises(BackupDamaged):
        open_secrets(an_index(secrets=sealed(b"no age file")), IDENTITY)


def test_a_database_from_the_future_is_refused_and_an_older_one_is_not() -> None:
    require_known(an_index(revision="0001"))
    require_known(an_index())
    with pytest.raises(BackupNewer, match="newer"):
        require_known(an_index(revision="9999"))


@pytest.mark.parametrize(
    ("dsn", "wanted"),
    [
        (
            "postgresql+asyncpg://me:p%40ss@db:6543/media?ssl=require",
            {"PGHOST": "db", "PGPORT": "6543", "PGUSER": "me", "PGPASSWORD": "p@ss", "PGSSLMODE": "require"},
        ),
        ("postgresql+asyncpg://postgres@/media?host=/tmp/x&port=5432", {"PGHOST": "/tmp/x", "PGPORT": "5432"}),
    ],
)
def test_the_programs_find_the_database_that_sqlalchemy_finds(dsn: str, wanted: dict[str, str]) -> None:
    found = libpq_environment(dsn)
    assert {name: found.get(name) for name in wanted} == wanted
    assert found["PGDATABASE"] == "media"


_ids = st.integers(1, 60)


@given(st.lists(st.tuples(_ids, _ids)), st.lists(_ids))
def test_ranges_are_the_set_of_their_ids(added: list[tuple[int, int]], taken: list[int]) -> None:
    ranges, ids = IdRanges(), set[int]()
    for first, last in added:
        ranges.add(first, last)
        ids |= set(range(first, last + 1))
    for one in taken:
        ranges.discard(one)
        ids.discard(one)
    again = IdRanges(ranges.as_json())
    assert [*again.gaps(60)] == [one for one in range(1, 61) if one not in ids]
    assert {one for one in range(1, 70) if one in again} == ids
    runs = again.as_json()
    assert all(one[1] + 1 < other[0] for one, other in pairwise(runs))


_text = st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Cs", "Zl", "Zp")), min_size=1, max_size=40)
_words = st.lists(st.from_regex(r"[a-zа-я]([a-zа-я0-9_]{0,8}[a-z0-9])?", fullmatch=True), unique=True, max_size=4)


@given(
    _text, _words, st.sampled_from(FileType), st.sampled_from(Category), st.integers(0, 3),
    st.sampled_from(["telegram:1", "service:crm, the second", "user:a b"]),
)  # fmt: skip
def test_captions_are_read_back(
    name: str, tags: list[str], kind: FileType, category: Category, index: int, owner: str
) -> None:
    facts = Facts(
        filename=name, content_type="image/jpeg", file_type=kind, category=category, tags=tuple(tags),
        request_numbers=("250926-001", "250926-1234"), description=" two  words ", who=owner,
        when="2026-11-22T10:15:30+00:00",
    )  # fmt: skip
    manifest = Manifest(media_key=KEY, index=index, offset=0, size=1, sha256=bytes(32), count=index + 1, total=1)
    told = read_caption(caption(facts, manifest), KEY)
    assert (told.filename, told.file_type, told.category, told.owner) == (name, kind, category, owner)
    assert (told.content_type, told.request_numbers) == ("image/jpeg", ("250926-001", "250926-1234"))
    assert (list(told.tags), told.description) == (tags, "two words")
    assert told.uploaded_at == datetime(2026, 11, 22, 10, 15, tzinfo=UTC)
    assert not told.cut


def test_what_a_caption_had_no_room_for_is_said_to_be_cut() -> None:
    facts = Facts(
        filename="a.jpg", content_type="image/jpeg", file_type="photo", category="other",
        tags=tuple(f"{'x' * 60}{number}" for number in range(40)), who="telegram:1", when="2026-11-22T10:15:30+00:00",
    )  # fmt: skip
    told = read_caption(caption(facts, Manifest(media_key=KEY, index=0, offset=0, size=1, sha256=bytes(32))), KEY)
    assert told.cut
    assert told.filename == "a.jpg"
    assert all(tag.startswith("x" * 60) for tag in told.tags)
    assert told.owner == "telegram:1"


@pytest.mark.parametrize(
    "text", ["", "hello", "a\nb\nc\nd\nmanifest", "name (photo, image/jpeg)\n#r999999_001\n\nline"]
)
def test_a_caption_that_people_wrote_gets_stand_ins(text: str) -> None:
    told = read_caption(text, KEY)
    assert told.cut
    assert told.request_numbers == ()
    assert told.owner == UNKNOWN_OWNER


def test_captions_from_before_whose_they_are_stood_higher_are_read_too() -> None:
    text = f"a.jpg (photo, image/jpeg)\nother #urgent\ntelegram:7, 2026-11-22 10:15 UTC\nA leak\n{'x'}"
    told = read_caption(text, KEY)
    assert (told.owner, told.tags, told.description) == ("telegram:7", ("urgent",), "A leak")


def test_backups_are_made_at_night_unless_told_otherwise(tmp_path: Path) -> None:
    def at(**given: str) -> time | None:
        return load_settings({f"MEDIAGATE_{name}": text for name, text in given.items()}, tmp_path / "none").backup_at

    token = f"123456789:{'A' * 35}"
    assert (at(), at(BOT_TOKENS=token)) == (None, time(3, 30))
    assert (at(BACKUP_AT="04:15"), at(BOT_TOKENS=token, BACKUP_AT="never")) == (time(4, 15), None)
    with pytest.raises(SettingsError, match="BACKUP_AT"):
        at(BACKUP_AT="soon")
