"""Spatial consistency against Sionna 2.2's own correlation matrices."""

from dataclasses import replace

import pytest
import torch
from sionna.phy.channel import tr38901

from semjscc.phy.channel import Array, RMa, UMa, UMi, Users
from semjscc.phy.channel.tr38901.consistency import consistent
from semjscc.rng import PerImage

DOUBLE = {"precision": "double", "device": "cpu"}
LIKE = torch.zeros((), dtype=torch.float64)
CELLS = {UMa: 28e9, UMi: 28e9, RMa: 3e9}
SIONNA = ("DS", "ASD", "ASA", "SF", "K", "ZSA", "ZSD")  # its order
DROPS, SIZE = 20, 6


def theirs(channel, user):
    """Sionna's channel with our drops."""
    panel = tr38901.PanelArray(1, 1, "single", "V", "omni", channel.carrier_frequency, **DOUBLE)
    options = {"ut_array": panel, "bs_array": panel, "direction": "uplink", "spec_version": channel.version[1:]}
    options |= {} if isinstance(channel, RMa) else {"o2i_model": "low"}
    other = getattr(tr38901, channel.scenario)(channel.carrier_frequency, **options, **DOUBLE)
    location, turn, velocity, indoor, sight, depth = (
        x.unflatten(0, (DROPS, SIZE))
        for x in (user.location, user.orientation, user.velocity, user.indoor, user.sight, user.depth)
    )
    mast = torch.tensor([0.0, 0.0, channel.mast]).double().expand(DROPS, 1, 3)
    other.set_topology(
        location, mast, turn, torch.zeros_like(mast), velocity, indoor, los=sight[:, None], distance_2d_in=depth
    )
    return other._lsp_sampler._spatial_lsp_correlation_matrix_sqrt[:, 0]


@pytest.mark.parametrize("version", ["V19.2", "V16.1"])
@pytest.mark.parametrize("model", CELLS, ids=lambda model: model.__name__)
def test_same_correlations_between_users(model, version):
    users = Users((35.0, 100.0), indoor=0.3, drop=SIZE)
    channel = model(CELLS[model], Array(), Array(), users, version=version)
    user = channel.drop(DROPS * SIZE, LIKE, PerImage([(0,)]))
    user = replace(user, sight=user.chance[:, 1] < 0.5)
    for state in range(3):
        assert ((user.state == state).unflatten(0, (-1, SIZE)).sum(1) > 1).any()
    p = channel.tabled(user)
    distance = torch.cat([p[f"distance {name}"] for name in SIONNA], 1)
    columns = []
    for one in torch.eye(SIZE).double():
        white = one.repeat(DROPS)[:, None].expand(-1, len(SIONNA))
        columns.append(consistent(white, user.location, user.state, distance, SIZE).unflatten(0, (DROPS, SIZE)).mT)
    root, other = torch.stack(columns, 3), theirs(channel, user)
    torch.testing.assert_close(root @ root.mT, other @ other.mT, rtol=0, atol=1e-8)
