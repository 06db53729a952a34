"""HL7 v2 to FHIR R4: the converters and steps that the tables in mappings/hl7v2 name."""

from importlib import import_module
from typing import Final

MODULES: Final = (
    "absent",
    "address",
    "attachment",
    "clinical",
    "coded",
    "contact_point",
    "coverage",
    "document",
    "dosage",
    "fact",
    "human_name",
    "identity",
    "identifier",
    "location",
    "medication",
    "message",
    "notes",
    "order_number",
    "order_status",
    "order_timing",
    "patient",
    "plan",
    "primitive",
    "quantity",
    "referral",
    "result",
    "schedule",
    "times",
    "timing",
)
for _name in MODULES:
    import_module(f"{__name__}.{_name}")
