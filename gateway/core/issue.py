"""An issue: data about one element, with a stable code, its place, and a constant message."""

from enum import StrEnum
from typing import Final, NamedTuple

__all__ = ["MESSAGES", "REFUSED", "Issue", "Severity", "issue_type", "message"]

REFUSED: Final = "record-refused"  # of one record of several, which is set aside; its rule is the error that did it


class Severity(StrEnum):
    """FHIR issue-severity."""

    FATAL = "fatal"
    ERROR = "error"
    WARNING = "warning"
    INFORMATION = "information"


class Issue(NamedTuple):
    """One finding: `location` is the source locator, `path` the element's FHIRPath, `rule` the row or constraint."""

    severity: Severity
    code: str
    path: str = ""
    rule: str = ""
    location: str = ""
    profile: str = ""
    system: str = ""
    concept: str = ""
    line: int = 0
    column: int = 0

    def at(self, location: str) -> "Issue":
        """The same issue at another place of the source."""
        return self._replace(location=location)


# code -> (FHIR issue-type, message). Messages are literals: no value of a sender can enter them.
MESSAGES: dict[str, tuple[str, str]] = {
    # intake and parsing
    "media-type-differs": ("informational", "The declared media type is not what the content is; the content decided."),
    "encoding-assumed": ("value", "The declared character encoding did not fit the content; another one was used."),
    "segment-order": ("structure", "A segment stands out of its place; it was taken into the open group."),
    "line-continued": ("structure", "A line that starts no segment was joined to the field before it."),
    REFUSED: ("processing", "This record of several was set aside; the others were kept."),
    "document-kept": ("informational", "This document is of no kind that we read; it was kept as it is."),
    "document-missing": ("not-found", "The cover names a document that is not in the package."),
    "order-not-named": (
        "incomplete",
        "The package holds several orders and this document names none of them; it asks a question of its own.",
    ),
    "batch-count": ("structure", "The batch says another number of messages than it holds."),
    "escape-unknown": ("value", "An escape sequence is not defined; it was kept as text."),
    "route-alternatives": (
        "processing",
        "Several routes are alternatives; the first is the route, the others stay as words.",
    ),
    "goal-status-assumed": ("code-invalid", "The goal has no status that we know; it is recorded as active."),
    "document-unavailable": ("informational", "The document is current and cannot be had now."),
    "payer-second-opinion": ("informational", "The payer has or wants a second opinion of its own."),
    "merge-ambiguous": (
        "multiple-matches",
        "The merged record and the surviving one are the same, or one has no number; nothing was merged.",
    ),
    "message-type-generic": ("not-supported", "This type has no table of its own; the known parts were translated."),
    "unknown-segment": ("not-supported", "This segment has no table; its values are kept in the original only."),
    # values
    "clear-asked": (
        "informational",
        "The sender asks to clear this value; it is cleared where this sender may change what is known.",
    ),
    "date-unreadable": ("value", "The date is not written as its datatype asks; it was kept as text."),
    "date-not-in-calendar": ("value", "There is no such day or time; it was kept as text."),
    "offset-missing": ("value", "The time has no offset from UTC; the date alone was kept, and the time as text."),
    "offset-assumed": ("informational", "The time has no offset from UTC; the one agreed was used."),
    "number-unreadable": ("value", "The number cannot be read; it was kept as text."),
    "code-untranslated": ("code-invalid", "The code has no translation in our map; it was kept as sent."),
    "code-unknown": ("code-invalid", "The code is not one that this element allows; it was kept as text or original."),
    "value-unreadable": ("value", "The value does not fit its datatype; it was kept as text."),
    "second-value": ("processing", "A second, different value for an element that holds one; the first was kept."),
    "told-otherwise": ("processing", "A later record of the same submission says otherwise; the later one stands."),
    "unit-not-ucum": ("code-invalid", "The unit is not a UCUM unit that we know; it was kept as text."),
    "drug-uncoded": ("code-invalid", "The drug has no standard code; its text was kept."),
    "ndc-ambiguous": ("value", "The NDC has ten digits and no hyphens, so it can be read in three ways; it was kept."),
    "sig-trailing-zero": (
        "business-rule",
        "A number ends in a nought after its point and may be read as ten times as much; it was left as it is.",
    ),
    "sig-naked-decimal": (
        "business-rule",
        "A number begins with its point and may be read as ten times as much; it was left as it is.",
    ),
    "sig-decimal-comma": (
        "business-rule",
        "A number has a comma and may be read as ten times as much or more; it was left as it is.",
    ),
    "methotrexate-daily": (
        "business-rule",
        "Methotrexate by mouth is told daily; it is taken once a week, and a person should ask.",
    ),
    "days-off-missing": (
        "business-rule",
        "This cancer drug by mouth has days off in every cycle, and none are told; a person should ask.",
    ),
    "statement-blank": (
        "informational",
        "An entry is left blank: it names nothing, so no resource was made of it.",
    ),
    "two-fluoropyrimidines": (
        "business-rule",
        "Two fluoropyrimidines are taken or planned at a time; a person should ask.",
    ),
    "dose-changed-tenfold": (
        "business-rule",
        "A dose is more than ten times, or less than a tenth of, what was told before; a person should ask.",
    ),
    "status-unknown": ("code-invalid", "The source gives no status that we can rely on; it is recorded as unknown."),
    "status-assumed": ("code-invalid", "The source gives no state that we can rely on; the one agreed was recorded."),
    "mood-not-fact": ("business-rule", "The source says that it may or shall be, not that it is; it was left out."),
    "date-of-message": ("informational", "The source gives no date of its own; that of the message was taken."),
    "status-partial": ("informational", "Part of the order is done; it stays active."),
    "identifier-system-unknown": ("value", "The assigning authority has no known system; the sender's own was used."),
    "required-missing": ("required", "A required value is not in the source; its absence is recorded as such."),
    "row-failed": ("processing", "A row could not be applied; the rest went on."),
    "id-reused": ("duplicate", "One identifier names two different things; both were kept."),
    "reference-dangling": ("not-found", "A reference points to nothing in this submission; it was kept as text."),
    "second-opinion-suspected": (
        "business-rule",
        "The words ask for a second opinion, no code says so; none was added.",
    ),
    "narrative-cleaned": ("security", "Narrative held markup that we do not keep; the words stayed."),
    "plan-unstructured": ("informational", "The plan is narrative only."),
    "status-contradicts-dates": ("business-rule", "The status and the dates do not agree; both were kept."),
    "timing-composite": ("not-supported", "Several timings together have no place; what has none stays as text."),
    "code-system-unknown": ("code-invalid", "The code names no code system that we know; it was kept without one."),
    "observation-negated": ("informational", "The source negates this observation; its value is kept as words."),
    "insured-differs": ("business-rule", "The policy covers somebody born on another day than the patient."),
    "negotiated-goal": (
        "informational",
        "The goal is the patient's and a provider's; it was recorded as the patient's.",
    ),
    "unit-missing": ("value", "The amount has no unit in the source; the number stands alone."),
    "appointment-requested": ("informational", "The source asks for an appointment."),
    "test-data": (
        "informational",
        "The message is for test, debugging or training; it was kept apart and goes to no destination.",
    ),
    "demographics-kept": (
        "business-rule",
        "A source that goes before this one says otherwise; the patient's record was left as it is.",
    ),
    # validation
    "resource-invalid": ("invariant", "The resource breaks a rule of its profile."),
    "structure": ("structure", "The element does not have the structure that its definition asks for."),
    "not-checked": ("not-supported", "This rule could not be checked here."),
    "resource-unknown": ("structure", "There is no R4 resource of this type here."),
    "element-unknown": ("structure", "The definition has no such element."),
    "element-missing": ("required", "A required element is missing."),
    "element-repeated": ("structure", "The element stands more often than its definition allows."),
    "element-forbidden": ("structure", "The profile does not allow this element."),
    "choice-repeated": ("structure", "Only one form of a choice may stand."),
    "array-expected": ("structure", "The element repeats, so it must be an array."),
    "array-unexpected": ("structure", "The element does not repeat, so it must not be an array."),
    "value-empty": ("structure", "An element must hold something; an empty one must be left out."),
    "json-type": ("value", "The value does not have the JSON type of its datatype."),
    "value-format": ("value", "The value is not written as its datatype asks."),
    "value-fixed": ("value", "The value is not the one that the profile fixes."),
    "value-pattern": ("value", "The value does not hold what the profile's pattern asks for."),
    "value-range": ("value", "The value lies outside the range that the profile allows."),
    "value-too-long": ("too-long", "The value is longer than its definition allows."),
    "type-not-allowed": ("structure", "The profile does not allow this datatype here."),
    "code-not-in-value-set": ("code-invalid", "The code is not in the value set that is required here."),
    "invariant-broken": ("invariant", "A rule of the definition does not hold."),
    "item-unknown": ("not-found", "The questionnaire has no item of this link id here."),
    "item-not-enabled": ("business-rule", "The item is answered and the questionnaire does not ask it."),
    "answer-not-allowed": ("invariant", "The questionnaire does not allow this answer."),
    "code-beyond-value-set": (
        "code-invalid",
        "The code is not in the value set; another one is right only if none fits.",
    ),
    "code-not-in-system": ("code-invalid", "The code system has no such code."),
    "system-not-absolute": ("value", "The system must be an absolute address."),
    "system-is-value-set": ("value", "The system is the address of a value set, not of a code system."),
    "attachment-differs": ("value", "The attachment does not have the size or the hash that it says."),
    "invariant-failed": ("exception", "A rule of the definition could not be evaluated."),
    "slice-missing": ("required", "A part that the profile asks for is missing."),
    "slice-repeated": ("structure", "A part that the profile names stands too often."),
    "slice-unknown": ("structure", "The profile allows no other parts here."),
    "slice-ambiguous": ("structure", "The element fits more than one of the parts that the profile names."),
    "slice-order": ("structure", "The parts do not stand in the order that the profile asks for."),
    "differential-binding-misplaced": ("structure", "The differential binds an element that holds no code."),
    "differential-binding-weaker": ("structure", "The differential weakens a binding of its base."),
    "differential-cardinality-empty": ("structure", "The differential asks for more of an element than it allows."),
    "differential-cardinality-wider": ("structure", "The differential widens how often an element may stand."),
    "differential-constraint-changed": ("structure", "The differential changes a rule of its base."),
    "differential-element-repeated": ("duplicate", "The differential speaks of an element twice."),
    "differential-element-unknown": ("structure", "The differential speaks of an element that its base does not have."),
    "differential-modifier-lifted": ("structure", "The differential takes from an element that it modifies others."),
    "differential-must-support-lifted": ("structure", "The differential takes from an element that it is supported."),
    "differential-profile-of-other-type": ("structure", "The differential names a profile that is for another type."),
    "differential-range-wider": ("structure", "The differential widens the range of a value."),
    "differential-slices-beyond": ("structure", "The parts of an element ask for more than it allows as a whole."),
    "differential-slicing-changed": ("structure", "The differential tells parts apart otherwise than its base."),
    "differential-slicing-missing": ("structure", "The differential names parts and not how they are told apart."),
    "differential-slicing-wider": ("structure", "The differential allows parts that its base does not."),
    "differential-target-wider": ("structure", "The differential allows a reference what its base does not."),
    "differential-type-wider": ("structure", "The differential allows a datatype that its base does not."),
    "differential-value-changed": ("structure", "The differential asks for another value than its base."),
    "differential-value-of-other-type": ("structure", "The differential asks for a value of another datatype."),
    "reference-form": ("value", "The reference is written in no form that FHIR knows."),
    "reference-target": ("structure", "The reference points to a type that is not allowed here."),
    "link-unresolved": ("not-found", "A link in the narrative leads to nothing here."),
    "reference-place": ("structure", "The profile wants what is referred to in another place."),
    "reference-profile": ("structure", "What is referred to fits none of the profiles that are asked for."),
    "reference-unresolved": ("not-found", "The reference points to nothing here."),
    "id-repeated": ("duplicate", "The same id stands twice."),
    "full-url-repeated": ("duplicate", "The same full URL stands twice in the bundle."),
    "full-url-differs": ("value", "The full URL of the entry does not fit the id of its resource."),
    "full-url-form": ("value", "The full URL of the entry is not absolute."),
    "entry-unreachable": ("business-rule", "Nothing leads from the document's first entry to this one, or back."),
    "bundle-rule": ("business-rule", "The bundle breaks a rule of its type."),
    "text-unsafe": ("security", "Plain text holds markup that a browser would run."),
    "extension-unknown": ("extension", "FHIR defines no such extension."),
    "extension-undefined": ("extension", "No definition of this extension is here."),
    "extension-misplaced": ("extension", "The extension is not allowed in this place."),
    "model-disagrees": ("invalid", "A second check by another library does not accept the element."),
    "too-many-issues": ("too-costly", "More is wrong than is listed."),
    # searching
    "parameter-dropped": ("not-supported", "There is no such parameter here; it was left out of the search."),
    "view-redacted": ("suppressed", "This is a part of a case: it holds only what its recipient needs."),
    "include-cut": ("too-costly", "More resources belong to this page than we include; ask for fewer at a time."),
    # corridor
    "control-id-reused": ("duplicate", "The sender used this message number before, with other content."),
    "translator-failed": ("exception", "A part of the program failed on this submission; it was kept for a person."),
}


def issue_type(code: str) -> str:
    """The FHIR issue-type of a code."""
    return MESSAGES[code][0]


def message(code: str) -> str:
    """The constant text of a code."""
    return MESSAGES[code][1]
