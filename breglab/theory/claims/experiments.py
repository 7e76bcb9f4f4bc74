"""Claims 53 and 54: the arithmetic of the tables and of the abstract."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction

from breglab.theory.kind import Kind
from breglab.theory.margins import Margins
from breglab.theory.rational import at_most, equal
from breglab.theory.statement import Statement
from breglab.theory.verdict import Verdict

F = Fraction
Row = tuple[Fraction, Fraction]

# Table 3 in per cent: N_total, N_conv.
TABLE_3: dict[str, Row] = {
    "SGD with momentum": (F(100), F(100)),
    "Adam": (F(100), F(100)),
    "Lasso, Adam": (F("99.7"), F(100)),
    "LinBreg": (F("5.5"), F("24.8")),
    "LinBreg with momentum": (F("4.8"), F("21.0")),
    "AdaBreg": (F("14.7"), F("56.7")),
}


class TotalDensityPrinted(Statement):
    """The total density as the sum of two densities.

    Statement: ``N_total = N_conv + N_linear``, hence ``N_total >= N_conv``.
    Hypotheses: densities in per cent, as in Table 3.
    Checked: against the printed rows of Table 3.
    Tight: fails; LinBreg has N_total = 5.5 < N_conv = 24.8, and dense networks would have 200.
    Source: Sec. 4.4, definition of N_total; Table 3.
    """

    id = "53"
    title = "The total density as a sum"
    kind = Kind.FALSE_AS_PRINTED
    section = "4.4"
    source = "Sec. 4.4, definition of N_total"
    latex = r"N_{total}:=N_{conv}+N_{linear}"
    words = "The total density is N_total = N_conv + N_linear."
    tight = (
        "Contradicts Table 3, where LinBreg has N_total = 5.5 and N_conv = 24.8; a dense network "
        "would have 200 per cent."
    )
    proof = (
        "Densities are >= 0, so that N_total = N_conv + N_linear would imply N_total >= N_conv; "
        "Table 3 has 5.5 < 24.8 for LinBreg, 4.8 < 21.0 with momentum, 14.7 < 56.7 for AdaBreg "
        "and 99.7 < 100 for the Lasso. Dense networks would have 100 + 100, where 100 is printed."
    )
    expected = Verdict.VIOLATED
    negative_title = "The row of LinBreg in Table 3, whose total is no sum of its densities"
    counterexample = "LinBreg"

    def cases(self) -> Mapping[str, Row]:
        """Return the rows of Table 3."""
        return TABLE_3

    def negative_case(self) -> Row:
        """Return the row of LinBreg."""
        return TABLE_3["LinBreg"]

    def evaluate(self, case: Row) -> Margins:
        """Compare the total with its part."""
        total, conv = case
        return at_most([conv], [total])


Layers = tuple[tuple[int, int], tuple[int, int]]


def _ratio(layers: Layers) -> Fraction:
    """Return the number of all non-zero entries over the number of all entries."""
    return F(sum(nonzero for nonzero, _ in layers), sum(size for _, size in layers))


class TotalDensity(Statement):
    """The total density as one fraction.

    Statement: ``N_total = (number of non-zero entries)/(number of entries)`` lies between the
    densities of the parts, and is 1 for dense networks.
    Hypotheses: none.
    Checked: in rational arithmetic, for parts of the size of the networks of Sec. 4.4.
    Tight: both bounds are attained when the parts have one density.
    Source: Sec. 4.4, definition of N_total, corrected.
    """

    id = "53-corrected"
    title = "The total density as one fraction"
    kind = Kind.CORRECTED
    section = "4.4"
    source = "Sec. 4.4, definition of N_total, corrected"
    latex = (
        r"N_{total}=\frac{\#\{\text{non-zero entries}\}}{\#\{\text{entries}\}}"
        r"\in[\min(N_{conv},N_{linear}),\max(N_{conv},N_{linear})]"
    )
    words = (
        "The total density is the number of non-zero entries over the number of entries; it lies "
        "between the densities of the parts."
    )
    tight = "Attained for equal densities."
    proof = (
        "With s_c and s_l entries of the two kinds, N_total = (s_c N_conv + s_l N_linear)/(s_c + "
        "s_l) is a mean of the two densities with positive weights, hence between them, and 1 if "
        "both are."
    )
    negative_title = "The sum of the densities of two dense layers, which is two"

    def cases(self) -> Mapping[str, tuple[Layers, Fraction]]:
        """Return (non-zero, all) entries of both kinds, with their total density."""
        conv, linear = 64 * 25 + 64 * 64 * 25, 1024 * 1024 + 1024 * 128 + 1280
        layers: dict[str, Layers] = {
            "dense": ((conv, conv), (linear, linear)),
            "sparse": ((conv // 4, conv), (linear // 20, linear)),
        }
        return {name: (entry, _ratio(entry)) for name, entry in layers.items()}

    def negative_case(self) -> tuple[Layers, Fraction]:
        """Return the sum of the two densities of a dense network."""
        return ((10, 10), (30, 30)), F(2)

    def evaluate(self, case: tuple[Layers, Fraction]) -> Margins:
        """Compare the total with its parts."""
        layers, total = case
        parts = [F(*layer) for layer in layers]
        return at_most([min(parts), total], [total, max(parts)])


class PrintedNumbers(Statement):
    """The numbers of the abstract agree with those of the tables.

    Statement: the drops in test accuracy are differences of the printed accuracies: 93.6 - 90.2 =
    3.4, 93.6 - 92.3 = 1.3, 93.6 - 90.0 = 3.6; and 1 % of 784 rows are 8 after rounding.
    Hypotheses: accuracies as printed in Table 3.
    Checked: in rational arithmetic.
    Tight: identities.
    Source: abstract, Sec. 4.5, Sec. 4.6.
    """

    id = "54"
    title = "The numbers of the abstract and of the tables"
    kind = Kind.TRUE_AS_PRINTED
    section = "4.5"
    source = "abstract, Sec. 4.5, Sec. 4.6"
    latex = r"93.6-90.2=3.4,\quad93.6-92.3=1.3,\quad93.6-90.0=3.6"
    words = (
        "The drops in accuracy that abstract and text state are the differences of the "
        "accuracies in the tables."
    )
    tight = "Identities."
    proof = (
        "93.6 - 90.2 = 3.4, 93.6 - 92.3 = 1.3 and 93.6 - 90.0 = 3.6 exactly; 1 % of 784 is 7.84, "
        "and 8 rows is the nearest whole number. Against SGD with momentum, 92.15, the drop of "
        "LinBreg would be 1.95."
    )
    negative_title = "The drop against SGD with momentum in the place of the one that is meant"

    def cases(self) -> Mapping[str, tuple[Fraction, Fraction]]:
        """Return a computed and a printed number."""
        dense = F("93.6")
        found = {
            "LinBreg": (dense - F("90.2"), F("3.4")),
            "AdaBreg": (dense - F("92.3"), F("1.3")),
            "Lasso": (dense - F("90.0"), F("3.6")),
        }
        return found | {"rows": (F(round(F(784, 100))), F(8))}

    def negative_case(self) -> tuple[Fraction, Fraction]:
        """Return the drop against SGD with momentum, 92.15."""
        return F("92.15") - F("90.2"), F("3.4")

    def evaluate(self, case: tuple[Fraction, Fraction]) -> Margins:
        """Compare the two numbers."""
        return equal([case[0]], [case[1]])
