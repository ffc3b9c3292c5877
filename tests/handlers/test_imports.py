"""A desk that serves no HTTP and has no assistant imports nothing of them."""

import subprocess
from pathlib import Path

from sandbox.process import python, tied

ROOT = Path(__file__).resolve().parent.parent.parent
# A process of its own: here everything was imported long ago.
SCRIPT = """
import sys
from bot.lazy_aiogram import defer_types
defer_types()  # as the command line does
import bot.commands.run, bot.commands.check
heavy = {"fastapi", "starlette", "uvicorn", "prometheus_client", "xlsxwriter"}
ours = ("core.assistant", "channels.assistant", "core.words.masking")
print(sorted(name for name in sys.modules if name in heavy or name.startswith(ours)))
"""


def test_a_desk_without_http_and_assistant_imports_nothing_of_them() -> None:
    done = subprocess.run(
        tied(python("-c", SCRIPT)), cwd=ROOT, capture_output=True, text=True, timeout=120
    )
    assert done.stdout == "[]\n", done.stderr
