"""HL7 v2 messages: bytes in, one record for each message; read lazily, and content is never refused for its form."""

from gateway.parse.hl7v2.envelope import sending
from gateway.parse.hl7v2.group import Group
from gateway.parse.hl7v2.locator import reader
from gateway.parse.hl7v2.message import Message
from gateway.parse.hl7v2.patients import parse
from gateway.parse.hl7v2.segment import Part, Segment

__all__ = ["Group", "Message", "Part", "Segment", "parse", "reader", "sending"]
