import pytest
import torch

from semjscc.phy.beams import CarrierAverage, Covariance, LeastLeakage, UnitModulus

STREAMS = (1, 2, 2)
NOISE = torch.full((2, 3), 0.1, dtype=torch.float64)


def low_rank(rank, num_tx=12, carriers=5, users=3, drops=2):
    """Channels whose rows span ``rank`` directions a user, the same on all carriers."""
    torch.manual_seed(0)
    return [
        torch.randn(drops, carriers, 4, rank, dtype=torch.complex128)
        @ torch.randn(drops, 1, rank, num_tx, dtype=torch.complex128)
        for _ in range(users)
    ]


def power(H, B):
    return (H @ B.unsqueeze(1)).abs().square().sum((1, 2))  # of each beam


@pytest.mark.parametrize("beams", [CarrierAverage(3), Covariance(3)])
def test_nothing_reaches_the_others_where_all_their_directions_are_kept(beams):
    H = low_rank(3)
    for u, B in enumerate(beams.beams(H, STREAMS, NOISE)):
        assert B.shape == (2, 12, STREAMS[u])
        torch.testing.assert_close(B.mH @ B, torch.eye(STREAMS[u]).to(B).expand(2, -1, -1))
        assert power(H[u], B).min() > 1.0
        for v in range(3):
            if v != u:
                assert power(H[v], B).max() < 1e-15


@pytest.mark.parametrize("beams", [CarrierAverage(), Covariance()])
def test_by_default_as_many_directions_are_kept_as_there_are_streams(beams):
    H = low_rank(4)
    R = [(beams.covariance(h)) for h in H]
    for u, B in enumerate(beams.beams(H, STREAMS, NOISE)):
        for v, S in enumerate(STREAMS):
            if v != u:
                kept = torch.linalg.eigh(R[v]).eigenvectors[..., -S:]
                assert (kept.mH @ B).abs().max() < 1e-12


def test_paths_that_turn_along_frequency_are_lost_in_the_carriers_average():
    """A user of two directions, one of which turns: the average knows one, the covariance both."""
    torch.manual_seed(0)
    rows = torch.randn(2, 1, 2, 12, dtype=torch.complex128)
    turn = torch.polar(torch.ones(5), 2 * torch.pi * torch.arange(5) / 5).to(rows)
    H = rows * torch.stack([torch.ones_like(turn), turn], 1)[..., None]
    ranks = [torch.linalg.matrix_rank(beams.covariance(H)).tolist() for beams in (CarrierAverage(), Covariance())]
    assert ranks == [[1, 1], [2, 2]]


def leakage_ratio(H, u, x):
    """Signal of user u along x over leakage and noise."""
    R = [h.flatten(1, 2).mH @ h.flatten(1, 2) / h.shape[1] for h in H]
    share = [(x.conj() * (r @ x)).sum(1).real for r in R]
    leak = sum(S / 4 * share[v] for v, S in enumerate(STREAMS) if v != u)
    return share[u] / (leak + sum(STREAMS) * 0.1 * (x.abs() ** 2).sum(1))


def test_no_direction_has_a_better_ratio_of_signal_to_leakage_and_noise():
    H = low_rank(6)
    for u, B in enumerate(LeastLeakage().beams(H, STREAMS, NOISE)):
        best = leakage_ratio(H, u, B[..., :1])
        for size in (1e-2, 1.0):
            for _ in range(50):
                other = B[..., :1] / B[..., :1].norm(dim=1, keepdim=True) + size * torch.randn(2, 12, 1).to(B)
                assert (leakage_ratio(H, u, other) <= best).all()


def test_much_noise_makes_least_leakage_the_strongest_directions_and_none_the_null_space():
    H = low_rank(3)
    loud, silent = (LeastLeakage().beams(H, STREAMS, torch.full((2, 3), N0).double()) for N0 in (1e9, 0.0))
    for u, S in enumerate(STREAMS):
        R = H[u].flatten(1, 2).mH @ H[u].flatten(1, 2)
        strongest = torch.linalg.eigh(R).eigenvectors[..., -S:]
        for x in (torch.linalg.qr(loud[u]).Q, strongest):
            torch.testing.assert_close(
                (strongest.mH @ x).abs().square().sum((1, 2)), torch.full((2,), float(S)).double()
            )
        B = torch.linalg.qr(silent[u]).Q
        assert all(power(H[v], B).max() < 1e-9 * power(H[u], B).min() for v in range(3) if v != u)


def test_unit_modulus_has_the_phases_of_the_beams():
    H = low_rank(6)
    for B, turned in zip(
        Covariance().beams(H, STREAMS, NOISE), UnitModulus(Covariance()).beams(H, STREAMS, NOISE), strict=True
    ):
        torch.testing.assert_close(turned.abs(), torch.ones_like(turned.real))
        torch.testing.assert_close(turned * B.abs(), B)


def test_users_without_a_null_space_are_named():
    with pytest.raises(ValueError, match=r"user 1 has no null space left for 2 streams: .* 11 of 12 directions"):
        Covariance(11).beams(low_rank(12)[:2], (1, 2), NOISE[:, :2])
    H = low_rank(2)
    H[2] = torch.randn(2, 5, 4, 4, dtype=torch.complex128) @ H[0]  # the same directions
    with pytest.raises(ValueError, match=r"user 0 has no null space left: its directions are those of user\(s\) 2"):
        Covariance(2).beams(H, STREAMS, NOISE)


def test_bad_rank_is_named():
    with pytest.raises(ValueError, match="rank=0"):
        CarrierAverage(0)
