"""Paper B's radio against plain numpy, written from the formulas: a loop for every index, and nothing shared."""

import cmath
import math

import numpy as np
import pytest
import scipy.linalg
import scipy.stats
import torch

from semjscc.phy.beams import CarrierAverage, Covariance, LeastLeakage
from semjscc.phy.channel import Array, Rayleigh, Scattering
from semjscc.phy.detection import InterferenceAware, MMSEDetector, ZFDetector
from semjscc.phy.grid import ResourceGrid
from semjscc.phy.link import MassiveMIMOLink
from semjscc.phy.precoding import JSDM, JointJSDM, MatchedFilter, RegularizedZF, ZeroForcing
from semjscc.phy.qam import QAM
from semjscc.rng import PerImage

LIGHT, CARRIER = 299792458.0, 28e9  # [m/s], [Hz]
STREAMS, SPACING = (2, 2, 3, 3, 3, 3), 100e6 / 16  # 16 carriers in the band of the paper's 256
GRID = ResourceGrid(16, 10, SPACING, (2, 2), True, ())
SNR_DB = 12.0


def scattering(**options):
    return [
        Scattering(rx_array=Array(S, 4), azimuth=(-60.0, 60.0), elevation=(-30.0, 30.0), **options) for S in STREAMS
    ]


def images(n, seed=0):
    return PerImage([(seed, i) for i in range(n)])


def link(precoder, detector, channels=None, **options):
    return MassiveMIMOLink(GRID, channels or scattering(), STREAMS, precoder, detector, **options)


def drop(precoder, snr="tx", seed=0):
    """Channels H_u[k], weights F[k] and N0 of one drop of six users, as numpy."""
    symbols, snr_db = torch.zeros(6, 1, dtype=torch.complex128), torch.full((6,), SNR_DB, dtype=torch.float64)
    drawn = link(precoder, ZFDetector(), snr=snr).drop(symbols, snr_db, images(6, seed))
    return [H[0].numpy() for H in drawn.channels], drawn.weights[0].numpy(), drawn.noise_var[0].numpy()


def element(row, column, rows, columns):
    """Where an element is in the y-z plane [wavelengths]."""
    return np.array([0.0, 0.5 * (column - (columns - 1) / 2), 0.5 * (row - (rows - 1) / 2)])


def steering(place, direction):
    return cmath.exp(2j * math.pi * float(place @ direction))


def entry(user, scatterers, gains, rx, tx, frequency):
    """One entry of H, path by path; loss in free space in decibels."""
    wavelength, total = LIGHT / CARRIER, 0.0
    lengths = [np.linalg.norm(s) + np.linalg.norm(s - user) for s in scatterers]
    for s, g, d in zip(scatterers, gains, lengths, strict=True):
        fspl_db = 20 * math.log10(4 * math.pi * d / wavelength)
        delay = (d - min(lengths)) / LIGHT
        turn = cmath.exp(-2j * math.pi * d / wavelength) * cmath.exp(-2j * math.pi * frequency * delay)
        ends = steering(rx, (s - user) / np.linalg.norm(s - user)) * steering(tx, s / np.linalg.norm(s))
        total += g / 10 ** (fspl_db / 20) * turn * ends
    return total


@pytest.mark.parametrize("dtype", [torch.complex64, torch.complex128])
def test_entries_of_the_scattering_channel(dtype):
    channel, frames = Scattering(normalization="none"), torch.zeros(2, 128, 1, 16, dtype=dtype)
    drawn = channel.scatterers(2, frames, images(2))
    ours = channel.sample(frames, GRID, images(2)).numpy()
    assert ours.shape == (2, 8, 128, 1, 16)
    rng = np.random.default_rng(0)
    for _ in range(40):
        b, row, column, z, y, k = (int(rng.integers(n)) for n in (2, 2, 4, 8, 16, 16))
        places = element(row, column, 2, 4), element(z, y, 8, 16)
        world = drawn.user[b].numpy(), drawn.positions[b].numpy(), drawn.gains[b].numpy()
        theirs = entry(*world, *places, (k - 8) * SPACING)
        rms = np.sqrt((np.abs(ours[b]) ** 2).mean())
        assert abs(ours[b, 4 * row + column, 16 * z + y, 0, k] - theirs) < 1e-5 * rms


def test_the_draw_is_that_of_the_model():
    drawn = Scattering(num_scatterers=50).scatterers(4000, torch.zeros(()), images(4000))
    distance = np.linalg.norm(drawn.user.numpy(), axis=1)
    offsets = (drawn.positions - drawn.user[:, None]).numpy() / (0.1 * distance[:, None, None])
    x, y, z = drawn.user.numpy().T
    azimuth, elevation = np.degrees(np.arctan2(y, x)), np.degrees(np.arcsin(z / distance))
    for values, low, high in [(distance, 50, 1000), (azimuth, -180, 180), (elevation, -90, 90), (offsets, -1, 1)]:
        uniform = (values.ravel() - low) / (high - low)
        assert scipy.stats.kstest(uniform, "uniform").pvalue > 1e-3
    power = np.abs(drawn.gains.numpy().ravel()) ** 2
    assert scipy.stats.kstest(power, "expon").pvalue > 1e-3


def singular(H, streams):
    """T: the strongest rows of Sigma V^H."""
    _, s, Vh = np.linalg.svd(H)
    return np.array([s[i] * Vh[i] for i in range(streams)])


def equal_power(F):
    return np.stack([f / np.linalg.norm(f) for f in F.T], 1) / math.sqrt(F.shape[1])


def own_columns(user):
    start = sum(STREAMS[:user])
    return list(range(start, start + STREAMS[user]))


def digital(H, k, kind):
    """Weights of a fully digital precoder on carrier k."""
    T = np.concatenate([singular(H[u][k], S) for u, S in enumerate(STREAMS)])
    load = {"matched": None, "zf": 0.0, "rzf": 16 * 10 ** (-SNR_DB / 10)}[kind]
    return equal_power(T.conj().T if load is None else T.conj().T @ np.linalg.inv(T @ T.conj().T + load * np.eye(16)))


def hermitian(A):
    return A.conj().T


def block_diagonal(H, kind):
    """B_u: what is left of a user's dominant directions outside of all others'."""
    beams = []
    cov = [sum(hermitian(h) @ h for h in H_u) / len(H_u) for H_u in H]
    mean = [sum(H_u) / len(H_u) for H_u in H]
    for u, S in enumerate(STREAMS):
        taken = []
        for v in range(6):
            if v != u:
                directions = np.linalg.svd(mean[v] if kind == "average" else cov[v])[2]
                taken += [directions[i].conj() for i in range(STREAMS[v])]
        free = scipy.linalg.null_space(np.array(taken).conj())
        inside = mean[u] @ free if kind == "average" else hermitian(free) @ cov[u] @ free
        beams.append(free @ hermitian(np.linalg.svd(inside)[2])[:, :S])
    return beams


def least_leakage(H):
    """B_u from the generalised eigenvalue problem as it stands."""
    cov = [sum(hermitian(h) @ h for h in H_u) / len(H_u) for H_u in H]
    beams = []
    for u, S in enumerate(STREAMS):
        noise = 16 * 10 ** (-SNR_DB / 10) * np.eye(128)
        A = noise + sum(STREAMS[v] / H[v].shape[1] * cov[v] for v in range(6) if v != u)
        _, X = scipy.linalg.eigh(cov[u], A)
        beams.append(np.linalg.qr(X[:, ::-1][:, :S])[0])
    return beams


def per_group(H, beams, k):
    """JSDM's weights on carrier k."""
    return np.concatenate([B @ hermitian(np.linalg.svd(H_u[k] @ B)[2]) for H_u, B in zip(H, beams, strict=True)], 1) / 4


def joint(H, beams, k):
    """RZF behind the beams of all users."""
    B = np.linalg.qr(np.concatenate(beams, 1))[0]
    return B @ digital([[H_u[k] @ B] for H_u in H], 0, "rzf")


SCHEMES = {
    "matched": (MatchedFilter(), lambda H, k: digital(H, k, "matched")),
    "zf": (ZeroForcing(), lambda H, k: digital(H, k, "zf")),
    "rzf": (RegularizedZF(), lambda H, k: digital(H, k, "rzf")),
    "average": (JSDM(CarrierAverage()), lambda H, k: per_group(H, block_diagonal(H, "average"), k)),
    "covariance": (JSDM(Covariance()), lambda H, k: per_group(H, block_diagonal(H, "covariance"), k)),
    "leakage": (JSDM(LeastLeakage()), lambda H, k: per_group(H, least_leakage(H), k)),
    "joint": (JointJSDM(LeastLeakage(), RegularizedZF()), lambda H, k: joint(H, least_leakage(H), k)),
}


@pytest.mark.parametrize("scheme", SCHEMES)
def test_own_streams_and_leakage_of_precoders(scheme):
    """The phase of a stream is free; what it brings to each user is not."""
    precoder, theirs = SCHEMES[scheme]
    H, F, _ = drop(precoder)
    for k in (0, 7, 10):
        expected = theirs(H, k)
        np.testing.assert_allclose(np.linalg.norm(F[k], axis=0), 0.25)
        for u in range(6):
            own = own_columns(u)
            singular_values = [np.linalg.svd(H[u][k] @ w[:, own])[1] for w in (F[k], expected)]
            np.testing.assert_allclose(*singular_values, rtol=1e-4)
            heard = [np.linalg.norm(H[u][k] @ w, axis=0) for w in (F[k], expected)]
            np.testing.assert_allclose(*heard, rtol=1e-4, atol=1e-9)


def error(W, G, own, N0):
    """Variances of the errors in W y about x, stream by stream: bias, interference and noise."""
    out = []
    for i, s in enumerate(own):
        total = N0 * np.linalg.norm(W[i]) ** 2
        for j in range(16):
            total += abs(W[i] @ G[:, j] - (j == s)) ** 2
        out.append(total)
    return np.array(out)


def sinr(W, G, own, N0):
    out = []
    for i, s in enumerate(own):
        rest = sum(abs(W[i] @ G[:, j]) ** 2 for j in range(16) if j != s) + N0 * np.linalg.norm(W[i]) ** 2
        out.append(abs(W[i] @ G[:, s]) ** 2 / rest)
    return np.array(out)


def filters(kind, G, own, N0):
    """W from the textbook, over all receive antennas."""
    mine, theirs = G[:, own], np.delete(G, own, 1)
    if kind == "zf":
        return np.linalg.pinv(mine)
    R = N0 * np.eye(len(G)) + (theirs @ hermitian(theirs) if kind == "aware" else 0)
    W = hermitian(mine) @ np.linalg.inv(mine @ hermitian(mine) + R)
    return W if kind == "biased" else np.diag(1 / np.diag(W @ mine)) @ W


DETECTORS = {
    "zf": ZFDetector(),
    "biased": MMSEDetector(),
    "unbiased": MMSEDetector(unbiased=True),
    "aware": InterferenceAware(),
}


@pytest.mark.parametrize("kind", DETECTORS)
@pytest.mark.parametrize("scheme", ["average", "leakage"])
def test_detectors(kind, scheme):
    H, F, noise_var = drop(SCHEMES[scheme][0])
    for u, k in [(0, 0), (2, 7), (5, 10)]:
        G, own, N0 = H[u][k] @ F[k], own_columns(u), noise_var[u]
        mine, theirs = (torch.from_numpy(x)[None, None] for x in (G[:, own], np.delete(G, own, 1)))
        ours = DETECTORS[kind].filter(mine, theirs, torch.tensor([N0]))
        W = filters(kind, G, own, N0)
        np.testing.assert_allclose(ours.weights[0, 0], W, rtol=1e-6, atol=1e-9)
        np.testing.assert_allclose(sinr(ours.weights[0, 0].numpy(), G, own, N0), sinr(W, G, own, N0), rtol=1e-4)
        seen = G if kind == "aware" else np.where(np.isin(range(16), own), G, 0)  # the others are overlooked
        np.testing.assert_allclose(ours.noise_var[0, 0], error(W, seen, own, N0), rtol=1e-6)


@pytest.mark.parametrize("snr", ["tx", "rx", "stream"])
def test_noise_of_each_definition_of_snr(snr):
    H, F, noise_var = drop(JSDM(Covariance()), snr)
    for u, S in enumerate(STREAMS):
        received, left = [], []
        for k in range(len(F)):
            G = H[u][k] @ F[k][:, own_columns(u)]
            received += [np.linalg.norm(g) ** 2 for g in G]  # an antenna each
            left += [np.linalg.norm(w) ** 2 for w in np.linalg.pinv(G)]  # a stream each
        assert len(left) == S * len(F)
        signal = {"tx": 1.0, "rx": np.mean(received), "stream": 1 / np.mean(left)}[snr]
        assert noise_var[u] == pytest.approx(signal / 10 ** (SNR_DB / 10))


@pytest.mark.parametrize("interleave", [False, True])
@pytest.mark.parametrize("dtype", [torch.complex64, torch.complex128])
def test_symbols_from_end_to_end(interleave, dtype):
    """y = H F s + n and W y, element by element; what fills the frame besides the payload comes from the layout."""
    radio = link(JSDM(LeastLeakage()), InterferenceAware(), interleave=interleave)
    symbols, snr_db = QAM(4).modulate(torch.randint(2, (6, 4 * 150)).double()), torch.full((6,), SNR_DB).double()
    symbols = symbols.to(dtype)
    ours = radio(symbols, snr_db, images(6))
    rng = images(6)
    s, H = radio.layout.place(symbols, rng)[0].numpy(), radio.drop(symbols, snr_db, rng)
    carriers = len(GRID.carriers)
    n = images(6).complex_normal("noise", (6, carriers, 12, 10), symbols).numpy()
    symbols_hat, noise_var = np.zeros((1, carriers, 16, 10), complex), np.zeros((1, carriers, 16, 10))
    for u, k in np.ndindex(6, carriers):
        G, own, N0 = H.channels[u][0, k].numpy() @ H.weights[0, k].numpy(), own_columns(u), 10 ** (-SNR_DB / 10)
        W = filters("aware", G, own, N0)
        for t in range(10):
            y = G @ s[k, :, t] + math.sqrt(N0) * n[u, k, : len(G), t]
            symbols_hat[0, k, own, t], noise_var[0, k, own, t] = W @ y, error(W, G, own, N0)
    expected = (radio.layout.collect(torch.from_numpy(x), 150).numpy() for x in (symbols_hat, noise_var))
    for x, want in zip((ours.symbols, ours.noise_var), expected, strict=True):
        scale = np.abs(want) if x.is_complex() else want
        tolerance = 2e-3 if dtype == torch.complex64 else 1e-8  # of the worst element: weak third streams
        assert (np.abs(x.numpy() - want) <= tolerance * (1e-3 + scale)).all()


def rayleigh_ber(branches, snr_db):
    """Proakis, Digital Communications, 14.4-15: 4-QAM and maximum ratio combining, Es/N0 of each branch."""
    g = 10 ** (snr_db / 10) / 2  # Eb/N0
    mu = math.sqrt(g / (1 + g))
    terms = [math.comb(branches - 1 + i, i) * ((1 + mu) / 2) ** i for i in range(branches)]
    return ((1 - mu) / 2) ** branches * sum(terms)


@pytest.mark.parametrize(("num_tx", "num_rx"), [(1, 1), (1, 2), (3, 1)])
@pytest.mark.parametrize("detector", [ZFDetector(), MMSEDetector(unbiased=True), InterferenceAware()])
def test_bit_error_rate_over_rayleigh_fading_is_the_closed_form(num_tx, num_rx, detector):
    """One stream from or to several antennas: the matched filter at either end is maximum ratio combining."""
    drops, snr_db, qam = 30000, 6.0, QAM(2)
    grid = ResourceGrid(2, 2, 1e5, (0, 0), False, ())
    radio = MassiveMIMOLink(grid, [Rayleigh(num_rx)], [1], MatchedFilter(), detector, num_tx=num_tx)
    bits = torch.randint(2, (drops, 8)).double()
    heard = radio(qam.modulate(bits), torch.full((drops,), snr_db), images(1))
    errors = ((qam.demodulate(heard.symbols, heard.noise_var) > 0) != bits.bool()).double().mean(1)  # one fade each
    expected = rayleigh_ber(num_tx * num_rx, snr_db)
    assert errors.mean().item() == pytest.approx(expected, abs=4 * errors.std().item() / drops**0.5)


def error_over_report(precoder, detector, channels):
    """Mean of |e|^2 over the variance that comes with it, and its standard error at most: |e|^2 of normals, and of QAM
    even less, has the variance of its own mean squared, and up to three streams share their noise.
    """
    symbols, snr_db = QAM(4).modulate(torch.randint(2, (24, 4 * 220)).double()), torch.full((24,), 5.0)
    heard = link(precoder, detector, channels)(symbols, snr_db, images(24))
    ratio = (heard.symbols - symbols).abs().square() / heard.noise_var
    return ratio.mean().item(), (3 / ratio.numel()) ** 0.5


@pytest.mark.parametrize("scheme", ["average", "covariance", "joint"])
def test_the_noise_left_has_the_variance_reported(scheme):
    """Sionna's equaliser test, with other users' streams as part of the noise."""
    mean, sigma = error_over_report(SCHEMES[scheme][0], InterferenceAware(), None)
    assert mean == pytest.approx(1.0, abs=4 * sigma)


@pytest.mark.parametrize("kind", ["zf", "biased", "unbiased"])
def test_the_noise_left_has_the_variance_reported_where_no_other_user_is_heard(kind):
    """Zero forcing silences all streams at all antennas of the others where these are as many as their streams."""
    mean, sigma = error_over_report(ZeroForcing(), DETECTORS[kind], [Rayleigh(S) for S in STREAMS])
    assert mean == pytest.approx(1.0, abs=4 * sigma)
