"""gateway/store/resources.py, on both engines"""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gateway.core.errors import GoneError, NotFoundError
from gateway.core.fhirjson import read_own
from gateway.store import resources
from gateway.store.index import search_rows
from gateway.store.parameters import registry
from gateway.store.tables import strings
from tests.ward import AT, LATER, keep, patient


def read(store, id, clinic=None, type="Patient"):
    return store.read(lambda connection: resources.read(connection, type, id, clinic=clinic))


def versions(store, id, clinic=None):
    total, found = store.read(lambda connection: resources.history(connection, "Patient", id, clinic=clinic))
    assert total == len(found)
    return found


def test_what_is_saved_is_read_with_its_version_and_time(store):
    assert keep(store, "riverbend", patient("p", "Lindqvist", "Maj")) == [True]
    found = read(store, "p", "riverbend")
    assert read_own(found.body)["meta"] == {"versionId": "1", "lastUpdated": AT}
    assert read_own(found.body)["name"] == [{"family": "Lindqvist", "given": ["Maj"]}]
    assert found.patient == "p"


def test_the_same_content_makes_no_new_version(store):
    one = patient("p", "Lindqvist")
    assert keep(store, "riverbend", one, one | {"meta": {"versionId": "9", "lastUpdated": LATER}}) == [True, False]
    assert [one.version for one in versions(store, "p")] == [1]


def test_new_content_makes_a_version_and_the_old_one_stays(store):
    keep(store, "riverbend", patient("p", "Lindqvist"))
    keep(store, "riverbend", patient("p", "Moreau"), at=LATER)
    assert [(one.version, one.updated) for one in versions(store, "p")] == [(2, LATER), (1, AT)]
    first = store.read(lambda connection: resources.vread(connection, "Patient", "p", 1))
    assert b"Lindqvist" in first.body


def test_search_rows_follow_the_newest_version(store):
    keep(store, "riverbend", patient("p", "Lindqvist"), patient("p", "Moreau"))
    found = store.read(lambda connection: connection.execute(strings.select()).all())
    assert {row.folded for row in found if row.parameter == "family"} == {"moreau"}


def test_another_clinics_resource_is_absent(store):
    keep(store, "riverbend", patient("p", "Lindqvist"))
    for question in (
        lambda connection: resources.read(connection, "Patient", "p", clinic="harbor"),
        lambda connection: resources.vread(connection, "Patient", "p", 1, clinic="harbor"),
        lambda connection: resources.history(connection, "Patient", "p", clinic="harbor"),
    ):
        with pytest.raises(NotFoundError):
            store.read(question)


def test_a_clinic_that_sends_the_same_may_see_it_too(store):
    keep(store, "riverbend", patient("p", "Lindqvist"))
    assert keep(store, "harbor", patient("p", "Lindqvist")) == [False]
    assert read(store, "p", "harbor").version == 1


def test_what_was_deleted_is_gone_for_those_who_could_see_it_and_absent_for_others(store):
    keep(store, "riverbend", patient("p", "Lindqvist"))
    store.write(lambda connection: resources.remove(connection, "Patient", "p", at=LATER))
    with pytest.raises(GoneError):
        read(store, "p", "riverbend")
    with pytest.raises(NotFoundError):
        read(store, "p", "harbor")
    assert [(one.version, one.deleted) for one in versions(store, "p", "riverbend")] == [(2, True), (1, False)]


def test_what_was_deleted_comes_back_as_a_new_version(store):
    one = patient("p", "Lindqvist")
    keep(store, "riverbend", one)
    store.write(lambda connection: resources.remove(connection, "Patient", "p", at=LATER))
    assert keep(store, "riverbend", one, at=LATER) == [True]
    assert read(store, "p").version == 3


def test_time_never_runs_backwards_over_what_is_stored(store):
    keep(store, "riverbend", patient("p", "Lindqvist"), at=LATER)
    keep(store, "riverbend", patient("q", "Moreau"), patient("p", "Okafor"), at=AT)
    assert read(store, "q").updated >= LATER
    assert read(store, "p").updated > LATER


def test_decimals_keep_their_digits(store):
    body = read_own(b'{"resourceType":"Observation","id":"o","status":"final","valueQuantity":{"value":1.50}}')
    keep(store, "riverbend", body)
    assert b'"value":1.50' in read(store, "o", type="Observation").body


_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=12,
)
_names = st.sampled_from(["identifier", "name", "birthDate", "generalPractitioner", "address", "deceasedDateTime"])


@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(st.dictionaries(_names, _json))
def test_no_shape_of_an_element_stops_the_extraction(found):
    search_rows(registry()["Patient"], {"resourceType": "Patient", "id": "p"} | found)


def test_a_label_stays_when_its_sender_leaves_it_out(store):
    labels = [{"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": "42CFRPart2"}]
    words = {"submission": None, "clinic": "a", "at": "2026-03-02T09:00:00.000000Z"}

    def change(connection):
        basic = {"resourceType": "Basic", "id": "labelled"}
        resources.save(connection, {**basic, "meta": {"security": labels}}, **words)
        changed = resources.save(connection, basic, **words)
        return changed, resources.read(connection, "Basic", "labelled")

    changed, stored = store.write(change)
    assert (changed, stored.version) == (False, 1)
    assert read_own(stored.body)["meta"]["security"] == labels
