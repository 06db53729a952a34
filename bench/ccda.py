"""C-CDA read and converted, beside the peer when it is installed: how many times the bare lxml parse, never seconds.

    python -m bench.ccda [FOLDER]         documents of a folder; without one, those of tests/fixtures
    python -m bench.ccda --large          dense documents of 1 to 27 MB: does anything grow faster than they do?

Floor and conversion are timed in turn in one process. A peer (bench/peers.txt) counts with the documents that it
takes, and is asked for what it does by itself. Of the large ones the memory is told too: how many times its bytes the
process grew at its highest.
"""

import importlib.util
import io
import logging
import re
import resource
import statistics
import sys
import time
import warnings
from collections.abc import Callable, Iterable
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from typing import Any

from lxml import etree

import gateway
from bench.hl7v2 import ROUNDS, Work, best, takes
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


SUBJECTS: tuple[tuple[str, str, Callable[[], Work]], ...] = (
    ("ours: the document and all leaves", "gateway", lambda: read),
    ("ours: R4, account of all leaves", "gateway", lambda: lambda body: gateway.convert(body).to_json()),
    ("ccda-to-fhir: R4B, Python objects", "ccda_to_fhir", peer),
)


def floor(body: bytes) -> object:
    """The bare parse."""
    return etree.fromstring(body)


def ratios(work: Work, bodies: Iterable[bytes]) -> list[float]:
    """Times the floor, for each document that is taken."""
    found = []
    for body in bodies:
        if takes(floor, body) and takes(work, body):
            pairs = [(best(lambda b=body: floor(b)), best(lambda b=body: work(b))) for _ in range(ROUNDS)]  # type: ignore[misc]
            found.append(min(pair[1] for pair in pairs) / min(pair[0] for pair in pairs))
    return sorted(found)


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
        bare = best(lambda body=body: floor(body))  # type: ignore[misc]
        started = time.process_time()
        made = gateway.convert(body)
        made.to_json()
        took = time.process_time() - started
        grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) * _KIB
        said = f"{took / bare:8.1f} {grown / len(body):8.1f}"
        print(f"{said}   {len(body) / 1e6:.0f} MB, {len(made.ledger)} leaves, error: {made.error}")
        del made


def main() -> None:
    warnings.simplefilter("ignore")
    logging.disable(logging.CRITICAL)
    if sys.argv[1:] == ["--large"]:
        return measure_large()
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else FIXTURES
    bodies = [file.read_bytes() for file in sorted(folder.rglob("*.xml"))]
    print(f"times the bare parse of {len(bodies)} documents: median, of ten the ninth, of a hundred the last but one")
    for name, module, make in SUBJECTS:
        if importlib.util.find_spec(module) is None:
            print(f"   missing                     {name}")
            continue
        with redirect_stdout(io.StringIO()), redirect_stderr(io.StringIO()):
            found = ratios(make(), bodies)
        if not found:
            print(f"   takes none                  {name}")
            continue
        ninth, last = (found[int(share * (len(found) - 1))] for share in (0.9, 0.99))
        said = f"{statistics.median(found):8.1f} {ninth:8.1f} {last:8.1f}"
        print(f"{said}   {name}, takes {len(found)} of {len(bodies)}")
    return None


if __name__ == "__main__":
    main()
