"""gateway/audit/trail.py"""

import random
from base64 import b64decode

import pytest
from sqlalchemy import delete, select, update

from gateway.audit.trail import Checkpoint, Event, read, record, verify
from gateway.core.errors import GatewayError
from gateway.store import audit as at_rest
from gateway.store.engine import open_store
from gateway.store.tables import audit as a
from gateway.store.tables import audit_entities as e
from gateway.store.tables import clinics
from gateway.validate import validate

KEY = b"k" * 32
AT = "2026-03-01T10:00:00.000000Z"
READ = Event("R", "read", "0", "key-1", "admin", entities=(("Patient", "p1"), ("CarePlan", "c1")), submission="s1")


@pytest.fixture
def store(tmp_path):
    opened = open_store(f"sqlite:///{tmp_path}/gateway.db")
    yield opened
    opened.close()


def _fill(store, count):
    for number in range(count):
        event = Event("R", "read", "0", f"key-{number % 3}", "reader", entities=(("Patient", f"p{number}"),))
        store.write(lambda connection, event=event: record(connection, event, key=KEY, at=AT))


def test_an_untouched_trail_verifies_to_its_head(store):
    _fill(store, 5)
    verdict = verify(store, KEY)
    assert verdict.sound
    assert (verdict.count, (verdict.seq, verdict.head)) == (5, store.read(at_rest.head))


def test_an_empty_trail_is_sound(store):
    assert verify(store, KEY).sound


def test_another_key_does_not_fit_the_chain(store):
    _fill(store, 3)
    assert verify(store, b"x" * 32).first_bad == 1


def test_the_event_and_the_change_live_or_die_together(store):
    def change(connection):
        connection.execute(clinics.insert().values(id="c", name="n", created=AT))
        record(connection, READ, key=KEY, at=AT)
        raise GatewayError

    with pytest.raises(GatewayError):
        store.write(change)
    assert store.read(at_rest.count) == 0
    assert store.read(lambda connection: connection.execute(select(clinics)).all()) == []


def _alter(connection, seq, chance):
    row = connection.execute(select(a).where(a.c.seq == seq)).one()
    body = bytearray(row.event)
    body[chance.randrange(len(body))] ^= 1
    connection.execute(update(a).where(a.c.seq == seq).values(event=bytes(body)))


def _alter_a_column(connection, seq, chance):
    column = chance.choice(["agent", "subtype", "outcome", "at"])
    connection.execute(update(a).where(a.c.seq == seq).values({column: "zz"}))


def _delete(connection, seq, _):
    connection.execute(delete(e).where(e.c.audit == seq))
    connection.execute(delete(a).where(a.c.seq == seq))


def _forget_what_it_was_about(connection, seq, _):
    connection.execute(delete(e).where(e.c.audit == seq))


def _swap(connection, seq, _):
    one, two = (connection.execute(select(a).where(a.c.seq == place)).one() for place in (seq, seq + 1))
    for place, row in ((seq, two), (seq + 1, one)):
        connection.execute(update(a).where(a.c.seq == place).values(event=row.event, hash=row.hash, agent=row.agent))


@pytest.mark.parametrize("tamper", [_alter, _alter_a_column, _delete, _forget_what_it_was_about, _swap])
def test_tampering_is_found_at_its_place(store, tamper):
    _fill(store, 12)
    chance = random.Random(tamper.__name__)
    for seq in chance.sample(range(2, 11), 4):
        kept = store.read(lambda connection: (connection.execute(select(a)).all(), connection.execute(select(e)).all()))
        store.write(lambda connection, seq=seq: tamper(connection, seq, chance))
        assert verify(store, KEY).first_bad == (seq + 1 if tamper is _delete else seq)
        store.write(lambda connection, kept=kept: _restore(connection, *kept))
    assert verify(store, KEY).sound


def _restore(connection, rows, about):
    connection.execute(delete(e))
    connection.execute(delete(a))
    connection.execute(a.insert(), [row._asdict() for row in rows])
    connection.execute(e.insert(), [row._asdict() for row in about])


def test_a_cut_tail_is_found_with_a_head_kept_elsewhere(store):
    _fill(store, 6)
    kept = Checkpoint(*store.read(at_rest.head))
    store.write(lambda connection: _delete(connection, 6, None))
    assert verify(store, KEY).sound
    assert verify(store, KEY, [kept]).first_bad == 6


def test_a_trail_written_anew_is_found_with_a_head_kept_elsewhere(store):
    _fill(store, 3)
    kept = Checkpoint(*store.read(at_rest.head))
    store.write(lambda connection: (connection.execute(delete(e)), connection.execute(delete(a))))
    _fill(store, 2)
    store.write(lambda connection: record(connection, READ, key=KEY, at=AT))
    assert verify(store, KEY, [kept]).first_bad == 3


def test_an_event_reads_as_an_audit_event_with_who_what_and_about_what(store):
    store.write(lambda connection: record(connection, READ, key=KEY, at=AT))
    [row] = store.read(lambda connection: at_rest.listing(connection))
    event = read(row)
    assert event["resourceType"] == "AuditEvent"
    assert event["recorded"] == AT
    assert event["agent"][0]["who"]["identifier"]["value"] == "key-1"
    assert [entity["what"].get("reference") for entity in event["entity"]] == [None, "Patient/p1", "CarePlan/c1"]


@pytest.mark.parametrize(
    "event",
    [
        READ,
        Event("E", "search", "0", "key-1", "reader", "clinic-1", query="family=x"),
        Event("E", "replay", "8", "key-1", "admin", entities=(("delivery", "d1"),), purpose="audit"),
    ],
)
def test_every_event_is_a_valid_audit_event(store, event):
    store.write(lambda connection: record(connection, event, key=KEY, at=AT))
    [row] = store.read(lambda connection: at_rest.listing(connection))
    advice = "binding.extensible"  # R4 advises words of its own where they fit
    assert not {issue.rule for issue in validate(read(row))} - {advice}


def test_a_refusal_of_weight_is_a_security_alert(store):
    store.write(lambda connection: record(connection, Event("E", "read", "8", "k", "clinic"), key=KEY, at=AT))
    [row] = store.read(lambda connection: at_rest.listing(connection))
    assert read(row)["type"]["code"] == "110113"


def test_a_query_keeps_its_parameters_and_not_what_was_searched_for(store):
    event = Event("E", "search", "0", "k", "reader", query="family=Canarysson&_count=5")
    store.write(lambda connection: record(connection, event, key=KEY, at=AT))
    [row] = store.read(lambda connection: at_rest.listing(connection))
    assert b"Canarysson" not in row.event
    query = b64decode(read(row)["entity"][0]["query"]).decode()
    assert [pair.partition("=")[0] for pair in query.split("&")] == ["family", "_count"]


def test_who_saw_a_patient_is_one_question(store):
    _fill(store, 4)
    found = store.read(lambda connection: at_rest.listing(connection, entity="p2"))
    assert [row.agent for row in found] == ["key-2"]
