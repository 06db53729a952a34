"""Directions ("sigs") to structure: only where the grammar takes all of the text, and says the same of its rendering.

`read` is the verb; the steps `sig` and `cancer_drug` are what tables of every format call.
"""

from gateway.translate.sig import cancer
from gateway.translate.sig.meaning import Sig
from gateway.translate.sig.rendering import render
from gateway.translate.sig.structure import read

__all__ = ["Sig", "cancer", "read", "render"]
