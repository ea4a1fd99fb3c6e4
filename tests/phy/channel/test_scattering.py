import math

import pytest
import torch

from semjscc.phy.channel import Array, Scattering
from semjscc.phy.channel.scattering import SPEED_OF_LIGHT, Scatterers
from semjscc.phy.grid import ResourceGrid
from semjscc.rng import PerImage

GRID = ResourceGrid(16, 1, 100e6 / 16, (0, 0), False, ())


def sample(channel, batch=1, dtype=torch.complex128, first=0):
    frames = torch.zeros(batch, channel.tx_array.size, 1, 16, dtype=dtype)
    return channel.sample(frames, GRID, PerImage([(0, first + i) for i in range(batch)]))


def test_slot_normalisation_makes_each_draw_of_unit_power():
    power = sample(Scattering(), 5).abs().square().mean((1, 2, 3, 4))
    torch.testing.assert_close(power, torch.ones_like(power))


def test_average_normalisation_leaves_fading_in_and_path_loss_out():
    """Of one scatterer |h|^2 = |g|^2: exponential, with mean and standard deviation 1."""
    power = (
        sample(Scattering(num_scatterers=1, rx_array=Array(), normalization="average"), 4000)[:, 0, 0, 0, 0].abs() ** 2
    )
    assert power.mean().item() == pytest.approx(1.0, abs=4 / 4000**0.5)
    assert power.std().item() == pytest.approx(1.0, abs=0.2)


def test_without_normalisation_the_loss_is_that_of_free_space():
    channel = Scattering(num_scatterers=1, normalization="none")
    drawn = channel.scatterers(3, torch.zeros(()), PerImage([(0, i) for i in range(3)]))
    length = drawn.positions.norm(dim=2) + (drawn.positions - drawn.user[:, None]).norm(dim=2)
    expected = drawn.gains.abs() * SPEED_OF_LIGHT / 28e9 / (4 * math.pi * length)
    torch.testing.assert_close(sample(channel, 3)[:, 0, 0, 0, :1].abs(), expected, rtol=1e-10, atol=0.0)


def test_the_clock_starts_with_the_first_path():
    """Alone it is flat, wherever it comes from; a second one 30 m longer turns by 30 m of its wavelength, carrier by
    carrier.
    """
    user = torch.tensor([[100.0, 0.0, 0.0]]).double()
    positions = torch.tensor([[[60.0, 0.0, 0.0], [115.0, 0.0, 0.0]]]).double()  # on the way, and 15 m behind the user
    channel, like = Scattering(num_scatterers=2, normalization="none"), torch.zeros((), dtype=torch.complex128)
    first, second = (
        channel.response(Scatterers(user, positions, torch.tensor([gains]).to(like)), GRID, like)[0, 0, 0, 0]
        for gains in ([1.0, 0.0], [0.0, 1.0])
    )
    torch.testing.assert_close(first, first[:1].expand(16))
    step = torch.exp(torch.tensor(-2j * math.pi * GRID.subcarrier_spacing * 30 / SPEED_OF_LIGHT))
    torch.testing.assert_close(second[1:] / second[:-1], step.to(second).expand(15))


def test_the_beam_towards_a_lone_scatterer_gathers_all_antennas():
    channel = Scattering(num_scatterers=1)
    user = channel.scatterers(1, torch.zeros(()), PerImage([(0, 0)]))
    u_t = user.positions[0] / user.positions[0].norm()
    beam = torch.exp(-2j * torch.pi * (channel.tx_array.positions(u_t) @ u_t[0]))
    gain = (sample(channel)[0, :, :, 0, 0] @ beam).abs()
    torch.testing.assert_close(gain, torch.full_like(gain, 128.0))


@pytest.mark.parametrize("distance", [200.0, (200.0, 200.0)])
def test_a_user_stands_where_the_configuration_says(distance):
    channel = Scattering(distance=distance, azimuth=90.0, elevation=30.0)
    drawn = channel.scatterers(2, torch.zeros(()), PerImage([(0, 0), (0, 1)]))
    expected = torch.tensor([0.0, 200 * math.cos(math.pi / 6), 100.0]).double().expand(2, 3)
    torch.testing.assert_close(drawn.user, expected)
    assert (drawn.positions - expected[:, None]).abs().max() <= 20
    assert (drawn.positions[0] != drawn.positions[1]).all()


def test_single_precision_meets_the_same_channel():
    double, single = (sample(Scattering(), 2, dtype) for dtype in (torch.complex128, torch.complex64))
    torch.testing.assert_close(single, double.to(torch.complex64), rtol=0, atol=1e-5)


def test_images_together_are_images_one_at_a_time():
    together = sample(Scattering(), 3)
    torch.testing.assert_close(together[2:], sample(Scattering(), 1, first=2))


def test_paths_beyond_the_prefix_are_warned_of_once():
    channel = Scattering(distance=1000.0, prefix=640e-9)
    with pytest.warns(UserWarning, match=r"up to \d+ ns .* \d+\.\d% of the power later than the prefix of 640 ns"):
        sample(channel)
    sample(channel)
    sample(Scattering(distance=50.0, prefix=640e-9))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"num_scatterers": 0}, "num_scatterers=0"),
        ({"spread": -0.1}, "spread=-0.1"),
        ({"carrier_frequency": 0.0}, "carrier_frequency=0.0"),
        ({"distance": 0.0}, r"distance=0.0 m"),
        ({"azimuth": (10.0, -10.0)}, r"azimuth=\(10.0, -10.0\)"),
        ({"rx_array": Array(slants=(-45.0, 45.0))}, "one polarisation"),
    ],
)
def test_bad_input_is_named(options, message):
    with pytest.raises(ValueError, match=message):
        Scattering(**options)


def test_frames_of_another_array_are_refused():
    with pytest.raises(ValueError, match="frames of 4 antennas, but 128 send"):
        Scattering().sample(torch.zeros(1, 4, 1, 16, dtype=torch.complex64), GRID)
