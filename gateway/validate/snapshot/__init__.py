"""Snapshots: a differential laid over its base, element by element, with every rule that it breaks."""

from gateway.validate.snapshot.generator import NO_BASE, Fault, Generator, Snapshot

__all__ = ["NO_BASE", "Fault", "Generator", "Snapshot"]
