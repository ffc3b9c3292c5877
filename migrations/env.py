"""What alembic runs: it is handed a connection in a transaction (`bot/migrations.py`)."""

from alembic import context

import core.models  # noqa: F401 the tables enter the metadata
from core.db import Row

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Row.metadata,
    render_as_batch=True,  # SQLite cannot alter a table in place
)
with context.begin_transaction():
    context.run_migrations()
