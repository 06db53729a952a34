"""gateway/store/patients.py"""

from sqlalchemy import event

from gateway.store import patients, resources
from gateway.store.engine import open_store

AT = "2026-03-02T09:00:00.000000Z"


def know(store, id, *keys):
    def change(connection):
        resources.save(connection, {"resourceType": "Patient", "id": id}, submission="s", clinic="a", at=AT)
        patients.index(connection, id, keys)

    store.write(change)


def candidates(store, id, *keys):
    return [one["id"] for one in store.read(lambda c: patients.candidates(c, id, keys))]


def test_candidates_share_a_key_and_are_never_the_patient_itself(store):
    know(store, "p1", "k1", "k2", "k2")
    know(store, "p2", "k2")
    know(store, "p3", "k3")
    assert candidates(store, "new", "k2", "k9") == ["p2", "p1"]
    assert candidates(store, "p1", "k1", "k2") == ["p2"]
    assert candidates(store, "new") == []


def test_a_patient_is_found_by_the_keys_it_has_now(store):
    know(store, "p1", "k1")
    know(store, "p1", "k2")
    assert candidates(store, "new", "k1") == []


def test_a_look_up_begins_with_the_keys_and_walks_no_list_of_all_patients(tmp_path):
    opened, asked = open_store(f"sqlite:///{tmp_path}/plan.db"), []
    event.listen(
        opened.engine, "before_cursor_execute", lambda _, __, statement, *words: asked.append((statement, words[0]))
    )
    candidates(opened, "new", "k1", "k2")
    statement, values = asked[-1]
    plan = opened.read(lambda c: c.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", values).all())
    opened.close()
    steps = " ".join(row[-1] for row in plan)
    assert "patient_keys USING" in steps
    assert "ix_resources_type_seq" not in steps
