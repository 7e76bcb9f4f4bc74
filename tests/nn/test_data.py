"""Data sets: what is read is what is in the files, and what the files may not do."""

import gzip
import pickle
import struct

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

torch = pytest.importorskip("torch")

from breglab.nn.data import NAMES, Batches, load  # noqa: E402
from breglab.nn.data.cifar import BATCHES, read_binary, read_pickled  # noqa: E402
from breglab.nn.data.idx import read_idx  # noqa: E402

RNG = np.random.default_rng(0)


def compressed(data):
    """Return the same bytes at any time: workers must agree on the names of tests."""
    return gzip.compress(data, mtime=0)


def idx_bytes(array):
    header = struct.pack(f">BBBB{array.ndim}I", 0, 0, 8, array.ndim, *array.shape)
    return header + array.tobytes()


def write_idx(folder, n_train=30, n_test=20):
    raw = folder / "MNIST" / "raw"
    raw.mkdir(parents=True)
    arrays = {}
    for prefix, n in (("train", n_train), ("t10k", n_test)):
        arrays[f"{prefix}-images-idx3-ubyte.gz"] = RNG.integers(0, 256, (n, 28, 28), np.uint8)
        arrays[f"{prefix}-labels-idx1-ubyte.gz"] = np.arange(n, dtype=np.uint8) % 10
    for name, array in arrays.items():
        (raw / name).write_bytes(gzip.compress(idx_bytes(array)))
    return arrays


@given(hnp.arrays(np.uint8, hnp.array_shapes(max_dims=4)), st.booleans())
@settings(deadline=None, max_examples=50)
def test_idx_files_give_back_their_array(tmp_path_factory, array, compressed):
    path = tmp_path_factory.mktemp("idx") / ("a.gz" if compressed else "a")
    path.write_bytes(gzip.compress(idx_bytes(array)) if compressed else idx_bytes(array))
    np.testing.assert_array_equal(read_idx(path), array)


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("a", b"", "idx file of unsigned bytes"),
        ("a", b"\0\0\x0d\x01\0\0\0\x01\0", "idx file of unsigned bytes"),
        ("a", idx_bytes(np.zeros((3, 4), np.uint8))[:-1], "must hold 12 entries.*got 11"),
        ("a", idx_bytes(np.zeros((3, 4), np.uint8)) + b"\0", "must hold 12 entries.*got more"),
        ("a", b"\0\0\x08\x02\0\0\0\x01", "entries as its header tells"),
        ("a", struct.pack(">BBBB2I", 0, 0, 8, 2, 2**20, 2**20), "must hold at most"),
        ("a", struct.pack(">BBBB3I", 0, 0, 8, 3, *[2**32 - 1] * 3), "must hold at most"),
        ("a", bytes([0, 0, 8, 255]) + struct.pack(">I", 1) * 255 + b"1", "idx file of unsigned"),
        (
            "a.gz",
            gzip.compress(struct.pack(">BBBB2I", 0, 0, 8, 2, 2**31, 2**13), mtime=0),
            "at most",
        ),
        ("a.gz", compressed(idx_bytes(np.zeros(99, np.uint8)))[:-9], "damaged"),
        ("a.gz", b"no gzip at all", "damaged"),
    ],
)
def test_damaged_idx_files_are_refused_by_name(tmp_path, name, content, words):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(ValueError, match=f"{name}.*{words}"):
        read_idx(tmp_path / name)


def test_mnist_is_read_from_a_folder_and_from_the_environment(tmp_path, monkeypatch):
    arrays = write_idx(tmp_path)
    monkeypatch.setenv("BREGLAB_DATA", str(tmp_path))
    for data in (load("mnist", tmp_path), load("mnist")):
        train, test = data.train, data.test
        assert train.images.shape == (30, 1, 28, 28)
        assert train.images.dtype == torch.uint8
        assert train.labels.dtype == torch.int64
        np.testing.assert_array_equal(test.images[:, 0], arrays["t10k-images-idx3-ubyte.gz"])
        np.testing.assert_array_equal(train.labels, arrays["train-labels-idx1-ubyte.gz"])


def test_missing_and_contradicting_files_are_named(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"MNIST must be in.*train-images-idx3-ubyte"):
        load("mnist", tmp_path)
    with pytest.raises(ValueError, match=r"must be one of 'digits'.*got 'minst'"):
        load("minst", tmp_path)
    write_idx(tmp_path)
    labels = tmp_path / "MNIST/raw/t10k-labels-idx1-ubyte.gz"
    labels.write_bytes(gzip.compress(idx_bytes(np.full(19, 3, np.uint8))))
    with pytest.raises(ValueError, match="20 images and 19 labels"):
        load("mnist", tmp_path)
    labels.write_bytes(gzip.compress(idx_bytes(np.full(20, 10, np.uint8))))
    with pytest.raises(ValueError, match="labels up to 10"):
        load("mnist", tmp_path)
    labels.write_bytes(gzip.compress(idx_bytes(np.full((20, 1), 3, np.uint8))))
    with pytest.raises(ValueError, match=r"labels in one row, got labels of shape \(20, 1\)"):
        load("mnist", tmp_path)
    images = tmp_path / "MNIST/raw/t10k-images-idx3-ubyte.gz"
    images.write_bytes(gzip.compress(idx_bytes(np.zeros((20, 14, 56), np.uint8))))
    labels.write_bytes(gzip.compress(idx_bytes(np.full(20, 1, np.uint8))))
    with pytest.raises(ValueError, match=r"shape \[1, 28, 28\], got \[1, 14, 56\]"):
        load("mnist", tmp_path)


def cifar_batch(n=7):
    return RNG.integers(0, 256, (n, 3072), np.uint8), RNG.integers(0, 10, n).tolist()


def python2_pickle(data, labels):
    """Return what Python 2 wrote, byte by byte as in the official archive."""
    return (
        b"\x80\x02}(U\x04datacnumpy.core.multiarray\n_reconstruct\ncnumpy\nndarray\nK\x00\x85"
        b"U\x01b\x87R(K\x01K" + bytes([len(data)]) + b"M\x00\x0c\x86cnumpy\ndtype\nU\x02u1K\x00"
        b"K\x01\x87R(K\x03U\x01|NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00tb\x89T"
        + struct.pack("<I", data.nbytes)
        + data.tobytes()
        + b"tbU\x06labels](K"
        + b"K".join(bytes([label]) for label in labels)
        + b"eu."
    )


@pytest.mark.parametrize("protocol", ["python 2", *range(pickle.HIGHEST_PROTOCOL + 1)])
def test_pickled_batches_of_any_protocol_equal_binary_ones(tmp_path, protocol):
    data, labels = cifar_batch()
    binary, pickled = tmp_path / "a.bin", tmp_path / "a"
    binary.write_bytes(np.column_stack([np.array(labels, np.uint8), data]).tobytes())
    content = {b"data": data, b"labels": labels, b"batch_label": b"a"}
    if protocol == "python 2":
        pickled.write_bytes(python2_pickle(data, labels))
        same = pickle.loads(pickled.read_bytes(), encoding="bytes")  # it is what it seems to be
        np.testing.assert_array_equal(same[b"data"], data)
    else:
        pickled.write_bytes(pickle.dumps(content, protocol))
    for images, found in (read_binary(binary), read_pickled(pickled)):
        np.testing.assert_array_equal(images.reshape(-1, 3072), data)
        assert found.tolist() == labels


def test_cifar10_is_read_in_either_form(tmp_path):
    forms = tmp_path / "binary", tmp_path / "pickled"
    (forms[0] / "cifar-10-batches-bin").mkdir(parents=True)
    (forms[1] / "cifar-10-batches-py").mkdir(parents=True)
    first = None
    for name in (*BATCHES["train"], *BATCHES["test"]):
        data, labels = cifar_batch()
        first = data if first is None else first
        rows = np.column_stack([np.array(labels, np.uint8), data])
        (forms[0] / "cifar-10-batches-bin" / f"{name}.bin").write_bytes(rows.tobytes())
        content = pickle.dumps({b"data": data, b"labels": labels})
        (forms[1] / "cifar-10-batches-py" / name).write_bytes(content)
    binary, pickled = (load("cifar10", folder) for folder in forms)
    assert binary.train.images.shape == (35, 3, 32, 32)
    assert torch.equal(binary.train.images, pickled.train.images)
    assert torch.equal(binary.test.labels, pickled.test.labels)
    # The first 1,024 bytes of an image are its red pixels, row by row.
    assert binary.train.images[0, 0, 1, 2] == first[0, 34]


class Attack:
    def __init__(self, function, *arguments):
        self.call = function, arguments

    def __reduce__(self):
        return self.call


def refused_pickles():
    import builtins
    import os

    yield "posix.system", {b"data": Attack(os.system, "touch marker")}
    yield "eval", {b"data": Attack(builtins.eval, "open('marker', 'w')")}
    yield "getattr", [Attack(builtins.getattr, 1, "real")]
    yield "numpy", {b"data": Attack(np.fromfile, "marker")}
    yield "unsigned bytes", {b"data": np.zeros((1, 3072))}
    yield "got 'O8'", {b"data": np.array([None, [1]], dtype=object)}
    yield "order of C", {b"data": np.asfortranarray(np.zeros((4, 3072), np.uint8))}
    yield "latin1", {b"data": Attack(__import__("_codecs").encode, "a", "rot13")}
    yield "not a dictionary", [1, 2]
    yield "small integers", {b"data": np.zeros((1, 3072), np.uint8), b"labels": [1000]}
    yield "as many labels", {b"data": np.zeros((2, 3072), np.uint8), b"labels": [1]}


@pytest.mark.parametrize(("words", "content"), list(refused_pickles()), ids=lambda v: str(v)[:20])
@pytest.mark.parametrize("protocol", [2, 5])
def test_pickles_that_ask_for_anything_else_are_refused(
    tmp_path, monkeypatch, words, content, protocol
):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "batch").write_bytes(pickle.dumps(content, protocol))
    with pytest.raises(ValueError, match=f"batch.*{words}"):
        read_pickled(tmp_path / "batch")
    assert not (tmp_path / "marker").exists()


@pytest.mark.parametrize(
    "content",
    [
        b"\x80\x04\x8e" + struct.pack("<Q", 2**62) + b"x.",
        b"\x80\x04\x8e" + struct.pack("<Q", 2**64 - 1) + b"x.",
        b"\x80\x04\x95" + struct.pack("<Q", 2**62) + b"}.",
        b"\x80\x02\x8b\xff\xff\xff\x7f.",
        b"\x80\x02}r" + struct.pack("<I", 2**27) + b".",
        b"\x80\x02})" + b"\x85" * 200 + b"K\x01s.",
        b"\x80\x04}\x8f" + b"(\x91" * 200 + b"K\x01s.",
    ],
    ids=["bytes", "more bytes", "frame", "integer", "memo", "tuples", "sets"],
)
def test_pickles_that_tell_more_than_they_hold_are_refused(tmp_path, content):
    (tmp_path / "batch").write_bytes(content)
    with pytest.raises(ValueError, match=r"batch is refused: \w"):
        read_pickled(tmp_path / "batch")


@pytest.mark.parametrize("cut", [0, 1, 100, 10_000])
def test_cut_off_batches_are_refused(tmp_path, cut):
    data, labels = cifar_batch()
    whole = pickle.dumps({b"data": data, b"labels": labels})
    (tmp_path / "batch").write_bytes(whole[:cut])
    (tmp_path / "batch.bin").write_bytes(bytes(cut))
    with pytest.raises(ValueError, match="batch is refused"):
        read_pickled(tmp_path / "batch")
    with pytest.raises(ValueError, match=r"batch.bin must hold whole images"):
        read_binary(tmp_path / "batch.bin")


def test_digits_are_divided_without_loss_and_evenly():
    from sklearn.datasets import load_digits

    data = load("digits")
    parts = torch.cat([data.train.images, data.test.images]).reshape(-1, 64)
    everything = torch.from_numpy(load_digits().data).to(torch.uint8)
    assert sorted(map(tuple, parts.tolist())) == sorted(map(tuple, everything.tolist()))
    train, test = data.train.labels.bincount(), data.test.labels.bincount()
    assert torch.equal(test, (train + test) // 5)


@pytest.mark.parametrize("name", NAMES[1:])
def test_the_real_data_sets_have_their_known_counts(name):
    import os

    if not os.environ.get("BREGLAB_DATA"):
        pytest.skip("BREGLAB_DATA is not set")
    data = load(name)
    per_class = {"mnist": 5421, "fashion-mnist": 6000, "cifar10": 5000}[name]
    assert (len(data.train.labels), len(data.test.labels)) == (
        50_000 if name == "cifar10" else 60_000,
        10_000,
    )
    assert int(data.train.labels.bincount().min()) == per_class


@given(st.integers(1, 60), st.integers(1, 20), st.integers(0, 2**40), st.integers(1, 4))
@settings(deadline=None, max_examples=60)
def test_batches_are_a_permutation_and_shards_cut_each_up(n, size, seed, parts):
    x = torch.arange(n)
    whole = Batches(x, 10 * x, size=size * parts, seed=seed)
    for epoch in (0, 1):
        seen = list(whole.epoch(epoch))
        assert len(seen) == len(whole)
        assert all(torch.equal(b, 10 * a) for a, b in seen)
        assert torch.equal(torch.cat([a for a, _ in seen]).sort().values, x)
        later = list(whole.epoch(epoch, start=1))
        assert [a.tolist() for a, _ in later] == [a.tolist() for a, _ in seen[1:]]
        ranks = [
            list(Batches(x, size=size * parts, seed=seed, shard=(rank, parts)).epoch(epoch))
            for rank in range(parts)
        ]
        for number, pieces in enumerate(zip(*ranks, strict=True)):
            together = torch.cat([a for (a,) in pieces])
            assert len({len(a) for (a,) in pieces}) == 1
            assert torch.equal(together, seen[number][0][: len(together)])
            assert len(seen[number][0]) - len(together) < parts


def test_orders_differ_between_epochs_and_seeds():
    x = torch.arange(1000)
    each = [
        Batches(x, size=9, seed=seed).order(epoch) for seed in (0, 1, 2**32) for epoch in (0, 1)
    ]
    orders = {tuple(order.tolist()) for order in each}
    assert len(orders) == 6


@pytest.mark.parametrize(
    ("lengths", "options", "words"),
    [
        ((3, 4), {"size": 1}, "of the same length"),
        ((0,), {"size": 1}, "of the same length"),
        ((3,), {"size": 0}, "size must be"),
        ((3,), {"size": 3, "shard": (0, 2)}, "multiple of the 2 shards"),
        ((3,), {"size": 2, "shard": (2, 2)}, "rank < parts"),
        ((3,), {"size": 2, "seed": -1}, "seed must be"),
    ],
)
def test_batches_refuse_wrong_numbers(lengths, options, words):
    with pytest.raises(ValueError, match=words):
        Batches(*map(torch.zeros, lengths), **options)
