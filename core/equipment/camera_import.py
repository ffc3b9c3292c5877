"""Brings the cameras in line with a file, beside a running desk.

The file is compared first, without a lock; then it is written in short transactions, each complete
(cameras with their owners), so that a desk on the same SQLite file waits for milliseconds. An
interrupted import is finished by importing the file again.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any, Final

from sqlalchemy import bindparam, delete, insert, select, update

from core.equipment.csv_file import Owner, Read
from core.events import CamerasImported
from core.models import Camera, CameraOwner
from core.sheets.plan import Plan, lost_titles
from core.tx import ReadTx, Tx
from core.words.stems import fold

_CAMERAS: Final[Any] = Camera.__table__
_OWNERS: Final[Any] = CameraOwner.__table__


async def compare(
    tx: ReadTx, cameras: Sequence[Read], *, deactivate_missing: bool = False
) -> Plan[Read]:
    """Return what the file changes. ``deactivate_missing``: cameras it does not name are
    deactivated.
    """
    known = {row.number: row for row in await tx.rows(select(_CAMERAS))}
    owners = await _owners(tx)
    plan, found = Plan[Read](), []
    for camera in cameras:
        row = known.pop(camera.number, None)
        if not camera.owners:
            plan.ownerless += 1
        found += [] if row is None else [row.fields]
        if row is None:
            plan.new.append(camera)
        elif _differs(row, camera) or owners.get(row.id, frozenset()) != camera.owners:
            plan.changed.append((row.id, camera))
        else:
            plan.unchanged += 1
    plan.lost = lost_titles(found, (camera.fields for camera in cameras))
    left = [row for row in known.values() if row.active]
    if deactivate_missing:
        plan.gone = [row.id for row in left]
    else:
        plan.missing = sorted(row.number for row in left)
    return plan


async def _owners(tx: ReadTx) -> dict[int, set[Owner]]:
    found: dict[int, set[Owner]] = defaultdict(set)
    for camera_id, kind, value in await tx.rows(select(_OWNERS)):
        found[camera_id].add((kind, value))
    return found


def _differs(row: Any, camera: Read) -> bool:
    before = (row.name, row.address, row.area, row.fields, row.active)
    return before != (camera.name, camera.address, camera.area, camera.fields, True)


async def apply(tx: Tx, plan: Plan[Read]) -> None:
    """Write a part of the plan."""
    numbers = [camera.number for camera in plan.new]
    if numbers:
        await tx.change(insert(_CAMERAS), [_values(tx, camera) for camera in plan.new])
        made = select(_CAMERAS.c.number, _CAMERAS.c.id).where(_CAMERAS.c.number.in_(numbers))
        ids: dict[str, int] = dict(tuple(row) for row in await tx.rows(made))
        await _own(tx, ((ids[camera.number], camera) for camera in plan.new))
    if plan.changed:
        await tx.change(
            update(_CAMERAS).where(_CAMERAS.c.id == bindparam("camera")),
            [{"camera": number, **_values(tx, camera)} for number, camera in plan.changed],
        )
        changed = [number for number, _ in plan.changed]
        await tx.change(delete(_OWNERS).where(_OWNERS.c.camera_id.in_(changed)))
        await _own(tx, plan.changed)
    if plan.gone:
        await tx.change(
            update(_CAMERAS)
            .where(_CAMERAS.c.id.in_(plan.gone))
            .values(active=False, updated_at=tx.now)
        )


async def _own(tx: Tx, cameras: Iterable[tuple[int, Read]]) -> None:
    rows = [
        {"camera_id": number, "kind": kind, "value": value}
        for number, camera in cameras
        for kind, value in sorted(camera.owners)
    ]
    if rows:
        await tx.change(insert(_OWNERS), rows)


def _values(tx: Tx, camera: Read) -> dict[str, Any]:
    return {
        "number": camera.number,
        "name": camera.name,
        "address": camera.address,
        "area": camera.area,
        "fields": camera.fields,
        "folded": fold(f"{camera.number} {camera.name} {camera.address}"),
        "active": True,
        "updated_at": tx.now,
    }


async def note_import(tx: Tx, plan: Plan[Read]) -> None:
    """Record the import in the journal."""
    tx.emit(
        CamerasImported(
            ticket_id=None,
            new=len(plan.new),
            changed=len(plan.changed),
            unchanged=plan.unchanged,
            deactivated=len(plan.gone),
        )
    )
