"""What may not be taken up before the patient's consent is known, and what counts as one."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

from gateway.cases.case import codeable
from gateway.cases.evidence import Resource, values
from gateway.core import ids
from gateway.core.errors import ConsentError, ConsentMissingError, SensitiveHoldError
from gateway.core.labels import PART_2, labels_of
from gateway.core.outcome import BASE

Pair = tuple[Any, Any]
_THO: Final = "http://terminology.hl7.org/CodeSystem"
_INFORMANT: Final = (f"{_THO}/provenance-participant-type", "informant")
_SCOPE: Final = (f"{_THO}/consentscope", "patient-privacy")
_OPT_IN: Final = (f"{_THO}/v3-ActCode", "OPTIN")
_DOCUMENT: Final = ("http://loinc.org", "59284-0")
_RELATIVE: Final = "RelatedPerson"
_PART_2: Final = (PART_2["system"], PART_2["code"])
_EVER: Final = "9999"  # a refusal of no day stands against every consent
RULES: Final = f"{BASE}/consent-rule"
PATIENT: Final = "patient"
GIVEN_BY: Final = (PATIENT, "representative")


@dataclass(frozen=True, slots=True)
class Recorded:
    """A consent as a person entered it: for which submission and hold, who entered it when, what they have seen; where
    the record stands, of several.
    """

    submission: str
    hold: str
    at: str
    actor: str
    given: str
    given_by: str
    document: str
    place: str = ""


def holds(resources: Sequence[Resource]) -> Iterator[type[ConsentError]]:
    """Why these resources wait for a consent."""
    if any(_PART_2 in map(_pair, labels_of(one)) for one in resources):
        yield SensitiveHoldError
    if any(map(_is_from_relative, resources)):
        yield ConsentMissingError


def lifting(hold: type[ConsentError], consents: Iterable[Resource], day: str) -> Resource | None:
    """The Consent of a person that is waited for, on this day; none where the person has said no since."""
    said = list(consents)
    no = max((_given(one) or _EVER for one in said if _refuses(hold, one, day)), default="")
    return next((one for one in said if lifts(hold, one, day) and (not no or _given(one) > no)), None)


def lifts(hold: type[ConsentError], consent: Resource, day: str) -> bool:
    """Whether a Consent is one that is waited for, on this day: it says yes, is in force, and covers what is held.

    Content of a Part 2 programme is covered by a Consent that names it, or that comes from such a programme itself; a
    relative's own word is not the patient's, and what is agreed for certain labels alone says nothing of a relative.
    """
    if not is_yes(consent, day):
        return False
    named = _named(consent.get("provision", {}))
    if any(map(partial(_excepts, hold), consent.get("provision", {}).get("provision", ()))):
        return False
    if hold is SensitiveHoldError:
        return _PART_2 in (named or _codings(consent, "policyRule") | set(map(_pair, labels_of(consent))))
    return not named and not any(_is_relative(one) for one in consent.get("performer", ()))


def refused(consents: Iterable[Resource], day: str) -> bool:
    """Whether the patient has said no, and not yes since, to that records are sent."""
    said = list(consents)
    no = max((_given(one) or _EVER for one in said if _refuses(ConsentMissingError, one, day)), default="")
    return bool(no) and not any(is_yes(one, day) and _given(one) > no for one in said)


def is_yes(consent: Resource, day: str) -> bool:
    """Whether it is a Consent by which the patient agrees that records are sent and read."""
    type = consent.get("provision", {}).get("type")
    agrees = type == "permit" or (type is None and _OPT_IN in _codings(consent, "policyRule"))
    return _is_of_privacy(consent) and consent.get("status") == "active" and _is_in_force(consent, day) and agrees


def _refuses(hold: type[ConsentError], consent: Resource, day: str) -> bool:
    """Whether it is a Consent by which the patient does not agree, or does not any more."""
    if not _is_of_privacy(consent) or not _concerns(hold, consent.get("provision", {})):
        return False
    match consent.get("status"):
        case "rejected":
            return True
        case "inactive":
            return bool(_given(consent))  # when it ended nobody knows; one without a day says nothing of another
        case "active":
            provision = consent.get("provision", {})
            # A denial of certain labels and of no day is the protection that they have without a consent (ARV).
            said = bool(_given(consent)) or not _named(provision)
            return provision.get("type") == "deny" and _is_in_force(consent, day) and said
    return False


def _excepts(hold: type[ConsentError], provision: Mapping[str, Any]) -> bool:
    """Whether an exception to a Consent takes out what is held, or may: whom or what else it is about is not judged."""
    return provision.get("type") == "deny" and _concerns(hold, provision)


def _concerns(hold: type[ConsentError], provision: Mapping[str, Any]) -> bool:
    named = _named(provision)
    return not named or (hold is SensitiveHoldError and _PART_2 in named)


def _is_of_privacy(consent: Resource) -> bool:
    return consent["resourceType"] == "Consent" and _SCOPE in _codings(consent, "scope")


def _is_in_force(consent: Resource, day: str) -> bool:
    period = consent.get("provision", {}).get("period", {})
    return bool(period.get("start", day)[: len(day)] <= day <= period.get("end", day)[: len(day)])


def _codings(consent: Resource, element: str) -> set[Pair]:
    return set(map(_pair, values(consent, f"{element}.coding")))


def _named(provision: Mapping[str, Any]) -> set[Pair]:
    """The labels that alone it is about; none: it is about all."""
    return set(map(_pair, provision.get("securityLabel", ())))


def _given(consent: Resource) -> str:
    """The day on which it was given, as far as it is told."""
    return str(consent.get("dateTime", ""))[:10]


def consent_of(recorded: Recorded, patient: str) -> dict[str, Any]:
    """What a person recorded, as the patient's Consent."""
    subject = {"reference": f"Patient/{patient}"}
    made: dict[str, Any] = {
        "resourceType": "Consent",
        "id": ids.stable_id("consent", recorded.submission, recorded.hold, *filter(None, [recorded.place])),
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
    if recorded.hold == SensitiveHoldError().code:
        made["meta"]["security"] = [PART_2]  # that there is one tells what it is about
        made["provision"] = {"securityLabel": [PART_2]}
    return made | ({"performer": [subject]} if recorded.given_by == PATIENT else {})


def resting_on(resource: Resource, hold: str, consent: str) -> dict[str, Any]:
    """The account of a source, which says by which rule and on which Consent it was released."""
    by, what = f"{RULES}/{hold}", {"role": "source", "what": {"reference": f"Consent/{consent}"}}
    policy, entity = resource.get("policy", []), resource["entity"]
    return {
        **resource,
        "policy": [*policy, *([by] if by not in policy else [])],
        "entity": [*entity, *([what] if what not in entity else [])],
    }


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


def _kinds(agent: Mapping[str, Any]) -> list[Pair]:
    return list(map(_pair, values(agent, "type.coding")))


def _pair(coding: Mapping[str, Any]) -> Pair:
    return coding.get("system"), coding.get("code")
