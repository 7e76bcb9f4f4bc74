"""Reports of an audit: a table for the terminal, report.json, and one page of HTML."""

from breglab.report.document import SCHEMA_VERSION, document, json_text, schema
from breglab.report.explain import explanations
from breglab.report.page import page
from breglab.report.terminal import claims_table, verdict_table
from breglab.report.writing import FILES, rescue, write

__all__ = [
    "FILES",
    "SCHEMA_VERSION",
    "claims_table",
    "document",
    "explanations",
    "json_text",
    "page",
    "rescue",
    "schema",
    "verdict_table",
    "write",
]
