"""NCPDP SCRIPT to FHIR R4: the converters that the tables in mappings/ncpdp name."""

from gateway.translate.ncpdp import values

__all__ = ["values"]
