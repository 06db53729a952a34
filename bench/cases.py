"""Cases beside what they are made of: how long the assembly of one takes, in conversions of its own submissions.

    python -m bench.cases [HOW_MANY]      20 invented cases, each sent in every carrier

A referral and what else comes of its patient are sent over HTTP, in this process; each puts the case together anew.
Told are its pure part and all that is durable (look up, save, account, audit) in bare conversions, what it takes to
answer those who look at a case, and how many cases a second are invented. Processor time counts, not the wall's.
"""

import logging
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import structlog
from flask.testing import FlaskClient

import gateway
from gateway import pipeline
from gateway.access.keys import add_clinic, add_key
from gateway.app import create_app
from gateway.cases import Case, is_referral, put_together
from gateway.core.clock import SystemClock
from gateway.services import open_services
from gateway.settings import Settings
from gateway.worker import Desk, Worker
from tests.synth.truth import carriers, truth, written

AT = "2026-11-02T16:00:00.000000Z"
REFERRAL = "bundle.json"
LOOKS = 200


def spent(work: Callable[[], object], rounds: int = 3) -> float:
    """The least processor time of a few runs."""
    times = []
    for _ in range(rounds):
        begin = time.process_time()
        work()
        times.append(time.process_time() - begin)
    return min(times)


def pure(bodies: list[bytes]) -> float:
    """A case put together after each of its submissions, in conversions of these."""
    conversion = spent(lambda: [gateway.convert(body) for body in bodies])
    held: dict[tuple[str, str], dict[str, Any]] = {}
    assembly = 0.0
    for body in bodies:
        made = (entry["resource"] for entry in (gateway.convert(body).bundle or {}).get("entry", ()))
        held |= {(one["resourceType"], one["id"]): one for one in made if one["resourceType"] != "Task"}
        if referral := next(filter(is_referral, held.values()), None):
            case = Case(referral["id"], "bench", opened=AT)
            assembly += spent(partial(put_together, case, list(held.values()), at=AT))
    return assembly / conversion


def ninety_five(client: FlaskClient, url: str, headers: dict[str, str]) -> float:
    """Milliseconds of work that nineteen of twenty answers take at most."""
    times = []
    for _ in range(LOOKS):
        begin = time.process_time()
        client.get(url, headers=headers).get_data()
        times.append((time.process_time() - begin) * 1000)
    return statistics.quantiles(times, n=20)[-1]


def durable(many: int, folder: Path) -> None:
    """Send every case in every carrier, then look at the last."""
    here = open_services(Settings(database_url=f"sqlite:///{folder}/cases.db", var=folder), SystemClock())
    worker = Worker(
        Desk(here.store, here.clock, here.destinations, here.audit_key, pipeline.process, here.senders, here.centre)
    )
    client = create_app(here.settings, services=here).test_client()
    clinic = {"Authorization": f"Bearer {add_clinic(here.store, here.clock, 'Bench')}"}
    reader = {"Authorization": f"Bearer {add_key(here.store, here.clock, 'reader', 'Bench')}"}
    sent = [one for one in carriers() if one.name == REFERRAL or not one.opens]
    bodies = [written(truth(number), one) for number in range(many) for one in sent]
    conversion = spent(lambda: [gateway.convert(body) for body in bodies], 1)
    last = ""

    def send() -> None:
        nonlocal last
        for body in bodies:
            last = client.post("/submissions", data=body, headers=clinic).headers["Location"]
        while worker.turn("process"):
            pass

    print(f"{spent(send, 1) / conversion:8.2f}   received, processed and kept, conversions of the same submissions")
    print(f"{ninety_five(client, last, clinic):8.1f}   ms for the state of a submission (19 of 20)")
    found: Any = client.get("/fhir/CarePlan?category=second-opinion&_count=1", headers=reader).json
    plan = found["entry"][0]["resource"]["id"]
    print(f"{ninety_five(client, f'/fhir/CarePlan/{plan}', reader):8.1f}   ms for the pull of a plan (19 of 20)")
    here.close()


def main(many: int) -> None:
    """Print a line for each figure."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    told = spent(lambda: [written(truth(number), one) for number in range(many) for one in carriers()])
    print(f"{many / told:8.0f}   cases a second are invented and written into {len(carriers())} carriers")
    found = [pure([written(truth(number), one) for one in carriers()]) for number in range(many)]
    print(f"{statistics.median(found):8.2f}   put together after each of ten submissions, conversions of these")
    with tempfile.TemporaryDirectory() as folder:
        durable(many, Path(folder))


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 20)
