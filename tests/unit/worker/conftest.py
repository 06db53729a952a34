"""A desk with a corridor that says what a test writes to it, and a store to deliver to."""

from collections.abc import Iterator
from datetime import UTC, datetime
from random import Random

import pytest
import responses
from sqlalchemy import insert

from gateway.core import fhirjson
from gateway.core.clock import FixedClock, instant
from gateway.core.errors import MalformedMessageError
from gateway.core.issue import Issue, Severity
from gateway.core.outcome import BASE, Outcome
from gateway.route.destination import Destination
from gateway.store import submissions
from gateway.store.engine import Store
from gateway.store.tables import clinics
from gateway.worker import Desk, Worker

URL = "https://store.example/fhir"


def convert(body, *, media_type=None, sender=None, received=None, apart=None):
    """JSON of resources becomes their bundle; the rest are the ways in which a corridor can end."""
    if body.startswith(b"crash"):
        raise ZeroDivisionError
    if body == b"malformed":
        return Outcome("hl7v2", None, (), (), MalformedMessageError())
    issues = (Issue(Severity.ERROR, "resource-invalid"),) if body.startswith(b" ") else ()
    entries = [{"fullUrl": f"{BASE}/fhir/{r['resourceType']}/{r['id']}", "resource": r} for r in fhirjson.read(body)]
    bundle = {"resourceType": "Bundle", "type": "collection", "entry": entries}
    return Outcome("fhir:Bundle/collection", bundle, issues, ())


@pytest.fixture
def clock() -> FixedClock:
    return FixedClock(datetime(2026, 3, 2, 9, 0, tzinfo=UTC))


@pytest.fixture
def desk(store: Store, clock: FixedClock) -> Desk:
    at = {"name": "Riverbend", "created": instant(clock.now())}
    store.write(lambda c: c.execute(insert(clinics), [{"id": "a", **at}, {"id": "b", **at}]) and None)
    return Desk(store, clock, {"home": Destination("home", URL)}, b"k" * 32, convert, random=Random(1))


@pytest.fixture
def worker(desk: Desk) -> Worker:
    return Worker(desk)


@pytest.fixture
def destination() -> Iterator[responses.RequestsMock]:
    """The care-coordination store, over HTTP that is not there."""
    with responses.RequestsMock(assert_all_requests_are_fired=False) as fake:
        yield fake


@pytest.fixture
def submit(desk: Desk):
    """Take a submission of a clinic: resources, or bytes as they are."""

    def act(*resources, clinic="a", body=None):
        words = {"media_type": None, "file_name": None, "idempotency_key": None, "at": desk.now()}
        sent = fhirjson.write(list(resources)) if body is None else body
        return desk.store.write(lambda c: submissions.keep(c, clinic=clinic, body=sent, **words))[0].id

    return act


@pytest.fixture
def state(desk: Desk):
    """Where a submission stands, and why."""

    def look(id):
        found = desk.store.read(lambda c: submissions.find(c, id, None))
        return found.state, found.reason

    return look
