"""Packages of documents to FHIR R4: the converters and steps that the tables in mappings/xdm name."""

from gateway.translate.xdm import values

__all__ = ["values"]
