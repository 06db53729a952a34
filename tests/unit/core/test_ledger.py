"""gateway/core/ledger.py"""

import pickle

from gateway.core.ledger import Entry, Ledger, State, without


def test_another_process_gets_the_account_and_not_the_source_it_is_written_from():
    ledger = Ledger()
    ledger.enter("b", State.MAPPED, "row#1", "Patient.name")
    account = ledger.close((key, f"/{key}", -1, -1, 0) for key in "abc")
    assert pickle.loads(pickle.dumps(account)) == (  # noqa: S301 (our own bytes)
        Entry("/a", State.UNMAPPED),
        Entry("/b", State.MAPPED, "row#1", "Patient.name"),
        Entry("/c", State.UNMAPPED),
    )
    assert account[1:] == tuple(account)[1:]
    assert len(account) == 3


def test_a_leaf_that_went_into_two_elements_names_both_and_is_counted_once():
    ledger = Ledger()
    for path in ("Patient/1.contact[0]", "RelatedPerson/2.name", "Patient/1.contact[0]"):
        ledger.enter("k", State.MAPPED, "row#1", path)
    ledger.enter("k", State.NOT_APPLICABLE, "row#2")
    (entry,) = ledger.close([("k", "NK1-2", -1, -1, 0)])
    assert (entry.path, entry.also) == ("Patient/1.contact[0]", ("RelatedPerson/2.name",))


def test_a_leaf_is_lost_only_when_it_stands_nowhere_any_more():
    entry = Entry("NK1-2", State.MAPPED, "row#1", "Patient/1.contact", also=("RelatedPerson/2.name",))
    stays = without(entry, lambda path: path.startswith("Patient"), "gone")
    assert (stays.state, stays.path, stays.also) == (State.MAPPED, "RelatedPerson/2.name", ())
    gone = without(stays, lambda path: True, "gone")
    assert (gone.state, gone.path, gone.because) == (State.FAILED, "", "gone")
    assert without(gone, lambda path: True, "again") == gone


def test_what_another_mention_outdoes_stands_where_else_it_landed():
    here, there = object(), "RelatedPerson/2.name"
    ledger = Ledger()
    ledger.enter("k", State.MAPPED, "row#1", here)
    ledger.enter("k", State.MAPPED, "row#2", there)
    ledger.lose(["k"], here)
    (entry,) = ledger.close([("k", "NK1-2", -1, -1, 0)])
    assert (entry.state, entry.path, entry.also) == (State.MAPPED, there, ())
