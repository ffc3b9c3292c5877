"""``python -m bot``: see ``bot/cli.py``."""

import os
import sys

from bot.cli import main

os.umask(0o077)  # what is written here holds customers' words: nobody else's to read (S33)
sys.exit(main())
