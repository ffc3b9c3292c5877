"""The root of all tables and the column types that mean the same on both databases."""

from datetime import UTC, datetime
from functools import cache
from typing import Any, ClassVar

from sqlalchemy import JSON, BigInteger, DateTime, Integer, MetaData, String
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.engine import Dialect
from sqlalchemy.orm import DeclarativeBase
from sqlalchemy.orm.attributes import instance_dict
from sqlalchemy.types import TypeDecorator

from core.addresses import Address

# SQLite gives a row id only to a column declared INTEGER.
BigId = BigInteger().with_variant(Integer(), "sqlite")


class UTCDateTime(TypeDecorator[datetime]):
    """An aware instant, stored and returned in UTC. A naive one is refused: it means nothing."""

    impl = DateTime(timezone=True)  # type: ignore[mutable-override]
    cache_ok = True  # type: ignore[mutable-override]

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Turn to UTC; SQLite keeps no zone, so it gets the naive form."""
        if value is None:
            return None
        if value.tzinfo is None:
            message = "an instant without a zone cannot be stored"
            raise ValueError(message)
        value = value.astimezone(UTC)
        return value.replace(tzinfo=None) if dialect.name == "sqlite" else value

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Give the zone back."""
        del dialect
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class AddressText(TypeDecorator[Address]):
    """An address, stored as its text."""

    impl = String(220)  # type: ignore[mutable-override]
    cache_ok = True  # type: ignore[mutable-override]

    def process_bind_param(self, value: Address | None, dialect: Dialect) -> str | None:
        """Write it."""
        del dialect
        return None if value is None else str(value)

    def process_result_value(self, value: str | None, dialect: Dialect) -> Address | None:
        """Read it."""
        del dialect
        return None if value is None else Address.parse(value)


class Row(DeclarativeBase):
    """The root of all tables. Names of constraints are fixed, so that migrations can find them."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map: ClassVar[dict[Any, Any]] = {
        datetime: UTCDateTime,
        Address: AddressText,
        dict[str, Any]: JSON(none_as_null=True).with_variant(
            JSONB(none_as_null=True), "postgresql"
        ),
    }

    def __init__(self, **values: Any) -> None:
        """A new row. The library's own way has each column tell of its change; here all is new.

        Raises TypeError for a name that is none of its columns.
        """
        model = type(self)
        columns, mine = _columns_of(model), instance_dict(self)
        for name, value in values.items():
            if name in columns:
                mine[name] = value
            elif hasattr(model, name):  # what stands for several columns
                setattr(self, name, value)
            else:
                raise TypeError(f"{name!r} is no column of {model.__name__}")


@cache
def _columns_of(model: type[Row]) -> frozenset[str]:
    return frozenset(model.__table__.columns.keys())
