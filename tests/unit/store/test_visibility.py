"""gateway/store/visibility.py for readers, on both engines"""

from datetime import UTC, datetime

import pytest

from gateway.core.errors import NotFoundError
from gateway.core.labels import label
from gateway.store import resources
from gateway.store.criteria import Asking
from gateway.store.query import read_query
from gateway.store.search import search
from tests.ward import condition, keep, patient

HIDDEN = frozenset({"HIV", "42CFRPart2"})
SENT = {"meta": {"security": [label("HIV")]}}


@pytest.fixture
def find(store):
    keep(store, "riverbend", patient("p", "Lindqvist"), condition("c", "p"), condition("d", "p") | SENT)

    def act(type, sight, *pairs):
        query = read_query(type, pairs, Asking("https://x/", datetime(2026, 3, 2, tzinfo=UTC), sight))
        page = store.read(lambda connection: search(connection, query, clinic=sight))
        return page.total, [one.id for one in (*page.matches, *page.included)]

    return act


def test_a_reader_finds_and_counts_what_bears_no_label_that_it_is_not_shown(find):
    assert find("Condition", HIDDEN, ("patient", "p")) == (1, ["c"])
    assert find("Condition", frozenset({"GDIS"}), ("patient", "p")) == (2, ["c", "d"])
    assert find("Patient", HIDDEN, ("_id", "p"), ("_revinclude", "Condition:subject")) == (1, ["p", "c"])


def test_every_version_is_as_guarded_as_the_last_and_stays_so(store, find):
    keep(store, "riverbend", condition("c", "p") | SENT)
    keep(store, "riverbend", condition("c", "p", note=[{"text": "told again"}]))
    for version in (1, 2, 3):
        with pytest.raises(NotFoundError):
            store.read(lambda c, version=version: resources.vread(c, "Condition", "c", version, clinic=HIDDEN))
    assert find("Condition", HIDDEN, ("patient", "p")) == (0, [])
