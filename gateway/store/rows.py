"""Many rows in one call of the driver: SQLAlchemy looks at each value of each row, which costs more than writing it."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Column, Connection


def insert_rows(connection: Connection, columns: Sequence[Column[Any]], rows: Sequence[tuple[Any, ...]]) -> None:
    """Insert rows, their values in the order of these columns of one table."""
    connection.exec_driver_sql(_statement(connection, columns), list(rows))


def insert_unknown(connection: Connection, columns: Sequence[Column[Any]], rows: Sequence[tuple[Any, ...]]) -> int:
    """As `insert_rows`, but those that a unique key has already stay out; says how many went in."""
    return connection.exec_driver_sql(_statement(connection, columns) + " ON CONFLICT DO NOTHING", list(rows)).rowcount


def _statement(connection: Connection, columns: Sequence[Column[Any]]) -> str:
    mark = "?" if connection.dialect.paramstyle == "qmark" else "%s"
    names, marks = ", ".join(column.name for column in columns), ", ".join([mark] * len(columns))
    return f"INSERT INTO {columns[0].table.name} ({names}) VALUES ({marks})"  # noqa: S608 - names of our own tables
