"""What may stand in an address or a form of this door, checked before anything is asked of the store."""

from collections.abc import Mapping
from typing import Any, Final

from marshmallow import EXCLUDE, Schema, ValidationError, fields, validate

from gateway.cases.consent import GIVEN_BY
from gateway.core.errors import RequestError
from gateway.core.submission import SubmissionState
from gateway.store.inbox import SORTS

GIVERS: Final = dict(zip(GIVEN_BY, ("the patient", "the patient's legal representative"), strict=True))
REASONS: Final = {
    "mapping-fault": "to find a mapping fault",
    "clinic-asked": "the clinic asked about it",
    "patient-safety": "a patient's safety",
    "quality-review": "a quality review",
    "audit": "an audit",
}
_WORD: Final = validate.Length(max=128)
_STATES: Final = ("", *(state.value for state in SubmissionState))


class _Question(Schema):
    class Meta:
        unknown = EXCLUDE


class InboxQuestion(_Question):
    """The filters of the failure inbox, its order and page."""

    clinic = fields.String(load_default="", validate=_WORD)
    format = fields.String(load_default="", validate=_WORD)
    trouble = fields.String(load_default="", validate=_WORD)
    rule = fields.String(load_default="", validate=_WORD)
    state = fields.String(load_default="open", validate=validate.OneOf(("", "open", "fixed", "ignored")))
    text = fields.String(load_default="", validate=_WORD)
    submission = fields.String(load_default="", validate=_WORD)
    sort = fields.String(load_default="effect", validate=validate.OneOf(SORTS))
    skip = fields.Integer(load_default=0, validate=validate.Range(0, 1_000_000))


class SubmissionsQuestion(_Question):
    """Which submissions to list."""

    clinic = fields.String(load_default="", validate=_WORD)
    state = fields.String(load_default="", validate=validate.OneOf(_STATES))
    before = fields.Integer(load_default=None, allow_none=True, validate=validate.Range(1))


class LedgerQuestion(_Question):
    """Which part of a ledger to show."""

    leaves = fields.String(load_default="", validate=_WORD)
    skip = fields.Integer(load_default=0, validate=validate.Range(0, 10_000_000))


class LineageQuestion(_Question):
    """Whose lineage: a resource by type and id, and one of its elements."""

    resource = fields.String(required=True, validate=validate.Regexp(r"[A-Z][A-Za-z]+/[A-Za-z0-9.-]{1,64}\Z"))
    element = fields.String(load_default="", validate=_WORD)


class StepQuestion(_Question):
    """A step of a case: what, seen at which version of its Task, why, to whom, which activity or recipient."""

    event = fields.String(required=True, validate=_WORD)
    version = fields.Integer(required=True, validate=validate.Range(1))
    reason = fields.String(load_default="", validate=validate.Length(max=500))
    owner = fields.String(load_default="", validate=_WORD)
    activity = fields.String(load_default="", validate=_WORD)
    recipient = fields.String(load_default="", validate=_WORD)
    to = fields.String(load_default="", validate=_WORD)


class IdentityQuestion(_Question):
    """Which pairs of records to list."""

    show = fields.String(load_default="asked", validate=validate.OneOf(("asked", "same", "apart")))
    skip = fields.Integer(load_default=0, validate=validate.Range(0, 1_000_000))


class Verdict(_Question):
    """What a person decides of a pair of records, seen at which version, and why."""

    decision = fields.String(required=True, validate=_WORD)
    version = fields.Integer(required=True, validate=validate.Range(1))
    reason = fields.String(load_default="", validate=validate.Length(max=500))


class DeliveriesQuestion(_Question):
    """Which deliveries to list."""

    state = fields.String(load_default="", validate=validate.OneOf(("", "waiting", "delivered", "dead")))
    destination = fields.String(load_default="", validate=_WORD)
    before = fields.Integer(load_default=None, allow_none=True, validate=validate.Range(1))


class AuditQuestion(_Question):
    """Which events of the trail to list."""

    agent = fields.String(load_default="", validate=_WORD)
    subtype = fields.String(load_default="", validate=_WORD)
    outcome = fields.String(load_default="", validate=validate.OneOf(("", "0", "4", "8", "12")))
    entity = fields.String(load_default="", validate=_WORD)
    before = fields.Integer(load_default=None, allow_none=True, validate=validate.Range(1))


class Reason(_Question):
    """Why a failure is ignored, in an admin's words."""

    reason = fields.String(required=True, validate=validate.Length(min=3, max=500))


class ConsentQuestion(_Question):
    """That a patient agrees: since which day, who gave the consent, which document was seen; for which record."""

    given = fields.Date(required=True)
    given_by = fields.String(required=True, validate=validate.OneOf(GIVEN_BY))
    document = fields.String(required=True, validate=validate.Length(min=3, max=200))
    place = fields.String(load_default="", validate=validate.Length(max=1000))


class Purpose(_Question):
    """Why a submission is unmasked, as one of our codes."""

    reason = fields.String(required=True, validate=validate.OneOf(REASONS))


def check(schema: type[Schema], given: Mapping[str, str]) -> dict[str, Any]:
    """What was asked, in its types; an empty field counts as left out unless it may be empty. Raises RequestError."""
    known = schema()
    try:
        found: dict[str, Any] = known.load({name: text for name, text in given.items() if text or name == "state"})
    except ValidationError as refused:
        raise RequestError(", ".join(sorted(name for name in refused.messages_dict if name in known.fields))) from None
    return found
