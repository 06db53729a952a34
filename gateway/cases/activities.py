"""The activities of a coordination plan: which the rules call for, and the resource that each becomes."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

from marshmallow import Schema, fields, post_load, validate

from gateway.cases.case import ABSENT, NOBODY, Case, codeable, reference
from gateway.cases.drugs import is_current
from gateway.cases.evidence import Evidence, EvidenceSchema, Known, Resource, is_fact, values
from gateway.cases.trials import studies
from gateway.core.drug import is_cancer_drug, is_swallowed
from gateway.core.ids import digest
from gateway.core.labels import high_water, labelled
from gateway.core.outcome import BASE
from gateway.core.table import MAPPINGS, load, refuse_unless

FILE: Final = MAPPINGS / "cases" / "care_plan_rules.yaml"
PROFILE: Final = f"{BASE}/StructureDefinition/so-activity-request"
_PRIORITIES: Final = ("routine", "urgent", "asap", "stat")
# Facts of the case itself, beside those of facts.yaml.
_OWN: Final = ("oral-cancer-drug", "haematology", "trial-named")
_MADE: Final = ("ServiceRequest", "CommunicationRequest", "CoverageEligibilityRequest")
_PLACES: Final = (("in-hospital", "At the bedside"), ("home-known", "At the patient's home"))
ELIGIBILITY_FAILED: Final = "eligibility-failed"
_TASK_STATUS: Final = {"draft": "draft", "active": "requested", "completed": "completed", "revoked": "cancelled"}


@dataclass(frozen=True, slots=True)
class Rule:
    """One line of the table of rules."""

    rule: str
    activity: str
    title: str
    becomes: str
    desk: str
    intent: str = ""
    when: tuple[str, ...] = ()
    unless: tuple[str, ...] = ()
    early: bool = False
    task: bool = False
    closes: bool = False
    lasts: bool = False
    trials: bool = False
    delivers: bool = False
    teaches: bool = False
    category: dict[str, str] | None = None
    done: tuple[Evidence, ...] = ()

    @property
    def uri(self) -> str:
        """The address of the rule in its version."""
        return f"{BASE}/care-plan-rule/{self.rule}|{version_of_rules()}"


def _may_be_named(fact: str) -> bool:
    return fact in _OWN or is_fact(fact)


class _RuleSchema(Schema):
    rule = fields.String(required=True)
    activity = fields.String(required=True)
    title = fields.String(required=True)
    becomes = fields.String(required=True, data_key="as", validate=validate.OneOf(_MADE))
    desk = fields.String(required=True)
    intent = fields.String(load_default="", validate=validate.OneOf(("", "plan", "proposal")))
    when = fields.List(fields.String(validate=refuse_unless(_may_be_named)), load_default=())
    unless = fields.List(fields.String(validate=refuse_unless(_may_be_named)), load_default=())
    early = fields.Boolean(load_default=False)
    task = fields.Boolean(load_default=False)
    closes = fields.Boolean(load_default=False)
    lasts = fields.Boolean(load_default=False)
    trials = fields.Boolean(load_default=False)
    delivers = fields.Boolean(load_default=False)
    teaches = fields.Boolean(load_default=False)
    category = fields.Dict(keys=fields.String(), values=fields.String(), load_default=None)
    done = fields.List(fields.Nested(EvidenceSchema), load_default=())

    @post_load
    def _made(self, found: dict[str, Any], **_: Any) -> Rule:
        return Rule(**found | {name: tuple(found[name]) for name in ("when", "unless", "done")})


class _RulesSchema(Schema):
    rules = fields.List(fields.Nested(_RuleSchema), required=True)


@cache
def rules() -> tuple[Rule, ...]:
    """Every rule, in the order of the plan; raises MappingTableError."""
    return tuple(load(FILE, _RulesSchema())["rules"])


@cache
def version_of_rules() -> str:
    """Which version of the rules made a plan."""
    return digest(FILE.read_bytes())[:12]


def called_for(case: Case, known: Known, own: dict[str, bool]) -> Iterator[Rule]:
    """The rules whose activities this plan holds, each activity once."""
    seen: set[str] = set()
    for rule in rules():
        if rule.activity in seen or not (rule.early or case.has_records):
            continue
        if rule.when and not any(_holds(fact, known, own) for fact in rule.when):
            continue
        if any(_holds(fact, known, own) for fact in rule.unless):
            continue
        seen.add(rule.activity)
        yield rule


def own_facts(known: Known, group: str) -> dict[str, bool]:
    """The facts of the case itself."""
    return {
        "oral-cancer-drug": any(is_swallowed(one) for one in cancer_drugs(known)),
        "haematology": group == "haematology",
        "trial-named": bool(known.trials),
    }


def cancer_drugs(known: Known) -> list[Resource]:
    """The current and planned drugs against cancer."""
    return [one for one in known.of("MedicationRequest") if is_current(one) and is_cancer_drug(one)]


def priority(referral: Resource, known: Known) -> str:
    """How soon: as the referral says, one step sooner while a treatment is under way."""
    said = str(referral.get("priority", ""))
    if not known.holds("treatment-ongoing"):
        return said
    place = _PRIORITIES.index(said) if said in _PRIORITIES else 0
    return _PRIORITIES[min(place + 1, len(_PRIORITIES) - 1)]


def made_by(rule: Rule, case: Case, known: Known) -> list[dict[str, Any]]:
    """The resources that an activity becomes; the last is the one that a plan refers to."""
    made: dict[str, Any] = {"resourceType": rule.becomes, "id": case.id(rule.becomes, rule.activity)}
    match rule.becomes:
        case "CommunicationRequest":
            made |= _communication(rule, case, known)
        case "CoverageEligibilityRequest":  # which no plan may refer to, so its Task stands there
            asked = labelled(made | _eligibility(rule, case, known), high_water(known.of("Coverage")))
            return [asked, _task(rule, case, known)]
        case _:
            made |= _service(rule, case, known)
    if rule.trials and (named := studies(case, known.trials)):
        return [*named, made | {"supportingInfo": [reference(one) for one in named]}]
    return [_task(rule, case, known), made] if rule.task else [made]


def status(rule: Rule, case: Case, known: Known) -> str:
    """Where an activity stands: as a person said, else by its evidence, else as the plan does.

    What nobody has said to be done is not done because the case is closed: it ends with it, unless it lasts.
    """
    if said := case.settled.get(rule.activity):
        return said
    if rule.closes and is_settled(rule, case, recipients(known)):
        return "completed"
    if rule.done and known.shows(rule.done):
        return "completed"
    if case.told.plan == "completed":
        return "active" if rule.lasts and known.holds("treatment-completed") else "revoked"
    return case.told.plan


def unsettled(case: Case, recipients: Sequence[Resource]) -> list[str]:
    """The activities of which it must be known how they ended before a case is closed."""
    return [rule.activity for rule in rules() if rule.closes and not is_settled(rule, case, recipients)]


def is_settled(rule: Rule, case: Case, recipients: Sequence[Resource]) -> bool:
    """Whether it is known how a communication ended: a person said so, or each of those whom it is for has it."""
    each = bool(recipients) and all(part(rule.activity, one) in case.settled for one in recipients)
    return each or rule.activity in case.settled


def part(activity: str, recipient: Resource) -> str:
    """The part of a communication that is for one recipient."""
    return f"{activity}/{recipient.get('reference', recipient.get('display', ''))}"


def _holds(fact: str, known: Known, own: dict[str, bool]) -> bool:
    return own[fact] if fact in own else known.holds(fact)


def _service(rule: Rule, case: Case, known: Known) -> dict[str, Any]:
    referral = known.referral
    categories = [codeable("so-activity", rule.activity)]
    if rule.category:
        categories.append({"coding": [rule.category]})
    made: dict[str, Any] = {
        "meta": {"profile": [PROFILE]},
        "identifier": [_identifier(rule, case)],
        "instantiatesUri": [rule.uri],
        "basedOn": [reference(referral)],
        "status": status(rule, case, known),
        "intent": rule.intent,
        "category": categories,
        "code": codeable("so-activity", rule.activity, rule.title),
        "subject": referral.get("subject", NOBODY),
        "performerType": {"text": rule.desk},
    }
    if said := priority(referral, known):
        made["priority"] = said
    if case.opened:
        made["authoredOn"] = case.opened
    return made | (_delivery(case, known) if rule.delivers else {})


def _delivery(case: Case, known: Known) -> dict[str, Any]:
    """Who brings the drugs, and where to; the prescription itself stays as its clinician wrote it."""
    made: dict[str, Any] = {"performer": [case.pharmacy]} if case.pharmacy else {}
    for fact, place in _PLACES:
        if known.holds(fact):
            return made | {"locationCode": [{"text": place}]}
    return made


def _communication(rule: Rule, case: Case, known: Known) -> dict[str, Any]:
    referral = known.referral
    made: dict[str, Any] = {
        "identifier": [_identifier(rule, case)],
        "basedOn": [reference(referral)],
        "status": status(rule, case, known),
        "category": [codeable("so-activity", rule.activity, rule.title)],
        "subject": referral.get("subject", NOBODY),
    }
    if to := _learners(known) if rule.teaches else recipients(known):
        made["recipient"] = to
    if case.opened:
        made["authoredOn"] = case.opened
    return made


def _learners(known: Known) -> list[dict[str, Any]]:
    """Who has to know how a drug is taken: the patient, and who cares for them."""
    return [known.referral["subject"]] * ("subject" in known.referral) + [*map(reference, known.of("RelatedPerson"))]


def recipients(known: Known) -> list[dict[str, Any]]:
    """Whom the opinion goes to: who asked, and the patient's own doctors, each once."""
    doctors = [one for patient in known.of("Patient") for one in patient.get("generalPractitioner", ())]
    asked = [known.referral["requester"]] if known.referral.get("requester") else []
    return list({one.get("reference", one.get("display", "")): one for one in (*asked, *doctors)}.values())


def _eligibility(rule: Rule, case: Case, known: Known) -> dict[str, Any]:
    covers = known.of("Coverage")
    state = {"completed": "active", "revoked": "cancelled"}.get(said := status(rule, case, known), said)
    made: dict[str, Any] = {
        "identifier": [_identifier(rule, case)],
        "status": state,
        "purpose": ["validation", "benefits"],
        "patient": known.referral.get("subject", NOBODY),
        "insurer": next(filter(_is_insurer, values(covers, "payor")), {"display": "Unknown"}),
        "insurance": [{"coverage": reference(one)} for one in covers],
    }
    if case.opened:
        return made | {"created": case.opened}
    return made | {"_created": ABSENT}


def _is_insurer(payor: Resource) -> bool:
    """Whether a payor may be asked: an organisation, not the patient or a relative who pays."""
    return str(payor.get("reference", "Organization/")).startswith("Organization/")


def _task(rule: Rule, case: Case, known: Known) -> dict[str, Any]:
    """What a desk has to tick off."""
    task: dict[str, Any] = {
        "resourceType": "Task",
        "id": case.id("Task", rule.activity),
        "identifier": [_identifier(rule, case)],
        "basedOn": [reference(known.referral)],
        "partOf": [{"reference": f"Task/{case.task}"}],
        "status": _TASK_STATUS[status(rule, case, known)],
        "intent": "order",
        "code": codeable("so-activity", rule.activity, rule.title),
        "focus": {"reference": f"{rule.becomes}/{case.id(rule.becomes, rule.activity)}"},
        "for": known.referral.get("subject", NOBODY),
        "owner": {"display": rule.desk},
    }
    if rule.becomes == "CoverageEligibilityRequest":
        task["businessStatus"] = codeable("so-case-status", eligibility(known))
    if case.opened:
        task["authoredOn"] = case.opened
    return task


def eligibility(known: Known) -> str:
    """What the insurers answered so far: one coverage that is in force is enough for a visit."""
    answers = list(values(known.of("CoverageEligibilityResponse"), "insurance.inforce"))
    if any(answers):
        return "eligibility-verified"
    return ELIGIBILITY_FAILED if answers else "eligibility-pending"


def _identifier(rule: Rule, case: Case) -> dict[str, str]:
    return {"system": f"{BASE}/sid/case-activity", "value": f"{case.number or case.referral}/{rule.activity}"}
