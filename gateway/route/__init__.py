"""Out of the house: destinations, what is sent to them, and what their answers mean."""

from gateway.route.answer import Answer, Verdict
from gateway.route.delivery import deliver, inquire, open_session
from gateway.route.destination import Destination, read_destinations, whole
from gateway.route.inquiry import inquiry, is_answer, lacking, questions
from gateway.route.plan import plan

__all__ = [
    "Answer", "Destination", "Verdict", "deliver", "inquire", "inquiry", "is_answer", "lacking", "open_session", "plan",
    "questions", "read_destinations", "whole",
]  # fmt: skip
