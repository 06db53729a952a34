"""gateway/route/answer.py"""

from datetime import UTC, datetime, timedelta

import pytest

from gateway.core import fhirjson
from gateway.route.answer import Verdict, classify, holds, retry_after

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
PLACES = ["Patient/p", "CarePlan/c"]


def response(*entries, type="transaction-response"):
    return fhirjson.write({"resourceType": "Bundle", "type": type, "entry": [{"response": entry} for entry in entries]})


def put(location, status="201 Created"):
    return {"status": status, "location": location}


@pytest.mark.parametrize(
    ("status", "verdict"),
    [(status, Verdict.RETRY) for status in (408, 425, 429, 500, 502, 503, 504)]
    + [(status, Verdict.DEAD) for status in (301, 302, 307, 400, 401, 403, 404, 409, 412, 413, 415, 422)],
)
def test_only_what_may_pass_is_tried_again(status, verdict):
    assert classify(status, {}, b"", PLACES, NOW).verdict is verdict


@pytest.mark.parametrize(
    "body",
    [
        response(put("Patient/p/_history/1"), put("https://store.example/fhir/CarePlan/c/_history/2", "200")),
        response({"status": "200"}, {"status": "200 OK"}, type="batch-response"),
    ],
)
def test_an_answer_that_names_each_entry_is_a_delivery(body):
    assert classify(200, {}, body, PLACES, NOW).verdict is Verdict.DELIVERED


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html>",
        b'{"resourceType":"OperationOutcome"}',
        response(put("Patient/p/_history/1")),
        response(put("Patient/other/_history/1"), put("CarePlan/c")),
        response(put("Patient/p"), put("CarePlan/c", "422")),
        response(put("Patient/p"), put("CarePlan/c"), type="searchset"),
        b'{"type":"transaction-response","entry":[1,2]}',
    ],
)
def test_an_answer_that_proves_nothing_is_looked_into(body):
    assert classify(200, {}, body, PLACES, NOW).verdict is Verdict.VERIFY


@pytest.mark.parametrize(
    ("said", "wait"),
    [
        ("0", timedelta(0)),
        ("2", timedelta(seconds=2)),
        ("1000000000", timedelta(hours=1)),
        ("Mon, 02 Mar 2026 09:01:00 GMT", timedelta(minutes=1)),
        ("Mon, 02 Mar 2020 09:01:00 GMT", timedelta(0)),
        ("soon", None),
        ("-5", None),
        ("", None),
        ("9" * 40, None),
    ],
)
def test_the_destination_says_when_and_an_hour_is_the_longest(said, wait):
    assert retry_after(said, NOW) == wait


def test_what_is_read_back_must_say_all_that_was_sent():
    sent = {"resourceType": "Patient", "id": "p", "gender": "female", "text": {"div": "x"}}
    assert holds(fhirjson.write(sent | {"meta": {"versionId": "9"}, "text": {}}), sent)
    assert not holds(fhirjson.write(sent | {"gender": "male"}), sent)
    assert not holds(b"[]", sent)
    assert not holds(b"no", sent)
