"""What FHIR tables call by name."""

from gateway.translate.fhir import adopt

__all__ = ["adopt"]
