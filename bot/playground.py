"""``make run`` without a token: a local Bot API server with a demonstration world, and the real bot
as a process of its own against it. Nothing of it is kept.
"""

import os
import sys
import tempfile
from pathlib import Path
from typing import Final

from bot.settings import Settings

# What a person at the keyboard would not like to wait for.
LIVELY: Final = {"SWEEP_INTERVAL": "1s", "LOG_LEVEL": "warning"}

WELCOME: Final = """\
Frontdoor runs in its sandbox: a local Bot API server, a small company, and the real bot.
Nothing here reaches Telegram, and nothing is kept.

  as anna                   be the customer Anna
  /start                    meet the desk; then write what is wrong, press buttons, send photos
  in group, as olga         be an operator in the group; `reply N text` answers, /help tells more
  show                      what a chat looks like now
  help                      everything that can be done here
  quit                      stop

To go live: get a token from @BotFather, set BOT_TOKEN, OPERATOR_CHAT_ID and ALERT_CHAT_ID,
then `python -m bot check` and `make run`.
The bot's log is {log}
"""


async def play(settings: Settings) -> int:
    """Run the world until the console ends or a signal comes. Returns the exit code."""
    from sandbox import BotProcess, console, demo

    with tempfile.TemporaryDirectory(prefix="frontdoor-sandbox-") as folder:
        async with demo.start() as world:
            played = demo.build(world)
            log = Path(folder) / "bot.log"
            environment = _environment(settings, folder) | played.environment()
            command = [sys.executable, "-m", "bot", "run"]
            async with BotProcess(command, environment, world=world, log=log, ready_timeout=60):
                print(WELCOME.format(log=log), flush=True)
                await console.run(played, input=sys.stdin, output=sys.stdout)
    return 0


def _environment(settings: Settings, folder: str) -> dict[str, str]:
    given = {name: value for name, value in LIVELY.items() if name not in os.environ}
    return given | {
        "DATABASE_URL": f"sqlite+aiosqlite:///{folder}/sandbox.db",
        "COMPANY_NAME": settings.company_name or "Frontdoor",
    }
