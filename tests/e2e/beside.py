"""What a company does by the command line while its desk runs."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from sandbox import Person
from tests.e2e.stage import Stage

REREAD: Final = "the directory has changed; it is read again"


async def command(stage: Stage, *arguments: str) -> str:
    """``python -m bot …`` with the desk's settings; returns what it printed."""
    code, out, errors = await stage.command(*arguments)
    assert code == 0, errors
    return out


async def apply_directory(stage: Stage, text: str) -> str:
    """Apply a file; returns the difference once the desk has noticed."""
    file = stage.folder / "directory.toml"
    file.write_text(text, encoding="utf-8")
    log = stage.folder / "bot.log"
    before = log.read_text().count(REREAD)
    difference = await command(stage, "directory", "apply", str(file), "--yes")
    assert difference.startswith("@@")
    await stage.world.until(lambda: log.read_text().count(REREAD) > before, 20, "it is read again")
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
