"""gateway/route/plan.py"""

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from gateway.cases.evidence import references
from gateway.core import fhirjson
from gateway.route.plan import in_dependency_order, place, plan

PATIENT = {"resourceType": "Patient", "id": "p", "managingOrganization": {"reference": "Organization/o"}}
ORGANIZATION = {"resourceType": "Organization", "id": "o"}
ORDER = {
    "resourceType": "MedicationRequest",
    "id": "m",
    "subject": {"reference": "Patient/p"},
    "dosageInstruction": [{"doseAndRate": [{"doseQuantity": {"value": Decimal("1.50")}}]}],
}


def test_what_is_referred_to_comes_before_what_refers():
    assert [place(one) for one in in_dependency_order([ORDER, PATIENT, ORGANIZATION])] == [
        "Organization/o",
        "Patient/p",
        "MedicationRequest/m",
    ]


def test_every_resource_is_put_under_its_own_id_with_its_decimals_and_without_our_stamps():
    stamped = ORDER | {"meta": {"versionId": "3", "lastUpdated": "2026-01-01T00:00:00Z", "profile": ["u"]}}
    (sent,) = plan([stamped], max_entries=10)
    said = fhirjson.read_own(sent)
    (entry,) = said["entry"]
    assert said["type"] == "transaction"
    assert entry["request"] == {"method": "PUT", "url": "MedicationRequest/m"}
    assert entry["resource"]["meta"] == {"profile": ["u"]}
    assert b'"value":1.50' in sent


def test_a_store_that_takes_few_entries_gets_parts_that_stand_by_themselves():
    parts = [fhirjson.read_own(part) for part in plan([ORDER, PATIENT, ORGANIZATION], max_entries=2)]
    seen = set()
    for part in parts:
        seen |= {entry["request"]["url"] for entry in part["entry"]}
        assert all(target in seen for entry in part["entry"] for target in references(entry["resource"]))
    assert [len(part["entry"]) for part in parts] == [2, 1]


@given(
    st.lists(
        st.tuples(st.integers(0, 7), st.lists(st.integers(0, 7), max_size=4)), max_size=8, unique_by=lambda p: p[0]
    )
)
def test_any_web_of_references_is_ordered_once_each_and_circles_end(edges):
    web = [
        {"resourceType": "Basic", "id": str(one), "extension": [{"reference": f"Basic/{other}"} for other in others]}
        for one, others in edges
    ]
    ordered = in_dependency_order(web)
    assert sorted(place(one) for one in ordered) == sorted(place(one) for one in web)
    assert in_dependency_order(web) == ordered
