"""How many times the floor a conversion takes, on the samples of tests/fixtures: ratios of one run, never seconds.

The floor of HL7 v2 is splitting the text into fields, of XML the bare lxml parse, of JSON and CSV the decoding.
"""

import csv
import io
import json
import statistics
import time
from collections.abc import Callable
from pathlib import Path

from lxml import etree

import gateway

FIXTURES = Path(__file__).parents[1] / "tests" / "fixtures"
ROUNDS = 5


def split(body: bytes) -> object:
    """The floor of HL7 v2."""
    return [line.split("|") for line in body.decode().replace("\n", "\r").split("\r")]


FLOORS: dict[str, Callable[[bytes], object]] = {
    ".hl7": split,
    ".xml": etree.fromstring,
    ".json": json.loads,
    ".csv": lambda body: list(csv.reader(io.StringIO(body.decode()))),
}


def best(work: Callable[[], object], times: int) -> float:
    """The best of several rounds, for one call."""
    found = []
    for _ in range(ROUNDS):
        start = time.perf_counter()
        for _ in range(times):
            work()
        found.append((time.perf_counter() - start) / times)
    return min(found)


def main() -> None:
    ratios: dict[str, list[float]] = {}
    for file in sorted(one for one in FIXTURES.rglob("*") if one.suffix in FLOORS):
        body, floor = file.read_bytes(), FLOORS[file.suffix]
        gateway.convert(body)
        ratio = best(lambda body=body: gateway.convert(body).to_json(), 3) / best(lambda f=floor, b=body: f(b), 50)
        ratios.setdefault(file.suffix, []).append(ratio)
        print(f"{ratio:8.0f} × floor  {file.relative_to(FIXTURES)}")
    for suffix, found in ratios.items():
        print(f"{statistics.median(found):8.0f} × floor  median of {suffix}")


if __name__ == "__main__":
    main()
