"""C-CDA read and converted, beside the peer when it is installed: how many times the bare lxml parse, never seconds.

    python -m bench.ccda [FOLDER]         documents of a folder; without one, those of tests/fixtures
    python -m bench.ccda --large          dense documents of 1 to 27 MB: does anything grow faster than they do?

The peer (bench/peers.txt) is asked for what it does by itself. Of the large ones the memory is told too: how many times
its bytes the process grew at its highest.
"""

import importlib
import re
import resource
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from lxml import etree

import gateway
from bench.side_by_side import Subject, Work, best, report
from gateway.parse import ccda

FIXTURES = Path(__file__).parents[1] / "tests" / "fixtures" / "ccda"
LARGE = (1_000_000, 3_000_000, 9_000_000, 27_000_000)  # the last: the largest that somebody complained about in public
_ENTRY = re.compile(r"<entry\b.*?</entry>", re.DOTALL)
_ID = re.compile(r'<id root="([^"]*)"(?: extension="([^"]*)")?/>')
_KIB = 1024


def read(body: bytes) -> object:
    """Our parser with every leaf and its locator."""
    return [(document.root, list(document.leaves())) for document in ccda.parse(body)]


def peer() -> Work:
    convert: Any = importlib.import_module("ccda_to_fhir").convert_document
    return lambda body: convert(body.decode("utf-8", "replace"))["bundle"]


SUBJECTS: tuple[Subject, ...] = (
    ("ours: the document and all leaves", "gateway", lambda: read),
    ("ours: R4, account of all leaves", "gateway", lambda: lambda body: gateway.convert(body).to_json()),
    ("ccda-to-fhir: R4B, Python objects", "ccda_to_fhir", peer),
)


def floor(body: bytes) -> Callable[[], object]:
    """The bare parse."""
    return lambda: etree.fromstring(body)


def large(size: int) -> bytes:
    """The entries of a fixture again and again under new ids, as dense as it is itself."""
    text = (FIXTURES / "care_plan.xml").read_text("utf-8")
    times = 1 + (size - len(text)) // sum(len(one[0]) for one in _ENTRY.finditer(text))
    return _ENTRY.sub(lambda entry: "".join(_renamed(entry[0], number) for number in range(times)), text).encode()


def _renamed(entry: str, number: int) -> str:
    return _ID.sub(lambda id: f'<id root="{id[1]}" extension="{id[2] or ""}-{number}"/>', entry)


def measure_large() -> None:
    gateway.convert((FIXTURES / "care_plan.xml").read_bytes())
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    print("times the bare parse, and times its bytes of memory")
    for body in map(large, LARGE):
        bare = best(floor(body))
        started = time.process_time()
        made = gateway.convert(body)
        made.to_json()
        took = time.process_time() - started
        grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) * _KIB
        said = f"{took / bare:8.1f} {grown / len(body):8.1f}"
        print(f"{said}   {len(body) / 1e6:.0f} MB, {len(made.ledger)} leaves, error: {made.error}")
        del made


def main() -> None:
    if sys.argv[1:] == ["--large"]:
        return measure_large()
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else FIXTURES
    bodies = [file.read_bytes() for file in sorted(folder.rglob("*.xml"))]
    return report(f"times the bare parse of {len(bodies)} documents", SUBJECTS, bodies, floor)


if __name__ == "__main__":
    main()
