"""The root of all tables and the column types that mean the same on both databases."""

import json
from dataclasses import fields
from datetime import UTC, datetime
from functools import cache
from typing import Any, ClassVar, Final

import orjson
from sqlalchemy import JSON, BigInteger, DateTime, Integer, MetaData, String, inspect
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.engine import Dialect
from sqlalchemy.orm import DeclarativeBase
from sqlalchemy.orm.attributes import instance_dict
from sqlalchemy.types import TypeDecorator

from core.addresses import LONGEST_ADDRESS, Address

# SQLite gives a row id only to a column declared INTEGER.
BigId = BigInteger().with_variant(Integer(), "sqlite")


# What only looks like JSON is refused, as it is by `json`.
_STRICTLY: Final = orjson.OPT_PASSTHROUGH_DATACLASS | orjson.OPT_PASSTHROUGH_DATETIME


def write_json(value: Any) -> str:
    """A value as SQLite keeps it. Raises TypeError for what no JSON can say."""
    try:
        return orjson.dumps(value, option=_STRICTLY).decode()
    except TypeError:  # half a surrogate pair, a number of more than 64 bits
        return json.dumps(value)


def read_json(text: str) -> Any:
    """What :func:`write_json`, or `json` before it, has written. Raises ValueError."""
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError:
        return json.loads(text)


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

    impl = String(LONGEST_ADDRESS)  # type: ignore[mutable-override]
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
        parts, mine = _parts_of(type(self)), instance_dict(self)
        for name, value in values.items():
            if name not in parts:
                raise TypeError(f"{name!r} is no column of {type(self).__name__}")
            if (several := parts[name]) is None:
                mine[name] = value
            else:
                mine.update({column: getattr(value, part) for column, part in several})


@cache
def _parts_of(model: type[Row]) -> dict[str, list[tuple[str, str]] | None]:
    """The names of a model's columns, and of what stands for several of them: with each of those
    the name that it has there.
    """
    columns: dict[str, list[tuple[str, str]] | None]
    columns = dict.fromkeys(model.__table__.columns.keys())
    for one in inspect(model).composites:
        whole: Any = one.composite_class
        names = [part.name for part in fields(whole)]
        columns[one.key] = list(zip((part.key for part in one.props), names, strict=True))
    return columns
