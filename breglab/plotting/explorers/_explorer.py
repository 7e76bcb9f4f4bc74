"""What all explorers are: controls, a picture that follows them, and a sentence for errors."""

from __future__ import annotations

import html
import itertools
from collections.abc import Callable, Mapping
from typing import Any

import ipywidgets
from matplotlib.figure import Figure

from breglab.plotting.export import to_svg

_NUMBERS = itertools.count()
_WIDTH = "36em"


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
            control.layout.width = "min(100%, 36em)"
            control.observe(self._follow, names="value")
        self._picture.layout.width = f"min(100%, {_WIDTH})"
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
            figure = self._draw(**{name: one.value for name, one in self.controls.items()})
        except (ValueError, TypeError, KeyError, ArithmeticError) as error:
            self._sentence.value = html.escape(str(error.args[0] if error.args else error))
            self._picture.layout.opacity = "0.4"
            return
        self._picture.value = to_svg(figure, label=self._label, prefix=self._prefix)
        self._sentence.value, self._picture.layout.opacity = "", "1"

    def _repr_mimebundle_(self, **_: object) -> dict[str, Any]:
        """Return the live widget, and the picture for where there is no kernel."""
        bundle: dict[str, Any] = self.widget._repr_mimebundle_()
        return bundle | {"text/html": self.picture or html.escape(self.sentence)}


def number(text: str, name: str) -> float:
    """Return the number that a field holds.

    Raises
    ------
    ValueError
        If it holds none; the message says what is wanted.
    """
    try:
        return float(text.replace("−", "-").replace(",", "."))
    except ValueError:
        got = f"got {text!r}" if text.strip() else "the field is empty"
        raise ValueError(f"{name} must be a number: {got}.") from None


def field(value: str, description: str) -> Any:
    """Return a field for text, which is read when the reader leaves it."""
    return ipywidgets.Text(value=value, description=description, continuous_update=False)
