"""Of several processes at one PostgreSQL one leads; another follows when it is gone (R23)."""

import asyncio
import os
import signal
import subprocess
import time

import pytest

from core.db import Database, DatabaseInUse, process_lock
from core.desk import Desk
from sandbox.process import python, tied
from tests.delivery.two_processes import nothing

pytestmark = pytest.mark.postgres


async def test_a_command_that_must_be_alone_and_a_running_desk_exclude_each_other(
    two: list[Desk], url: str
) -> None:
    command = Database(url)
    with pytest.raises(DatabaseInUse):
        await command.hold(nothing)
    for desk in two:
        await desk.database.close()
    await command.hold(nothing)
    late = Database(url)
    with pytest.raises(DatabaseInUse):
        await late.hold(nothing, alone=False)
    await command.close()
    await late.close()


async def test_one_of_two_leads_and_the_other_follows_when_it_is_gone(two: list[Desk]) -> None:
    first, second = (desk.database for desk in two)
    assert await first.lead()
    assert first.leads()
    assert not await second.lead()
    assert not second.leads()
    await first.close()
    assert await second.lead()


STOPPED_LEADER = """
import asyncio, os, signal, sys
from core.db import Database

async def nothing():
    pass

async def lead():
    database = Database(sys.argv[1])
    await database.hold(nothing, alone=False)
    print(await database.lead(), flush=True)
    os.kill(os.getpid(), signal.SIGSTOP)
    # nothing was read meanwhile that would tell that the connection has gone
    print("leads" if database.leads() else "lost", flush=True)

asyncio.run(lead())
"""


async def test_a_leader_that_is_cut_off_without_a_word_is_followed_within_ten_seconds(
    url: str,
) -> None:
    """It is stopped: it says nothing and closes nothing, as if the network had gone. When it comes
    back it knows by the clock alone that it leads no more.
    """
    assert process_lock.LEAD_FOR < process_lock.CUT_OFF_AFTER < 10
    command = tied(python("-c", STOPPED_LEADER, url))
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as leader:
        assert leader.stdout is not None
        try:
            assert leader.stdout.readline() == "True\n"
            await asyncio.to_thread(os.waitpid, leader.pid, os.WUNTRACED)  # until it has stopped
            other = Database(url)
            await other.hold(nothing, alone=False)
            begun = time.monotonic()
            async with asyncio.timeout(60):
                while not await other.lead():
                    await asyncio.sleep(0.1)
            # the server counts from the leader's last question
            longest = process_lock.CUT_OFF_AFTER + process_lock.LOOK_EVERY
            assert time.monotonic() - begun < 2 * longest
            os.kill(leader.pid, signal.SIGCONT)
            assert await asyncio.to_thread(leader.stdout.readline) == "lost\n"
            await other.close()
        finally:
            leader.kill()
