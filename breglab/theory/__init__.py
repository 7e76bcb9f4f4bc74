"""Theory: claims, their verdicts, and the audit that checks them and their negative instances."""

from breglab.theory.audit import Audit, ClaimResult, verify
from breglab.theory.claim import Claim, Finding, Hypothesis, check, check_negative
from breglab.theory.claims import CLAIMS, all_claims, find_claims
from breglab.theory.exact import RationalProblem, exact_run, exact_tree
from breglab.theory.falsifier import Attack, Outcome, falsify
from breglab.theory.instance import Instance, Run, execute
from breglab.theory.kind import Kind
from breglab.theory.loading import load_claims
from breglab.theory.margins import Margins, at_most, identity, joined
from breglab.theory.one_step import INEQUALITIES, Inequality, OneStep
from breglab.theory.statement import Statement
from breglab.theory.suite import common_instances
from breglab.theory.transitions import Transitions
from breglab.theory.verdict import Verdict

__all__ = [
    "CLAIMS",
    "INEQUALITIES",
    "Attack",
    "Audit",
    "Claim",
    "ClaimResult",
    "Finding",
    "Hypothesis",
    "Inequality",
    "Instance",
    "Kind",
    "Margins",
    "OneStep",
    "Outcome",
    "RationalProblem",
    "Run",
    "Statement",
    "Transitions",
    "Verdict",
    "all_claims",
    "at_most",
    "check",
    "check_negative",
    "common_instances",
    "exact_run",
    "exact_tree",
    "execute",
    "falsify",
    "find_claims",
    "identity",
    "joined",
    "load_claims",
    "verify",
]
