"""Loads the workflow from its rows. A faulty table is refused."""

from sqlalchemy import select

from core.models import MoveRow, StateRow
from core.tickets.workflow import Move, State, Workflow
from core.tx import ReadTx


class UnsoundWorkflow(Exception):
    """The stored states and moves cannot work; ``args`` are the faults."""


async def load(tx: ReadTx) -> Workflow:
    """Read the company's workflow. Raises :class:`UnsoundWorkflow`."""
    states = await tx.session.scalars(select(StateRow).order_by(StateRow.position))
    moves = await tx.session.scalars(select(MoveRow))
    workflow = Workflow(
        [
            State(
                row.code,
                row.category,
                initial=row.initial,
                pause=row.pause,
                resolution=row.resolution,
                final=row.final,
            )
            for row in states
        ],
        [Move(row.source, row.verb, row.target) for row in moves],
    )
    if faults := workflow.faults():
        raise UnsoundWorkflow(*faults)
    return workflow


async def workflow_of(tx: ReadTx) -> Workflow:
    """Return the company's workflow, cached until the directory changes."""
    found: Workflow | None = tx.cache.get(Workflow)
    if found is None:
        found = tx.cache[Workflow] = await load(tx)
    return found
