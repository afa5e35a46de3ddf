"""Autoencoder models: saving and loading, inverting features, and one-line errors for hostile files."""

import json
import struct

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nodegraph.files.safetensors import MAX_FILE_BYTES, MAX_HEADER_BYTES, read_tensors, write_tensors
from nodegraph.models.autoencoder import ACTIVATIONS, NORMALISATIONS, Autoencoder, Features, Layer
from nodegraph.models.model_file import ModelError

SIZE = 64
BINS = SIZE // 2 + 1


def layers(widths, activations, bias=True, seed=0):
    rng = np.random.default_rng(seed)
    return tuple(
        Layer(
            rng.normal(0, 0.3, (b, a)).astype(np.float32),
            rng.normal(0, 0.3, b).astype(np.float32) if bias else None,
            activation,
            0.1,
        )
        for a, b, activation in zip(widths, widths[1:], activations)
    )


def model(features=None, bias=True):
    encoder = layers([BINS, 12, 5], ["relu", "sigmoid"], bias)
    decoder = layers([5, 12, BINS], ["leaky", "linear"], bias, seed=1)
    return Autoencoder(features or Features(size=SIZE, hop=16), encoder, decoder, {"files": 3, "name": "Ü"})


def frames(count=20, seed=0, loudest=30.0):
    return np.random.default_rng(seed).uniform(0.0, loudest, (count, BINS)).astype(np.float32)


@pytest.mark.parametrize("bias", [True, False])
def test_saved_model_loads_unchanged(tmp_path, bias):
    offset, scale = np.linspace(0, 1, BINS), np.array([0.25])
    features = Features(44100, SIZE, 16, "hamming", 0.5, True, 1e-3, "bin", offset, scale)
    before = model(features, bias)
    before.save(tmp_path / "m.safetensors")
    after = Autoencoder.load(tmp_path / "m.safetensors")
    assert after.features.to_dict() == features.to_dict() and after.card == before.card
    assert np.array_equal(after.features.offset, features.offset)
    assert (after.bins, after.code_size) == (BINS, 5)
    assert [layer.to_dict() for layer in after.decoder] == [layer.to_dict() for layer in before.decoder]
    assert np.array_equal(after.reconstruct(frames()), before.reconstruct(frames()))


def test_model_file_is_compatible_with_the_safetensors_library(tmp_path):
    from safetensors.numpy import load_file, save_file

    before = model()
    before.save(tmp_path / "ours.safetensors")
    tensors = load_file(tmp_path / "ours.safetensors")
    assert np.array_equal(tensors["encoder.1.weight"], before.encoder[1].weight)
    about = read_tensors(tmp_path / "ours.safetensors")[1]
    save_file({k: v.astype(np.float64) for k, v in tensors.items()}, tmp_path / "theirs.safetensors", about)
    assert np.array_equal(Autoencoder.load(tmp_path / "theirs.safetensors").encode(frames()), before.encode(frames()))


@given(
    normalise=st.sampled_from(NORMALISATIONS),
    power=st.sampled_from([0.3, 0.5, 1.0, 2.0]),
    log=st.booleans(),
    seed=st.integers(0, 1000),
    affine=st.booleans(),
)
@settings(max_examples=60, deadline=None)
def test_restore_frames_inverts_normalise_frames(normalise, power, log, seed, affine):
    rng = np.random.default_rng(seed)
    offset = rng.uniform(-1, 1, BINS) if affine else None
    scale = rng.uniform(0.5, 2, BINS) if affine else None
    features = Features(22050, SIZE, 16, "hann", power, log, 1e-6, normalise, offset, scale)
    magnitudes = frames(seed=seed) + 0.3
    y, level = features.normalise_frames(magnitudes)
    assert y.dtype == np.float32 and y.shape == magnitudes.shape and level.shape == (len(magnitudes),)
    assert np.abs(features.restore_frames(y, level) / magnitudes - 1).max() < 1e-3


@pytest.mark.parametrize("log", [False, True])
def test_silence_stays_silent_with_frame_normalisation(log):
    features = Features(size=SIZE, hop=16, log=log, normalise="frame")
    y, level = features.normalise_frames(np.zeros((3, BINS)))
    assert not level.any() and np.isfinite(y).all()
    assert not features.restore_frames(y, level).any()


def test_level_of_a_frame_is_its_largest_magnitude():
    features = Features(size=SIZE, hop=16, power=0.5)
    y, level = features.normalise_frames(frames())
    assert np.array_equal(level, frames().max(axis=1))
    assert np.allclose(y.max(axis=1), 1.0) and np.allclose(y, np.sqrt(frames() / level[:, None]))


def test_layers_match_their_equations():
    x = np.linspace(-50, 50, 101, dtype=np.float32)[:, None]
    one = np.ones((1, 1), np.float32)
    expected = {
        "sigmoid": 1 / (1 + np.exp(-x.astype(float))),
        "relu": np.clip(x, 0, None),
        "leaky": np.where(x > 0, x, 0.1 * x),
        "linear": x,
    }
    assert set(expected) == set(ACTIVATIONS)
    for name, y in expected.items():
        assert np.allclose(Layer(one, None, name, 0.1)(x), y, atol=1e-6)
        assert np.allclose(Layer(2 * one, one[0], name, 0.1)(x)[25:75], y[1:100:2], atol=1e-6)


def test_relu_network_without_bias_is_silent_at_code_zero():
    plain = Autoencoder(
        Features(size=SIZE, hop=16), layers([BINS, 4], ["relu"], False), layers([4, BINS], ["relu"], False)
    )
    assert not plain.decode(np.zeros((2, 4), np.float32)).any()


@pytest.mark.parametrize(
    "widths, words",
    [
        (([BINS, 5], [6, BINS]), "encoder.0 has 5 outputs"),
        (([BINS, 5], [5, 40]), "got 40"),
        (([30, 5], [5, 30]), "33 bins"),
    ],
)
def test_layers_of_unequal_sizes_are_rejected(widths, words):
    encoder, decoder = (layers(w, ["linear"]) for w in widths)
    with pytest.raises(ModelError, match=words):
        Autoencoder(Features(size=SIZE, hop=16), encoder, decoder)


@pytest.mark.parametrize(
    "wrong",
    [
        {"size": 100},
        {"size": 1 << 20},
        {"hop": 0},
        {"hop": 65},
        {"rate": -1},
        {"rate": float("nan")},
        {"window": "round"},
        {"power": 0},
        {"normalise": "loud"},
        {"scale": np.zeros(1)},
        {"offset": np.zeros(7)},
        {"log": 1},
    ],
)
def test_invalid_features_are_rejected(wrong):
    with pytest.raises(ModelError, match=next(iter(wrong))):
        Features(**{"size": SIZE, "hop": 16, **wrong})


# -- hostile files -----------------------------------------------------------------------------------------


def with_header(header, body=b""):
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return struct.pack("<Q", len(text)) + text + body


def about(**changes):
    metadata = {"format": 1, "kind": "autoencoder", "features": {"size": SIZE, "hop": 16}}
    metadata |= {"encoder": [{"activation": "relu"}], "decoder": [{"activation": "linear"}]}
    return {"__metadata__": {"nodegraph": json.dumps(metadata | changes)}}


def tensor(shape, begin, end, dtype="F32"):
    return {"dtype": dtype, "shape": shape, "data_offsets": [begin, end]}


A = BINS * 4  # bytes of the weights of one unit
GOOD = {"encoder.0.weight": tensor([1, BINS], 0, A), "decoder.0.weight": tensor([BINS, 1], A, 2 * A)}
BODY = np.ones(2 * BINS, "<f4").tobytes()
NAN = np.full(2 * BINS, np.nan, "<f4").tobytes()
HOSTILE = {
    "nothing": (b"", "truncated"),
    "seven bytes": (b"1234567", "truncated"),
    "a huge header": (struct.pack("<Q", 2**63) + b"{}", "too long"),
    "a header over the limit": (struct.pack("<Q", MAX_HEADER_BYTES + 1) + b" " * 100, "too long"),
    "a truncated header": (struct.pack("<Q", 100) + b"{}", "invalid header length"),
    "no JSON": (with_header(b"\xff\xfe{"), "invalid UTF-8 in header"),
    "deep JSON": (with_header(b"[" * 100_000), "invalid JSON in header"),
    "a list": (with_header([1]), "invalid JSON in header"),
    "no metadata": (with_header(GOOD, BODY), "metadata"),
    "metadata of numbers": (with_header({"__metadata__": {"a": 1}}), "expected a string"),
    "metadata not JSON": (with_header({"__metadata__": {"nodegraph": "{"}} | GOOD, BODY), "not valid JSON"),
    "another kind": (with_header(about(kind="vae") | GOOD, BODY), "vae"),
    "a later format": (with_header(about(format=9) | GOOD, BODY), "format 9"),
    "unknown features": (with_header(about(features={"mel": 1}) | GOOD, BODY), "features"),
    "a wrong size": (with_header(about(features={"size": 2048}) | GOOD, BODY), "1025 bins"),
    "an unknown activation": (with_header(about(encoder=[{"activation": "exec"}]) | GOOD, BODY), "exec"),
    "many layers": (with_header(about(encoder=[{}] * 1000) | GOOD, BODY), "list of"),
    "a missing tensor": (with_header(about(decoder=[{}, {}]) | GOOD, BODY), "decoder.1.weight"),
    "a truncated body": (with_header(about() | GOOD, BODY[:-1]), "truncated"),
    "NaN": (with_header(about() | GOOD, NAN), "NaN"),
    "integers": (with_header(about() | {"encoder.0.weight": tensor([2, BINS], 0, 2 * A, "I32")}, BODY), "I32"),
    "a shape of another size": (with_header({"x": tensor([BINS, 2], 0, A)}, BODY), "invalid shape"),
    "a negative shape": (with_header({"x": tensor([-1, -BINS], 0, A)}, BODY), "expected usize"),
    "an overflowing shape": (with_header({"x": tensor([2**62, 4], 0, 0)}, BODY), "overflow"),
    "a shape of text": (with_header({"x": tensor("ab", 0, A)}, BODY), "expected a sequence"),
    "no offsets": (with_header({"x": {"dtype": "F32", "shape": [1]}}, BODY), "missing field"),
    "overlapping tensors": (
        with_header({"x": tensor([BINS], 0, A), "y": tensor([BINS], 0, A)}, BODY),
        "invalid offset",
    ),
    "bytes outside all tensors": (with_header(about() | GOOD, BODY + b"1234"), "not fully covered"),
    "thousands of tensors": (with_header({str(i): tensor([0], 0, 0) for i in range(5000)}), "the limit is 1000"),
    "thousands of dimensions": (with_header({"x": tensor([1] * 5000, 0, 4)}, b"1234"), "dimensions"),
    "a shape that NumPy cannot index": (with_header({"x": tensor([0, 2**63], 0, 0)}), "impossible shape"),
    "a number that Python does not parse": (with_header(b'{"x": %s}' % (b"1" * 5000)), "invalid JSON in header"),
    "a line break in a reason": (with_header({"x": tensor([1], 0, 4, "F\n32")}, b"1234"), "unknown variant"),
}


def test_valid_counterpart_of_the_hostile_files_loads(tmp_path):
    (tmp_path / "m").write_bytes(with_header(about() | GOOD, BODY))
    assert Autoencoder.load(tmp_path / "m").code_size == 1


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_file_raises_one_line(tmp_path, name):
    data, words = HOSTILE[name]
    path = tmp_path / "m.safetensors"
    path.write_bytes(data)
    with pytest.raises(ModelError) as raised:
        Autoencoder.load(path)
    line = str(raised.value)
    assert words in line and str(path) in line and len(line.splitlines()) == 1


def test_missing_file_or_folder_raises_one_line(tmp_path):
    for path, words in ((tmp_path, "folder"), (tmp_path / "none", "file not found")):
        with pytest.raises(ModelError, match=words):
            Autoencoder.load(path)


def test_too_large_file_is_not_read(tmp_path):
    with (tmp_path / "m").open("wb") as file:
        file.truncate(MAX_FILE_BYTES + 10)
    with pytest.raises(ModelError, match="larger than 256 MB"):
        Autoencoder.load(tmp_path / "m")


@given(st.binary(max_size=200), st.integers(0, 400), st.integers(0, 400))
@settings(max_examples=150, deadline=None)
def test_damaged_file_loads_or_raises_one_line(tmp_path_factory, junk, start, cut):
    path = tmp_path_factory.mktemp("m") / "m"
    good = with_header(about() | GOOD, BODY)
    path.write_bytes(good[:start] + junk + good[start + cut :])
    try:
        assert Autoencoder.load(path).bins == BINS
    except ModelError as error:
        assert len(str(error).splitlines()) == 1


@pytest.mark.parametrize("dtype, kind", [("F16", "<f2"), ("F64", "<f8")])
def test_other_precisions_are_converted(tmp_path, dtype, kind):
    values = np.arange(6).reshape(2, 3) / 4
    body = values.astype(kind).tobytes()
    (tmp_path / "m").write_bytes(with_header({"x": tensor([2, 3], 0, len(body), dtype)}, body))
    found = read_tensors(tmp_path / "m")[0]["x"]
    assert found.dtype == np.float32 and np.array_equal(found, values)


def test_bfloat16_is_the_upper_half_of_float32(tmp_path):
    values = np.array([1.0, -2.5, 0.0078125], "<f4")
    body = (values.view("<u4") >> 16).astype("<u2").tobytes()
    (tmp_path / "m").write_bytes(with_header({"x": tensor([3], 0, 6, "BF16")}, body))
    assert np.array_equal(read_tensors(tmp_path / "m")[0]["x"], values)


def test_failed_save_keeps_the_old_model(tmp_path, monkeypatch):
    import os

    path = tmp_path / "m"
    model().save(path)
    before = path.read_bytes()

    def full(handle):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(ModelError, match=r"No space left.*Free disk space"):
        model(bias=False).save(path)
    assert path.read_bytes() == before and [p.name for p in tmp_path.iterdir()] == ["m"]
    with pytest.raises(ModelError, match="cannot be written"):
        model().save(tmp_path / "no" / "folder")


def test_empty_tensor_keeps_its_shape(tmp_path):
    write_tensors(tmp_path / "t", {"none": np.zeros((0, 3))}, {})
    assert read_tensors(tmp_path / "t")[0]["none"].shape == (0, 3)
