"""Certificates: exact proofs of one-step and several-step bounds, and their independent checker.

A worst case of `breglab.theory.worst_case` is a number up to the accuracy of a solver. Its
multipliers, made rational, prove the bound without any rounding: `certify` finds a certificate,
`check` decides in exact fractions whether it is one, `load_certificate` and `verify_saved` read
those that are kept with the package, and `symbolic` proves one-step bounds for all parameters.
"""

from breglab.theory.certificates.catalogue import Search, catalogue, every_pair, find
from breglab.theory.certificates.certificate import Certificate, Statement
from breglab.theory.certificates.checker import check, is_psd
from breglab.theory.certificates.pipeline import certify
from breglab.theory.certificates.saved import (
    load_certificate,
    saved_names,
    saved_text,
    verify_saved,
)

__all__ = [
    "Certificate",
    "Search",
    "Statement",
    "catalogue",
    "certify",
    "check",
    "every_pair",
    "find",
    "is_psd",
    "load_certificate",
    "saved_names",
    "saved_text",
    "verify_saved",
]
