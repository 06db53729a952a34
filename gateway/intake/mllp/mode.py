"""Original and enhanced acknowledgment (HL7 v2, section 2.9): which code of table 0008 is sent, and whether any is.

Original mode is enhanced mode with MSH-15 NE and MSH-16 AL, as the standard itself notes; only its codes come at once.
"""

from enum import Enum

from gateway.intake.mllp.header import Header


class Situation(Enum):
    """What became of a message at the door; the values are the codes at accept and at application level."""

    STORED = ("CA", "AA")
    REFUSED = ("CR", "AR")
    FAILED = ("CE", "AR")


def code_at_once(header: Header | None, found: Situation) -> str:
    """The code that is sent now; empty when the sender does not want to hear of it."""
    accept, application = found.value
    if header is None or not header.enhanced:
        return application
    well = found is Situation.STORED
    if _wanted(header.field(15), well=well):
        return accept
    # Nothing will be processed: the only answer that the sender waits for is due now.
    return application if not well and _wanted(header.field(16), well=False) else ""


def codes_later(header: Header) -> tuple[str, str]:
    """The codes that enhanced mode sends after processing (MSH-16): when it went well, and when it did not."""
    if not header.enhanced:
        return "", ""
    asked = header.field(16)
    return ("AA" if _wanted(asked, well=True) else "", "AE" if _wanted(asked, well=False) else "")


def _wanted(condition: str, *, well: bool) -> bool:
    """HL7 table 0155; a word that is not in it is taken for "always", since an answer too many harms nobody."""
    return condition not in ("", "NE", "ER" if well else "SU")
