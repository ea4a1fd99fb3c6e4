import pytest
import torch

from semjscc.phy.framing import frame, unframe
from semjscc.phy.grid import ResourceGrid


def random_phases(*shape):
    return torch.polar(torch.ones(shape), 2 * torch.pi * torch.rand(shape))


@pytest.mark.parametrize("streams", [1, 2, 3])
@pytest.mark.parametrize("n", [1, 1392, 1393, 3000])
def test_round_trip(streams, n):
    grid = ResourceGrid(num_streams=streams)
    symbols = random_phases(3, n)
    elements = grid.at_data(frame(symbols, grid)) * streams**0.5
    torch.testing.assert_close(unframe(elements, grid, n), symbols)


@pytest.mark.parametrize("streams", [1, 2])
def test_total_power_is_one_on_every_element_in_use_and_zero_elsewhere(streams):
    grid = ResourceGrid(num_streams=streams)
    frames = frame(random_phases(2, 2 * grid.symbols_per_slot), grid)
    assert frames.shape == (4, streams, 14, 128)
    expected = torch.zeros(4, 14, 128)
    expected[..., list(grid.carriers)] = 1.0
    torch.testing.assert_close(frames.abs().square().sum(1), expected)


def test_the_last_slot_is_padded_with_silence():
    grid = ResourceGrid()
    data = grid.at_data(frame(random_phases(1, 1392 + 10), grid)).flatten(1)
    assert (data[1] != 0).sum() == 10


@pytest.mark.parametrize("n", [1, 7, 500, 1392 * 4 + 7])
def test_all_streams_send_alike_in_the_last_slot(n):
    grid = ResourceGrid(num_streams=4)
    sent = (grid.at_data(frame(random_phases(1, n), grid)) != 0).sum((2, 3))[-1]
    assert sent.sum() == n % grid.symbols_per_slot
    assert sent.max() - sent.min() <= 1


def test_an_images_slots_lie_side_by_side():
    grid = ResourceGrid()
    symbols = random_phases(2, 3000)
    torch.testing.assert_close(frame(symbols, grid)[3:], frame(symbols[1:], grid))


def test_pilots_are_on_their_elements():
    grid = ResourceGrid(num_streams=2)
    frames = frame(random_phases(1, 5), grid)
    torch.testing.assert_close(grid.at_pilots(frames)[0] * 2**0.5, grid.pilots(frames))
