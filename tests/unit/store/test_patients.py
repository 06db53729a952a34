"""gateway/store/patients.py"""

from gateway.store import patients, resources

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
