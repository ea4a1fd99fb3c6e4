import pytest
import torch

from semjscc.phy.fec import CRC
from semjscc.phy.fec.crc import POLYNOMIALS


def random_bits(*shape: int) -> torch.Tensor:
    return torch.randint(2, shape, generator=torch.Generator().manual_seed(0)).float()


@pytest.mark.parametrize("name", POLYNOMIALS)
def test_what_is_encoded_checks(name):
    crc = CRC(name)
    for length in (1, 5, 100, 3000):
        block = crc.encode(random_bits(4, 2, length))
        assert block.shape == (4, 2, length + crc.length)
        assert crc.check(block).all()
        assert crc.check(block).shape == (4, 2)


@pytest.mark.parametrize("name", POLYNOMIALS)
def test_every_burst_up_to_the_parity_length_is_found(name):
    crc = CRC(name)
    block = crc.encode(random_bits(1, 60))
    for burst in range(1, crc.length + 1):
        starts = torch.arange(block.shape[1] - burst + 1)
        errors = torch.zeros(len(starts), block.shape[1])
        for ends in (starts, starts + burst - 1):  # a burst is wrong at its ends at least
            errors[torch.arange(len(starts)), ends] = 1.0
        assert not crc.check((block + errors).remainder(2.0)).any()


def test_crc16_of_ascii_digits_is_the_published_check_value():
    text = torch.tensor([int(bit) for byte in b"123456789" for bit in f"{byte:08b}"]).float()
    parity = CRC("CRC16").encode(text[None])[0, -16:]
    assert int("".join(str(int(bit)) for bit in parity), 2) == 0x31C3  # CRC-16/XMODEM: 0x1021, start 0


def test_wrong_blocks_pass_as_often_as_chance_has_it():
    passed, blocks = CRC("CRC6").check(random_bits(100_000, 40)).double().sum().item(), 100_000
    assert passed == pytest.approx(blocks / 64, abs=4 * (blocks / 64) ** 0.5)


def test_crc_says_what_it_expects():
    with pytest.raises(ValueError, match=r"one of CRC24A.*got 'CRC8'"):
        CRC("CRC8")
    with pytest.raises(ValueError, match="CRC11 checks blocks of at least 11 bits; got 10"):
        CRC("CRC11").check(torch.zeros(2, 10))
