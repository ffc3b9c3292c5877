"""Statements compiled for SQLite, and what is known of a model's table.

SQLAlchemy thinks about each run of a statement for many times as long as SQLite needs to answer it.
A plan is compiled once; after that a run only converts its parameters and its rows, by the rules of
the columns' own types.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from functools import cache, cached_property, lru_cache
from typing import Any, Final

from sqlalchemy import bindparam, insert, inspect, select, update
from sqlalchemy.dialects import sqlite

from core.addresses import Address
from core.db.types import AddressText, UTCDateTime, read_json, write_json

Given = Mapping[str, Any]
Found = Callable[["Record", Sequence[Any]], object]
"""The object of a row of a model, made of the values of the columns."""

_DIALECT: Final[Any] = sqlite.dialect(json_serializer=write_json, json_deserializer=read_json)
_DIGITS: Final = 6
_INSTANTS: Final = 64
_OF_KEY: Final = "key_"
"""Before the name of a key's column, where a parameter says which row is meant."""


def _writer_of(kind: Any) -> Callable[[Any], Any] | None:
    """How a value of this type is written; ``None``: as it is."""
    if isinstance(kind, UTCDateTime):
        return _stored
    processor: Callable[[Any], Any] | None = kind.dialect_impl(_DIALECT).bind_processor(_DIALECT)
    return processor


def _stored(instant: datetime | None) -> str | None:
    """What SQLAlchemy makes of it in three calls: everything that is written has instants."""
    if instant is None:
        return None
    if instant.tzinfo is not UTC:
        if instant.tzinfo is None:
            raise ValueError("an instant without a zone cannot be stored")
        instant = instant.astimezone(UTC)
    return _in_words(instant)


@lru_cache(maxsize=_INSTANTS)
def _in_words(instant: datetime) -> str:
    """What one transaction writes is mostly the same. Only of UTC: in another zone Python calls
    both instants of the hour that comes twice equal.
    """
    return instant.isoformat(" ", "microseconds")[:26]  # without the zone


def _reader_of(kind: Any) -> Callable[[Any], Any] | None:
    """How a value of this type is read that is not empty; ``None``: as it is."""
    if isinstance(kind, UTCDateTime):
        return _instant
    if isinstance(kind, AddressText):
        return Address.parse
    processor: Callable[[Any], Any] | None = kind.dialect_impl(_DIALECT).result_processor(
        _DIALECT, None
    )
    return processor


def _instant(read: str) -> datetime:
    """What SQLAlchemy makes of it in three calls: lists are full of instants."""
    if read[-_DIGITS:].isdecimal():  # as we write it: with microseconds, and without a zone
        return datetime.fromisoformat(f"{read}+00:00")
    # a row that somebody has written by hand may say the zone itself, or no time of the day
    at = datetime.fromisoformat(read.upper())
    return at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)


class Plan:
    """A statement in SQLite's words. A model that is selected is one value of a row."""

    def __init__(self, statement: Any, keys: Sequence[str] = (), *, many: bool = False) -> None:
        compiled = statement.compile(dialect=_DIALECT, column_keys=list(keys), for_executemany=many)
        left_to_the_library = (
            compiled.post_compile_params,
            getattr(compiled, "insert_prefetch", ()),
            getattr(compiled, "update_prefetch", ()),
        )
        if any(left_to_the_library):
            raise ValueError(f"not a statement that can be prepared: {statement}")
        self.text = str(compiled)
        named = {name: bind for bind, name in compiled.bind_names.items()}
        binds = [named[name] for name in compiled.positiontup or ()]
        self._names = [bind.key for bind in binds]
        self._usual = {bind.key: bind.effective_value for bind in binds if not bind.required}
        writers = [_writer_of(bind.type) for bind in binds]
        self._writers = [(at, write) for at, write in enumerate(writers) if write is not None]
        readers = [_reader_of(column.type) for column in statement.exported_columns]
        self._readers = [(at, read) for at, read in enumerate(readers) if read is not None]
        self._parts = _parts_of(statement)

    def parameters(self, given: Given) -> tuple[Any, ...]:
        known = {**self._usual, **given} if self._usual else given
        values = [known[name] for name in self._names]
        for at, write in self._writers:
            values[at] = write(values[at])
        return tuple(values)

    def row(self, read: Sequence[Any], found: Found) -> tuple[Any, ...]:
        values = list(read)
        for at, convert in self._readers:
            if values[at] is not None:
                values[at] = convert(values[at])
        if not self._parts:
            return tuple(values)
        return tuple(
            [
                values[at] if record is None else found(record, values[at:end])
                for record, at, end in self._parts
            ]
        )


def _parts_of(statement: Any) -> list[tuple["Record | None", int, int]]:
    """What a row has in each place, where a model is among it: the model, and from which column to
    which it goes. Empty where none is.
    """
    selected = [each["expr"] for each in getattr(statement, "column_descriptions", ())]
    parts: list[tuple[Record | None, int, int]] = []
    at = 0
    for one in selected:
        record = record_of(one) if isinstance(one, type) else None
        parts.append((record, at, at := at + (1 if record is None else len(record.columns))))
    return parts if any(record for record, _, _ in parts) else []


class Record:
    """A model's columns, and the plans by which one of its rows is read and written.

    ``columns`` and ``key`` are names, also of the attributes; ``key_at`` is where the key stands
    among the columns; ``defaults`` is what an attribute that was not set is written as;
    ``identity`` is what the session knows a row with this key by; ``new_object`` makes an object
    for a row that was read, as the library does: nothing of it is new.
    """

    def __init__(self, model: type[Any]) -> None:
        self.model = model
        mapper = inspect(model)
        self._table = mapper.local_table
        self.new_object: Callable[[], Any] = mapper.class_manager.new_instance
        self.identity: Callable[[tuple[Any, ...]], Any] = mapper.identity_key_from_primary_key
        self.columns = tuple(self._table.c.keys())
        self.key = tuple(self._table.primary_key.columns.keys())
        self.key_at = [self.columns.index(name) for name in self.key]
        self.defaults = {
            column.key: None if column.default is None else column.default.arg
            for column in self._table.c
        }
        self._is_it = [self._table.c[name] == bindparam(_OF_KEY + name) for name in self.key]
        self.insert = cache(self._insert)
        self.update = cache(self._update)

    @cached_property
    def select(self) -> Plan:
        """Reads one row."""
        return Plan(select(self.model).where(*self._is_it))

    def which(self, key: Sequence[Any]) -> dict[str, Any]:
        """The parameters that say which row is meant."""
        return {_OF_KEY + name: value for name, value in zip(self.key, key, strict=True)}

    def _insert(self, left: Sequence[str]) -> Plan:
        """``left``: the columns of the key that the database fills."""
        key = [self._table.c[name] for name in self.key]
        given = [name for name in self.columns if name not in left]
        return Plan(insert(self._table).returning(*key), given)

    def _update(self, columns: Sequence[str]) -> Plan:
        return Plan(update(self._table).where(*self._is_it), columns)


@cache
def record_of(model: type[Any]) -> Record:
    """What is known of the model's table."""
    return Record(model)
