"""What every write asks and adds, by the driver itself: what SQLAlchemy does around a row costs more than the row."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import lru_cache
from typing import Any

from sqlalchemy import Column, Connection
from sqlalchemy.exc import DBAPIError

_Columns = tuple[Column[Any], ...]


def insert_rows(connection: Connection, columns: _Columns, rows: Sequence[tuple[Any, ...]]) -> None:
    """Insert rows, their values in the order of these columns of one table."""
    _run(connection, _statement(columns, connection.dialect.paramstyle), rows)


def insert_unknown(connection: Connection, columns: _Columns, rows: Sequence[tuple[Any, ...]]) -> int:
    """As `insert_rows`, but those that a unique key has already stay out; says how many went in."""
    return _run(connection, _statement(columns, connection.dialect.paramstyle) + " ON CONFLICT DO NOTHING", rows)


def insert_body(connection: Connection, column: Column[Any], key: Column[Any], number: int, body: bytes) -> None:
    """Insert a row of its number and a large body. SQLite copies a value twice on its way, but not into a blob."""
    if connection.dialect.name != "sqlite":
        return insert_rows(connection, (key, column), [(number, body)])
    table = column.table.name
    with _cursor(connection) as cursor:
        cursor.execute(f"INSERT INTO {table} ({key.name}, {column.name}) VALUES (?, zeroblob(?))", (number, len(body)))  # noqa: S608
        with cursor.connection.blobopen(table, column.name, number) as blob:
            blob.write(body)


def first_row(connection: Connection, statement: str) -> tuple[Any, ...] | None:
    """The first row that answers a question without values."""
    with _cursor(connection) as cursor:
        cursor.execute(statement)
        row: tuple[Any, ...] | None = cursor.fetchone()
        return row


def _run(connection: Connection, statement: str, rows: Sequence[tuple[Any, ...]]) -> int:
    with _cursor(connection) as cursor:
        cursor.executemany(statement, rows)
        count: int = cursor.rowcount
        return count


@contextmanager
def _cursor(connection: Connection) -> Iterator[Any]:
    """A cursor of the driver, whose errors become SQLAlchemy's."""
    cursor = connection.connection.cursor()
    try:
        yield cursor
    except connection.dialect.loaded_dbapi.Error as foreign:
        raise DBAPIError.instance(None, None, foreign, Exception, hide_parameters=True) from foreign
    finally:
        cursor.close()


@lru_cache
def _statement(columns: _Columns, style: str) -> str:
    mark = "?" if style == "qmark" else "%s"
    names, marks = ", ".join(column.name for column in columns), ", ".join([mark] * len(columns))
    return f"INSERT INTO {columns[0].table.name} ({names}) VALUES ({marks})"  # noqa: S608 - names of our own tables
