"""Downloads that take their name only when their checksum is right."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from breglab._checks import choice


def download(name: str, mirrors: Sequence[str], sha256: str, folder: Path) -> Path:
    """Return the path of a file, downloaded from the first mirror that has it unless it is there.

    Parameters
    ----------
    name : str
        Name of the file, the same on all mirrors and in the folder.
    mirrors : sequence of str
        Addresses of the folders that hold it, tried in this order.
    sha256 : str
        Its checksum in hexadecimal digits.
    folder : Path
        Where to put it; created if need be.

    Raises
    ------
    ConnectionError
        If no mirror gave the file with this checksum; says what was wrong with each. Nothing is
        left in the folder then.
    ImportError
        If pooch is not installed.
    """
    pooch = _pooch()
    choice(Path(name).name, "name", [name])
    failures = []
    for mirror in mirrors:
        try:
            return Path(
                pooch.retrieve(
                    mirror + name, f"sha256:{sha256}", fname=name, path=folder,
                    downloader=pooch.HTTPDownloader(timeout=30),
                )
            )  # fmt: skip
        except (OSError, ValueError) as error:
            # Pooch raises ValueError for a checksum, requests an OSError for everything else.
            wrong = "its checksum is wrong" if type(error) is ValueError else f"{error}"
            failures.append(f"{mirror + name}: {wrong}")
    raise ConnectionError(
        f"{name} could not be downloaded to {folder}. " + "; ".join(failures) + ". "
        "Put the file there yourself, or name a folder that has it by BREGLAB_DATA or --data"
    )


def cache_folder() -> Path:
    """Return the folder for downloads where the user's caches are."""
    return Path(_pooch().os_cache("breglab"))


def _pooch() -> Any:
    try:
        import pooch  # type: ignore[import-untyped]
    except ImportError as error:
        raise ImportError("downloads need pooch: pip install 'breglab[nn]'") from error
    return pooch
