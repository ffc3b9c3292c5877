"""Calls to the Bot API: paced, with errors classified and lost answers looked for."""
