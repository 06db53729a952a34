"""gateway/core/ledger.py"""

import pickle

from gateway.core.ledger import Entry, Ledger, State


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
