"""The invariants of R4, by constraint key: hand-written closures over one node."""

from gateway.validate.invariants import bundle, clinical, datatypes, definitional, foundation
from gateway.validate.invariants.registry import RULES, Rule, rule_of

__all__ = ["RULES", "Rule", "bundle", "clinical", "datatypes", "definitional", "foundation", "rule_of"]
