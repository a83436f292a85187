"""A local Bot API server: files by their place on the disk it shares with the bot."""

from pathlib import Path

from sandbox.client import SandboxClient
from sandbox.config import SandboxConfig
from sandbox.server import running
from tests.contract.sandbox.driving import EMMA, REQUESTS, TOKEN, Raw


async def test_a_local_server_names_places_on_its_disk_and_reads_them(tmp_path: Path, raw: Raw) -> None:
    source = tmp_path / "мой файл.bin"
    source.write_bytes(b"local " * 1000)
    config = SandboxConfig(data_dir=tmp_path / "local", local=True)
    async with running(config) as local, SandboxClient(local.url) as client:
        here = Raw(raw.session, local.url)
        for scheme in ("file:", "file://"):
            result = await here.result("sendDocument", chat_id=REQUESTS, document=f"{scheme}{source}")
            assert result["document"]["file_name"] == source.name
        path = Path((await here.result("getFile", file_id=result["document"]["file_id"]))["file_path"])
        assert path.is_absolute()
        assert path.read_bytes() == source.read_bytes()
        big = await client.send_virtual(EMMA, 30_000_000)
        path = Path((await here.result("getFile", file_id=big["video"]["file_id"]))["file_path"])
        assert path.stat().st_size == 30_000_000
        assert await client.file(big["video"]["file_unique_id"], start=29_999_000) == path.read_bytes()[29_999_000:]
        async with raw.session.get(f"{local.url}/file/bot{TOKEN}/{path}") as answer:
            assert answer.status == 404
    assert source.exists()


async def test_local_paths_are_not_read_by_the_cloud(raw: Raw, tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("secret")
    error = await raw.error("sendDocument", chat_id=REQUESTS, document=f"file://{tmp_path}/a.txt")
    assert error == "Bad Request: wrong file identifier/HTTP URL specified"
