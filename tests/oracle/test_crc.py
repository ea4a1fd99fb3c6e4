import pytest
import sionna.phy.fec.crc
import torch

from semjscc.phy.fec import CRC
from semjscc.phy.fec.crc import POLYNOMIALS


@pytest.mark.parametrize("name", POLYNOMIALS)
@pytest.mark.parametrize("length", [1, 23, 24, 100, 3000])
def test_parity_is_sionnas(name, length):
    bits = torch.randint(2, (5, length)).float()
    encoder = sionna.phy.fec.crc.CRCEncoder(name, device="cpu")
    assert torch.equal(CRC(name).encode(bits), encoder(bits))
    heard = (encoder(bits) + (torch.rand(5, length + CRC(name).length) < 0.03)).remainder(2.0)
    _, theirs = sionna.phy.fec.crc.CRCDecoder(encoder, device="cpu")(heard)
    assert torch.equal(CRC(name).check(heard), theirs.squeeze(-1))
