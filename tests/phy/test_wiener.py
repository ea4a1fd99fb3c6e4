import math

import numpy as np
import pytest
import torch

from semjscc.phy.channel import TDL, apply
from semjscc.phy.correlation import Exponential, FlatDoppler, Jakes, Taps, Uniform
from semjscc.phy.equalization import LMMSE
from semjscc.phy.estimation import Guess, LeastSquares, PerfectCSI
from semjscc.phy.framing import frame
from semjscc.phy.grid import ResourceGrid
from semjscc.phy.link import OFDMLink
from semjscc.phy.wiener import EmpiricalWiener, Wiener
from semjscc.rng import PerImage

SMALL = ResourceGrid(fft_size=16, guard_carriers=(1, 2), num_symbols=6, pilot_symbols=(1, 4))
PROFILE, SPECTRUM = Exponential(100e-9), Jakes(3e3)


def pilots_only(grid, rows):
    return frame(torch.zeros(rows, grid.symbols_per_slot, dtype=torch.complex128), grid)


def covariances(grid):
    """Along frequency and along time, of the whole slot."""
    f = np.arange(grid.fft_size) * grid.subcarrier_spacing
    t = np.arange(grid.num_symbols) / grid.subcarrier_spacing
    R = PROFILE.correlation(f[:, None] - f), SPECTRUM.correlation(t[:, None] - t)
    return [torch.as_tensor(r).to(torch.complex128) for r in R]


def gaussian(grid, rows, num_rx=2):
    """Fades of just these statistics."""
    along_f, along_t = (
        torch.linalg.eigh(R).eigenvectors @ torch.linalg.eigh(R).eigenvalues.clamp_min(0).sqrt().diag().to(R)
        for R in covariances(grid)
    )
    white = torch.randn(rows, num_rx, grid.num_streams, grid.num_symbols, grid.fft_size, dtype=torch.complex128)
    return along_t @ white @ along_f.mT


def heard(grid, H, noise_var):
    return apply(pilots_only(grid, len(H)), H, noise_var)


def squared_error(estimate, grid, H):
    truth = PerfectCSI().estimate(H[:, :, 0], grid, torch.ones(len(H)), H).response
    return (estimate.response - truth).abs().square()


@pytest.mark.parametrize("streams", [1, 2, 3])
@pytest.mark.parametrize("pilot_symbols", [(3,), (1, 4), (0, 2, 5)])
def test_it_is_the_textbook_filter(streams, pilot_symbols):
    """Kay, 12.5, over all pilots at once, as one dense system."""
    grid = ResourceGrid(16, 6, 240e3, (1, 2), True, pilot_symbols, streams)
    H, N0 = gaussian(grid, 3), torch.tensor([0.01, 0.3, 2.0], dtype=torch.float64)
    y = heard(grid, H, N0)
    estimate = Wiener(PROFILE, SPECTRUM).estimate(y, grid, N0, H)
    along_f, along_t = covariances(grid)
    R = torch.einsum("tu,fg->tfug", along_t, along_f) / streams
    time, carriers = torch.tensor(pilot_symbols), torch.tensor(grid.carriers)
    for s in range(streams):
        t, f = (i.flatten() for i in torch.meshgrid(time, carriers[s::streams], indexing="ij"))
        td, fd = (i.flatten() for i in torch.meshgrid(torch.tensor(grid.data_symbols), carriers, indexing="ij"))
        pilots = grid.pilots(y)[s, :, s::streams].flatten()
        for b in range(3):
            R_pp = R[t[:, None], f[:, None], t, f] + N0[b] / streams * torch.eye(len(t))
            W = R[td[:, None], fd[:, None], t, f] @ torch.linalg.inv(R_pp)
            z = y[b][:, t, f] * pilots.conj() / streams
            torch.testing.assert_close(estimate.response[b, :, s].flatten(1), z @ W.mT)
            known = (W * R[td[:, None], fd[:, None], t, f].conj()).sum(1).real
            torch.testing.assert_close(estimate.error_var[b, 0, s].flatten(), 1 / streams - known)


@pytest.mark.parametrize("streams", [1, 2])
def test_matched_its_error_has_the_variance_reported_and_is_orthogonal_to_what_was_heard(streams):
    rows, grid = 2000, ResourceGrid(16, 6, 240e3, (1, 2), True, (1, 4), streams)
    torch.manual_seed(0)
    H, N0 = gaussian(grid, rows), torch.full((rows,), 0.3, dtype=torch.float64)
    y = heard(grid, H, N0)
    estimate = Wiener(PROFILE, SPECTRUM).estimate(y, grid, N0, H)
    ratio = (squared_error(estimate, grid, H) / estimate.error_var).mean((0, 1))
    assert (ratio - 1).abs().max() < 5 * (2 * rows) ** -0.5
    error = estimate.response - grid.at_data(H) / streams**0.5
    product = (error[..., None, None] * grid.at_pilots(y)[:, :, None, None, None].conj()).mean((0, 1))
    size = error.abs().square().mean().sqrt() * y.abs().square().mean().sqrt()
    assert product.abs().max() < 5.5 * size * (2 * rows) ** -0.5  # of some 10,000 products


def test_it_is_never_worse_than_least_squares_and_better_the_more_it_knows():
    grid, rows = ResourceGrid(), 40
    channel = TDL("C", 100e-9, 28e9, speed=25.0, num_rx=2)
    known = Wiener(Taps(channel.delays.tolist(), channel.powers.tolist()), Jakes(25.0 * 28e9 / 299792458.0))
    robust = Wiener(Uniform(1e-6), FlatDoppler(3e3))
    H = channel.sample(pilots_only(grid, rows), grid, PerImage([(0,)]))
    for snr_db in (-5, 0, 10, 20, 30):
        N0 = torch.full((rows,), 10 ** (-snr_db / 10), dtype=torch.float64)
        y = heard(grid, H, N0)
        estimators = known, EmpiricalWiener(), robust, LeastSquares()
        errors = [squared_error(e.estimate(y, grid, N0, H), grid, H).mean().item() for e in estimators]
        assert errors[0] < errors[1] < errors[3], (snr_db, errors)
        assert errors[0] < errors[2] < errors[3] or snr_db > 10, (snr_db, errors)  # delays beyond what is assumed


@pytest.mark.parametrize("model", ["A", "C"])
@pytest.mark.parametrize("delay_spread", [30e-9, 300e-9])
@pytest.mark.parametrize("speed", [0.0, 33.0])
def test_what_it_finds_in_the_pilots_is_worth_several_decibels(model, delay_spread, speed):
    """Below a third of the error of least squares at 0 dB, and reported within 1.7 dB."""
    grid, rows, snr_db = ResourceGrid(), 60, 0.0
    H = TDL(model, delay_spread, 28e9, speed, 2).sample(pilots_only(grid, rows), grid, PerImage([(0,)]))
    N0 = torch.full((rows,), 10 ** (-snr_db / 10), dtype=torch.float64)
    y = heard(grid, H, N0)
    ours, theirs = (e.estimate(y, grid, N0, H) for e in (EmpiricalWiener(), LeastSquares()))
    error = squared_error(ours, grid, H).mean().item()
    assert error < squared_error(theirs, grid, H).mean().item() / 3
    assert ours.error_var.mean().item() == pytest.approx(error, rel=0.33)


class TestRefine:
    """Decided data as pilots: six times as many as there were."""

    def setup_method(self):
        self.grid, rows = ResourceGrid(), 60
        rng = PerImage([(0,)])
        like = torch.zeros(rows, 1, dtype=torch.complex128)
        x = 1 - 2 * (rng.uniform("data", (rows, 2 * self.grid.symbols_per_slot), like) < 0.5).double()
        self.x = torch.view_as_complex(x.unflatten(1, (-1, 2))) / 2**0.5
        X = frame(self.x, self.grid)
        self.H = TDL("C", 100e-9, 28e9, 25.0, 2).sample(X, self.grid, rng)
        self.N0 = torch.ones(rows, dtype=torch.float64)
        self.y = apply(X, self.H, self.N0, rng)

    def error(self, estimate):
        return squared_error(estimate, self.grid, self.H).mean().item()

    def refined(self, wrong):
        """With a share of the data's bits guessed wrong: x x_guess* has the mean 1 - 2 wrong."""
        flips = 1 - 2 * (torch.rand(*self.x.shape, 2, dtype=torch.float64) < wrong).double()
        x = torch.view_as_complex(torch.view_as_real(self.x) * flips).unflatten(1, (len(self.grid.data_symbols), -1))
        trust = torch.full((len(self.y),), 1 - 2 * wrong, dtype=torch.float64)
        return EmpiricalWiener().refine(self.y, self.grid, self.N0, Guess(x, trust))

    def test_right_guesses_leave_a_third_of_the_error_at_most(self):
        torch.manual_seed(0)
        alone = EmpiricalWiener().estimate(self.y, self.grid, self.N0, self.H)
        refined = self.refined(wrong=0.0)
        assert self.error(refined) < self.error(alone) / 3
        assert refined.error_var.mean().item() == pytest.approx(self.error(refined), rel=0.33)

    def test_guesses_with_a_tenth_of_wrong_bits_still_help_and_their_error_is_known(self):
        torch.manual_seed(0)
        alone = EmpiricalWiener().estimate(self.y, self.grid, self.N0, self.H)
        refined = self.refined(wrong=0.1)
        assert self.error(refined) < self.error(alone)
        assert refined.error_var.mean().item() == pytest.approx(self.error(refined), rel=0.33)


@pytest.mark.parametrize("estimator", [Wiener(PROFILE, SPECTRUM), EmpiricalWiener()], ids=lambda e: type(e).__name__)
class TestBoth:
    @pytest.mark.parametrize("streams", [1, 2, 3])
    @pytest.mark.parametrize("pilot_symbols", [(3,), (0, 2, 5)])
    def test_gradients(self, estimator, streams, pilot_symbols):
        grid = ResourceGrid(8, 6, 240e3, (1, 0), True, pilot_symbols, streams)
        y = torch.randn(2, 2, 6, 8, dtype=torch.complex128, requires_grad=True)
        N0 = torch.tensor([0.1, 0.5], dtype=torch.float64, requires_grad=True)

        def forward(y, N0):
            estimate = estimator.estimate(y, grid, N0, y.unsqueeze(2))
            return estimate.response, estimate.error_var

        assert torch.autograd.gradcheck(forward, (y, N0), fast_mode=True)

    def test_a_slow_flat_channel_without_noise_is_known(self, estimator):
        H = torch.randn(3, 2, 1, 1, 1, dtype=torch.complex128).expand(-1, -1, -1, 6, 16)
        N0 = torch.zeros(3, dtype=torch.float64)
        estimate = estimator.estimate(heard(SMALL, H, N0), SMALL, N0, H)
        error = squared_error(estimate, SMALL, H).amax((1, 2, 3, 4)) / H.abs().square().amax((1, 2, 3, 4))
        assert error.max() < 2e-3  # a spectrum is assumed
        assert estimate.error_var.isfinite().all()

    def test_nothing_heard_is_nothing_known(self, estimator):
        y = torch.zeros(2, 2, 6, 16, dtype=torch.complex64, requires_grad=True)
        for N0 in (torch.zeros(2), torch.ones(2)):
            estimate = estimator.estimate(y, SMALL, N0, y.unsqueeze(2))
            assert not estimate.response.any()
            assert estimate.error_var.isfinite().all()
            estimate.response.abs().square().sum().backward()
            assert y.grad.isfinite().all()

    def test_pilots_so_close_in_time_that_modes_have_no_power(self, estimator):
        grid = ResourceGrid(16, 14, 240e3, (1, 2), True, tuple(range(12)))
        H, N0 = gaussian(grid, 3), torch.full((3,), 0.1, dtype=torch.float64)
        estimate = estimator.estimate(heard(grid, H, N0), grid, N0, H)
        assert squared_error(estimate, grid, H).mean() < 0.1

    def test_slots_together_are_slots_one_at_a_time(self, estimator):
        H, N0 = gaussian(SMALL, 4), torch.tensor([0.1, 1.0, 0.01, 0.3], dtype=torch.float64)
        y = heard(SMALL, H, N0)
        together = estimator.estimate(y, SMALL, N0, H)
        for i in range(4):
            alone = estimator.estimate(y[i : i + 1], SMALL, N0[i : i + 1], H)
            torch.testing.assert_close(together.response[i], alone.response[0])
            torch.testing.assert_close(together.error_var[i], alone.error_var[0])

    def test_in_a_link_without_a_device_of_its_own(self, estimator):
        link = OFDMLink(ResourceGrid(num_streams=2), TDL("A", 30e-9, 28e9, 25.0, 2), estimator, LMMSE())
        received = link(torch.zeros(2, 3000, dtype=torch.complex64, device="meta"), torch.zeros(2, device="meta"))
        assert received.symbols.device == torch.device("meta")
        assert link(torch.zeros(1, 10, dtype=torch.complex64), torch.tensor([math.inf])).symbols.isfinite().all()

    def test_it_needs_pilots(self, estimator):
        y = torch.zeros(1, 1, 14, 128, dtype=torch.complex64)
        with pytest.raises(ValueError, match="needs a grid with pilot symbols"):
            estimator.estimate(y, ResourceGrid(pilot_symbols=()), torch.ones(1), y.unsqueeze(2))
