"""Words that stand in a statement itself instead of being handed to it."""

from sqlalchemy import ColumnElement, String, literal_column


def constant(word: str) -> ColumnElement[str]:
    """One of our own words, such as a state, as part of the statement's text.

    Only so does SQLite see that an index of certain rows holds what is asked for. With a parameter
    in its place it looks at every row, or thinks the statement over each time it is run.
    """
    if not word.isidentifier():
        raise ValueError(word)
    return literal_column(f"'{word}'", String())
