"""gateway/route/delivery.py"""

from datetime import UTC, datetime

import pytest
import requests
import responses

from gateway.core import fhirjson
from gateway.route.answer import Verdict
from gateway.route.delivery import deliver, open_session
from gateway.route.destination import Destination
from gateway.route.plan import plan

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
URL = "https://store.example/fhir"
PATIENT = {"resourceType": "Patient", "id": "p", "gender": "female"}
(BUNDLE,) = plan([PATIENT], max_entries=10)
DONE = {
    "resourceType": "Bundle",
    "type": "transaction-response",
    "entry": [{"response": {"status": "201 Created", "location": "Patient/p/_history/1"}}],
}


@pytest.fixture
def store():
    with responses.RequestsMock(assert_all_requests_are_fired=False) as fake:
        yield fake


def send(**said):
    destination = Destination("home", URL, **said)
    with open_session(destination) as session:
        return deliver(session, destination, BUNDLE, NOW)


def test_the_transaction_goes_out_as_it_was_planned_and_with_the_destination_s_token(store):
    store.post(URL, json=DONE)
    assert send(token="secret").verdict is Verdict.DELIVERED
    (call,) = store.calls
    assert call.request.body == BUNDLE
    assert call.request.headers["Authorization"] == "Bearer secret"
    assert call.request.headers["Content-Type"] == "application/fhir+json"


def test_nothing_is_taken_from_the_environment():
    with open_session(Destination("home", URL)) as session:
        assert session.trust_env is False


def test_a_redirect_is_not_followed_with_a_patient_in_hand(store):
    store.post(URL, status=307, headers={"Location": "https://elsewhere.example/"})
    answer = send()
    assert (answer.verdict, answer.status, len(store.calls)) == (Verdict.DEAD, 307, 1)


@pytest.mark.parametrize(
    "trouble",
    [
        requests.ConnectTimeout(),
        requests.ReadTimeout(),
        requests.ConnectionError(),
        requests.exceptions.ChunkedEncodingError(),
        requests.exceptions.SSLError(),
    ],
)
def test_no_answer_is_tried_again(store, trouble):
    store.post(URL, body=trouble)
    assert send().verdict is Verdict.RETRY


def test_a_refusal_is_dead_at_once_and_what_the_store_said_is_kept(store):
    store.post(URL, status=422, body=b'{"resourceType":"OperationOutcome"}')
    answer = send()
    assert (answer.verdict, answer.body) == (Verdict.DEAD, b'{"resourceType":"OperationOutcome"}')


def test_a_doubtful_answer_is_settled_by_reading_back(store):
    store.post(URL, body=b"<html>OK</html>")
    store.get(f"{URL}/Patient/p", json=PATIENT | {"meta": {"versionId": "1"}})
    assert send().verdict is Verdict.DELIVERED


@pytest.mark.parametrize(
    ("found", "status", "verdict"),
    [(PATIENT | {"gender": "male"}, 200, Verdict.DEAD), ({}, 404, Verdict.DEAD), ({}, 503, Verdict.RETRY)],
)
def test_what_the_store_does_not_hold_was_not_delivered(store, found, status, verdict):
    store.post(URL, json={"resourceType": "OperationOutcome"})
    store.get(f"{URL}/Patient/p", json=found, status=status)
    assert send().verdict is verdict


def test_an_endless_answer_is_read_no_further_than_we_said(store):
    store.post(URL, body=b" " * 5000)
    store.get(f"{URL}/Patient/p", json=PATIENT)
    answer = send(max_answer=1024)
    assert (answer.verdict, len(answer.body)) == (Verdict.DELIVERED, 0)


def test_an_endless_refusal_is_tried_again(store):
    store.post(URL, status=500, body=b" " * 5000)
    assert send(max_answer=1024).verdict is Verdict.RETRY


def test_a_deadline_ends_an_answer_that_drips(store):
    store.post(URL, body=fhirjson.write(DONE))
    assert send(total_seconds=-1.0).verdict is Verdict.RETRY
