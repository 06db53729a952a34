"""gateway/store/traffic.py"""

from gateway.access.keys import add_clinic
from gateway.core.clock import instant
from gateway.store import deliveries, traffic
from gateway.store.traffic import Traffic
from tests import console


def _sent(here):
    add_clinic(here.store, here.clock, "Riverbend Clinic")
    return console.went_well(here, "riverbend-clinic", destination="care")


def _attempt(here, submission, verdict, status):
    def change(connection):
        [found] = deliveries.listing(connection, submission=submission)
        at = instant(here.clock.now())
        deliveries.attempt(connection, found.id, at=at, milliseconds=1, status=status, verdict=verdict)

    here.store.write(change)


def _care(here):
    return here.store.read(traffic.by_destination)["care"]


def test_a_destination_is_ready_until_it_fails(here):
    submission = _sent(here)
    assert (_care(here).state, _care(here).waiting) == ("ready", 1)
    _attempt(here, submission, "retry", 503)
    assert (_care(here).state, _care(here).last_status) == ("retry", 503)
    _attempt(here, submission, "dead", 422)
    assert (_care(here).state, _care(here).dead, _care(here).waiting) == ("dead", 1, 0)


def test_a_success_is_told_with_its_time(here):
    _attempt(here, _sent(here), "delivered", 200)
    assert (_care(here).state, _care(here).delivered) == ("ready", 1)
    assert _care(here).last_delivered == instant(here.clock.now())


def test_a_destination_that_got_nothing_yet_is_ready():
    assert Traffic("care").state == "ready"


def test_the_oldest_of_each_state_is_known(here):
    _sent(here)
    assert here.store.read(traffic.oldest) == {"routed": instant(here.clock.now())}
