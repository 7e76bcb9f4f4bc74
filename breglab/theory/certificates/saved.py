"""The certificates that are kept with the package, as JSON files.

They are written by ``path.write_text(find(name).to_json())`` for every name of the
catalogue; what the files hold is what `verify_saved` checks, however they were found.
"""

from __future__ import annotations

from importlib.resources import files

from breglab._checks import choice
from breglab.theory.certificates.certificate import Certificate

_DATA = files("breglab.theory.certificates") / "data"


def saved_names() -> tuple[str, ...]:
    """Return the names of the certificates that are kept, in alphabetical order.

    Examples
    --------
    >>> from breglab.theory.certificates import saved_names
    >>> "loss-decay" in saved_names()
    True
    """
    texts = (entry.name for entry in _DATA.iterdir() if entry.name.endswith(".json"))
    return tuple(sorted(name.removesuffix(".json") for name in texts))


def saved_text(name: str) -> str:
    """Return the JSON text of a certificate that is kept.

    Raises
    ------
    ValueError
        If the name is unknown; the message lists the known ones.
    """
    choice(name, "name", saved_names())
    return (_DATA / f"{name}.json").read_text(encoding="utf-8")


def load_certificate(name: str) -> Certificate:
    """Read a certificate that is kept; it is not verified by reading.

    Raises
    ------
    ValueError
        If the name is unknown, with the known ones, or the file is not of the form.

    Examples
    --------
    >>> from breglab.theory.certificates import load_certificate
    >>> type(load_certificate("loss-decay")).__name__
    'Certificate'
    """
    return Certificate.from_json(saved_text(name))


def verify_saved() -> tuple[Certificate, ...]:
    """Verify every certificate that is kept, without any solver, and return them.

    Raises
    ------
    ValueError
        If one of them is no proof.
    """
    certificates = tuple(load_certificate(name) for name in saved_names())
    for certificate in certificates:
        certificate.verify()
    return certificates
