"""Out of the house: destinations, what is sent to them, and what their answers mean."""

from gateway.route.answer import Answer, Verdict
from gateway.route.delivery import deliver, open_session
from gateway.route.destination import Destination, read_destinations, whole
from gateway.route.plan import plan

__all__ = ["Answer", "Destination", "Verdict", "deliver", "open_session", "plan", "read_destinations", "whole"]
