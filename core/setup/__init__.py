"""How a desk comes to life: its first admin, its chats, and what the company keeps to.

What the environment says cannot be chosen here: it wins, so that a machine that is set up by a
script stays as the script says.
"""
