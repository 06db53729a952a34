"""gateway/store/outcomes.py"""

from decimal import Decimal

import pytest
from sqlalchemy import insert

from gateway.core.issue import Issue, Severity
from gateway.core.ledger import Entry, State
from gateway.core.outcome import Outcome
from gateway.store import outcomes, submissions
from gateway.store.tables import clinics

AT = "2026-03-02T09:00:00.000000Z"


@pytest.fixture
def kept(store):
    def change(connection):
        connection.execute(insert(clinics), {"id": "a", "name": "a", "created": AT})
        words = {"media_type": None, "file_name": None, "idempotency_key": None, "at": AT}
        return submissions.keep(connection, clinic="a", body=b"x", **words)[0].id

    return store.write(change)


def test_an_outcome_is_read_as_it_was_kept_and_the_newest_stands(store, kept):
    issue = Issue(Severity.WARNING, "code-untranslated", path="Patient.gender", location="PID-8")
    bundle = {"resourceType": "Bundle", "entry": [{"resource": {"dose": Decimal("1.50")}}]}
    outcome = Outcome("hl7v2:REF^I12", bundle, (issue,), (Entry("PID-8", State.UNTRANSLATED, "r#1"),))
    store.write(lambda c: outcomes.save(c, kept, Outcome("x", None, (), ()), "m1", AT))
    store.write(lambda c: outcomes.save(c, kept, outcome, "m2", AT))
    found = store.read(lambda c: outcomes.load(c, kept))
    assert (found.mapping, found.made, found.counts["untranslated"]) == ("m2", AT, 1)
    assert found.issues == [
        {"severity": "warning", "code": "code-untranslated", "path": "Patient.gender", "location": "PID-8"}
    ]
    assert found.ledger == [{"location": "PID-8", "state": "untranslated", "rule": "r#1"}]
    assert str(found.bundle["entry"][0]["resource"]["dose"]) == "1.50"


def test_before_it_was_processed_there_is_no_outcome(store, kept):
    assert store.read(lambda c: outcomes.load(c, kept)) is None
