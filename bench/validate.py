"""How long the validator takes beside the R4B models of fhir.resources and the bare decoding: ratios of one run.

Measured on the sound resources of a folder (first argument; the samples of tests/fixtures without one), in processor
time; a second argument names a package whose profiles the resources claim.
"""

import resource as system
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from fhir.resources.R4B import get_fhir_model_class
from pydantic import ValidationError

from gateway.core import fhirjson
from gateway.validate.definitions import default_library
from gateway.validate.judge import Judge

FIXTURES = Path(__file__).parents[1] / "tests" / "fixtures" / "fhir"
ROUNDS = 5


def best(work: Callable[[], object]) -> float:
    """The best of several rounds, in processor time."""
    found = []
    for _ in range(ROUNDS):
        start = time.process_time()
        work()
        found.append(time.process_time() - start)
    return min(found)


def main(folder: Path = FIXTURES, *packages: str) -> None:
    start = time.process_time()
    judge = Judge(default_library([Path(one) for one in packages]))
    print(f"{time.process_time() - start:8.2f} s to read the definitions")
    bodies = [one.read_bytes() for one in sorted(folder.rglob("*.json"))]
    resources = [one for one in map(fhirjson.read, bodies) if isinstance(one, dict) and "resourceType" in one]
    claimed = [one.get("meta", {}).get("profile", []) for one in resources]
    bare = [without_claims(one) for one in resources]
    decoding = best(lambda: [fhirjson.read_own(one) for one in bodies])
    base = best(lambda: [judge.judge(one) for one in bare])
    profiled = best(lambda: [judge.judge(one, urls[:1]) for one, urls in zip(bare, claimed, strict=True)])
    memory = system.getrusage(system.RUSAGE_SELF).ru_maxrss / 1024
    models = best(lambda: [loaded(one) for one in bare])
    print(f"{len(resources):8d} resources")
    print(f"{base / decoding:8.1f} × decoding, against R4")
    print(f"{base / models:8.2f} × fhir.resources, against R4")
    print(f"{profiled / models:8.2f} × fhir.resources, with the first profile that each claims")
    print(f"{memory:8.0f} MB before the models were asked")


def without_claims(resource: dict[str, Any]) -> dict[str, Any]:
    """The resource without what it says of profiles, so that R4 alone judges it."""
    meta = {name: value for name, value in resource.get("meta", {}).items() if name != "profile"}
    rest = {name: value for name, value in resource.items() if name != "meta"}
    return {**rest, "meta": meta} if meta else rest


def loaded(resource: dict[str, Any]) -> object:
    """The resource as a model of fhir.resources, or what it says against it."""
    try:
        return get_fhir_model_class(resource["resourceType"]).model_validate(resource)
    except ValidationError as refused:
        return refused


if __name__ == "__main__":
    main(*([Path(sys.argv[1]), *sys.argv[2:]] if sys.argv[1:] else []))
