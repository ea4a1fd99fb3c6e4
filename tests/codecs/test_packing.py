import numpy as np
import pytest
import torch

from semjscc.codecs.packing import bits_to_bytes, bytes_to_bits


def test_every_byte_survives_the_round_trip():
    data = torch.arange(256, dtype=torch.uint8).view(4, 64)
    assert torch.equal(bits_to_bytes(bytes_to_bits(data)), data)


def test_bits_are_those_of_numpy_most_significant_first():
    data = torch.randint(256, (3, 17), dtype=torch.uint8)
    expected = np.unpackbits(data.numpy(), axis=1, bitorder="big")
    assert np.array_equal(bytes_to_bits(data).numpy(), expected)


def test_bits_are_zeros_and_ones_of_the_default_precision():
    bits = bytes_to_bits(torch.tensor([[0x80, 0x01]], dtype=torch.uint8))
    assert bits.dtype == torch.get_default_dtype()
    assert bits.tolist() == [[1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1]]


def test_no_bytes_are_no_bits():
    empty = torch.empty(2, 0, dtype=torch.uint8)
    assert bytes_to_bits(empty).shape == (2, 0)
    assert bits_to_bytes(torch.empty(2, 0)).shape == (2, 0)


def test_a_broken_byte_is_refused():
    with pytest.raises(ValueError, match="12 bits are not a whole number of bytes"):
        bits_to_bytes(torch.zeros(1, 12))
