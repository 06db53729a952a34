"""One study of images, whoever speaks of it: what a clinic's submissions say of it adds up, and its report names it."""

from collections.abc import Iterable, Sequence
from copy import deepcopy
from typing import Any, Final

from sqlalchemy import Connection

from gateway.core import fhirjson
from gateway.core.errors import GoneError, NotFoundError, PatientConflictError
from gateway.core.study import accessions, numbers
from gateway.store import cases, resources
from gateway.translate.mentions import contradictions, same_series, unite

Resource = dict[str, Any]
_STUDY: Final = "ImagingStudy"
_REPORT: Final = "DiagnosticReport"


def with_known_studies(connection: Connection, made: Sequence[Resource], clinic: str) -> list[Resource]:
    """The resources, studies with all that is known of them, reports of a study's accession number with that study.

    Reports that came before their study are among what is given then. Raises PatientConflictError.
    """
    known = {one["id"]: _united(connection, made, one) if one["resourceType"] == _STUDY else one for one in made}
    studies = [one for one in known.values() if one["resourceType"] == _STUDY]
    reports = [one for one in known.values() if one["resourceType"] == _REPORT]
    asked = {pair for study in studies for pair in accessions(study)}
    told = {pair for report in reports for pair in numbers(report)}
    reports += [one for one in resources.numbered(connection, _REPORT, asked, clinic) if one["id"] not in known]
    studies += [one for one in resources.numbered(connection, _STUDY, told, clinic) if one["id"] not in known]
    for report in reports:
        said, named = set(numbers(report)), report.get("imagingStudy", [])
        more = [
            reference
            for study in studies
            if said & accessions(study) and _is_of_one(connection, made, _whose(study), _whose(report))
            if (reference := {"reference": f"{_STUDY}/{study['id']}"}) not in named
        ]
        if more:
            known[report["id"]] = {**report, "imagingStudy": [*named, *more]}
    return list(known.values())


def _united(connection: Connection, made: Sequence[Resource], study: Resource) -> Resource:
    """A study with what was known of it; where the two say different things, what comes now stands."""
    try:
        held: Resource = fhirjson.read_own(resources.read(connection, _STUDY, study["id"]).body)
    except (NotFoundError, GoneError):
        return study
    if not _is_of_one(connection, made, _whose(held), _whose(study)):
        raise PatientConflictError
    for name in ("versionId", "lastUpdated"):  # which the store says of itself
        held.get("meta", {}).pop(name, None)
    said, whole = deepcopy(study), deepcopy(held)
    left = unite(whole, said, contradictions(whole, said))
    if "series" in left:
        said["series"] = same_series([*deepcopy(study)["series"], *held["series"]])
    whole = {name: value for name, value in whole.items() if name.lstrip("_") not in left}
    return whole | {name: value for name, value in said.items() if name.lstrip("_") in left}


def _is_of_one(connection: Connection, made: Iterable[Resource], one: str, other: str) -> bool:
    """Whether two references name one person, as is known or as this submission says; nobody is anybody."""
    if not (one and other) or one == other:
        return True
    linked = {
        (resource["id"], link["other"]["reference"].rpartition("/")[2])
        for resource in made
        if resource["resourceType"] == "Patient"
        for link in resource.get("link", ())
    }
    pair = tuple(name.rpartition("/")[2] for name in (one, other))
    return pair in linked or pair[::-1] in linked or pair[1] in cases.same_person(connection, {pair[0]})


def _whose(resource: Resource) -> str:
    return str(resource.get("subject", {}).get("reference", ""))
