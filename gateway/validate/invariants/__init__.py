"""The invariants of R4, by constraint key: hand-written closures over one node."""

import gateway.validate.invariants.bundle
import gateway.validate.invariants.clinical
import gateway.validate.invariants.datatypes
import gateway.validate.invariants.definitional
import gateway.validate.invariants.foundation  # noqa: F401  (importing them fills the registry)
from gateway.validate.invariants.registry import RULES, Rule, rule_of

__all__ = ["RULES", "Rule", "rule_of"]
