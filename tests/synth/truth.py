"""Invented cases: one seeded truth, written into every carrier that a clinic may send it in."""

import csv
import io
import json
import zipfile
from datetime import date, timedelta
from functools import cache
from pathlib import Path
from random import Random
from typing import Any, NamedTuple

import yaml
from jinja2 import Environment, FileSystemLoader, StrictUndefined

HERE = Path(__file__).parent
Truth = dict[str, Any]
_V2 = str.maketrans({"\\": "\\E\\", "|": "\\F\\", "^": "\\S\\", "&": "\\T\\", "~": "\\R\\"})


class Carrier(NamedTuple):
    """One way of sending a case: its template, whether it opens a case, what it cannot say, what a package holds."""

    name: str
    opens: bool
    loses: frozenset[str]
    holds: tuple[str, ...]


@cache
def carriers() -> tuple[Carrier, ...]:
    """Every carrier, as carriers.yaml lists them."""
    rows = yaml.safe_load((HERE / "carriers.yaml").read_text("utf-8"))["carriers"]
    return tuple(
        Carrier(row["carrier"], row.get("case", True), frozenset(row["loses"]), tuple(row.get("holds", ())))
        for row in rows
    )


def truth(number: int) -> Truth:
    """The case of this number, the same whenever it is asked for."""
    words, draw = _words(), Random(number)
    tumour = words["tumours"][number % len(words["tumours"])]
    sex = tumour.get("sex") or draw.choice(("female", "male"))
    diagnosed = date(2025, 1, 1) + timedelta(draw.randrange(500))
    treatment = draw.choice(words["statuses"])
    drugs = draw.sample(tumour["drugs"], draw.randint(1, len(tumour["drugs"])))
    wishes = [one for one in ("telehealth-visit", "travel-lodging") if draw.random() < 0.5]
    return {
        "number": number,
        "day": "20261102",
        "reference": f"REF-{number:05d}",
        "mrn": f"SY-{number:05d}",
        "family": draw.choice(words["families"]),
        "given": draw.choice(words["given"][sex]),
        "sex": sex,
        "birth_date": (date(1935, 1, 1) + timedelta(draw.randrange(20_000))).isoformat(),
        "phone": f"+1 555 {draw.randrange(100, 1000)} {draw.randrange(10_000):04d}",
        "line": draw.choice(words["streets"]),
        **draw.choice(words["places"]),
        "language": draw.choice(words["languages"]),
        "clinician": draw.choice(words["clinicians"]),
        "question": draw.choice(words["questions"]),
        "group": tumour["group"],
        "icd10": tumour["icd10"],
        "diagnosis": tumour["diagnosis"],
        "diagnosed_on": diagnosed.isoformat(),
        "stage": draw.choice(words["stages"]),
        "treatment": treatment,
        "drugs": [_drug(words["drugs"][name], diagnosed, draw) for name in drugs],
        "payer": draw.choice(words["payers"]),
        "member_id": f"M-{draw.randrange(10**6):06d}",
        "telehealth": "telehealth-visit" in wishes,
        "travel": "travel-lodging" in wishes,
        "wishes": wishes,
    }


def written(case: Truth, carrier: Carrier) -> bytes:
    """The case as this carrier says it."""
    if not carrier.holds:
        return _written(case, carrier.name)
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as package:
        for name in carrier.holds:
            package.writestr(zipfile.ZipInfo(name), _written(case, name))
    return packed.getvalue()


def _written(case: Truth, carrier: str) -> bytes:
    text = _templates().get_template(carrier).render(case)
    if carrier.endswith(".hl7"):
        text = "\r".join(line for line in text.splitlines() if line.strip()) + "\r"
    return text.lstrip().encode()


def _drug(row: dict[str, Any], diagnosed: date, draw: Random) -> dict[str, Any]:
    empty = dict.fromkeys(("rxnorm", "dose", "unit", "times", "hours", "route", "oral"))
    started = (diagnosed + timedelta(draw.randrange(10, 90))).isoformat()
    return {**empty, **row, "started": started, "status": draw.choice(("active", "completed"))}


@cache
def _words() -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load((HERE / "words.yaml").read_text("utf-8"))
    return found


@cache
def _templates() -> Environment:
    loader = FileSystemLoader(HERE / "carriers")
    made = Environment(loader=loader, undefined=StrictUndefined, autoescape=False)  # noqa: S701 no HTML; each escapes
    made.filters |= {
        "hl7": lambda text: text.translate(_V2),
        "compact": lambda day: day.replace("-", ""),
        "json": lambda value: json.dumps(value, ensure_ascii=False),
        "cells": _cells,
    }
    return made


def _cells(values: list[str]) -> str:
    line = io.StringIO()
    csv.writer(line, lineterminator="").writerow(values)
    return line.getvalue()
