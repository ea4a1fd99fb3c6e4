import pytest
import torch

from semjscc.phy.grid import ResourceGrid
from semjscc.phy.layout import Layout
from semjscc.rng import PerImage

GRID = ResourceGrid(12, 4, 1e5, (1, 2), True, (0,))  # 8 carriers, 3 data symbols
STREAMS = (1, 2, 3)


def images(n):
    return PerImage([(0, i) for i in range(n)])


def payload(n, batch=6):
    return torch.arange(1.0, batch * n + 1).reshape(batch, n).to(torch.complex128)


@pytest.mark.parametrize("interleave", [False, True])
@pytest.mark.parametrize("n", [1, 5, 24, 25, 72])
def test_round_trip(interleave, n):
    layout, symbols = Layout(GRID, STREAMS, (3, 8), interleave), payload(n)
    frames = layout.place(symbols, images(6))
    assert frames.shape == (2, 6, 6, 3 * layout.frames(n))
    assert torch.equal(layout.collect(frames, n), symbols)


def test_each_stream_has_a_part_in_order_of_time_then_frequency():
    frames = Layout(GRID, STREAMS).place(payload(20, 3), images(3))[0]
    user = frames[:, 1:3].permute(1, 2, 0).flatten(1)  # the second user's streams: time, then carriers
    torch.testing.assert_close(user[:, :10], payload(20, 3)[1].reshape(2, 10))
    assert (user[:, 10:].abs() - 1).abs().max() < 1e-12


def test_an_interleaved_payload_lies_on_all_streams_carriers_and_symbols():
    taken = Layout(GRID, STREAMS, (), True).place(payload(24, 3), images(3))[0, :, 3:].abs() > 1.5
    assert taken.sum() == 24
    assert taken.any(2).any(0).all()  # streams
    assert taken.any(1).any(0).all()  # symbols
    assert taken.any(2).any(1).sum() > 8 / 2  # carriers


def test_what_is_left_is_filled_with_unit_power_differing_from_image_to_image():
    frames = Layout(GRID, STREAMS).place(payload(1), images(6))
    filling = frames[:, :, 1:].flatten()
    axes = 2**0.5 * torch.view_as_real(filling[filling.abs() < 1.5])
    torch.testing.assert_close(axes.abs(), torch.ones_like(axes))
    symbols, counts = axes.round().unique(dim=0, return_counts=True)
    assert len(symbols) == 4
    assert counts.min() > counts.sum() / 8
    assert (frames[0] != frames[1]).any()


def test_frames_are_those_of_the_user_with_the_fewest_streams():
    layout = Layout(GRID, (2, 3), (3,))
    assert layout.elements == 3 * 7
    assert [layout.frames(n) for n in (0, 1, 42, 43)] == [0, 1, 1, 2]


def test_pilots_are_refused_where_there_is_no_carrier():
    with pytest.raises(ValueError, match=r"no carrier for the pilots at \[6, 11\]"):
        Layout(GRID, STREAMS, (3, 6, 11))
    with pytest.raises(ValueError, match="8 pilot carriers leave none"):
        Layout(GRID, STREAMS, GRID.carriers)
