"""Setting up a desk: its first admin, its chats, and the company's settings.

What the environment sets cannot be changed here, so that a machine set up by a script stays as the
script says.
"""
