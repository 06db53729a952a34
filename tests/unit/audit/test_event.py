"""gateway/audit/event.py"""

import ast
import json
from pathlib import Path

import pytest

from gateway.access.keys import ROLES
from gateway.admin.questions import REASONS
from gateway.audit.event import Event, audit_event
from gateway.validate import validate

OUR_OWN_WORDS = {"binding.extensible"}  # R4 advises words of its own where they fit; these say more
ROOT = Path(__file__).resolve().parents[3]


def published(name):
    found = json.loads((ROOT / "fhir_profiles" / f"CodeSystem-{name}.json").read_text())
    return {one["code"] for one in found["concept"]}


def interactions():
    """The subtype of every event that any room writes."""
    for file in (ROOT / "gateway").rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text())):
            named = isinstance(node, ast.Call) and getattr(node.func, "attr", getattr(node.func, "id", ""))
            if named in ("Event", "event", "witness") and len(node.args) > 1 and isinstance(node.args[1], ast.Constant):
                yield node.args[1].value


def test_every_word_of_our_own_is_published_and_every_published_word_is_used():
    said = {event_system(code) for code in interactions()}
    assert {code for system, code in said if system.endswith("so-interaction")} == published("so-interaction")
    assert {*ROLES, "system"} == published("so-role")
    assert set(REASONS) == published("so-purpose")


def event_system(code):
    [subtype] = audit_event(Event("E", code, "0", "key-1", "admin"), at="2026-03-01T10:00:00Z")["subtype"]
    return subtype["system"], subtype["code"]


@pytest.mark.parametrize("code", sorted(published("so-interaction")))
def test_an_event_with_our_own_words_is_valid_r4(code):
    event = Event("E", code, "0", "key-1", "admin", "riverbend", (("Patient", "p1"),), "s1", purpose="audit")
    assert not {issue.rule for issue in validate(audit_event(event, at="2026-03-01T10:00:00Z"))} - OUR_OWN_WORDS
