import pytest
import torch

from semjscc.phy.channel import AWGN
from semjscc.phy.grid import ResourceGrid


def test_the_response_is_one():
    response = AWGN(num_rx=3).sample(torch.zeros(2, 1, 14, 128, dtype=torch.complex64), ResourceGrid())
    assert torch.equal(response, torch.ones(2, 3, 1, 14, 128, dtype=torch.complex64))


def test_several_streams_are_refused():
    with pytest.raises(ValueError, match="one stream, not 2"):
        AWGN(2).sample(torch.zeros(1, 2, 14, 128, dtype=torch.complex64), ResourceGrid(num_streams=2))
