"""The number that people call a case by, on the Task that stands for it."""

from collections.abc import Sequence
from typing import Any, Final

from sqlalchemy import Connection

from gateway.core.outcome import BASE
from gateway.store import cases

Resource = dict[str, Any]
SYSTEM: Final = f"{BASE}/sid/case"


def with_case_numbers(connection: Connection, made: Sequence[Resource], *, clinic: str, at: str) -> list[Resource]:
    """The resources, with its case's number on each Task that asks to fulfill a referral."""
    return [_numbered(connection, resource, clinic, at) if _is_case(resource) else resource for resource in made]


def _is_case(resource: Resource) -> bool:
    codings = resource.get("code", {}).get("coding", ()) if resource["resourceType"] == "Task" else ()
    return any(coding.get("code") == "fulfill" for coding in codings)


def _numbered(connection: Connection, task: Resource, clinic: str, at: str) -> Resource:
    case = cases.open_case(
        connection,
        patient=_id(task.get("for")),
        question=_id(task.get("focus")) or task["id"],
        task=task["id"],
        state=_state(task),
        clinic=clinic,
        at=at,
    )
    number = {"system": SYSTEM, "value": case.number}
    return {**task, "identifier": [number, *task.get("identifier", ())]}


def _id(reference: Resource | None) -> str:
    target: str = (reference or {}).get("reference", "")
    return target.rpartition("/")[2]


def _state(task: Resource) -> str:
    codings = task.get("businessStatus", {}).get("coding", ())
    return str(next((coding["code"] for coding in codings if "code" in coding), "case-received"))
