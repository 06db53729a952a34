"""The EHR systems' door: FHIR R4 over HTTP, reading and searching what the clinics submitted."""

from gateway.serve import binary, capability, document, lineage, read, search, validate
from gateway.serve.door import door

__all__ = ["binary", "capability", "document", "door", "lineage", "read", "search", "validate"]
