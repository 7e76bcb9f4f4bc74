"""Downloads and archives: whole or not at all, and never outside of their folder."""

import hashlib
import http.server
import io
import tarfile
import threading
from typing import ClassVar

import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("pooch")

from breglab.nn.data import images  # noqa: E402
from breglab.nn.data._archive import extract  # noqa: E402
from breglab.nn.data._download import download  # noqa: E402

CONTENT = bytes(range(256)) * 400


class Handler(http.server.BaseHTTPRequestHandler):
    files: ClassVar[dict] = {}

    def do_GET(self):
        kind, _, name = self.path.strip("/").partition("/")
        if name not in self.files or kind == "missing":
            self.send_error(404)
            return
        content = self.files[name]
        self.send_response(200)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        if kind == "half":
            content = content[: len(content) // 2]
        self.wfile.write(content[::-1] if kind == "wrong" else content)

    def log_message(self, *_):
        pass


@pytest.fixture
def server():
    Handler.files = {"file": CONTENT}
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as running:
        # It looks every so many seconds whether it is to stop.
        thread = threading.Thread(target=running.serve_forever, args=(0.01,))
        thread.start()
        yield "http://{}:{}/".format(*running.server_address)
        running.shutdown()
        thread.join()


def sha256(content):
    return hashlib.sha256(content).hexdigest()


def test_the_first_mirror_that_has_the_file_is_used_and_asked_once(server, tmp_path):
    mirrors = [f"{server}{kind}/" for kind in ("missing", "wrong", "half", "good")]
    path = download("file", mirrors, sha256(CONTENT), tmp_path / "new")
    assert path.read_bytes() == CONTENT
    assert [p.name for p in (tmp_path / "new").iterdir()] == ["file"]
    Handler.files = {}
    assert download("file", mirrors, sha256(CONTENT), tmp_path / "new") == path


@pytest.mark.parametrize(
    ("kind", "words"), [("missing", "404"), ("wrong", "checksum is wrong"), ("half", "file: .+")]
)
def test_failed_downloads_say_why_and_leave_nothing(server, tmp_path, kind, words):
    with pytest.raises(ConnectionError, match=f"could not be downloaded.*{words}.*BREGLAB_DATA"):
        download("file", [f"{server}{kind}/"], sha256(CONTENT), tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_without_a_network_the_error_says_what_to_do(tmp_path):
    with http.server.HTTPServer(("127.0.0.1", 0), Handler) as closed:
        address = "http://{}:{}/".format(*closed.server_address)
    with pytest.raises(ConnectionError, match="Put the file there yourself"):
        download("file", [address], sha256(CONTENT), tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_damaged_file_under_the_final_name_is_fetched_again(server, tmp_path):
    (tmp_path / "file").write_bytes(CONTENT[:99])
    path = download("file", [f"{server}good/"], sha256(CONTENT), tmp_path)
    assert path.read_bytes() == CONTENT


def tar_bytes(*members):
    """Return a compressed archive of (name, content) or of finished members."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as tar:
        for member in members:
            info, content = member if isinstance(member[0], tarfile.TarInfo) else (
                tarfile.TarInfo(member[0]), member[1])  # fmt: skip
            info.size = len(content)
            tar.addfile(info, io.BytesIO(content))
    return buffer.getvalue()


def special(name, kind, target=""):
    info = tarfile.TarInfo(name)
    info.type, info.linkname = kind, target
    return info, b""


def test_cifar10_is_fetched_extracted_and_read(server, tmp_path, monkeypatch):
    rows = np.random.default_rng(0).integers(0, 10, (3, 3073)).astype(np.uint8)
    names = [f"cifar-10-batches-bin/data_batch_{i}.bin" for i in range(1, 6)]
    members = [(name, rows.tobytes()) for name in (*names, "cifar-10-batches-bin/test_batch.bin")]
    archive = tar_bytes(*members)
    Handler.files = {"cifar-10-binary.tar.gz": archive}
    entry = {**images._registry()["cifar10"], "mirrors": [f"{server}good/"]}
    entry["files"] = {"cifar-10-binary.tar.gz": sha256(archive)}
    monkeypatch.setattr(images, "_registry", lambda: {"cifar10": entry})
    monkeypatch.setattr(images, "cache_folder", lambda: tmp_path / "cache")
    monkeypatch.delenv("BREGLAB_DATA", raising=False)
    data = images.load("cifar10")
    assert len(data.train.labels) == 15
    assert data.test.labels.tolist() == rows[:, 0].tolist()
    assert [p.name for p in (tmp_path / "cache").iterdir()] == ["cifar-10-batches-bin"]
    Handler.files = {}
    assert len(images.load("cifar10").test.labels) == 3


@pytest.mark.parametrize(
    "attack",
    [
        [("../evil", b"x")],
        [("/usr/../evil", b"x")],
        [("top/../../evil", b"x")],
        [("top/a", b"x"), ("other/evil", b"x")],
        [("top\\..\\..\\evil", b"x")],
        [special("top/link", tarfile.SYMTYPE, ".."), ("top/link/evil", b"x")],
        [special("top/link", tarfile.SYMTYPE, "/etc/passwd")],
        [special("top/link", tarfile.LNKTYPE, "../secret")],
        [special("top/pipe", tarfile.FIFOTYPE)],
        [special("top/device", tarfile.CHRTYPE)],
    ],
    ids=lambda members: str(getattr(members[-1][0], "name", members[-1][0]))[:30],
)
def test_archives_cannot_write_outside_of_their_folder(tmp_path, attack):
    inside = tmp_path / "outer" / "folder"
    inside.mkdir(parents=True)
    (tmp_path / "outer" / "secret").write_bytes(b"secret")
    archive = inside / "archive.tar.gz"
    archive.write_bytes(tar_bytes(("top/first", b"x"), *attack))
    before = sorted(map(str, tmp_path.rglob("*")))
    with pytest.raises(ValueError, match=r"archive.tar.gz is refused: its members must be plain"):
        extract(archive, inside / "top")
    assert sorted(map(str, tmp_path.rglob("*"))) == before


@pytest.mark.parametrize("cut", [0, 10, 5_000, 15_000])
def test_damaged_archives_leave_nothing(tmp_path, cut):
    rng = np.random.default_rng(0)
    archive = tmp_path / "archive.tar.gz"
    archive.write_bytes(tar_bytes(("top/a", rng.bytes(10_000)), ("top/b", rng.bytes(10_000)))[:cut])
    with pytest.raises(ValueError, match="damaged"):
        extract(archive, tmp_path / "top")
    assert [p.name for p in tmp_path.iterdir()] == ["archive.tar.gz"]
