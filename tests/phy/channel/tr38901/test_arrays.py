import math

import pytest
import torch

from semjscc.phy.channel.tr38901.arrays import Array, Directional, Omni
from semjscc.phy.channel.tr38901.geometry import Directions, End, rotation

DEGREE = math.pi / 180


def at(azimuth, zenith):
    """Directions from angles in degrees, all rays of one row."""
    azimuth, zenith = torch.broadcast_tensors(torch.as_tensor(azimuth).double(), torch.as_tensor(zenith).double())
    return Directions.at(azimuth.reshape(1, -1) * DEGREE, zenith.reshape(1, -1) * DEGREE)


def anywhere(rays=50):
    generator = torch.Generator().manual_seed(1)
    return at(*(360.0 * torch.rand(2, rays, generator=generator)))


def end(array, *orientation):
    return End(array, rotation(torch.tensor([orientation or (0.0, 0.0, 0.0)]).double() * DEGREE))


def gain_dbi(element, azimuth, zenith):
    return 10 * element.gain(at(azimuth, zenith).outwards).log10().item()


def test_omnidirectional_elements_radiate_alike_everywhere():
    assert torch.equal(Omni().gain(anywhere().outwards), torch.ones(1, 50, dtype=torch.float64))


@pytest.mark.parametrize(
    ("azimuth", "zenith", "dbi"),
    [(0, 90, 8.0), (32.5, 90, 5.0), (0, 57.5, 5.0), (32.5, 122.5, 2.0), (-32.5, 57.5, 2.0), (180, 90, -22.0)],
)
def test_directional_elements_follow_table_7_3_1(azimuth, zenith, dbi):
    assert gain_dbi(Directional(), azimuth, zenith) == pytest.approx(dbi)


def test_elements_stand_half_a_wavelength_apart_around_the_centre():
    positions = Array(rows=2, columns=3).positions(torch.zeros(()))
    z, y = torch.meshgrid(torch.tensor([-0.25, 0.25]), torch.tensor([-0.5, 0.0, 0.5]), indexing="ij")
    assert torch.equal(positions, torch.stack([torch.zeros(6), y.flatten(), z.flatten()], 1))


def test_steering_vector_of_a_row_of_elements():
    azimuth = torch.tensor([-70.0, 0.0, 20.0, 90.0])
    phasors = end(Array(columns=4)).phasors(at(azimuth, 90.0))[0]
    steps = torch.exp(1j * math.pi * torch.sin(azimuth.double() * DEGREE))  # half a wavelength: pi sin(azimuth)
    torch.testing.assert_close(phasors[1:] / phasors[:-1], steps.expand(3, -1))
    torch.testing.assert_close(phasors.prod(0), torch.ones_like(steps))  # no phase at the centre


def test_turning_an_array_is_turning_the_world_back():
    array = Array(rows=2, columns=2)
    turned = end(array, 30.0, 0.0, 0.0).phasors(at([10.0, 80.0], [60.0, 100.0]))
    torch.testing.assert_close(turned, end(array).phasors(at([-20.0, 50.0], [60.0, 100.0])))


def test_downtilt_looks_down():
    boresight = end(Array(), 30.0, 10.0, 0.0).turn[0, :, 0]
    torch.testing.assert_close(boresight, at(30.0, 100.0).outwards[0, :, 0])


def test_rotations_keep_lengths_and_hands():
    turn = rotation(torch.rand(5, 3, dtype=torch.float64))
    torch.testing.assert_close(turn @ turn.mT, torch.eye(3, dtype=torch.float64).expand(5, -1, -1))
    torch.testing.assert_close(torch.linalg.det(turn), torch.ones(5, dtype=torch.float64))


def test_zeniths_beyond_the_poles_are_folded_back():
    for zenith, folded in ((-20.0, 20.0), (200.0, 160.0), (340.0, 20.0)):
        torch.testing.assert_close(at(40.0, zenith).outwards, at(40.0, folded).outwards)


@pytest.mark.parametrize(("slant", "field"), [(0.0, (1.0, 0.0)), (45.0, (0.5**0.5, 0.5**0.5)), (90.0, (0.0, 1.0))])
def test_slant_splits_the_field_of_upright_elements(slant, field):
    fields = end(Array(slants=(slant,)), 70.0, 0.0, 0.0).fields(anywhere())
    torch.testing.assert_close(fields[0, 0].mT, torch.tensor(field).double().expand(50, -1))


def test_an_element_lying_on_its_side_radiates_horizontally():
    fields = end(Array(), 0.0, 0.0, 90.0).fields(at(0.0, 90.0))  # turned about the boresight
    torch.testing.assert_close(fields[0, 0, :, 0].abs(), torch.tensor([0.0, 1.0]).double(), rtol=0, atol=1e-12)


def test_fields_have_the_elements_gain_and_crossed_ones_are_orthogonal():
    array, rays = Array(slants=(-45, 45), element=Directional()), anywhere()
    placed = end(array, 50.0, 20.0, -30.0)
    first, second = placed.fields(rays)[0]
    gain = array.element.gain(placed.turn.mT @ rays.outwards)[0]
    torch.testing.assert_close(first.square().sum(0), gain)
    torch.testing.assert_close((first * second).sum(0), torch.zeros_like(gain))


@pytest.mark.parametrize("nothing", [{"rows": 0}, {"columns": 0}, {"slants": ()}])
def test_an_array_has_an_element(nothing):
    with pytest.raises(ValueError, match="at least one element"):
        Array(**nothing)
