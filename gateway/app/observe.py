"""What a watcher asks for: is it well, how much waits, how long do answers take."""

import time
import uuid
from collections.abc import Iterator

import structlog
from flask import Flask, Response, g, request
from flask.typing import ResponseReturnValue
from prometheus_client import CollectorRegistry, Histogram, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector
from sqlalchemy import text

from gateway.services import Services, services
from gateway.store import deliveries, submissions, work

_ALIVE = text("SELECT 1")
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS"})
_log = structlog.get_logger()


def install(app: Flask) -> None:
    """Add /healthz and /metrics, and time every request."""
    registry = CollectorRegistry()
    times = Histogram("gateway_request_seconds", "Time to answer.", ["route", "method", "status"], registry=registry)
    registry.register(_Waiting(app.extensions["gateway"]))

    def begin() -> None:
        g.request_id, g.began = uuid.uuid4().hex, time.monotonic()

    def end(answer: Response) -> Response:
        took = time.monotonic() - g.get("began", time.monotonic())
        # Labels and log lines name the route, never the address that was asked for.
        route = str(request.url_rule) if request.url_rule else "none"
        method = request.method if request.method in _METHODS else "other"
        times.labels(route, method, str(answer.status_code)).observe(took)
        spent = round(took * 1000)
        _log.info(
            "request", route=route, method=method, status=answer.status_code, milliseconds=spent, request=g.request_id
        )
        return answer

    def metrics() -> ResponseReturnValue:
        """Numbers for Prometheus; labels are from our own lists."""
        return Response(generate_latest(registry), mimetype="text/plain; version=0.0.4")

    app.before_request(begin)
    app.after_request(end)
    app.add_url_rule("/healthz", view_func=healthz)
    app.add_url_rule("/metrics", view_func=metrics)


def healthz() -> ResponseReturnValue:
    """Whether the store answers."""
    services().store.read(lambda connection: connection.execute(_ALIVE).scalar())
    return {"status": "pass"}


class _Waiting(Collector):
    """Queue depths and states, read from the store when they are asked for."""

    def __init__(self, here: Services) -> None:
        self._here = here

    def describe(self) -> list[Metric]:
        """Nothing ahead of time: the store is not asked at start."""
        return []

    def collect(self) -> Iterator[Metric]:
        """Work that waits, submissions by state, deliveries by destination and state."""
        depths, states, sent = self._here.store.read(
            lambda connection: (
                work.depths(connection),
                submissions.counts_by_state(connection),
                deliveries.counts(connection),
            )
        )
        waiting = GaugeMetricFamily("gateway_work_waiting", "Work that waits or is being done.", labels=["task"])
        for task, number in depths.items():
            waiting.add_metric([task], number)
        standing = GaugeMetricFamily("gateway_submissions", "Submissions by state.", labels=["state"])
        for state, number in states.items():
            standing.add_metric([state], number)
        going = GaugeMetricFamily("gateway_deliveries", "Deliveries by state.", labels=["destination", "state"])
        for (destination, state), number in sent.items():
            going.add_metric([destination, state], number)
        yield from (waiting, standing, going)
