"""DICOM to FHIR R4: the converters and steps that the tables in mappings/dicom name."""

from gateway.translate.dicom import values

__all__ = ["values"]
