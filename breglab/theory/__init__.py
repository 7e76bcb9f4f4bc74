"""Theory: claims, their verdicts, and the audit that checks them and their negative instances."""

from breglab.theory.audit import Audit, ClaimResult, verify
from breglab.theory.claim import Claim, Finding, Hypothesis, check, check_negative
from breglab.theory.claims import CLAIMS, all_claims, find_claims
from breglab.theory.instance import Instance, Run, Transitions, execute
from breglab.theory.kind import Kind
from breglab.theory.margins import Margins, identity, joined
from breglab.theory.statement import Statement
from breglab.theory.suite import common_instances
from breglab.theory.verdict import Verdict

__all__ = [
    "CLAIMS",
    "Audit",
    "Claim",
    "ClaimResult",
    "Finding",
    "Hypothesis",
    "Instance",
    "Kind",
    "Margins",
    "Run",
    "Statement",
    "Transitions",
    "Verdict",
    "all_claims",
    "check",
    "check_negative",
    "common_instances",
    "execute",
    "find_claims",
    "identity",
    "joined",
    "verify",
]
