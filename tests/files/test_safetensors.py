"""Arrays in files: mapped as they were written, refused if the file is damaged."""

from __future__ import annotations

import json

import numpy as np
import pytest

from nodegraph.files.safetensors import TensorFileError, map_arrays, write_arrays

ARRAYS = {
    "half": np.linspace(0, 1, 12, dtype=np.float16).reshape(3, 4),
    "double": np.linspace(0, 1, 3),
    "bytes": np.arange(5, dtype=np.uint8),
    "words": np.array([[-1, 2**40]]),
    "none": np.zeros((0, 7), np.float32),
}


def test_arrays_are_mapped_as_they_were_written(tmp_path):
    path = tmp_path / "a.safetensors"
    write_arrays(path, ARRAYS, "settings ü")
    found, text = map_arrays(path)
    assert text == "settings ü"
    assert found.keys() == ARRAYS.keys()
    for name, values in ARRAYS.items():
        assert found[name].dtype == values.dtype
        np.testing.assert_array_equal(found[name], values)
        assert not found[name].flags.writeable


def test_every_truncation_is_refused(tmp_path):
    path = tmp_path / "a.safetensors"
    write_arrays(path, ARRAYS, "settings")
    whole = path.read_bytes()
    for length in (0, 7, 8, 20, len(whole) // 2, len(whole) - 1):
        path.write_bytes(whole[:length])
        with pytest.raises(TensorFileError, match="truncated"):
            map_arrays(path)


@pytest.mark.parametrize("shape", [[3], [0], [2, 2**62], [-1, -2]])
def test_impossible_shapes_are_refused(shape, tmp_path):
    header = json.dumps({"a": {"dtype": "U8", "shape": shape, "data_offsets": [0, 2]}}).encode()
    path = tmp_path / "a.safetensors"
    path.write_bytes(len(header).to_bytes(8, "little") + header + b"xy")
    with pytest.raises(TensorFileError):
        map_arrays(path)


def test_unsupported_values_are_refused(tmp_path):
    header = json.dumps({"a": {"dtype": "I8", "shape": [2], "data_offsets": [0, 2]}}).encode()
    path = tmp_path / "a.safetensors"
    path.write_bytes(len(header).to_bytes(8, "little") + header + b"xy")
    with pytest.raises(TensorFileError, match="contains unsupported I8 values in tensor 'a'"):
        map_arrays(path)
