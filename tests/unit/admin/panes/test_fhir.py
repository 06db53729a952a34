"""gateway/admin/panes/fhir.py"""

from gateway.admin.panes.fhir import fhir
from gateway.admin.panes.pieces import View

BUNDLE = {
    "resourceType": "Bundle",
    "entry": [
        {"resource": {"resourceType": "Provenance", "id": "v"}},
        {
            "resource": {
                "resourceType": "Patient",
                "id": "p",
                "name": [{"family": "Canarysson", "given": ["Quetzalia"]}, {"text": "other"}],
                "birthDate": "1967-04-12",
            }
        },
    ],
}
LEDGER = [
    {"location": "PID-5.1", "state": "mapped", "path": "Patient/p.name[0]"},
    {"location": "PID-5.2", "state": "mapped", "path": "Patient/p.name[0]"},
    {"location": "PID-7", "state": "mapped", "path": "Patient/p.birthDate"},
    {"location": "PID-1", "state": "ignored"},
    {"location": "PID-9", "state": "mapped", "path": "Patient/gone.name[0]"},
]


def lines(pane):
    return {line.name: line for resource in pane.resources for line in resource.lines if line.name}


def test_the_patient_comes_first_and_the_account_of_making_last():
    assert [resource.type for resource in fhir(BUNDLE, View(())).resources] == ["Patient", "Provenance"]


def test_a_line_knows_the_leaves_of_the_element_around_it():
    found = lines(fhir(BUNDLE, View(LEDGER)))
    assert found["family"].leaves == found["given"].leaves == (0, 1)
    assert found["birthDate"].leaves == (2,)
    assert found["text"].leaves == found["name"].leaves == ()


def test_each_leaf_has_the_anchor_of_its_element_when_it_is_there():
    pane = fhir(BUNDLE, View(LEDGER))
    anchored = [line.anchor for resource in pane.resources for line in resource.lines if line.anchor]
    assert pane.anchors == {0: "f-0", 1: "f-0", 2: "f-2"}
    assert sorted(anchored) == ["f-0", "f-2"]


def test_values_are_masked_by_their_element_and_revealed_for_a_reason():
    masked, revealed = lines(fhir(BUNDLE, View(LEDGER))), lines(fhir(BUNDLE, View(LEDGER, revealed=True)))
    assert (masked["family"].text, masked["birthDate"].text) == ('"C‹10›"', '"1967‹10›"')
    assert (revealed["family"].text, revealed["birthDate"].text) == ('"Canarysson"', '"1967-04-12"')


def test_nothing_came_out_is_an_empty_pane():
    assert fhir(None, View(())).resources == ()
