"""Symbols improved for their own picture: better, of unit power, and nobody else's business."""

import pytest
import torch

from semjscc.codecs.adjscc import ADJSCC
from semjscc.codecs.deepjscc import DeepJSCC
from semjscc.codecs.deepjscc_q import DeepJSCCQ
from semjscc.codecs.online import Online
from semjscc.codecs.swinjscc import SwinJSCC
from semjscc.data.photos import Photos
from semjscc.phy.plain import PlainLink
from semjscc.rng import PerImage
from semjscc.systems.analog import Analog
from semjscc.training.jscc import psnr_db

IMAGES = torch.stack([Photos((64, 64))[index].image for index in range(2)])
SNR_DB = torch.tensor([5.0, 15.0])


def linear():
    """Before its first step a SwinJSCC is a linear code."""
    torch.manual_seed(0)
    return SwinJSCC(depths=(1, 1), width=32, patch=4).eval()


def sent_and_heard(codec):
    rng = PerImage([(0, 7), (0, 8)])  # not the noise that the sender tries out
    with torch.no_grad():
        return codec.encode(IMAGES, SNR_DB), psnr_db(Analog(codec, PlainLink())(IMAGES, SNR_DB, rng).images, IMAGES)


@pytest.mark.parametrize(
    "codec", [linear(), DeepJSCC(width=16), ADJSCC(width=16)], ids=lambda codec: type(codec).__name__
)
def test_pictures_come_out_better_at_unit_power(codec):
    codec.eval()
    (_, before), (symbols, after) = sent_and_heard(codec), sent_and_heard(Online(codec, 40).eval())
    assert after[0] > before[0] + 0.2
    assert after[1] > before[1]  # where noise is little, what is not sent at all decides
    torch.testing.assert_close(symbols.abs().square().mean(1), torch.ones(2))


def test_symbols_do_not_depend_on_the_batch_and_weights_stay_as_they_are():
    codec = linear()
    weights = [parameter.clone() for parameter in codec.parameters()]
    online = Online(codec, 3).eval()
    with torch.no_grad():
        both, alone = online.encode(IMAGES, SNR_DB), online.encode(IMAGES[1:], SNR_DB[1:])
    torch.testing.assert_close(both[1:], alone, rtol=1e-4, atol=1e-4)
    assert not both.requires_grad
    for parameter, before in zip(codec.parameters(), weights, strict=True):
        assert torch.equal(parameter, before)
        assert parameter.grad is None


def test_without_steps_and_in_training_the_codec_speaks_for_itself():
    codec = linear()
    expected = codec.encode(IMAGES, SNR_DB)
    torch.testing.assert_close(Online(codec, 0).eval().encode(IMAGES, SNR_DB), expected)
    with torch.no_grad():  # as a sweep has it, which leaves a system in training mode
        assert not torch.equal(Online(codec, 3).train().encode(IMAGES, SNR_DB), expected)
    assert Online(DeepJSCC(width=4), 3).train().encode(IMAGES, SNR_DB).requires_grad


def test_weights_of_another_channel_are_refused_through_it():
    codec = linear()
    codec.card = {"channel": "UMa, rx 2"}
    with pytest.raises(ValueError, match="trained over UMa, rx 2"):
        Analog(Online(codec), PlainLink())


def test_a_constellation_is_not_to_be_left():
    with pytest.raises(ValueError, match="DeepJSCCQ's symbols cannot be improved"):
        Online(DeepJSCCQ(DeepJSCC(width=4), 6))
    with pytest.raises(ValueError, match="steps=-1"):
        Online(linear(), -1)
