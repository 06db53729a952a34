"""The predicates of clinic isolation: which resources a caller sees, and by which it finds others."""

from typing import Any

from sqlalchemy import ColumnElement, exists, or_

from gateway.store.tables import grants, references, resources


def visible_to(clinic: str | None) -> tuple[ColumnElement[bool], ...]:
    """Conditions on resources: none for who may see all, else that the clinic was granted it."""
    return () if clinic is None else (_granted(resources.c.type, resources.c.id, clinic).correlate(resources),)


def named_for(clinic: str | None) -> tuple[ColumnElement[bool], ...]:
    """Conditions on rows of references: a clinic finds nothing by what it may not see; addresses are nobody's."""
    if clinic is None:
        return ()
    granted = _granted(references.c.target_type, references.c.target_id, clinic).correlate(references)
    return (or_(references.c.target_type == "", granted),)


def _granted(type: ColumnElement[str], id: ColumnElement[str], clinic: str) -> Any:
    return exists().where(grants.c.type == type, grants.c.id == id, grants.c.clinic == clinic)
