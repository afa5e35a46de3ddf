"""The fourteen models: numbers of weights, shapes, and padding."""

import math

import numpy as np
import pytest

pytest.importorskip("torch")

import torch

from nodegraph.estimator.paper.architectures import (
    ARCHITECTURES,
    OUTPUTS,
    SHAPES,
    architecture_of,
    count_weights,
    shapes_of,
)
from nodegraph.estimator.paper.network import ChannelsToFrequencies, build_network, same_padding
from nodegraph.learn import LearnError

PUBLISHED_WEIGHTS = {
    "FC Linear": 1_190_029,
    "FC1": 1_188_660,
    "FC2": 1_189_115,
    "FC3": 1_189_028,
    "HC": 1_190_029,
    "HC3": 1_189_028,
    "Conv1": 1_174_978,
    "Conv2": 1_157_110,
    "Conv3": 1_156_338,
    "Conv4": 1_155_494,
    "Conv5": 1_155_282,
    "Conv6": 1_155_287,
    "Conv6XL": 2_279_792,
    "ConvE2E": 1_916_696,
}
every_model = pytest.mark.parametrize("name", PUBLISHED_WEIGHTS)


def network_of(name, seed=0):
    return build_network(architecture_of(name), torch.Generator().manual_seed(seed)).eval()


def test_all_fourteen_models_exist():
    assert list(ARCHITECTURES) == list(PUBLISHED_WEIGHTS)


@every_model
def test_weights_are_as_many_as_published(name):
    assert count_weights(architecture_of(name)) == PUBLISHED_WEIGHTS[name]
    assert sum(parameter.numel() for parameter in network_of(name).parameters()) == PUBLISHED_WEIGHTS[name]


@every_model
def test_network_maps_its_input_to_the_logits_of_all_classes(name):
    network, shape = network_of(name), SHAPES[architecture_of(name).input]
    with torch.no_grad():
        assert network(torch.randn(2, *shape)).shape == (2, OUTPUTS)


@pytest.mark.parametrize(("name", "size"), [("Conv6", 768), ("Conv6XL", 1536), ("ConvE2E", 768)])
def test_last_convolution_has_the_published_size(name, size):
    assert math.prod(shapes_of(architecture_of(name))[-2]) == size


def test_raw_sound_becomes_an_image_of_the_size_of_a_spectrogram():
    assert SHAPES["stft"] in shapes_of(architecture_of("ConvE2E"))
    values = torch.arange(12.0).reshape(1, 3, 1, 4)  # channel c at position t is 4 c + t
    assert ChannelsToFrequencies()(values)[0, 0, 2].tolist() == [2.0, 6.0, 10.0]


@pytest.mark.parametrize("size", [16, 17, 64, 257])
@pytest.mark.parametrize(("kernel", "stride"), [(3, 2), (4, 3), (13, 13), (26, 26), (9, 8), (3, 1), (1, 4)])
def test_same_padding_gives_one_output_for_each_stride(size, kernel, stride):
    before, after = same_padding(size, kernel, stride)
    assert 0 <= after - before <= 1
    outputs = (size + before + after - kernel) // stride + 1
    assert outputs == math.ceil(size / stride)


def test_convolution_equals_the_sum_over_the_padded_input():
    network = network_of("Conv1")
    convolution = network[0].conv
    values = torch.randn(1, 1, 64, 257)
    with torch.no_grad():
        found = network[0](values)[0].numpy()
    (top, bottom), (left, right) = same_padding(64, 13, 13), same_padding(257, 26, 26)
    padded = np.pad(values[0, 0].numpy(), ((top, bottom), (left, right)))
    part = padded[13:26, 52:78]  # output (1, 2)
    expected = (convolution.weight.detach().numpy()[:, 0] * part).sum(axis=(1, 2)) + convolution.bias.detach().numpy()
    assert found[:, 1, 2] == pytest.approx(expected, abs=1e-4)


def test_same_seed_gives_the_same_weights():
    one, same, other = (next(network_of("FC2", seed).parameters()) for seed in (1, 1, 2))
    assert torch.equal(one, same) and not torch.equal(one, other)


def test_unknown_model_is_an_error_that_lists_the_known_ones():
    with pytest.raises(LearnError, match=r"'Conv9': not found.*Conv6XL"):
        architecture_of("Conv9")
