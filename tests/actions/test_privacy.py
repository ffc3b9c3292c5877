"""What the database complains about names the statement, not what people wrote (S31)."""

import pytest
from sqlalchemy import insert
from sqlalchemy.exc import IntegrityError

from core.db import Database
from core.models import SystemState

WORDS = "калитка не открывается"


async def test_an_error_of_the_database_does_not_repeat_what_people_wrote(
    database: Database,
) -> None:
    with pytest.raises(IntegrityError) as refused:
        async with database.write() as session:
            await session.execute(
                insert(SystemState).values(name=None, value={"said": WORDS}, at=None)
            )
    assert "INSERT INTO system_state" in str(refused.value)
    assert WORDS not in str(refused.value).partition("DETAIL")[0]
    assert refused.value.hide_parameters
