import pytest
import torch

from semjscc.phy.grid import ResourceGrid

ONE = torch.ones((), dtype=torch.complex128)


def test_the_default_is_the_grid_of_paper_a():
    grid = ResourceGrid()
    assert len(grid.carriers) == 116
    assert grid.data_elements == grid.symbols_per_slot == 12 * 116
    assert grid.elements == 14 * 116
    assert grid.duration == pytest.approx(58.333e-6, rel=1e-5)


def test_guards_and_dc_are_no_carriers():
    grid = ResourceGrid(fft_size=16, guard_carriers=(2, 3))
    assert grid.carriers == (2, 3, 4, 5, 6, 7, 9, 10, 11, 12)
    assert ResourceGrid(fft_size=16, guard_carriers=(2, 3), dc_null=False).carriers == tuple(range(2, 13))


def test_frequencies_are_centred_on_dc():
    grid = ResourceGrid(fft_size=4, guard_carriers=(0, 0), subcarrier_spacing=10.0)
    assert grid.frequencies(ONE).tolist() == [-20.0, -10.0, 0.0, 10.0]
    assert grid.times(ONE)[-1] == pytest.approx(13 / 10.0)


def test_data_and_pilots_share_out_the_slot():
    grid = ResourceGrid()
    slot = torch.arange(14 * 128).reshape(14, 128)
    data, pilots = grid.at_data(slot), grid.at_pilots(slot)
    assert data.shape == (12, 116)
    assert pilots.shape == (2, 116)
    assert len({*data.flatten().tolist(), *pilots.flatten().tolist()}) == grid.elements
    assert pilots[1, 0] == 11 * 128 + 5


GRIDS = [
    ResourceGrid(),
    ResourceGrid(fft_size=16, guard_carriers=(0, 3), dc_null=False, pilot_symbols=(0, 1, 13)),
    ResourceGrid(fft_size=6, guard_carriers=(0, 0), num_symbols=3, pilot_symbols=()),
]


@pytest.mark.parametrize("grid", GRIDS)
def test_a_slot_is_put_together_from_its_parts_and_taken_apart_again(grid):
    slot = torch.randn(2, 3, grid.num_symbols, grid.fft_size)
    data, pilots = grid.at_data(slot), grid.at_pilots(slot)
    index = torch.tensor(grid.carriers)
    assert torch.equal(data, slot[..., list(grid.data_symbols), :][..., index])
    assert torch.equal(pilots, slot[..., list(grid.pilot_symbols), :][..., index])
    silent = torch.ones(grid.fft_size, dtype=torch.bool)
    silent[index] = False
    assert torch.equal(grid.slot(data, pilots), slot.masked_fill(silent, 0.0))


@pytest.mark.parametrize("grid", GRIDS[1:])
def test_gradients_find_their_way_through_the_grid(grid):
    slot = torch.randn(2, grid.num_symbols, grid.fft_size, dtype=torch.complex128, requires_grad=True)
    assert torch.autograd.gradcheck(lambda x: grid.slot(grid.at_data(x), grid.at_pilots(x)), slot)


@pytest.mark.parametrize("streams", [1, 2, 4])
def test_pilots_are_unit_power_combs(streams):
    pilots = ResourceGrid(num_streams=streams).pilots(ONE)
    power = pilots.abs().square()
    torch.testing.assert_close(power.sum(0), torch.full((2, 116), float(streams), dtype=torch.float64))
    torch.testing.assert_close(power.mean((1, 2)), torch.ones(streams, dtype=torch.float64))
    assert torch.equal((power > 0).sum(0), torch.ones(2, 116, dtype=torch.long))


def test_pilots_are_the_same_every_time_and_all_of_qpsk():
    pilots = ResourceGrid().pilots(ONE)
    assert torch.equal(pilots, ResourceGrid().pilots(ONE))
    assert len({(z.real > 0, z.imag > 0) for z in pilots.flatten().tolist()}) == 4
    assert pilots.to(torch.complex64).dtype == ResourceGrid().pilots(ONE.to(torch.complex64)).dtype


def test_slots_round_up():
    grid = ResourceGrid(num_streams=2)
    assert [grid.slots(n) for n in (1, 2784, 2785)] == [1, 1, 2]


def test_lists_describe_the_same_grid_as_tuples():
    listed, grid = ResourceGrid(guard_carriers=[5, 6], pilot_symbols=[2, 11]), ResourceGrid()
    assert listed == grid
    assert hash(listed) == hash(grid)  # estimators remember their weights by grid


@pytest.mark.parametrize(
    ("description", "message"),
    [
        ({"guard_carriers": (64, 64)}, r"guard_carriers=\(64, 64\) leave no carrier of fft_size=128"),
        ({"guard_carriers": (5,)}, r"guard_carriers=\(5,\) must be two"),
        ({"guard_carriers": (-1, 6)}, r"guard_carriers=\(-1, 6\)"),
        ({"fft_size": 1, "guard_carriers": (0, 0)}, "leave no carrier"),
        ({"pilot_symbols": (2, 14)}, r"pilot_symbols=\(2, 14\) must rise within 0..13"),
        ({"pilot_symbols": (11, 2)}, "must rise"),
        ({"pilot_symbols": (2, 2)}, "must rise"),
        ({"num_symbols": 2, "pilot_symbols": (0, 1)}, "leave none of 2 symbols for data"),
        ({"num_streams": 117}, r"num_streams=117 must lie within 1..116"),
        ({"num_streams": 0}, "num_streams=0"),
        ({"subcarrier_spacing": 0.0}, "subcarrier_spacing=0.0 Hz must be positive"),
    ],
)
def test_impossible_grids_are_refused(description, message):
    with pytest.raises(ValueError, match=message):
        ResourceGrid(**description)
