"""gateway/app"""

import pytest

from gateway.app.headers import POLICY
from gateway.core.errors import StoreFullError
from gateway.store import work

OUTCOME = "application/fhir+json"


def code(answer):
    return answer.get_json()["issue"][0]["details"]["coding"][0]["code"]


def test_health_is_the_store_s_health(client):
    assert client.get("/healthz").get_json() == {"status": "pass"}


@pytest.mark.parametrize(
    ("method", "path", "status", "said"),
    [("GET", "/nowhere", 404, "not-found"), ("PUT", "/healthz", 405, "method-not-allowed")],
)
def test_an_error_is_an_operation_outcome_that_repeats_nothing(client, method, path, status, said):
    answer = client.open(f"{path}?name=Okafor", method=method)
    assert (answer.status_code, answer.mimetype, code(answer)) == (status, OUTCOME, said)
    assert "Okafor" not in answer.text
    assert "nowhere" not in answer.text


def test_a_method_that_is_not_there_names_those_that_are(client):
    assert "GET" in client.put("/healthz").headers["Allow"]


def test_a_person_s_browser_gets_a_page(client):
    answer = client.get("/nowhere", headers={"Accept": "text/html"})
    assert (answer.status_code, answer.mimetype) == (404, "text/html")


def test_our_own_fault_is_told_by_the_id_of_its_log_line_alone(app, client):
    def broken():
        raise ZeroDivisionError("Okafor")

    app.view_functions["healthz"] = broken
    answer = client.get("/healthz")
    issue = answer.get_json()["issue"][0]
    assert (answer.status_code, issue["diagnostics"]) == (500, answer.headers["X-Request-Id"])
    assert "Okafor" not in answer.text


def test_a_full_disk_asks_to_come_back(app, client):
    def full():
        raise StoreFullError

    app.view_functions["healthz"] = full
    answer = client.get("/healthz")
    assert (answer.status_code, answer.headers["Retry-After"]) == (507, "5")


def test_every_answer_carries_the_headers_that_bind_a_browser(client):
    for path in ("/healthz", "/nowhere", "/sign-in"):
        headers = client.get(path).headers
        assert headers["Content-Security-Policy"] == POLICY
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Cache-Control"] == "no-store"


def test_a_host_that_is_not_ours_is_refused(client):
    assert client.get("/healthz", headers={"Host": "evil.example"}).status_code == 400


def test_every_door_asks_who_is_calling(app):
    hooked = {name for name, hooks in app.before_request_funcs.items() if name and hooks}
    assert set(app.blueprints) <= hooked


def test_metrics_name_routes_and_states_and_never_what_was_asked_for(client):
    client.get("/nowhere/Okafor")
    text = client.get("/metrics").text
    assert 'gateway_work_waiting{task="process"} 0.0' in text
    assert 'gateway_submissions{state="routed"} 0.0' in text
    assert "Okafor" not in text


def test_metrics_tell_how_many_answers_wait_for_clinics_listeners(client, here):
    job = {"lane": "answers:riverbend", "task": "acknowledge", "subject": "s-1"}
    here.store.write(lambda connection: work.add(connection, **job))
    assert 'gateway_work_waiting{task="acknowledge"} 1.0' in client.get("/metrics").text
