"""What happens because time passes: a case that has waited for records too long ends, a Consent is in force no more."""

from datetime import timedelta

from sqlalchemy import Connection

from gateway import casework
from gateway.core.clock import instant
from gateway.store import consents, submissions
from gateway.worker.consent import ACTOR
from gateway.worker.desk import Desk


def tend(desk: Desk) -> None:
    """What is due by now, of either kind."""
    _lapse(desk)
    _expire(desk)


def _lapse(desk: Desk) -> None:
    """Look again at what rests on a Consent whose last day has passed."""
    day = desk.now()[:10]
    if not desk.store.read(lambda connection: consents.lapsed(connection, day)):
        return

    def change(connection: Connection) -> None:
        for id in consents.lapsed(connection, day):
            submissions.requeue(connection, id, desk.now(), actor=ACTOR)

    desk.store.write(change)


def _expire(desk: Desk) -> None:
    """End what has waited longer than the centre says; without a word of the centre nothing ends by itself."""
    if not desk.centre.expires_after:
        return
    before = instant(desk.clock.now() - timedelta(days=desk.centre.expires_after))
    if not desk.store.read(lambda connection: casework.overdue(connection, before)):
        return

    def change(connection: Connection) -> None:
        at = desk.now()
        for taken in casework.expire(connection, before=before, at=at):
            casework.send(connection, taken, desk.destinations, at)
            casework.owe(connection, taken.assembled, desk.senders)
            desk.record_all(connection, casework.events(taken.assembled), at)

    desk.store.write(change)
