import torch
from torch import nn

from semjscc.codecs.deepjscc import DeepJSCC


def test_the_layers_are_those_published():
    """arXiv:1809.01733: filter size, filters, stride, in the order of the signal."""
    codec = DeepJSCC(1 / 12)
    layers = [
        [(layer.kernel_size[0], layer.out_channels, layer.stride[0]) for layer in part if hasattr(layer, "kernel_size")]
        for part in (codec.encoder, codec.decoder)
    ]
    assert layers[0] == [(5, 16, 2), (5, 32, 2), (5, 32, 1), (5, 32, 1), (5, 8, 1)]
    assert layers[1] == [(5, 32, 1), (5, 32, 1), (5, 32, 1), (5, 16, 2), (5, 3, 2)]
    assert sum(isinstance(layer, nn.PReLU) for layer in codec.modules()) == 9
    assert isinstance(codec.decoder[-1], nn.Sigmoid)


def test_the_snr_is_not_looked_at():
    codec, images = DeepJSCC(width=4), torch.rand(1, 3, 16, 16)
    assert torch.equal(codec.encode(images, torch.zeros(1)), codec.encode(images, torch.full((1,), 20.0)))
