"""The upload page in a real browser: files arrive whole whatever the network does, and people are told why not."""

import hashlib
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from sandbox.client import SandboxClient
from tests.flow.archives import RunningArchive, running_archive, some_bytes
from tests.flow.http_door import KEY
from tests.flow.upload_page import DESK, MIB, PHONE, Visit, visiting

SIZE, SMALLER = 30 * MIB, 12 * MIB
DRAG = "name => { const data = new DataTransfer(); data.items.add(new File(['plain words'], name)); return data; }"
NASTY = "<img src=x onerror=window.hacked=1>.txt"


@pytest.fixture
async def archive(database_url: str, sandbox: SandboxClient, tmp_path: Path) -> AsyncIterator[RunningArchive]:
    async with running_archive(database_url, sandbox, tmp_path, part_size="8MiB", max_file_size="64MiB") as running:
        yield running


@pytest.fixture
def large(tmp_path: Path) -> Path:
    path = tmp_path / "protocol.txt"
    path.write_bytes(some_bytes(SIZE))
    return path


def a_file(directory: Path, name: str, content: bytes = b"words enough for a text\n" * 40) -> Path:
    path = directory / name
    path.write_bytes(content)
    return path


def digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


async def test_cut_connections_cost_nothing(archive: RunningArchive, large: Path) -> None:
    """30 MiB through connections that break four times: it goes on by itself, and every byte is there."""
    async with visiting(archive, DESK, locale="en-US") as visit:
        await visit.open()
        await visit.enter()
        await visit.choose(large)
        await visit.page.get_by_label("Request number").fill("250926001")
        await visit.page.get_by_label("Tags").fill("leak, #Basement")
        await visit.page.get_by_label("What do the files show?").select_option("report")
        visit.proxy.cuts = [5 * MIB, 300_000, 6 * MIB, 7 * MIB]
        await visit.send()
        media = await visit.stored("protocol.txt")
        assert visit.proxy.cut == 4
        assert (media["sha256"], media["file_size"]) == (digest(large), SIZE)
        assert media["request_numbers"] == ["250926-001"]
        assert (media["tags"], media["category"]) == (["leak", "basement"], "report_document")
        said = await visit.page.locator("#announcer").inner_text()
        assert "the connection was lost, it goes on by itself" in said
        assert "protocol.txt: stored" in said
        assert await visit.page.evaluate("Object.keys(localStorage)") == []


async def test_a_closed_tab_goes_on_with_the_same_file(archive: RunningArchive, tmp_path: Path) -> None:
    """Offline in the middle, then the tab is closed: the next visit names the file, and sends only what is left."""
    begun = a_file(tmp_path, "protocol.txt", some_bytes(SMALLER))
    renamed = a_file(tmp_path, "image 0001.txt", begun.read_bytes())
    other = a_file(tmp_path, "other.txt", some_bytes(SMALLER, seed=2))
    async with visiting(archive, DESK, locale="en-US") as visit:
        await visit.open()
        await visit.enter()
        await visit.choose(begun)
        visit.proxy.pause = 0.008
        await visit.send()
        await visit.until("document.querySelector('.row progress').value > 400")
        await visit.context.set_offline(True)
        await visit.row("protocol.txt").get_by_text("No connection.").wait_for()
        assert await visit.page.get_by_role("button", name="Try now").is_visible()
        await visit.page.close()
        await visit.context.set_offline(False)
        visit.proxy.pause = 0
        await visit.open()
        await visit.enter()
        left = visit.page.locator(".leftovers")
        await left.get_by_text("protocol.txt").wait_for()
        there = int((await left.locator(".status").inner_text()).partition(" ")[0])
        await visit.choose(other, button=".leftovers .primary")
        await left.get_by_text("That is another file. Choose protocol.txt.").wait_for()
        visit.proxy.passed = 0
        await visit.choose(renamed, button=".leftovers .primary")
        media = await visit.stored("image 0001.txt")
        assert media["sha256"] == digest(begun)
        assert there > 5
        assert visit.proxy.passed < SMALLER * (100 - there) / 100 + MIB
        assert await left.is_hidden()


async def test_pause_go_on_and_remove(archive: RunningArchive, tmp_path: Path) -> None:
    """Two files at a time; a paused one waits and goes on; a removed one is gone on the server too."""
    names = ["a.txt", "b.txt", "c.txt"]
    paths = [a_file(tmp_path, name, some_bytes(5 * MIB, seed=seed)) for seed, name in enumerate(names)]
    async with visiting(archive, DESK, locale="en-US") as visit:
        await visit.open()
        await visit.enter()
        await visit.choose(*paths)
        visit.proxy.pause = 0.02
        await visit.send()
        await visit.reaches("a.txt", "sending")
        await visit.reaches("c.txt", "waiting")
        await visit.until("document.querySelector('.row progress').value > 0")
        await visit.page.get_by_role("button", name="Pause: a.txt").click()
        await visit.reaches("a.txt", "paused")
        await visit.reaches("c.txt", "sending")
        await visit.until("document.querySelectorAll('.row progress')[1].value > 100")
        await visit.page.get_by_role("button", name="Remove: b.txt").click()
        await visit.page.get_by_role("button", name="Keep").click()
        async with visit.page.expect_response(lambda answer: answer.request.method == "DELETE") as ended:
            await visit.page.get_by_role("button", name="Remove: b.txt").click()
            await visit.page.get_by_role("button", name="Remove", exact=True).click()
        assert (await ended.value).status == 204
        assert await visit.row("b.txt").count() == 0
        visit.proxy.pause = 0
        await visit.page.get_by_role("button", name="Go on: a.txt").click()
        for path in (paths[0], paths[2]):
            assert (await visit.stored(path.name))["sha256"] == digest(path)
        await visit.page.get_by_text("2 files are safe").wait_for()


async def test_what_cannot_be_sent_says_why(archive: RunningArchive, tmp_path: Path) -> None:
    """Each file by itself, in the person's language; a dropped one whose name is markup is only a name."""
    head = b"MZ\x90\0\3\0\0\0\4\0\0\0\xff\xff\0\0\xb8" + bytes(43) + b"\x80\0\0\0" + bytes(64) + b"PE\0\0d\x86\6\0"
    program = a_file(tmp_path, "setup.exe", head + bytes(600_000))
    files = [program, a_file(tmp_path, "empty.txt", b"")]
    huge = tmp_path / "huge.txt"
    with huge.open("wb") as sparse:
        sparse.truncate(65 * MIB)
    async with visiting(archive, DESK, locale="ru-RU") as visit:
        await visit.open()
        await visit.enter()
        await visit.choose(*files, huge)
        dragged = await visit.page.evaluate_handle(DRAG, NASTY)
        await visit.page.dispatch_event("body", "dragenter", {"dataTransfer": dragged})
        await visit.page.dispatch_event(".dropping .pick", "drop", {"dataTransfer": dragged})
        await visit.row("empty.txt").get_by_text("Файл пустой.").wait_for()
        await visit.row("huge.txt").get_by_text("не более 64 МБ").wait_for()
        await visit.page.locator("#number").fill("251399-001")
        await visit.send()
        await visit.page.get_by_text("Номер заявки выглядит так").wait_for()
        await visit.page.locator("#number").fill("")
        await visit.send()
        await visit.row("setup.exe").get_by_text("Файлы такого вида (EXE) не принимаются.").wait_for()
        assert (await visit.stored(NASTY))["stored"]
        assert await visit.row(NASTY).locator(".name").inner_text() == NASTY
        assert await visit.page.evaluate("window.hacked") is None
        await visit.page.get_by_text("1 файл сохранён · 3 файла не отправлены").wait_for()
        # Another language at once, without losing the list.
        await visit.page.locator(".language").select_option("uz")
        await visit.row("empty.txt").get_by_text("Fayl boʻsh.").wait_for()


async def test_a_key_is_asked_for_and_kept_as_long_as_wanted(archive: RunningArchive) -> None:
    """Missing, wrong, without the scope, right; a tab forgets it, the device does only when told not to."""
    async with visiting(archive, DESK, locale="en-US") as visit:
        await visit.open()
        await visit.enter("wrong-key")
        await visit.page.get_by_text("This key is not valid.").wait_for()
        await visit.enter("read-only-key")
        await visit.page.get_by_text("This key does not allow uploads.").wait_for()
        await visit.enter()
        await visit.page.locator("#pick").wait_for()
        assert await visit.page.evaluate("localStorage.length") == 0
        await visit.page.reload()
        await visit.page.locator("#pick").wait_for()
        await visit.page.get_by_role("button", name="Use another key").click()
        await visit.page.get_by_label("Remember the key").check()
        await visit.enter()
        await visit.page.locator("#pick").wait_for()
        await visit.page.close()
        await visit.open()
        await visit.page.locator("#pick").wait_for()
        assert KEY not in " ".join(visit.urls)


async def test_an_invitation_and_its_limit(archive: RunningArchive, tmp_path: Path) -> None:
    """The link is enough; its number is set; what is stored is told. No address carries the token."""
    first, second = a_file(tmp_path, "one.txt"), a_file(tmp_path, "two.txt")
    async with visiting(archive, PHONE, locale="uz-UZ", color_scheme="dark") as visit:
        terms = {"expires_in": 3600, "max_files": 1, "max_size": MIB, "request_number": "250926-001"}
        async with visit.door.client.post("/api/v1/uploads/invitations", json=terms) as response:
            invitation = await response.json()
        await visit.open("/upload#" + invitation["url"].rpartition("#")[2])
        await visit.page.get_by_text("Yana 1 ta fayl.").wait_for()
        await visit.page.get_by_text("250926-001").wait_for()
        await visit.choose(first)
        await visit.send()
        await visit.row("one.txt").get_by_text("Saqlandi · №").wait_for()
        await visit.choose(second)
        await visit.send()
        await visit.row("two.txt").get_by_text("Taklif boʻyicha 1 tadan ortiq").wait_for()
        kept = (await visit.door.get("/api/v1/media/request/250926-001"))[1]
        assert [(one["filename"], one["sha256"]) for one in kept] == [("one.txt", digest(first))]
        sent = [url for url in visit.urls if "#" not in url]
        assert sent
        assert not any(invitation["token"] in url for url in sent)
        await visit.open(f"/upload?invite={invitation['token']}")
        await visit.page.locator("#pick").wait_for()
        assert visit.page.url == f"{visit.proxy.url}/upload#{invitation['token']}"
        await visit.open("/upload#no-such-token-at-all")
        await visit.page.get_by_text("Taklif havolasi yaroqsiz.").wait_for()


CONTRAST = """() => {
  const rgb = (text) => text.match(/[\\d.]+/g).map(Number);
  const light = (colour) => colour.slice(0, 3).map((value) => value / 255)
    .map((value) => (value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4))
    .reduce((sum, value, at) => sum + value * [0.2126, 0.7152, 0.0722][at], 0);
  const ground = (node) => {
    for (let one = node; one; one = one.parentElement) {
      const colour = rgb(getComputedStyle(one).backgroundColor);
      if (colour.length === 3 || colour[3] === 1) return colour;
    }
    return [255, 255, 255];
  };
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  const faint = [];
  for (let text = walker.nextNode(); text; text = walker.nextNode()) {
    const node = text.parentElement;
    if (!text.data.trim() || !node.checkVisibility() || node.closest(".unseen, .skip, option")) continue;
    const [a, b] = [light(rgb(getComputedStyle(node).color)), light(ground(node))];
    const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    if (ratio < 4.5) faint.push(`${text.data.trim()}: ${ratio.toFixed(2)}`);
  }
  return faint;
}"""
SMALL = """() => [...document.querySelectorAll("button, select, input:not([type=checkbox], [type=file])")]
  .filter((node) => node.checkVisibility() && node.getBoundingClientRect().height < 40)
  .map((node) => node.outerHTML)"""
NAMELESS = """() => [...document.querySelectorAll("button, select, input:not([type=file]), textarea, progress")]
  .filter((node) => node.checkVisibility())
  .filter((node) => !(node.textContent.trim() || node.ariaLabel || node.labels?.length))
  .map((node) => node.outerHTML)"""


async def well_made(visit: Visit, language: str) -> None:
    """Nothing sticks out, is too faint to read, too small to touch, or has no name for a screen reader."""
    await visit.page.locator(".language").select_option(language)
    await visit.until(f"document.documentElement.lang === '{language}'")
    await visit.page.wait_for_timeout(250)  # colours fade
    assert await visit.page.evaluate("document.documentElement.scrollWidth <= innerWidth"), language
    assert await visit.page.evaluate(CONTRAST) == []
    assert await visit.page.evaluate(SMALL) == []
    assert await visit.page.evaluate(NAMELESS) == []


@pytest.mark.parametrize("device", [PHONE, DESK], ids=["phone", "desk"])
async def test_both_sizes_and_schemes(archive: RunningArchive, tmp_path: Path, device: dict[str, Any]) -> None:
    """In every language, with a file in each state that lasts."""
    long = a_file(tmp_path, "a name that is much longer than a phone is wide " * 4 + ".txt")
    moving = a_file(tmp_path, "moving.txt", some_bytes(4 * MIB))
    async with visiting(archive, device, locale="en-US") as visit:
        await visit.open()
        await well_made(visit, "ru")
        await visit.enter()
        await visit.page.locator("#pick").wait_for()
        assert await visit.page.locator(".pick-buttons .camera").first.is_visible() == (device is PHONE)
        await visit.choose(long)
        await visit.send()
        await visit.reaches("a name", "stored")
        await visit.choose(moving, a_file(tmp_path, "empty.txt", b""))
        visit.proxy.pause = 0.05
        await visit.send()
        await visit.until("[...document.querySelectorAll('progress')].some((one) => one.value > 100)")
        await visit.row("moving.txt").locator("button").first.click()
        await visit.reaches("moving.txt", "paused")
        for language, scheme in (("uz", "dark"), ("ru", "dark"), ("en", "light")):
            await visit.page.emulate_media(color_scheme=scheme)
            await well_made(visit, language)
