"""The invariants of R4 and of profiles, compiled from their expressions."""

from gateway.validate.invariants.invariant import Invariant, advised_of_r4, of_profile, of_r4

__all__ = ["Invariant", "advised_of_r4", "of_profile", "of_r4"]
