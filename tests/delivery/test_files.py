"""Where files lie: a folder, or a bucket of a server that speaks S3 over real connections."""

import hashlib
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from core import files
from core.files import FileStore, store_at
from tests.delivery.s3_server import S3Server

NOBODYS = "0" * 64
LARGE = bytes(range(256)) * 40_000  # 10 MB


@pytest.fixture
async def server(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[S3Server]:
    """S3 as the usual AWS variables name it."""
    async with S3Server() as server:
        server.set_environment(monkeypatch)
        yield server


@pytest.fixture(params=["folder", "bucket"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> FileStore:
    if request.param == "folder":
        return store_at(f"file://{tmp_path}/files")
    request.getfixturevalue("server")
    return store_at("s3://desk/mails")


@pytest.mark.parametrize("data", [b"", "письмо".encode(), LARGE], ids=["empty", "small", "large"])
async def test_what_is_put_is_read_until_it_is_erased(store: FileStore, data: bytes) -> None:
    name = await store.put(data)
    assert name == await store.put(data) == hashlib.sha256(data).hexdigest()
    assert await store.read(name) == data
    for _ in range(2):  # erasing again is no failure
        await store.delete(name)
    with pytest.raises(FileNotFoundError):
        await store.read(name)


@pytest.mark.parametrize("name", [NOBODYS, "../../etc/passwd", "", "Ж" * 64])
async def test_a_name_that_nobody_has_is_not_found(store: FileStore, name: str) -> None:
    with pytest.raises(FileNotFoundError):
        await store.read(name)


async def test_files_lie_in_the_folder_of_the_bucket_that_the_setting_names(
    server: S3Server,
) -> None:
    name = await store_at("s3://desk/mails").put(b"x")
    assert server.objects == {f"mails/{name}": b"x"}


async def outage(store: FileStore) -> None:
    """Every use of the store says that it cannot be had now, and not that a file is missing."""
    for use in (store.put(b"x"), store.read(NOBODYS), store.delete(NOBODYS)):
        with pytest.raises(ConnectionError):
            await use


async def test_a_server_that_refuses_us_or_does_not_answer_is_an_outage_that_ends(
    server: S3Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(files, "ANSWER_WITHIN", 0.3)
    store = store_at("s3://desk")
    name = await store.put(b"kept")
    for trouble in ("broken", "silent"):
        setattr(server, trouble, True)
        await outage(store)
        setattr(server, trouble, False)
    assert await store.read(name) == b"kept"


async def test_a_server_that_is_gone_or_wants_another_key_is_an_outage(
    server: S3Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(files, "ANSWER_WITHIN", 0.5)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIOTHER")
    await outage(store_at("s3://desk"))
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    await outage(store_at("s3://desk"))


async def test_a_bucket_that_does_not_exist_takes_nothing(server: S3Server) -> None:
    assert server.objects == {}
    await outage(store_at("s3://other"))
