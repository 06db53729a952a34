"""What happens to cases because time passes: one that has waited for records too long ends."""

from datetime import timedelta

from sqlalchemy import Connection

from gateway import casework
from gateway.core.clock import instant
from gateway.worker.desk import Desk


def tend(desk: Desk) -> None:
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
