"""What kind of statement a claim is: how it relates to the printed text."""

from __future__ import annotations

import enum


class Kind(enum.Enum):
    """How a claim relates to the paper; the value says it for a person."""

    TRUE_AS_PRINTED = "The paper states this and it is true as printed."
    SHARPENED = "The paper states less: the constant or the range is improved here."
    FALSE_AS_PRINTED = "The paper states this and it is false as printed; it has a counterexample."
    CORRECTED = "The paper's statement, corrected so that it is true."
    UNSTATED_CONDITION = "The paper's statement is true under a condition that it does not state."
    BEYOND = "The paper does not state this."
    IMPRECISE = "The paper says this in an informal sentence, which is read literally here."
