"""The referral sheet: CSV in which each row answers the questions of the referral form for one patient."""

from gateway.parse.jsontree import reader
from gateway.parse.tabular.sheet import is_sheet, parse

__all__ = ["is_sheet", "parse", "reader"]
