"""Files of weights: layouts, adaptation to images in 0…255, and errors in one line."""

import hashlib
import pickle

import pytest
import torch
from safetensors.torch import save_file

from nodegraph.mixtures.errors import MixtureError
from nodegraph.mixtures.vgg19 import MEAN, activations, random_weights
from nodegraph.mixtures.weight_file import DEVIATION, POSITIONS, read_weights

WIDTH = 1 / 32


@pytest.fixture
def state():
    """The state dictionary of a narrow VGG-19 of torchvision, with biases."""
    found = {"classifier.0.weight": torch.ones(2, 2)}
    generator = torch.Generator().manual_seed(3)
    for position, (kernels, biases) in zip(POSITIONS, random_weights(0, WIDTH).values()):
        found[f"features.{position}.weight"] = kernels
        found[f"features.{position}.bias"] = 0.1 * torch.randn(len(biases), generator=generator)
    return found


def test_both_file_formats_and_names_give_equal_weights(state, tmp_path):
    torch.save(state, tmp_path / "a.pth")
    save_file(state, tmp_path / "b.safetensors")
    a, digest = read_weights(tmp_path / "a.pth", "torchvision", WIDTH)
    b, _ = read_weights(tmp_path / "b.safetensors", "torchvision", WIDTH)
    assert digest == hashlib.sha256((tmp_path / "a.pth").read_bytes()).hexdigest()
    named = {}
    for layer, position in zip(a, POSITIONS):
        for kind in ("weight", "bias"):
            named[f"{layer}.{kind}"] = state[f"features.{position}.{kind}"]
    save_file(named, tmp_path / "c.safetensors")
    c, _ = read_weights(tmp_path / "c.safetensors", "torchvision", WIDTH)
    for layer in a:
        for x, y, z in zip(a[layer], b[layer], c[layer]):
            assert torch.equal(x, y) and torch.equal(x, z)


def test_weights_differ_from_the_checksum_in_their_folder(state, tmp_path):
    save_file(state, tmp_path / "w.safetensors")
    (tmp_path / "SHA256SUMS").write_text(f"{'0' * 64}  other\n{'1' * 64}  w.safetensors\n")
    with pytest.raises(MixtureError, match=r"w\.safetensors: is not the file that SHA256SUMS in its folder lists"):
        read_weights(tmp_path / "w.safetensors", "torchvision", WIDTH)
    digest = hashlib.sha256((tmp_path / "w.safetensors").read_bytes()).hexdigest()
    (tmp_path / "SHA256SUMS").write_text(f"{digest.upper()}  w.safetensors\n")
    assert read_weights(tmp_path / "w.safetensors", "torchvision", WIDTH)[1] == digest


def test_weights_of_torchvision_see_the_image_as_torchvision_does(state, tmp_path):
    save_file(state, tmp_path / "w.safetensors")
    adapted, _ = read_weights(tmp_path / "w.safetensors", "torchvision", WIDTH)
    plain = {
        layer: (state[f"features.{position}.weight"], state[f"features.{position}.bias"])
        for layer, position in zip(adapted, POSITIONS)
    }
    mean, deviation = (torch.tensor(x)[:, None, None] for x in (MEAN, DEVIATION))
    centred = 255.0 * torch.rand(3, 16, 16, generator=torch.Generator().manual_seed(0)) - mean
    layers = ["conv1_1", "conv3_4", "conv5_1"]
    found = activations(centred, adapted, layers)
    expected = activations(centred / 255.0 / deviation, plain, layers)
    for layer in layers:
        torch.testing.assert_close(found[layer], expected[layer], atol=1e-4, rtol=1e-4)


def test_weights_of_caffe_expect_blue_green_red(state, tmp_path):
    save_file(state, tmp_path / "w.safetensors")
    adapted, _ = read_weights(tmp_path / "w.safetensors", "caffe", WIDTH)
    assert torch.equal(adapted["conv1_1"][0], state["features.0.weight"].flip(1))
    assert torch.equal(adapted["conv1_2"][0], state["features.2.weight"])


class Trap:
    def __reduce__(self):
        return (print, ("executed",))


def spoil(path, state, name):
    if name == "code.pth":
        path.write_bytes(pickle.dumps({"features.0.weight": Trap()}))
    elif name == "module.pth":
        torch.save(torch.nn.Linear(2, 2), path)
    elif name == "list.pth":
        torch.save([torch.ones(2)], path)
    elif name == "damaged.pth":
        path.write_bytes(b"not a file of torch")
    elif name == "damaged.safetensors":
        path.write_bytes(b"\x08\0\0\0\0\0\0\0{}")
    elif name == "shape.safetensors":
        save_file({**state, "features.2.weight": torch.ones(2, 3, 3, 3)}, path)
    elif name == "missing.safetensors":
        save_file({key: x for key, x in state.items() if key != "features.34.bias"}, path)
    elif name == "nan.safetensors":
        save_file({**state, "features.0.bias": torch.tensor([0.0, float("nan")])}, path)


BAD = {
    "code.pth": "code, which is never executed",
    "module.pth": "code, which is never executed",
    "list.pth": "state dictionary",
    "damaged.pth": "not a plain state dictionary",
    "damaged.safetensors": "not a safetensors file",
    "shape.safetensors": "'features.2.weight' must be 2×2×3×3, got 2×3×3×3",
    "missing.safetensors": "'features.34.bias' is missing",
    "nan.safetensors": "NaN",
    "absent.pth": "file not found",
}


@pytest.mark.parametrize("name", BAD)
def test_unsuitable_file_is_refused_in_one_line(state, tmp_path, capsys, name):
    spoil(tmp_path / name, state, name)
    with pytest.raises(MixtureError, match=BAD[name]) as error:
        read_weights(tmp_path / name, "torchvision", WIDTH)
    assert "\n" not in str(error.value) and name in str(error.value)
    assert "executed" not in capsys.readouterr().out
