"""Matching: is this patient one that we know? Tuples of agreements make a grade, vetoes forbid a link."""

from gateway.core.ids import digest
from gateway.match.conflict import contradicts, differs, is_named, strangers
from gateway.match.cover import agree
from gateway.match.decide import SEVERAL, Decision, decide, decisions
from gateway.match.keys import issued, keys, sought
from gateway.match.person import Described, facts, person
from gateway.match.rules import Grade, version

__all__ = [
    "SEVERAL", "Decision", "Grade", "agree", "contradicts", "decide", "decisions", "differs", "inputs", "is_named",
    "issued", "keys", "person", "sought", "strangers", "version",
]  # fmt: skip


def inputs(*patients: Described) -> str:
    """The hash of all that is compared of these, in whichever order they are named."""
    return digest("\x1f".join(sorted(facts(person(one)) for one in patients)).encode())
