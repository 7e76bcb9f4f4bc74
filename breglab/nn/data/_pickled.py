"""Pickles of images and labels, read without running anything that they name."""

from __future__ import annotations

import pickle
import pickletools
from pathlib import Path
from typing import IO, Any, NoReturn

import numpy as np
import numpy.typing as npt

_ARRAYS = {
    (f"numpy.{core}.{module}", name)
    for core in ("core", "_core")
    for module, name in (("multiarray", "_reconstruct"), ("numeric", "_frombuffer"))
}
_TUPLES, _MEMO = 100, 1_000_000
_REFUSALS = (
    pickle.UnpicklingError,
    EOFError,
    ValueError,
    TypeError,
    LookupError,
    AttributeError,
    OverflowError,
    MemoryError,  # of lengths that the file tells and has not
)


def read_pickle(path: Path) -> dict[bytes, Any]:
    """Return the dictionary in a pickle of a batch of CIFAR-10.

    The names in the pickle stand for stand-ins of this module: nothing is imported, and no code of
    NumPy sees what the file says before its type and shape are checked.

    Parameters
    ----------
    path : Path
        The file, written by Python 2 or 3.

    Returns
    -------
    dict
        Arrays are of uint8; the keys are bytes.

    Raises
    ------
    ValueError
        If the file is damaged, names anything but an array of bytes, or holds no dictionary.
    """
    try:
        with path.open("rb") as file:
            _check_size(file)
            file.seek(0)
            found = _Restricted(file, encoding="bytes").load()
        if not isinstance(found, dict):
            raise pickle.UnpicklingError(f"it holds a {type(found).__name__}, not a dictionary")
        return {
            key: value.array() if isinstance(value, _Array) else value
            for key, value in found.items()
        }
    except _REFUSALS as error:
        raise ValueError(f"{path} is refused: {str(error) or type(error).__name__}") from error


def _check_size(file: IO[bytes]) -> None:
    """Refuse what would fill the memory or the stack of the interpreter before it fails.

    A memo has room for all numbers below its largest, and keys of nested tuples are hashed by
    recursion without an end.
    """
    nested = 0
    for operation, argument, _ in pickletools.genops(file):
        nested += "TUPLE" in operation.name or operation.name == "FROZENSET"
        if nested > _TUPLES or ("PUT" in operation.name and int(argument or 0) > _MEMO):
            raise pickle.UnpicklingError("it holds more tuples or names than such a file has")


class _Restricted(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> Any:
        if (module, name) in _ARRAYS:
            return _Array if name == "_reconstruct" else _from_buffer
        if (module, name) == ("numpy", "ndarray"):
            return None  # which `_Array` does not need to be told
        if (module, name) == ("numpy", "dtype"):
            return _check_type
        if (module, name) == ("_codecs", "encode"):  # how Python 3 writes bytes for Python 2
            return _encode
        raise pickle.UnpicklingError(f"it asks for {module}.{name}, and none of it is run")

    def persistent_load(self, pid: Any) -> NoReturn:
        raise pickle.UnpicklingError("it asks for something outside of the file")


class _Array:
    """What a pickle says of an array."""

    def __init__(self, *_: Any) -> None:
        self.shape: tuple[int, ...] = ()
        self.entries = b""

    def __setstate__(self, state: Any) -> None:
        _, self.shape, _, in_columns, self.entries = state
        if in_columns or not isinstance(self.entries, bytes):
            raise pickle.UnpicklingError("its arrays must be bytes in the order of C")

    def array(self) -> npt.NDArray[np.uint8]:
        return np.frombuffer(self.entries, dtype=np.uint8).reshape(self.shape)


class _Type:
    """An accepted dtype, whose further state says nothing about bytes."""

    def __setstate__(self, state: Any) -> None:
        pass


def _check_type(name: Any, *_: Any) -> _Type:
    if name not in ("u1", b"u1"):
        raise pickle.UnpicklingError(f"its arrays must be of unsigned bytes, got {name!r}")
    return _Type()


def _from_buffer(entries: Any, _: Any, shape: Any, order: Any) -> _Array:
    array = _Array()
    array.__setstate__((None, shape, None, order != "C", bytes(entries)))
    return array


def _encode(text: Any, encoding: Any) -> bytes:
    if encoding not in ("latin1", b"latin1") or not isinstance(text, str):
        raise pickle.UnpicklingError("its bytes must be written as latin1")
    return text.encode("latin1")
