"""gateway/store/engine.py"""

import threading

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import insert, select, text

from gateway.access.keys import add_clinic
from gateway.core.errors import NotFoundError, StoreError, StoreFullError, VersionConflictError
from gateway.store import engine, submissions, tables
from gateway.store.engine import open_store
from gateway.store.standing import reconcile
from gateway.store.submissions import Incoming
from gateway.store.tables import clinics


def add(id):
    return lambda connection: connection.execute(insert(clinics), {"id": id, "name": id, "created": ""}) and id


def names(store):
    return store.read(
        lambda connection: list(connection.execute(select(clinics.c.id).order_by(clinics.c.id)).scalars())
    )


def test_the_migrated_schema_is_the_schema_of_the_tables(store):
    with store.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, tables.metadata) == []


def test_a_store_of_an_earlier_schema_keeps_what_it_held(database_url, clock):
    """Its tables are made anew with rows that others speak of."""
    opened = open_store(database_url)
    add_clinic(opened, clock, "Riverbend")
    arrivals = [Incoming("riverbend", body, control_id="1") for body in (b"MSH|a", b"MSH|b")]
    opened.write(lambda connection: submissions.keep_all(connection, arrivals, "2026-03-02T09:00:00.000Z"))
    engine.migrate(opened.engine, command.downgrade, "0002")
    opened.close()
    again = open_store(database_url)
    bodies = [again.read(lambda c, id=one.id: submissions.original(c, id, "riverbend")[0]) for one in arrivals]
    kept = again.write(lambda connection: submissions.keep_all(connection, arrivals, "2026-03-02T10:00:00.000Z"))
    standing = again.read(reconcile)
    again.close()
    assert bodies == [b"MSH|a", b"MSH|b"]
    assert [new for _, new in kept] == [False, False]
    assert standing.unexplained == 0


def test_a_store_that_was_open_before_opens_again_with_what_it_held(database_url):
    first = open_store(database_url)
    first.write(add("a"))
    first.close()
    second = open_store(database_url)
    assert names(second) == ["a"]
    second.close()


def test_a_failed_change_is_undone_and_its_neighbours_in_the_group_are_kept(store):
    """Twenty changes at once; every other one writes and then fails."""
    gate, failures = threading.Barrier(20), []

    def one(number):
        def change(connection):
            add(f"c{number:02}")(connection)
            if number % 2:
                raise NotFoundError

        gate.wait()
        try:
            store.write(change)
        except NotFoundError:
            failures.append(number)

    threads = [threading.Thread(target=one, args=(number,)) for number in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(failures) == list(range(1, 20, 2))
    assert names(store) == [f"c{number:02}" for number in range(0, 20, 2)]


def test_a_broken_rule_of_the_schema_is_a_conflict_of_ours_without_the_value_in_its_text(store):
    store.write(add("Jane-Doe"))
    with pytest.raises(VersionConflictError) as refused:
        store.write(add("Jane-Doe"))
    assert "Jane" not in str(refused.value)


def test_an_error_of_the_database_is_one_of_ours(store):
    with pytest.raises(StoreError):
        store.write(lambda connection: connection.execute(text("SELECT nothing FROM nowhere")))
    with pytest.raises(StoreError):
        store.read(lambda connection: connection.execute(text("SELECT nothing FROM nowhere")))
    assert names(store) == []


def test_a_program_error_in_a_change_reaches_its_caller_and_the_writer_lives_on(store):
    with pytest.raises(ZeroDivisionError):
        store.write(lambda connection: 1 // 0)
    store.write(add("after"))
    assert names(store) == ["after"]


def test_what_a_read_changes_is_not_kept(store):
    store.read(add("ghost"))
    assert names(store) == []


def test_a_closed_store_takes_no_change(database_url):
    closed = open_store(database_url)
    closed.close()
    with pytest.raises(StoreError):
        closed.write(add("late"))


def test_a_full_disk_is_told_as_such_and_what_was_there_stays(tmp_path):
    store = open_store(f"sqlite:///{tmp_path}/s.db")
    store.write(add("before"))

    def too_much(connection):
        pages = connection.exec_driver_sql("PRAGMA page_count").scalar()
        connection.exec_driver_sql(f"PRAGMA max_page_count = {pages}")
        connection.execute(insert(clinics), {"id": "big", "name": "x" * 1_000_000, "created": ""})

    with pytest.raises(StoreFullError):
        store.write(too_much)
    assert names(store) == ["before"]
    store.write(lambda connection: connection.exec_driver_sql("PRAGMA max_page_count = 1000000").close())
    store.write(add("after"))
    assert names(store) == ["after", "before"]
    store.close()


def test_sqlite_waits_for_the_disk(tmp_path):
    """A kill cannot tell FULL from NORMAL, a power cut can: so the setting itself is looked at."""
    store = open_store(f"sqlite:///{tmp_path}/s.db")
    asked = ("synchronous", "journal_mode", "foreign_keys")
    found = store.read(lambda connection: [connection.execute(text(f"PRAGMA {name}")).scalar() for name in asked])
    store.close()
    assert found == [2, "wal", 1]


@pytest.mark.parametrize("safe", [True, False])
def test_a_process_beside_another_leaves_checkpoints_to_it_where_two_could_do_harm(tmp_path, monkeypatch, safe):
    monkeypatch.setattr(engine, "sqlite_is_safe", lambda: safe)
    store = open_store(f"sqlite:///{tmp_path}/store.db")
    store.leave_checkpoints()
    pages = store.read(lambda connection: connection.exec_driver_sql("PRAGMA wal_autocheckpoint").scalar())
    assert (pages == 0) is not safe
    store.close()


def test_changes_are_made_in_the_order_in_which_they_were_asked_for(store):
    done = []
    asked = [store.write_soon(lambda connection, number=number: done.append(number)) for number in range(200)]
    for one in asked:
        one.result(20)
    assert done == list(range(200))


def test_a_change_that_nobody_waits_for_any_more_is_made_and_those_after_it_too(store):
    begun, go_on = threading.Event(), threading.Event()

    def slow(connection):
        begun.set()
        go_on.wait(10)
        return add("left")(connection)

    left = store.write_soon(slow)
    begun.wait(10)
    left.cancel()
    go_on.set()
    store.write(add("next"))
    assert names(store) == ["left", "next"]
