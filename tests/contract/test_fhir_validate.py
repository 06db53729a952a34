"""$validate over HTTP: the same verdict as the command's, and nothing is kept."""

import json

import pytest

from gateway.core.errors import NotFoundError
from gateway.store import resources

FHIR = "application/fhir+json"
WRONG = {"resourceType": "Patient", "id": "p", "gender": "woman"}
SOUND = {"resourceType": "Patient", "id": "p", "gender": "female"}
OURS = "https://fhir.second-opinion.example/StructureDefinition/so-patient"


@pytest.fixture
def post(client, riverbend):
    def send(path, body, media=FHIR):
        sent = body if isinstance(body, bytes) else json.dumps(body).encode()
        return client.post(f"/fhir/{path}", data=sent, headers={**riverbend, "Content-Type": media})

    return send


def errors(answer):
    assert (answer.status_code, answer.mimetype) == (200, FHIR)
    outcome = answer.get_json()
    assert outcome["resourceType"] == "OperationOutcome"
    return [one["expression"][-1] for one in outcome["issue"] if one["severity"] in ("error", "fatal")]


@pytest.mark.parametrize("path", ["$validate", "Patient/$validate"])
def test_a_fault_is_told_at_its_element_and_a_sound_resource_has_none(post, here, path):
    assert errors(post(path, WRONG)) == ["Patient.gender"]
    assert errors(post(path, SOUND)) == []
    with pytest.raises(NotFoundError):
        here.store.read(lambda c: resources.read(c, "Patient", "p"))


def test_a_profile_is_named_in_the_address_or_in_parameters(post):
    by_address = errors(post(f"$validate?profile={OURS}", SOUND))
    parameters = {
        "resourceType": "Parameters",
        "parameter": [{"name": "resource", "resource": SOUND}, {"name": "profile", "valueUri": OURS}],
    }
    assert by_address == errors(post("Patient/$validate", parameters)) != []


@pytest.mark.parametrize(
    ("path", "body", "media", "status"),
    [
        ("$validate", SOUND, "text/plain", 415),
        ("$validate", b"{", FHIR, 400),
        ("$validate", b"[]", FHIR, 400),
        ("Observation/$validate", SOUND, FHIR, 400),
        ("Unicorn/$validate", SOUND, FHIR, 404),
        ("$validate", b" " * (5 * 1024**2 + 1), FHIR, 413),
    ],
)
def test_what_cannot_be_judged_is_refused(post, path, body, media, status):
    assert post(path, body, media).status_code == status


def test_a_stranger_is_not_answered(client):
    assert client.post("/fhir/$validate", json=SOUND).status_code == 401
