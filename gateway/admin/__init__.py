"""The admin face: failures by signature, submissions leaf by leaf, replay, deliveries, cases, the audit trail."""

from gateway.admin import audit, cases, deliveries, failures, lineage, overview, submissions
from gateway.admin.door import door

__all__ = ["audit", "cases", "deliveries", "door", "failures", "lineage", "overview", "submissions"]
