"""What all explorers are: controls, a picture that follows them, and a sentence for errors."""

from __future__ import annotations

import html
import itertools
import warnings
from collections.abc import Callable, Mapping
from typing import Any

import ipywidgets
from matplotlib.figure import Figure

from breglab.plotting.export import to_svg

_NUMBERS = itertools.count()
_WIDTH = "min(100%, 36em)"
_LARGEST = 1e6
"""Of what a field may hold: far more than a drawing shows."""


class Explorer:
    """Controls above a picture that follows them.

    In a notebook with a kernel it is live. Where there is none it is the picture of the values
    that it starts with. What cannot be drawn is said in a sentence below the controls; the last
    picture stays, grey.

    Attributes
    ----------
    controls : dict of str to Widget
        By the names of the values that they set.
    widget : Widget
        All of it.
    """

    def __init__(
        self, draw: Callable[..., Figure], controls: Mapping[str, Any], label: str
    ) -> None:
        self._draw, self._label = draw, label
        self._prefix = f"explorer-{next(_NUMBERS)}"
        self.controls = dict(controls)
        self._picture, self._sentence = ipywidgets.HTML(), ipywidgets.HTML()
        for control in self.controls.values():
            control.style.description_width = "9em"
            control.layout.width = _WIDTH
            control.observe(self._follow, names="value")
        self._picture.layout.width = _WIDTH
        parts = [*self.controls.values(), self._sentence, self._picture]
        self.widget = ipywidgets.VBox(parts)
        self._follow()

    @property
    def picture(self) -> str:
        """The picture as an ``<svg>`` element, of the last values that can be drawn."""
        return str(self._picture.value)

    @property
    def sentence(self) -> str:
        """What is wrong with the values, empty where nothing is."""
        return html.unescape(str(self._sentence.value))

    def _follow(self, _: object = None) -> None:
        """Draw the present values, or say why they cannot be drawn."""
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("error", RuntimeWarning)
                figure = self._draw(**{name: one.value for name, one in self.controls.items()})
        except RuntimeWarning:  # an overflow, say
            self._refuse("Numbers of such different sizes cannot be drawn.")
        except (ValueError, TypeError, KeyError, ArithmeticError) as error:
            self._refuse(str(error.args[0] if error.args else error))
        else:
            self._picture.value = to_svg(figure, label=self._label, prefix=self._prefix)
            self._sentence.value, self._picture.layout.opacity = "", "1"

    def _refuse(self, sentence: str) -> None:
        self._sentence.value, self._picture.layout.opacity = html.escape(sentence), "0.4"

    def _repr_mimebundle_(self, **_: object) -> dict[str, Any]:
        """Return the live widget, and the picture for where there is no kernel."""
        bundle: dict[str, Any] = self.widget._repr_mimebundle_()
        return bundle | {"text/html": self.picture or html.escape(self.sentence)}


def number(text: str, name: str) -> float:
    """Return the number that a field holds.

    Raises
    ------
    ValueError
        If it holds none, or one beyond a million; the message says what is wanted.
    """
    try:
        value = float(text.replace("−", "-").replace(",", "."))
    except ValueError:
        got = f"got {text!r}" if text.strip() else "the field is empty"
        raise ValueError(f"{name} must be a number: {got}.") from None
    if not abs(value) <= _LARGEST:
        raise ValueError(
            f"{name} must lie between {-_LARGEST:,.0f} and {_LARGEST:,.0f}: got {value:g}."
        )
    return value


def field(value: str, description: str) -> Any:
    """Return a field for text, which is read when the reader leaves it."""
    return ipywidgets.Text(value=value, description=description, continuous_update=False)
