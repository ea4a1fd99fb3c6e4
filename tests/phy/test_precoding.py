import pytest
import torch

from semjscc.phy.beams import Covariance, LeastLeakage, UnitModulus
from semjscc.phy.precoding import JSDM, JointJSDM, MatchedFilter, RegularizedZF, ZeroForcing

STREAMS, ANTENNAS = (1, 2), (2, 3)
PRECODERS = [
    MatchedFilter(),
    ZeroForcing(),
    RegularizedZF(),
    JSDM(Covariance(), 3),
    JSDM(UnitModulus(LeastLeakage()), 3),
    JointJSDM(UnitModulus(Covariance()), RegularizedZF(), 3),
]


def channels(carriers=4, antennas=ANTENNAS, dtype=torch.complex128):
    torch.manual_seed(0)
    return [torch.randn(2, carriers, rx, 8, dtype=dtype) for rx in antennas]


def noise(N0, users=2):
    return torch.full((2, users), N0, dtype=torch.float64)


def alike(first, second, **tolerance):
    """The same but for the phase of each column."""
    inner = (first.conj() * second).sum(2).abs()
    torch.testing.assert_close(inner, first.norm(dim=2) * second.norm(dim=2), **tolerance)


@pytest.mark.parametrize("precoder", PRECODERS)
@pytest.mark.parametrize("dtype", [torch.complex64, torch.complex128])
@pytest.mark.parametrize("carriers", [1, 4])
def test_every_stream_has_its_share_of_a_power_of_one_on_each_carrier(precoder, dtype, carriers):
    F = precoder.weights(channels(carriers, dtype=dtype), STREAMS, noise(0.1))
    assert (F.shape, F.dtype) == ((2, carriers, 8, 3), dtype)
    torch.testing.assert_close(F.abs().square().sum(2), torch.full((2, carriers, 3), 1 / 3, dtype=dtype.to_real()))


def test_matched_filters_reach_the_largest_singular_values():
    H = channels()
    F = MatchedFilter().weights(H, STREAMS, noise(0.1))
    for h, own in zip(H, F.split(STREAMS, 3), strict=True):
        sigma = torch.linalg.svdvals(h)[..., : own.shape[3]]
        torch.testing.assert_close((h @ own).norm(dim=2), sigma / 3**0.5)


def test_zero_forcing_is_silent_where_users_have_no_antenna_too_many():
    H = channels(antennas=STREAMS)
    F = ZeroForcing().weights(H, STREAMS, noise(0.1))
    assert (H[0] @ F[..., 1:]).abs().max() < 1e-12
    assert (H[1] @ F[..., :1]).abs().max() < 1e-12
    assert (H[1] @ F[..., 1:]).abs().max() > 0.1


def test_regularised_zero_forcing_lies_between_zero_forcing_and_the_matched_filter():
    H = channels()
    ends = ZeroForcing(), MatchedFilter()
    for precoder, N0 in zip(ends, (1e-9, 1e9), strict=True):
        alike(
            RegularizedZF().weights(H, STREAMS, noise(N0)),
            precoder.weights(H, STREAMS, noise(1.0)),
            rtol=1e-6,
            atol=0.0,
        )


def test_regularised_zero_forcing_has_the_best_worst_case_of_signal_to_leakage():
    """With streams of single antennas each weight maximises the ratio of its signal to its leakage and noise."""
    torch.manual_seed(1)
    H = [torch.randn(2, 4, 1, 8, dtype=torch.complex128) for _ in range(3)]

    def ratio(F):
        heard = torch.cat([h @ F for h in H], 2).abs().square()  # [antenna, stream]
        own = heard.diagonal(dim1=2, dim2=3)
        return own / (heard.sum(2) - own + 0.3)

    F = RegularizedZF().weights(H, (1, 1, 1), noise(0.3, 3))
    for _ in range(50):
        other = F + 0.05 * torch.randn_like(F)
        other = other / (3**0.5 * other.norm(dim=2, keepdim=True))
        assert (ratio(other) <= ratio(F) * (1 + 1e-9)).all()


def test_a_group_sends_on_its_own_beams_and_its_streams_do_not_meet():
    H = channels()
    beams = Covariance().beams(H, STREAMS, noise(0.1))
    F = JSDM(Covariance(), 3).weights(H, STREAMS, noise(0.1))
    for h, B, own in zip(H, beams, F.split(STREAMS, 3), strict=True):
        torch.testing.assert_close(B.unsqueeze(1) @ (B.mH.unsqueeze(1) @ own), own)
        gram = (h @ own).mH @ (h @ own)
        assert (gram - gram.diagonal(dim1=2, dim2=3).diag_embed()).abs().max() < 1e-12


def test_digital_weights_behind_as_many_beams_as_antennas_lose_nothing():
    H = channels(antennas=(4, 4))
    F = JointJSDM(LeastLeakage(), RegularizedZF(), 8).weights(H, (4, 4), noise(0.1))
    alike(F, RegularizedZF().weights(H, (4, 4), noise(0.1)))


def test_too_many_streams_are_named():
    H = channels(antennas=(5, 5))
    for precoder in PRECODERS[:3]:
        with pytest.raises(ValueError, match="10 streams cannot be sent from 8 antennas"):
            precoder.weights(H, (5, 5), noise(0.1))
    for precoder in PRECODERS[3:]:
        with pytest.raises(ValueError, match="4 streams need as many RF chains, and the sender has rf_chains=3"):
            precoder.weights(H, (2, 2), noise(0.1))
