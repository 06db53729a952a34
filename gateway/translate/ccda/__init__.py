"""C-CDA to FHIR R4: the converters and steps that the tables in mappings/ccda name."""
