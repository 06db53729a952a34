"""The predicates of who sees what: which resources a caller sees, and by which it finds others."""

from typing import Any

from sqlalchemy import ColumnElement, exists, false, or_, select

from gateway.store.tables import grants, references, resources

# Who looks: a clinic by its id, a reader by the labels whose resources it is not shown, None for who may see all.
Sight = str | frozenset[str] | None


def visible_to(sight: Sight) -> tuple[ColumnElement[bool], ...]:
    """Conditions on resources: that a clinic was granted it, that it bears no label that a reader is not shown."""
    if not sight:
        return ()
    if isinstance(sight, str):
        return (_granted(resources.c.type, resources.c.id, sight).correlate(resources),)
    return (or_(resources.c.labels == "", ~bears(resources.c.labels, sight)),)


def named_for(sight: Sight) -> tuple[ColumnElement[bool], ...]:
    """Conditions on rows of references: nobody finds anything by what they may not see; addresses are nobody's."""
    if not sight:
        return ()
    if isinstance(sight, str):
        granted = _granted(references.c.target_type, references.c.target_id, sight).correlate(references)
        return (or_(references.c.target_type == "", granted),)
    named = resources.alias("named")
    same = (named.c.type == references.c.target_type, named.c.id == references.c.target_id)
    guarded = select(named.c.seq).where(*same, named.c.labels != "", bears(named.c.labels, sight))
    return (~guarded.correlate(references).exists(),)


def bears(labels: ColumnElement[str], codes: frozenset[str]) -> ColumnElement[bool]:
    """Whether any of these codes is among the labels."""
    return or_(false(), *(labels.contains(f" {code} ") for code in sorted(codes)))


def _granted(type: ColumnElement[str], id: ColumnElement[str], clinic: str) -> Any:
    return exists().where(grants.c.type == type, grants.c.id == id, grants.c.clinic == clinic)
