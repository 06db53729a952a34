"""Matching: is this patient one that we know? Tuples of agreements make a grade, vetoes forbid a link."""

from gateway.match.decide import Decision, decide
from gateway.match.keys import keys, sought
from gateway.match.rules import Grade

__all__ = ["Decision", "Grade", "decide", "keys", "sought"]
