"""A desk that serves no HTTP imports nothing of it."""

import subprocess
from pathlib import Path

from sandbox.process import python, tied

ROOT = Path(__file__).resolve().parent.parent.parent
# A process of its own: here everything was imported long ago.
SCRIPT = """
import sys
import bot.commands.run, bot.commands.check
heavy = {"fastapi", "starlette", "uvicorn", "prometheus_client", "xlsxwriter"}
print(sorted(heavy & set(sys.modules)))
"""


def test_a_desk_without_http_imports_nothing_of_it() -> None:
    done = subprocess.run(
        tied(python("-c", SCRIPT)), cwd=ROOT, capture_output=True, text=True, timeout=120
    )
    assert done.stdout == "[]\n", done.stderr


ASSISTANT = """
import sys
import bot.commands.run, bot.commands.check
ours = ("core.assistant", "channels.assistant", "core.words.masking")
print(sorted(name for name in sys.modules if name.startswith(ours)))
"""


def test_a_desk_without_an_assistant_imports_nothing_of_it() -> None:
    done = subprocess.run(
        tied(python("-c", ASSISTANT)), cwd=ROOT, capture_output=True, text=True, timeout=120
    )
    assert done.stdout == "[]\n", done.stderr
