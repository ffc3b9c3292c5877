"""``python -m bot``: see ``bot/cli.py``."""

import gc
import os
import sys

gc.disable()  # what is imported stays: to look through it again and again is a tenth of a start

from bot.cli import main  # noqa: E402

os.umask(0o077)  # what is written here holds customers' words: nobody else's to read (S33)
sys.exit(main())
