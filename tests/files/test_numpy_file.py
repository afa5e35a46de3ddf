"""NumPy files are read without executing them, and without memory for a shape that is only stated."""

import io
import tracemalloc
import zipfile

import numpy as np
import pytest

from nodegraph.files.numpy_file import NumpyFileError, read_archive, read_array

LIMIT = 1 << 20


def bytes_of(array):
    stream = io.BytesIO()
    np.save(stream, array, allow_pickle=True)
    return stream.getvalue()


def archive_of(path, **members):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            archive.writestr(f"{name}.npy", data)
    return path


@pytest.mark.parametrize("order", ["C", "F"])
@pytest.mark.parametrize("shape", [(), (0, 3), (4,), (3, 5)])
def test_arrays_are_read_as_written(tmp_path, shape, order):
    array = np.asarray(np.random.default_rng(0).uniform(size=shape), order=order)
    (tmp_path / "a.npy").write_bytes(bytes_of(array))
    np.savez(tmp_path / "a.npz", first=array, second=array[..., None])
    np.testing.assert_array_equal(read_array(tmp_path / "a.npy", LIMIT), array)
    found = read_archive(tmp_path / "a.npz", LIMIT)
    assert list(found) == ["first", "second"]
    np.testing.assert_array_equal(found["first"], array)


def test_archive_that_unpacks_to_more_than_the_limit_is_refused_before_it_is_unpacked(tmp_path):
    header = bytes_of(np.zeros(0))[:-1].replace(b"(0,), }                ", b"(90000000000000,), }   ")
    assert b"90000000000000" in header
    for name, data in (("stated", header + b"\n"), ("real", bytes_of(np.zeros(1 << 24)))):
        path = archive_of(tmp_path / f"{name}.npz", a=data)
        tracemalloc.start()
        with pytest.raises(NumpyFileError, match=r"too large: .* Split it"):
            read_archive(path, LIMIT)
        assert tracemalloc.get_traced_memory()[1] < 4 * LIMIT
        tracemalloc.stop()


def test_several_arrays_share_the_limit(tmp_path):
    half = bytes_of(np.zeros(LIMIT // 8 - 100))
    assert len(read_archive(archive_of(tmp_path / "one.npz", a=half), LIMIT)) == 1
    with pytest.raises(NumpyFileError, match="too large"):
        read_archive(archive_of(tmp_path / "two.npz", a=half, b=half), LIMIT)


@pytest.mark.parametrize(
    ("data", "cause"),
    [
        (bytes_of(np.array([{}], object)), "Python objects"),
        (bytes_of(np.zeros(9))[:-1], "truncated"),
        (bytes_of(np.zeros(9)).replace(b"(9,)", b"(9, "), "header is damaged"),
        (bytes_of(np.zeros(9)).replace(b"(9,)", b"(-9,)"), "negative"),
        (b"\x93NUMPY\x09\x00" + bytes(100), "version 9.0"),
        (b"", "EOF|magic"),
    ],
)
def test_damaged_array_is_reported_in_one_line(tmp_path, data, cause):
    path = archive_of(tmp_path / "a.npz", a=data)
    with pytest.raises(NumpyFileError, match=cause) as caught:
        read_archive(path, LIMIT)
    assert "\n" not in str(caught.value)
