"""gateway/store/standing.py"""

import pytest
from sqlalchemy import delete, insert

from gateway.store import submissions
from gateway.store.standing import reconcile
from gateway.store.tables import clinics, originals, work

AT = "2026-03-02T09:00:00.000000Z"


@pytest.fixture
def kept(store):
    def change(connection):
        connection.execute(insert(clinics), {"id": "a", "name": "a", "created": AT})
        words = {"media_type": None, "file_name": None, "idempotency_key": None, "at": AT}
        return submissions.keep(connection, clinic="a", body=b"x", **words)[0].id

    return store.write(change)


def test_what_was_received_and_waits_is_accounted_for(store, kept):
    standing = store.read(reconcile)
    assert standing.unexplained == 0
    assert (standing.counts["submissions received"], standing.counts["work to process"]) == (1, 1)


@pytest.mark.parametrize("table", [work, originals])
def test_what_was_forgotten_is_found(store, kept, table):
    store.write(lambda c: c.execute(delete(table)) and None)
    assert store.read(reconcile).unexplained == 1
