"""Several subjects over the same inputs, each in turn with a floor in one process: ratios, never seconds.

A subject counts with the inputs that it takes; how many those are stands beside its ratio.
"""

import importlib.util
import io
import logging
import statistics
import time
import warnings
from collections.abc import Callable, Iterable, Sequence
from contextlib import redirect_stderr, redirect_stdout

ROUNDS = 3
SPENT = 0.02  # seconds a round gives to one input at least, so that quick ones are timed more than once
Work = Callable[[bytes], object]
Floor = Callable[[bytes], Callable[[], object]]  # what is made ready for it is not counted
# What each is called, the module it needs, and what makes its work.
Subject = tuple[str, str, Callable[[], Work]]


def best(work: Callable[[], object]) -> float:
    """The quickest of the runs that one round has time for."""
    quickest, spent = float("inf"), 0.0
    while spent < SPENT:
        start = time.perf_counter()
        work()
        took = time.perf_counter() - start
        quickest, spent = min(quickest, took), spent + took
    return quickest


def takes(work: Work, body: bytes) -> bool:
    """Whether a peer gets through an input; what it raises is its own affair."""
    try:
        work(body)
    except Exception:  # noqa: BLE001 (a peer's errors are unknown to us, and all mean the same)
        return False
    return True


def ratios(work: Work, bodies: Iterable[bytes], floor: Floor) -> list[float]:
    """Times the floor, for each input that both take, the lowest first."""
    found = []
    for body in bodies:
        if takes(lambda one: floor(one)(), body) and takes(work, body):
            bare = floor(body)
            pairs = [(best(bare), best(lambda body=body: work(body))) for _ in range(ROUNDS)]  # type: ignore[misc]
            found.append(min(pair[1] for pair in pairs) / min(pair[0] for pair in pairs))
    return sorted(found)


def report(title: str, subjects: Iterable[Subject], bodies: Sequence[bytes], floor: Floor) -> None:
    """Print a line for each subject."""
    warnings.simplefilter("ignore")
    logging.disable(logging.CRITICAL)
    print(f"{title}: median, of ten the ninth, of a hundred the last but one")
    for name, module, make in subjects:
        if importlib.util.find_spec(module) is None:
            print(f"   missing                     {name}")
            continue
        with redirect_stdout(io.StringIO()), redirect_stderr(io.StringIO()):
            found = ratios(make(), bodies, floor)
        if not found:
            print(f"   takes none                  {name}")
            continue
        ninth, last = (found[int(share * (len(found) - 1))] for share in (0.9, 0.99))
        said = f"{statistics.median(found):8.1f} {ninth:8.1f} {last:8.1f}"
        print(f"{said}   {name}, takes {len(found)} of {len(bodies)}")
