"""gateway/store/matches.py, and what its migration makes of decisions of before."""

from dataclasses import replace

import pytest
from alembic import command
from sqlalchemy import text

from gateway.core.errors import NotFoundError
from gateway.store import engine, matches
from gateway.store.engine import open_store
from gateway.store.matches import Match
from tests.unit.casework.test_identity import QUESTION


def keep(store, *found: Match):
    for one in found:
        store.write(lambda c, one=one: matches.keep(c, one))


def test_what_waits_longest_is_first_and_what_was_put_off_last(store):
    keep(
        store,
        QUESTION,
        replace(QUESTION, id="new", since="2026-03-03"),
        replace(QUESTION, id="off", put_off="2026-03-04"),
    )
    keep(store, replace(QUESTION, id="done", state="apart"))
    found = store.read(lambda c: matches.listing(c, matches.ASKED))
    assert [one.id for one in found] == [QUESTION.id, "new", "off"]
    assert store.read(matches.counts) == {"open": 3, "apart": 1}
    with pytest.raises(NotFoundError):
        store.read(lambda c: matches.find(c, "nothing"))


def test_a_pair_is_one_whichever_way_round(store):
    keep(store, QUESTION)
    assert matches.pair("p", "q") == matches.pair("q", "p") == QUESTION.id
    for patient in "pq":
        assert store.read(lambda c, patient=patient: matches.of(c, patient)) == [QUESTION]
    keep(store, replace(QUESTION, state="same"))
    assert store.read(lambda c: (matches.linked(c, "q"), matches.linked(c, "p"))) == (["p"], [])


def test_links_and_questions_of_before_can_be_taken_back_and_answered(database_url):
    opened = open_store(database_url)
    engine.migrate(opened.engine, command.downgrade, "0004")
    rows = [("q", "p", "possible"), ("q", "p", "certain"), ("z", "p", "probable"), ("y", None, "certainly-not")]

    def decided(connection):
        for patient, candidate, grade in rows:
            values = {"p": patient, "c": candidate, "g": grade}
            connection.execute(
                text(
                    "INSERT INTO match_decisions (submission, patient, candidate, grade, rule, inputs_sha256, at)"
                    " VALUES ('s', :p, :c, :g, 'r', 'h', '2026-03-02')"
                ),
                values,
            )

    opened.write(decided)
    opened.close()
    again = open_store(database_url)
    assert again.read(lambda c: matches.linked(c, "q")) == ["p"]
    assert [one.patient for one in again.read(lambda c: matches.listing(c, matches.ASKED))] == ["z"]
    again.close()
