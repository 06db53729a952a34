"""X12 to FHIR R4: the converters and steps that the tables in mappings/x12 name."""

from gateway.translate.x12 import values

__all__ = ["values"]
