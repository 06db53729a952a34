"""The durable corridor: claim, process or deliver, commit. A crash anywhere leaves what the next claim finishes."""

from gateway.worker.desk import Desk
from gateway.worker.loop import Worker

__all__ = ["Desk", "Worker"]
