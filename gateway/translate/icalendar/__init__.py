"""iCalendar to FHIR R4: the converters and steps that the tables in mappings/icalendar name."""

from gateway.translate.icalendar import times, values

__all__ = ["times", "values"]
