"""What may not be taken up before the patient's consent is known, and what counts as one."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from gateway.cases.case import codeable
from gateway.cases.evidence import Resource, values
from gateway.core import ids
from gateway.core.errors import ConsentError, ConsentMissingError, SensitiveHoldError
from gateway.core.labels import PART_2, labels_of
from gateway.core.outcome import BASE

_THO: Final = "http://terminology.hl7.org/CodeSystem"
_INFORMANT: Final = (f"{_THO}/provenance-participant-type", "informant")
_SCOPE: Final = (f"{_THO}/consentscope", "patient-privacy")
_OPT_IN: Final = (f"{_THO}/v3-ActCode", "OPTIN")
_DOCUMENT: Final = ("http://loinc.org", "59284-0")
_RELATIVE: Final = "RelatedPerson"
PATIENT: Final = "patient"
GIVEN_BY: Final = (PATIENT, "representative")


@dataclass(frozen=True, slots=True)
class Recorded:
    """A consent as a person entered it: for which submission and hold, who entered it when, what they have seen."""

    submission: str
    hold: str
    at: str
    actor: str
    given: str
    given_by: str
    document: str


def holds(resources: Sequence[Resource]) -> Iterator[type[ConsentError]]:
    """Why these resources wait for a consent."""
    if any(PART_2 in map(_coding, labels_of(one)) for one in resources):
        yield SensitiveHoldError
    if any(map(_is_from_relative, resources)):
        yield ConsentMissingError


def lifts(hold: type[ConsentError], consent: Resource, day: str) -> bool:
    """Whether a Consent is the one that is waited for, on this day.

    It says yes, it is in force, and where it names labels it names that of the hold. A relative's own word is not the
    patient's.
    """
    if not is_yes(consent, day):
        return False
    named = [_coding(one) for one in values(consent, "provision.securityLabel")]
    if hold is SensitiveHoldError:
        return not named or PART_2 in named
    return not any(_is_relative(one) for one in consent.get("performer", ()))


def is_yes(consent: Resource, day: str) -> bool:
    """Whether it is a Consent by which the patient agrees that records are sent and read."""
    codings = {(one["system"], one["code"]) for one in map(_coding, values(consent, "scope.coding"))}
    rules = {(one["system"], one["code"]) for one in map(_coding, values(consent, "policyRule.coding"))}
    provision = consent.get("provision", {})
    period = provision.get("period", {})
    return (
        consent["resourceType"] == "Consent"
        and consent.get("status") == "active"
        and _SCOPE in codings
        and (_OPT_IN in rules or provision.get("type") == "permit")
        and provision.get("type") != "deny"
        and period.get("start", day)[: len(day)] <= day
        and day <= period.get("end", day)[: len(day)]
    )


def consent_of(recorded: Recorded, patient: str) -> dict[str, Any]:
    """What a person recorded, as the patient's Consent."""
    subject = {"reference": f"Patient/{patient}"}
    made: dict[str, Any] = {
        "resourceType": "Consent",
        "id": ids.stable_id("consent", recorded.submission, recorded.hold),
        "meta": {"profile": [f"{BASE}/StructureDefinition/so-consent"]},
        "status": "active",
        "scope": codeable(*_SCOPE),
        "category": [codeable(*_DOCUMENT)],
        "patient": subject,
        "dateTime": recorded.given,
        "sourceAttachment": {"title": recorded.document},
        "policyRule": codeable(*_OPT_IN),
        "verification": [{"verified": True, "verificationDate": recorded.at}],
    }
    return made | ({"performer": [subject]} if recorded.given_by == PATIENT else {})


def with_consents(referral: Resource, consents: Iterable[Resource], day: str) -> dict[str, Any]:
    """The referral with the Consents that it rests on."""
    held = list(referral.get("supportingInfo", ()))
    found = [{"reference": f"Consent/{one['id']}"} for one in consents if is_yes(one, day)]
    added = [*held, *(one for one in found if one not in held)]
    return {**referral, "supportingInfo": added} if added else {**referral}


def _is_from_relative(resource: Resource) -> bool:
    """Whether a relative, and no clinic, tells what a submission says."""
    match resource["resourceType"]:
        case "Composition":
            authors = list(values(resource, "author"))
            return bool(authors) and all(map(_is_relative, authors))
        case "ServiceRequest":
            return _is_relative(resource.get("requester", {}))
        case "QuestionnaireResponse":
            return _is_relative(resource.get("author", resource.get("source", {})))
        case "Provenance":
            told_by = [one.get("who", {}) for one in resource.get("agent", ()) if _INFORMANT in _kinds(one)]
            return "entity" in resource and any(_is_relative(one) or _is_anybody(one) for one in told_by)
    return False


def _is_anybody(reference: Mapping[str, Any]) -> bool:
    """Whether nobody knows if that is the clinic, the patient or who else."""
    return not reference.keys() & {"reference", "type", "identifier"}


def _is_relative(reference: Mapping[str, Any]) -> bool:
    named = str(reference.get("reference", "")).rpartition("/")[0].rpartition("/")[2]
    return _RELATIVE in (named, reference.get("type"))


def _kinds(agent: Mapping[str, Any]) -> list[tuple[Any, Any]]:
    return [(one.get("system"), one.get("code")) for one in values(agent, "type.coding")]


def _coding(coding: Mapping[str, Any]) -> dict[str, Any]:
    return {"system": coding.get("system"), "code": coding.get("code")}
