"""``directory``: shown, checked and applied beside a desk, which reads anew what it keeps."""

import asyncio
import json
import re
import shutil
import tomllib
from functools import partial
from pathlib import Path

import pytest

from bot import cli
from bot.app import LOCALES
from bot.background import CacheRefresh
from bot.commands import FINE, WRONG
from core.company import Company
from core.db import Database
from core.desk import Desk
from core.teams.teams import HIGHEST, teams_of
from core.texts import Texts, shipped_texts

TEAM = '[[team]]\ncode = "field"\ntitles = { en = "Field crew" }\nlevel = 2\n'


@pytest.fixture(autouse=True)
def english(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DEFAULT_LANGUAGE", "en")


def written(folder: Path, text: str) -> str:
    file = folder / "directory.toml"
    file.write_text(text, encoding="utf-8")
    return str(file)


def test_what_is_shown_can_be_applied_and_changes_nothing(
    database: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["directory", "show"]) == FINE
    shown = capsys.readouterr().out
    assert '[[topic]]\ncode = "general"' in shown
    assert cli.main(["directory", "apply", written(tmp_path, shown), "--yes"]) == FINE
    assert capsys.readouterr().out == "the file changes nothing\n"


def test_a_check_says_what_apply_then_does(
    database: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = written(tmp_path, TEAM)
    assert cli.main(["directory", "check", file]) == FINE
    said = capsys.readouterr().out
    assert "+[[team]]" in said and "+level = 2" in said
    assert cli.main(["directory", "apply", file, "--yes"]) == FINE
    *shown, done = capsys.readouterr().out.splitlines()
    assert shown == said.splitlines()
    assert done.startswith("applied: version 2 of the directory is in force")
    assert cli.main(["directory", "apply", file, "--yes"]) == FINE
    assert capsys.readouterr().out == "the file changes nothing\n"


@pytest.mark.parametrize(
    ("language", "said"),
    [
        (
            "en",
            [
                "line 2: team Бригада, code: up to 32 of a–z, 0–9, “_”, “.”, “-” are allowed",
                "line 5: topic x: the line titles is missing",
                "line 7: there is no section [[colour]]; there are: topic, service, category",
                "{file}: nothing was changed",
            ],
        ),
        (
            "ru",
            [
                "строка 2: team Бригада, code: здесь до 32 знаков из a–z, 0–9, «_», «.», «-»",
                "строка 5: topic x: нет обязательной строки titles",
                "строка 7: раздела [[colour]] не бывает; бывают: topic, service, category",
                "{file}: ничего не изменено",
            ],
        ),
    ],
)
def test_a_wrong_file_changes_nothing_and_every_fault_is_named_with_its_line(
    database: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    language: str,
    said: list[str],
) -> None:
    monkeypatch.setenv("DEFAULT_LANGUAGE", language)
    wrong = TEAM.replace("field", "Бригада") + '[[topic]]\ncode = "x"\n[[colour]]\ncode = "x"\n'
    file = written(tmp_path, wrong)
    assert cli.main(["directory", "apply", file, "--yes"]) == WRONG
    out, err = capsys.readouterr()
    assert out == ""
    for line, begins in zip(err.splitlines(), said, strict=True):
        assert line.startswith(begins.format(file=file))


@pytest.mark.parametrize(
    ("raw", "said"),
    [
        (None, "the file cannot be read: No such file or directory"),
        (b"# one\n# two \xff\n", "line 2: the file is not in UTF-8; save it so"),
        (b"[[team\n", "line 1: this is not valid TOML; check quotes, brackets and commas: [[team"),
    ],
)
def test_a_file_that_cannot_be_read_is_refused_in_words(
    database: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], raw: bytes | None, said: str
) -> None:
    file = tmp_path / "directory.toml"
    if raw is not None:
        file.write_bytes(raw)
    assert cli.main(["directory", "check", str(file)]) == WRONG
    assert capsys.readouterr().err.splitlines() == [said, f"{file}: nothing was changed"]


def test_a_file_of_a_windows_editor_is_read(
    database: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "directory.toml"
    file.write_bytes(b"\xef\xbb\xbf" + TEAM.replace("\n", "\r\n").encode())
    assert cli.main(["directory", "check", str(file)]) == FINE
    assert "+[[team]]" in capsys.readouterr().out


def test_check_and_apply_need_a_file(database: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["directory", "apply"]) == WRONG
    assert capsys.readouterr().err == "directory apply: name a file\n"


def test_restore_needs_a_version(database: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["directory", "restore"]) == WRONG
    said = "directory restore: name the number of a version; directory versions lists them\n"
    assert capsys.readouterr().err == said


@pytest.mark.parametrize(
    "order", [("apply", "--yes", "FILE"), ("--yes", "apply", "FILE"), ("apply", "FILE", "--yes")]
)
def test_options_stand_where_one_likes(
    database: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], order: tuple[str, ...]
) -> None:
    file = written(tmp_path, TEAM)
    given = [file if word == "FILE" else word for word in order]
    assert cli.main(["directory", *given]) == FINE
    assert "applied: version 2" in capsys.readouterr().out


def test_the_schema_needs_no_database(
    database: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("DATABASE_URL", f"sqlite+aiosqlite:///{tmp_path}/none.db")
    assert cli.main(["directory", "schema"]) == FINE
    schema = json.loads(capsys.readouterr().out)
    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert schema["$defs"]["TeamEntry"]["properties"]["level"]["maximum"] == HIGHEST
    assert not (tmp_path / "none.db").exists()


def test_a_desk_that_runs_beside_knows_of_it_soon(
    database: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.background.CACHE_INTERVAL", 0.01)

    async def live() -> list[list[str]]:
        store = Database(f"sqlite+aiosqlite:///{database}")
        store.lock()
        desk, seen = Desk(store, Company()), list[list[str]]()
        news: list[None] = []
        before = desk.cache
        reading = asyncio.create_task(
            CacheRefresh(desk, shipped_texts(), lambda: news.append(None), lambda _: None).run()
        )
        try:
            while desk.cache is before:  # it has looked once
                await asyncio.sleep(0.01)
            for text in (TEAM, TEAM + TEAM.replace("field", "second")):
                seen.append(list(await desk.read(teams_of)))
                file = written(tmp_path, text)
                assert (
                    await asyncio.to_thread(cli.main, ["directory", "apply", file, "--yes"]) == FINE
                )
                async with asyncio.timeout(60):
                    while list(await desk.read(teams_of)) == seen[-1]:
                        await asyncio.sleep(0.01)
            seen.append(list(await desk.read(teams_of)))
        finally:
            reading.cancel()
            await asyncio.gather(reading, return_exceptions=True)
            await store.close()
        assert len(news) == len(seen) - 1
        return seen

    assert asyncio.run(live()) == [[], ["field"], ["field", "second"]]


def test_the_log_names_the_version_that_a_desk_works_by_once_it_does(
    database: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also of the directory that it starts with: who waits for a version may not miss it."""
    monkeypatch.setattr("bot.background.CACHE_INTERVAL", 0.01)
    told = list[str]()
    monkeypatch.setattr("bot.background.log.info", lambda words, *facts: told.append(words % facts))

    def adopt(desk: Desk, company: Company) -> None:
        desk.company = company
        told.append(f"an answer takes {company.answer_deadline.days} days")

    async def apply(days: int) -> None:
        file = written(tmp_path, f'[settings]\nanswer_deadline = "{days}d"\n')
        command = ["directory", "apply", file, "--yes"]
        assert await asyncio.to_thread(cli.main, command) == FINE

    async def last(words: str) -> None:
        async with asyncio.timeout(60):
            while told[-1:] != [words]:
                await asyncio.sleep(0.01)

    async def live() -> None:
        store = Database(f"sqlite+aiosqlite:///{database}")
        store.lock()
        desk = Desk(store, Company())
        refresh = CacheRefresh(desk, shipped_texts(), lambda: None, partial(adopt, desk))
        await apply(5)
        reading = asyncio.create_task(refresh.run())
        try:
            await last("version 2 of the directory is in force")
            await apply(6)
            await last("version 3 of the directory is in force")
        finally:
            reading.cancel()
            await asyncio.gather(reading, return_exceptions=True)
            await store.close()

    asyncio.run(live())
    assert [line for line in told if line.startswith(("an answer", "version"))] == [
        "an answer takes 5 days",
        "version 2 of the directory is in force",
        "an answer takes 6 days",
        "version 3 of the directory is in force",
    ]


EXAMPLES = Path(__file__).parents[2] / "examples"


def test_a_whole_company_loads_on_a_fresh_start(
    database: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Its files in `examples/` as they are: checked, applied, and applied again."""
    for name in ("directory.toml", "tickets.toml", "answers.toml", "articles.toml", "words.toml"):
        file = str(EXAMPLES / name)
        assert cli.main(["directory", "apply", file, "--yes"]) == FINE
        assert capsys.readouterr().out != "the file changes nothing\n"
        assert cli.main(["directory", "apply", file, "--yes"]) == FINE
        assert capsys.readouterr().out == "the file changes nothing\n"
    assert cli.main(["directory", "show"]) == FINE
    shown = tomllib.loads(capsys.readouterr().out)
    assert {len(shown["response"]), len(shown["agreement"]), len(shown["calendar"])} == {30, 2}
    assert len(shown["article"]) == 40
    assert (len(shown["rule"]), shown["settings"]["answer_deadline"]) == (10, "3d")
    assert sorted(team.get("level", 1) for team in shown["team"]) == [1, 2, 3]
    assert {one["code"] for one in shown["state"]} >= {"supplier", "watching", "on_hold"}


def test_a_desk_that_runs_beside_says_the_companys_own_words_soon(
    database: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.background.CACHE_INTERVAL", 0.01)
    texts, said, renewed = Texts.load(LOCALES), list[str](), list[None]()
    texts.watch(lambda: renewed.append(None))
    own = '[[text]]\ncode = "customer.blocked"\ntexts = {{ en = "{}" }}\n'

    async def wait_for_words(number: int) -> None:
        async with asyncio.timeout(60):
            while len(renewed) < number:
                await asyncio.sleep(0.01)
        said.extend(texts.written("en", "customer.blocked"))

    async def live() -> None:
        store = Database(f"sqlite+aiosqlite:///{database}")
        store.lock()
        desk = Desk(store, Company())
        reading = asyncio.create_task(CacheRefresh(desk, texts, lambda: None, lambda _: None).run())
        try:
            await wait_for_words(1)
            for number, words in enumerate(("Not now.", "Later."), start=2):
                file = written(tmp_path, own.format(words))
                apply = asyncio.to_thread(cli.main, ["directory", "apply", file, "--yes"])
                assert await apply == FINE
                await wait_for_words(number)
            restore = asyncio.to_thread(cli.main, ["directory", "restore", "2", "--yes"])
            assert await restore == FINE
            await wait_for_words(4)
        finally:
            reading.cancel()
            await asyncio.gather(reading, return_exceptions=True)
            await store.close()

    asyncio.run(live())
    original = shipped_texts().shipped("en", "customer.blocked")[0]
    assert said == [original, "Not now.", "Later.", "Not now."]


def test_files_that_lie_beside_the_directory_come_with_it(
    database: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    """An example with a file; the same on a desk where somebody has changed the file."""
    monkeypatch.setenv("FILES_URL", f"file://{tmp_path}/files")
    beside = tmp_path / "copy"
    beside.mkdir()
    for name in ("with_files.toml", "restart-camera.txt"):
        shutil.copy(EXAMPLES / name, beside)
    (beside / "restart-camera.txt").write_text("changed", encoding="utf-8")
    assert cli.main(["directory", "check", str(beside / "with_files.toml")]) == WRONG
    wrong = capsys.readouterr().err.splitlines()
    assert [line.partition(":")[0] for line in wrong[:2]] == ["line 7", "line 15"]
    file = str(EXAMPLES / "with_files.toml")
    assert cli.main(["directory", "apply", file, "--yes"]) == FINE
    capsys.readouterr()
    assert cli.main(["directory", "show"]) == FINE
    shown = capsys.readouterr().out
    named = re.findall(r"restart-camera\.txt sha256:([0-9a-f]{64})", shown)
    assert len(set(named)) == 1 and len(named) == 2
    kept = tmp_path / "files" / named[0][:2] / named[0]
    assert kept.read_bytes() == (EXAMPLES / "restart-camera.txt").read_bytes()
    (tmp_path / "shown.toml").write_text(shown, encoding="utf-8")
    assert cli.main(["directory", "apply", str(tmp_path / "shown.toml"), "--yes"]) == FINE
    assert capsys.readouterr().out == "the file changes nothing\n"
