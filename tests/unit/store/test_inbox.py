"""gateway/store/inbox.py"""

import pytest

from gateway.core.errors import NotFoundError
from gateway.core.issue import Issue, Severity
from gateway.core.ledger import Entry, State
from gateway.core.outcome import Outcome
from gateway.store import failures, inbox, submissions
from gateway.store.engine import open_store
from gateway.store.inbox import Filters
from gateway.store.tables import clinics

DAYS = ("2026-03-01", "2026-03-02", "2026-03-03")
DRUG = Issue(Severity.WARNING, "code-untranslated", "M.m", "R#2", "RXE-2", system="99RB", concept="RB-77")
DATE = Issue(Severity.WARNING, "date-unreadable", "P.birthDate", "P#3", "PID-7")
UNKEPT = Entry("RF1-5", State.UNMAPPED)


@pytest.fixture
def store(tmp_path):
    """Three submissions of two clinics: two with the drug, one of them stopped; one with a date and a lost leaf."""
    opened = open_store(f"sqlite:///{tmp_path}/gateway.db")
    for clinic in ("hill", "river"):
        opened.write(
            lambda c, clinic=clinic: c.execute(clinics.insert().values(id=clinic, name=clinic, created="2026"))
        )
    arrange(opened, "river", 1, "p1", "routed", Outcome("hl7v2:REF", {}, (DRUG,), ()))
    arrange(opened, "hill", 3, "p2", "quarantined", Outcome("hl7v2:REF", {}, (DRUG,), ()))
    arrange(opened, "hill", 3, "p2", "routed", Outcome("hl7v2:REF", {}, (DATE,), (UNKEPT,)))
    yield opened
    opened.close()


def arrange(store, clinic, day, patient, state, outcome):
    at = f"2026-03-0{day}T10:00:00.000000Z"

    def change(connection):
        body = f"{clinic}{day}{state}".encode()
        receipt, _ = submissions.keep(
            connection, clinic=clinic, body=body, media_type=None, file_name=None, idempotency_key=None, at=at
        )
        submissions.advance(connection, receipt.id, event="t", state=state, at=at, actor="t", patient=patient)
        failures.record(connection, receipt.id, "hl7v2", outcome, at)

    store.write(change)


def lines(store, filters=None, **order):
    return store.read(lambda c: inbox.lines(c, filters or Filters(), days=DAYS, **order))


def test_a_line_counts_submissions_patients_and_clinics_and_shows_its_days(store):
    drug = lines(store)[0]
    assert (drug.trouble, drug.submissions, drug.patients) == ("code-untranslated", 2, 2)
    assert (drug.clinics, drug.days) == (("hill", "river"), (1, 0, 1))
    assert (drug.first_seen[:10], drug.last_seen[:10]) == ("2026-03-01", "2026-03-03")


def test_the_effect_says_what_the_trouble_does(store):
    effects = {line.trouble: line.effect for line in lines(store)}
    assert effects == {"code-untranslated": "blocked", "date-unreadable": "kept as sent", "unmapped": "not carried on"}


@pytest.mark.parametrize(
    ("filters", "troubles"),
    [
        (Filters(clinic="river"), {"code-untranslated"}),
        (Filters(trouble="unmapped"), {"unmapped"}),
        (Filters(rule="P#3"), {"date-unreadable"}),
        (Filters(format="ccda"), set()),
        (Filters(text="RB-77"), {"code-untranslated"}),
        (Filters(text="not written as its datatype"), {"date-unreadable"}),
        (Filters(text="100%"), set()),
        (Filters(state="fixed"), set()),
        (Filters(state=""), {"code-untranslated", "date-unreadable", "unmapped"}),
    ],
)
def test_filters_narrow(store, filters, troubles):
    assert {line.trouble for line in lines(store, filters)} == troubles
    assert store.read(lambda c: inbox.total(c, filters)) == len(troubles)


@pytest.mark.parametrize("sort", inbox.SORTS)
def test_every_order_shows_every_line(store, sort):
    assert len(lines(store, sort=sort)) == 3


def test_the_most_seen_comes_first_and_pages_do_not_overlap(store):
    first, second = lines(store, limit=1), lines(store, limit=1, skip=1)
    assert first[0].submissions == 2
    assert first[0].signature != second[0].signature


def test_a_line_names_the_submissions_that_have_it(store):
    drug = lines(store)[0].signature
    assert {one.submission.clinic for one in store.read(lambda c: inbox.affected(c, drug))} == {"hill", "river"}
    assert len(store.read(lambda c: inbox.submissions_of(c, drug))) == 2


def test_a_signature_that_does_not_exist_is_not_found(store):
    with pytest.raises(NotFoundError):
        store.read(lambda c: inbox.line(c, "0" * 32, days=DAYS))
