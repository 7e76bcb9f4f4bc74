"""Extraction of archives that cannot write outside of their folder."""

from __future__ import annotations

import lzma
import shutil
import tarfile
import tempfile
import zlib
from pathlib import Path, PurePosixPath


def extract(archive: Path, folder: Path) -> None:
    """Extract the files of an archive that lie below a folder of the name of `folder`.

    The folder takes its name when all files are there; after an error nothing is left of it.

    Parameters
    ----------
    archive : Path
        A tar file, compressed or not.
    folder : Path
        What the archive's top folder becomes; it must not exist.

    Raises
    ------
    ValueError
        If the archive is damaged, or a member is anything but a plain file or a folder below
        the top folder: nothing is extracted then.
    """
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix=f".{folder.name}.") as scratch:
        try:
            with tarfile.open(archive) as tar:
                members = tar.getmembers()
                for member in members:
                    _check(archive, member, folder.name)
                for member in members:
                    if member.isfile():
                        _write(tar, member, Path(scratch) / member.name)
        except (tarfile.TarError, EOFError, zlib.error, lzma.LZMAError) as error:
            raise ValueError(f"{archive} is damaged: {error}") from error
        inside = Path(scratch) / folder.name
        if not inside.is_dir():
            raise ValueError(f"{archive} must hold a folder {folder.name}")
        inside.rename(folder)


def _check(archive: Path, member: tarfile.TarInfo, top: str) -> None:
    parts = PurePosixPath(member.name).parts
    leaves = not parts or parts[0] != top or ".." in parts or "\\" in member.name
    if leaves or ":" in member.name or not (member.isfile() or member.isdir()):
        raise ValueError(
            f"{archive} is refused: its members must be plain files below {top}, "
            f"got {member.name!r}"
        )


def _write(tar: tarfile.TarFile, member: tarfile.TarInfo, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    content = tar.extractfile(member)
    assert content is not None  # a plain file has one
    with content, path.open("xb") as file:
        shutil.copyfileobj(content, file)
