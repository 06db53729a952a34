"""What is withheld: it rests on no Consent any more, so no reader is shown it and no destination gets it. It stays."""

from collections.abc import Collection
from typing import Final

from sqlalchemy import Connection, bindparam, func, select, update

from gateway.core.labels import WITHHELD
from gateway.store.tables import holds, references, resources, tokens

_r = resources.c
_TOKEN: Final = f" {WITHHELD} "
_IS_WITHHELD: Final = _r.labels.contains(_TOKEN)
_NAMED: Final = update(resources).where(_r.type == bindparam("of_type"), _r.id == bindparam("of_id"))
_HIDE: Final = _NAMED.where(~_IS_WITHHELD).values(labels=_r.labels + _TOKEN)
_OF_SOURCE: Final = update(resources).where(
    _r.patient == bindparam("of_patient"), _r.submission == bindparam("of_submission")
)
_WITHHOLD: Final = _OF_SOURCE.where(~_IS_WITHHELD).values(labels=_r.labels + _TOKEN)
_SHOW: Final = _OF_SOURCE.where(_IS_WITHHELD).values(labels=func.replace(_r.labels, _TOKEN, ""))
_SHOW_NAMED: Final = (
    _NAMED.where(_IS_WITHHELD)
    .where(~select(holds.c.submission).where(holds.c.submission == _r.submission, holds.c.withdrawn != "").exists())
    .values(labels=func.replace(_r.labels, _TOKEN, ""))
)
_NAMING: Final = select(references.c.type, references.c.id).where(
    references.c.target_type == "ServiceRequest", references.c.target_id == bindparam("referral")
)
_NUMBERED: Final = select(tokens.c.type, tokens.c.id).where(
    tokens.c.type.in_(("Task", "CarePlan", "CareTeam", "ServiceRequest")),
    tokens.c.parameter == "identifier",
    tokens.c.folded == bindparam("referral"),
)
_ACCOUNTS: Final = select(references.c.id).where(
    references.c.type == "Provenance",
    references.c.parameter == "target",
    references.c.target_id.in_(bindparam("ids", expanding=True)),
)
_WITHHELD: Final = select(_r.type, _r.id).where(
    _r.id.in_(bindparam("ids", expanding=True)), _r.current.is_(True), _IS_WITHHELD
)


def hide(connection: Connection, submission: str, patient: str) -> None:
    """Show no reader any more what a submission said of a patient, in every version that came from it."""
    connection.execute(_WITHHOLD, {"of_submission": submission, "of_patient": patient})


def show_again(connection: Connection, submission: str, patient: str) -> None:
    """Take that back."""
    connection.execute(_SHOW, {"of_submission": submission, "of_patient": patient})


def hide_about(connection: Connection, referral: str, *, hidden: bool) -> None:
    """Show no reader what names a referral or was made for it, or show it again where it does not come from what is
    withheld itself.
    """
    names = _NAMING.union(_NUMBERED)
    found = {(type, id) for type, id in connection.execute(names, {"referral": referral})}
    found |= {("Provenance", id) for id in connection.execute(_ACCOUNTS, {"ids": [id for _, id in found]}).scalars()}
    for type, id in sorted(found):
        connection.execute(_HIDE if hidden else _SHOW_NAMED, {"of_type": type, "of_id": id})


def hide_history(connection: Connection, type: str, id: str) -> None:
    """Show no reader the versions of a resource before the newest."""
    connection.execute(_HIDE.where(_r.current.is_(False)), {"of_type": type, "of_id": id})


def among(connection: Connection, names: Collection[tuple[str, str]]) -> set[tuple[str, str]]:
    """Those of these resources, by type and id, that no reader is shown and no destination gets."""
    rows = connection.execute(_WITHHELD, {"ids": sorted({id for _, id in names})})
    return {(type, id) for type, id in rows} & set(names)
