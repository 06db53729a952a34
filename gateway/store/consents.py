"""What needs the consent of its patient, the Consents that are held, and those that people recorded."""

from collections.abc import Collection, Iterable
from dataclasses import asdict, dataclass
from typing import Any, Final

from sqlalchemy import Connection, bindparam, delete, insert, or_, select

from gateway.core import fhirjson
from gateway.store.tables import consents as c
from gateway.store.tables import holds as h
from gateway.store.tables import patient_keys as k
from gateway.store.tables import resources as r
from gateway.store.tables import submissions as s

COLUMNS: Final = (c.c.submission, c.c.hold, c.c.at, c.c.actor, c.c.given, c.c.given_by, c.c.document, c.c.place)
_ADD: Final = insert(c)
_RECORDED: Final = select(*COLUMNS).where(c.c.submission == bindparam("of")).order_by(c.c.seq)
_OF_PATIENTS: Final = (
    select(r.c.body, s.c.clinic)
    .join_from(r, s, r.c.submission == s.c.id)
    .where(r.c.patient.in_(bindparam("patients", expanding=True)), r.c.type == "Consent")
    .where(r.c.current.is_(True), r.c.deleted.is_(False))
    .order_by(r.c.seq)
)
_OF: Final = select(*h.c).where(h.c.submission == bindparam("of")).order_by(h.c.place, h.c.hold, h.c.patient)
_FORGET: Final = delete(h).where(h.c.submission == bindparam("of"))
_WAITS: Final = or_(h.c.released == "", h.c.withdrawn != "")
_ALIKE: Final = select(k.c.patient).where(
    k.c.key.in_(select(k.c.key).where(k.c.patient.in_(bindparam("patients", expanding=True))))
)
_CONCERNED: Final = (
    select(h.c.submission)
    .where(or_(h.c.patient.in_(bindparam("patients", expanding=True)), h.c.patient.in_(_ALIKE)))
    .distinct()
    .order_by(h.c.submission)
)
_WITHDRAWN: Final = select(h.c.submission).where(h.c.withdrawn != "").limit(1)
_LAPSED: Final = select(h.c.submission).where(
    h.c.until != "", h.c.until < bindparam("day"), h.c.released != "", h.c.withdrawn == ""
)


@dataclass(frozen=True, slots=True)
class Hold:
    """What needs a consent: which record of which submission, why, of whom; on what it rests, if it does."""

    submission: str
    place: str
    hold: str
    patient: str
    since: str = ""
    consent: str = ""
    until: str = ""
    released: str = ""
    withdrawn: str = ""

    @property
    def waits(self) -> bool:
        """Whether it is not to be shown: it never was, or it is not any more."""
        return not self.released or bool(self.withdrawn)


def record(connection: Connection, **said: str) -> None:
    """Enter a consent: `submission`, `hold`, `at`, `actor`, `given`, `given_by`, `document`, `place`."""
    connection.execute(_ADD, said)


def recorded(connection: Connection, submission: str) -> list[dict[str, Any]]:
    """What was recorded for a submission, the oldest first."""
    return [dict(row._mapping) for row in connection.execute(_RECORDED, {"of": submission})]


def of_patients(connection: Connection, patients: Collection[str], clinic: str | None) -> list[dict[str, Any]]:
    """The Consents that are held of these patients; `clinic` keeps to what one clinic told, None takes all."""
    rows = connection.execute(_OF_PATIENTS, {"patients": sorted(patients)})
    return [fhirjson.read_own(row.body) for row in rows if clinic in (None, row.clinic)]


def of(connection: Connection, submission: str) -> list[Hold]:
    """What of a submission needs a consent."""
    return [Hold(**row._mapping) for row in connection.execute(_OF, {"of": submission})]


def settle(connection: Connection, submission: str, found: Iterable[Hold], at: str) -> list[Hold]:
    """Put what needs a consent now in place of what did before; gives the rows that are released, or no more, by it.

    What was released once and is covered by nothing any more is withdrawn: what was stored of it stays, unseen.
    """
    before = {(one.place, one.hold, one.patient): one for one in of(connection, submission)}
    after = [_after(one, before.get((one.place, one.hold, one.patient)), at) for one in found]
    if not before and not after:
        return []
    connection.execute(_FORGET, {"of": submission})
    if after:
        connection.execute(insert(h), [asdict(one) for one in after])
    turned = (one for one in after if one.waits is not _waited(before.get((one.place, one.hold, one.patient))))
    return list(turned)


def _waited(before: Hold | None) -> bool:
    return before is None or before.waits


def _after(one: Hold, before: Hold | None, at: str) -> Hold:
    since, released = (before.since, before.released) if before else (at, "")
    if one.consent:
        return Hold(one.submission, one.place, one.hold, one.patient, since, one.consent, one.until, released or at)
    withdrawn = (before.withdrawn if before else "") or (at if released else "")
    return Hold(one.submission, one.place, one.hold, one.patient, since, "", "", released, withdrawn)


def waiting(connection: Connection, patients: Collection[str]) -> list[str]:
    """The submissions that wait for a Consent of these patients, or of whoever is found by the same keys."""
    return list(connection.execute(_CONCERNED.where(_WAITS), {"patients": sorted(patients)}).scalars())


def resting(connection: Connection, patients: Collection[str]) -> list[str]:
    """The submissions that were released by a Consent of these patients, or of whoever is found by the same keys."""
    asked = {"patients": sorted(patients)}
    return list(connection.execute(_CONCERNED.where(h.c.released != "", h.c.withdrawn == ""), asked).scalars())


def are_withdrawn(connection: Connection) -> bool:
    """Whether there is anything at all that rests on no Consent any more."""
    return connection.execute(_WITHDRAWN).first() is not None


def lapsed(connection: Connection, day: str) -> list[str]:
    """The submissions whose Consent was in force until a day before this one."""
    return list(dict.fromkeys(connection.execute(_LAPSED, {"day": day}).scalars()))
