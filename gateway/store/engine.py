"""The store's engine: one writer at a time with group commit, many readers, our errors at the border.

"Received" must mean "on disk", and a commit waits for the disk. So all changes of a process go through one thread
that commits them in groups, every caller answered after the one commit; a failure is its own change's alone. On
SQLite the one writer also keeps clear of the corruption that two connections checkpointing at one moment can cause
(before 3.51.3). On PostgreSQL an advisory lock lets one process write at a time, so that versions, audit chain and
`_lastUpdated` follow the order of the commits everywhere.
"""

import sqlite3
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from contextlib import contextmanager
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Any, Final, TypeVar

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, Engine, create_engine, event, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import IntegrityError, SQLAlchemyError

from gateway.core.errors import GatewayError, StoreError, StoreFullError, VersionConflictError

T = TypeVar("T")
Change = Callable[[Connection], T]

MIGRATIONS: Final = Path(__file__).parent / "migrations"
GROUP: Final = 64  # changes in one commit, at most
_LOCK: Final = text("SELECT pg_advisory_xact_lock(823549)")  # any number, the same in all our processes
_FULL: Final = {"53100", "53200"}  # PostgreSQL: disk_full, out_of_memory
_SQLITE_FULL: Final = 13
_Job = tuple[Change[Any], "Future[Any]"]
_Run = Callable[[Connection, Change[Any]], tuple[Any, BaseException | None]]


def _together(connection: Connection, change: Change[Any]) -> tuple[Any, BaseException | None]:
    """Run one change without a savepoint, which few need: when it fails, all is undone."""
    return change(connection), None


class Store:
    """Where everything is kept. `write` returns after the commit; `read` sees one state of the whole."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.committed = threading.Condition()
        self._waiting: SimpleQueue[_Job | None] = SimpleQueue()
        self._closing = threading.Lock()
        self._open = True
        self._writer = threading.Thread(target=self._write_groups, name="store-writer", daemon=True)
        self._writer.start()

    def write(self, change: Change[T]) -> T:
        """Run the change in a transaction; when this returns, it is on disk. A change may be run more than once."""
        return self.write_soon(change).result()

    def write_soon(self, change: Change[T]) -> "Future[T]":
        """As `write`, without waiting; changes are run in the order of these calls."""
        answer: Future[T] = Future()
        with self._closing:
            if not self._open:
                raise StoreError
            self._waiting.put((change, answer))
        return answer

    def read(self, question: Change[T]) -> T:
        """Ask; nothing that the question changes is kept."""
        with _translated(), self.engine.connect() as connection:
            return question(connection)

    def leave_checkpoints(self) -> None:
        """On a SQLite that two processes could harm by a checkpoint at one moment, leave it to the other one."""
        if self.engine.dialect.name == "sqlite" and not sqlite_is_safe():
            event.listen(self.engine, "connect", _without_checkpoints)
            self.engine.dispose()

    def close(self) -> None:
        """Commit what waits and let go of the database."""
        with self._closing:
            if self._open:
                self._open = False
                self._waiting.put(None)
        self._writer.join()
        self.engine.dispose()

    def _write_groups(self) -> None:
        while (first := self._waiting.get()) is not None:
            jobs, last = [first], False
            while len(jobs) < GROUP:
                try:
                    job = self._waiting.get_nowait()
                except Empty:
                    break
                if job is None:
                    last = True
                    break
                jobs.append(job)
            self._commit(jobs)
            with self.committed:
                self.committed.notify_all()
            if last:
                return

    def _commit(self, jobs: Sequence[_Job], run: _Run = _together) -> None:
        """One transaction for the group. When one of it fails, each is run apart; when all of it does, one by one."""
        try:
            with _translated(), self.engine.connect() as connection, connection.execution_options(writer=True).begin():
                if connection.dialect.name == "postgresql":
                    connection.execute(_LOCK)
                done = [run(connection, change) for change, _ in jobs]
        except BaseException as trouble:  # noqa: BLE001 - handed to those who wait
            if len(jobs) > 1 and run is _together:
                return self._commit(jobs, _apart)
            if len(jobs) > 1:
                for job in jobs:
                    self._commit([job])
                return
            done = [(None, trouble)]
        for (_, answer), (result, failure) in zip(jobs, done, strict=True):
            if not answer.set_running_or_notify_cancel():
                continue  # nobody waits for it any more
            if failure is None:
                answer.set_result(result)
            else:
                answer.set_exception(failure)


def _apart(connection: Connection, change: Change[Any]) -> tuple[Any, BaseException | None]:
    """Run one change in a savepoint, so that its failure is its own; trouble of the database is everybody's."""
    savepoint = connection.begin_nested()
    try:
        with _translated():
            result = change(connection)
            savepoint.commit()
    except Exception as failure:
        if isinstance(failure, GatewayError) and failure.retryable:
            raise
        savepoint.rollback()
        return None, failure
    return result, None


def open_store(url: str) -> Store:
    """Open the database of that address, bring its schema up to date, start its writer."""
    engine = _engine(url)
    with _translated():
        migrate(engine)
    return Store(engine)


def migrate(engine: Engine, move: Callable[[Config, str], None] = command.upgrade, revision: str = "head") -> None:
    """Bring the schema to a revision, in one transaction."""
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    with engine.connect() as connection, _unchecked(connection), connection.execution_options(writer=True).begin():
        if connection.dialect.name == "postgresql":
            connection.execute(_LOCK)
        config.attributes["connection"] = connection
        move(config, revision)


@contextmanager
def _unchecked(connection: Connection) -> Iterator[None]:
    """On SQLite a table is altered by making it anew, which foreign keys to it would not bear; revisions check them."""
    if connection.dialect.name != "sqlite":
        yield
        return
    driver = connection.connection
    driver.execute("PRAGMA foreign_keys=OFF")
    try:
        yield
    finally:
        driver.execute("PRAGMA foreign_keys=ON")


def sqlite_is_safe() -> bool:
    """Whether this SQLite is free of the WAL fault that two writers can meet (fixed in 3.51.3)."""
    return sqlite3.sqlite_version_info >= (3, 51, 3)


def _engine(url: str) -> Engine:
    address = make_url(url)
    if address.get_backend_name() == "postgresql":
        return create_engine(address.set(drivername="postgresql+psycopg"), hide_parameters=True, pool_pre_ping=True)
    if address.database:
        Path(address.database).parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    engine = create_engine(address, hide_parameters=True, connect_args={"check_same_thread": False})
    event.listen(engine, "connect", _set_up_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def _set_up_sqlite(connection: sqlite3.Connection, _: Any) -> None:
    connection.isolation_level = None  # transactions are ours to begin
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "busy_timeout=5000"):
        connection.execute(f"PRAGMA {pragma}").close()


def _without_checkpoints(connection: sqlite3.Connection, _: Any) -> None:
    connection.execute("PRAGMA wal_autocheckpoint=0").close()


def _begin_sqlite(connection: Connection) -> None:
    """A writer takes the lock at once: a read that turns into a write after another commit would fail."""
    writer = connection.get_execution_options().get("writer")
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writer else "BEGIN")


@contextmanager
def _translated() -> Iterator[None]:
    """Errors of SQLAlchemy and its drivers become ours; their texts can hold values and go no further."""
    try:
        yield
    except SQLAlchemyError as foreign:
        raise _ours(foreign) from foreign


def _ours(foreign: SQLAlchemyError) -> StoreError:
    original = getattr(foreign, "orig", None)
    full = getattr(original, "sqlite_errorcode", 0) & 0xFF == _SQLITE_FULL
    if full or getattr(original, "sqlstate", None) in _FULL:
        return StoreFullError()
    return VersionConflictError() if isinstance(foreign, IntegrityError) else StoreError()
