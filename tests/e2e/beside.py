"""What a company does by the command line while its desk runs."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from sandbox import Person
from tests.e2e.stage import Stage

IN_FORCE: Final = "version {version} of the directory is in force"


async def command(stage: Stage, *arguments: str) -> str:
    """``python -m bot …`` with the desk's settings; returns what it printed."""
    code, out, errors = await stage.command(*arguments)
    assert code == 0, errors
    return out


async def apply_directory(stage: Stage, text: str) -> str:
    """Apply a file; returns the difference once the desk works by it. Which version that is tells
    it from one that the desk reads when it starts, before the file or after it.
    """
    file = stage.folder / "directory.toml"
    file.write_text(text, encoding="utf-8")
    log = stage.folder / "bot.log"
    difference = await command(stage, "directory", "apply", str(file), "--yes")
    assert difference.startswith("@@")
    ((version,),) = stage.query("SELECT max(number) FROM directory_version")
    said = IN_FORCE.format(version=version) + "\n"
    await stage.world.until(lambda: said in log.read_text(), 20, said)
    return difference


async def import_cameras(stage: Stage, cameras: Iterable[tuple[str, Person | str, str]]) -> None:
    """Cameras by number, owner (whom the company may know by a phone only) and area."""
    lines = ["number,name,owner,area"]
    for number, owner, area in cameras:
        who = owner if isinstance(owner, str) else owner.id
        lines.append(f'{number},"ул. Лермонтова 10, проезд",{who},{area}')
    file = stage.folder / "cameras.csv"
    file.write_text("\n".join(lines), encoding="utf-8")
    told = await command(stage, "import", "cameras", str(file))
    assert told.startswith(f"{len(lines) - 1} new")
