import pytest
import torch

from semjscc.phy.channel import AWGN, TDL, Channel, Rayleigh, apply
from semjscc.phy.framing import frame
from semjscc.phy.grid import ResourceGrid
from semjscc.rng import PerImage

GRID = ResourceGrid()
CHANNELS = [
    AWGN(2),
    Rayleigh(2, "slot"),
    Rayleigh(3),
    TDL("C", 300e-9, 28e9, (16.0, 33.0), 2, "slot"),
    TDL("E", 100e-9, 3.5e9, 10.0, 1, "none"),
]


def frames(batch, streams=1, dtype=torch.complex64):
    return torch.ones(batch, streams, 14, 128, dtype=dtype)


@pytest.mark.parametrize("channel", CHANNELS, ids=lambda c: type(c).__name__)
@pytest.mark.parametrize("dtype", [torch.complex64, torch.complex128])
def test_a_response_covers_the_grid_in_the_precision_of_the_frames(channel, dtype):
    response = channel.sample(frames(3, dtype=dtype), GRID)
    assert response.shape == (3, channel.num_rx, 1, 14, 128)
    assert response.dtype == dtype


@pytest.mark.parametrize("channel", [Rayleigh(2, "slot"), TDL("A", 300e-9, 28e9, 30.0, 2, "slot")])
def test_slot_normalisation_is_exact_in_each_realisation(channel):
    gain = channel.sample(frames(20, 2, torch.complex128), GRID).abs().square().mean((1, 2, 3, 4))
    torch.testing.assert_close(gain, torch.ones_like(gain), rtol=1e-12, atol=0)


class Far(Rayleigh):
    """A channel with path loss: E|h|^2 = 1/100."""

    average_gain = 0.01

    def draw(self, frames, grid, rng):
        return 0.1 * super().draw(frames, grid, rng)


def test_average_normalisation_removes_the_average_gain_and_none_leaves_it():
    average, none, near = (
        channel.sample(frames(4), GRID, PerImage([(7,)])) for channel in (Far(), Far(normalization="none"), Rayleigh())
    )
    torch.testing.assert_close(average, near)
    torch.testing.assert_close(none, 0.1 * near)


class Fixed(Channel):
    """Answers with a response of its own."""

    def __init__(self, response):
        super().__init__(response.shape[1], "slot")
        self.response = response

    def draw(self, frames, grid, rng):
        return self.response


def test_only_what_was_drawn_is_overwritten():
    h = torch.randn(3, 2, 1, 14, 128, dtype=torch.complex64)
    kept = h.clone()
    expected = kept / kept.abs().square().mean((1, 2, 3, 4), keepdim=True).sqrt()
    torch.testing.assert_close(Fixed(h).normalized(h), expected)
    assert torch.equal(h, kept)
    torch.testing.assert_close(
        Fixed(h[:, :1].expand(-1, 4, -1, -1, -1)).sample(frames(3), GRID)[:, :2],
        Fixed(h[:, :1].expand(-1, 2, -1, -1, -1)).sample(frames(3), GRID),
    )
    assert torch.equal(h, kept)  # a view of the same memory many times over
    torch.testing.assert_close(Fixed(h).sample(frames(3), GRID), expected)


def test_gradients_come_back_to_what_was_drawn():
    h = torch.randn(2, 2, 1, 3, 4, dtype=torch.complex128, requires_grad=True)
    X, grid = (
        torch.zeros(2, 1, 3, 4, dtype=torch.complex128),
        ResourceGrid(4, 3, guard_carriers=(0, 0), pilot_symbols=()),
    )
    assert torch.autograd.gradcheck(lambda h: Fixed(h).sample(X, grid), h)


def test_apply_is_y_equals_h_x_plus_n():
    torch.manual_seed(0)
    x, h = torch.randn(5, 3, 14, 128, dtype=torch.complex128), torch.randn(5, 2, 3, 14, 128, dtype=torch.complex128)
    expected = torch.einsum("brstk,bstk->brtk", h, x)
    torch.testing.assert_close(apply(x, h, torch.zeros(5, dtype=torch.float64)), expected)


def test_noise_has_the_power_asked_for_in_each_row_and_half_of_it_in_each_real_dimension():
    noise_var = torch.tensor([0.1, 1.0, 10.0], dtype=torch.float64)
    x = torch.zeros(3, 1, 14, 128, dtype=torch.complex128)
    h = torch.ones(3, 4, 1, 14, 128, dtype=torch.complex128)
    n = torch.view_as_real(apply(x, h, noise_var, PerImage([(0,)]))).flatten(1, 3)
    tolerance = 4 * (2 / n.shape[1]) ** 0.5  # 4 sigma: a real normal's square has variance 2
    torch.testing.assert_close(
        n.square().mean(1) / (noise_var[:, None] / 2), torch.ones(3, 2).double(), rtol=0, atol=tolerance
    )


def test_received_power_is_one_per_antenna_for_any_number_of_streams():
    grid = ResourceGrid(num_streams=2)
    qpsk = torch.polar(torch.ones(200, 2784), torch.pi / 2 * torch.randint(4, (200, 2784)))
    X = frame(qpsk, grid)
    H = Rayleigh(4, "slot").sample(X, grid, PerImage([(1,)]))
    power = grid.at_data(apply(X, H, torch.zeros(200))).abs().square().mean((1, 2, 3))
    # cross terms of the two streams: 2 Re(h1 h2* x1 x2*) / 2 has variance at most 1/2 x 2 per element and slot
    assert power.mean() == pytest.approx(1.0, abs=4 / (200 * 1392) ** 0.5)


@pytest.mark.parametrize("channel", CHANNELS, ids=lambda c: type(c).__name__)
def test_slots_can_be_streamed_in_chunks(channel):
    whole = channel.sample(frames(6), GRID, PerImage([(3,)]))
    rng = PerImage([(3,)])
    torch.testing.assert_close(torch.cat([channel.sample(frames(n), GRID, rng) for n in (1, 2, 3)]), whole)


def test_a_channel_must_draw():
    with pytest.raises(TypeError, match="draw"):
        Channel(1, "slot")


def test_wrong_descriptions_are_refused():
    with pytest.raises((ValueError, TypeError), match=r"(?s)'batch'.*slot.*average.*none"):  # TypeError: beartype's
        Rayleigh(normalization="batch")
    with pytest.raises(ValueError, match="num_rx=0"):
        AWGN(0)
