"""The one predicate of clinic isolation: which resources a caller may see. Every read path carries it."""

from typing import Any

from sqlalchemy import ColumnElement, FromClause, exists

from gateway.store.tables import grants, resources


def visible_to(clinic: str | None, of: FromClause = resources) -> tuple[ColumnElement[bool], ...]:
    """Conditions on rows with a type and an id: none for who may see all, else that the clinic was granted it."""
    if clinic is None:
        return ()
    granted: Any = exists().where(grants.c.type == of.c.type, grants.c.id == of.c.id, grants.c.clinic == clinic)
    return (granted.correlate(of),)
