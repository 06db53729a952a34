"""iCalendar (RFC 5545): content lines as components and properties, one record for each event."""

from gateway.parse.icalendar.calendar import is_calendar, parse
from gateway.parse.jsontree import reader

__all__ = ["is_calendar", "parse", "reader"]
