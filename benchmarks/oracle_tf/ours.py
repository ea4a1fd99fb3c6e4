"""What is given to both sides, and our answers."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import torch
from torch import Tensor

from benchmarks.oracle_tf import tasks
from benchmarks.oracle_tf.tasks import CARRIER, DELAY_SPREAD, DRAWS, RATE, SPEED, STEPS
from semjscc.phy.channel import CDL, Array, UMa, UMi, Users
from semjscc.phy.channel.tr38901.rays import OFFSETS
from semjscc.phy.channel.tr38901.system import SystemLevel
from semjscc.phy.equalization import LMMSE
from semjscc.phy.estimation import Estimate, LeastSquares
from semjscc.phy.fec import CRC, LDPC5G
from semjscc.phy.grid import ResourceGrid
from semjscc.phy.qam import QAM
from semjscc.rng import PerImage

Arrays = dict[str, np.ndarray]
GRID = ResourceGrid()
LIKE = torch.zeros((), dtype=torch.float64)
CELLS: dict[str, tuple[Callable[..., SystemLevel], Users]] = {
    "UMa": (UMa, Users((35.0, 500.0), height=(1.5, 22.5))),
    "UMi": (UMi, Users((10.0, 300.0), height=(1.5, 22.5))),
}
USERS, ZENITHS = (
    4000,
    20,
)  # dropped; directions of motion in CDL, which Sionna 1.2.2 draws uniformly from 0 to 180 degrees


def given(seed: int) -> Arrays:
    """Bits, symbols, a received slot, users."""
    rng = np.random.default_rng(seed)

    def normal(*shape: int) -> np.ndarray:
        return (rng.normal(size=shape) + 1j * rng.normal(size=shape)) / 2**0.5

    found: Arrays = {"bits": rng.integers(2, size=(20, 100)).astype(np.float32)}
    found |= {f"bits {k}": rng.integers(2, size=(20, k)).astype(np.float32) for k, _ in tasks.CODES}
    found |= {"symbols": normal(5, 20), "noise": rng.uniform(0.01, 1.0, (5, 20))}
    found |= {"received": normal(3, 2, 14, 128), "response": normal(3, 2, 1, 14, len(GRID.carriers))}
    found |= {"slot noise": np.array([0.1, 0.5, 2.0]), "error": np.array([0.0, 0.05, 0.1])}
    found["pilots"] = GRID.pilots(torch.zeros((), dtype=torch.complex128)).flatten(1)[None].numpy()
    for scenario in CELLS:
        channel = cell(scenario, "LoS")
        found[f"{scenario} places"] = channel.drop(USERS, LIKE, PerImage([(seed,)])).location.numpy()
        found[f"{scenario} mast"] = np.array([0.0, 0.0, channel.mast])
    return found


def cell(scenario: str, state: str) -> SystemLevel:
    """With tables as old as Sionna 1.2.2's."""
    model, users = CELLS[scenario]
    users, sight = replace(users, indoor=float(state == "O2I")), {"LoS": True, "NLoS": False}.get(state)
    return model(CARRIER, Array(), Array(), users, sight=sight, version="V16.1")


def answers(given: Arrays, seed: int) -> Arrays:
    """Likewise."""
    tensors = {name: torch.from_numpy(x) for name, x in given.items()}
    found = mapping(tensors) | codes(tensors) | receiver(tensors)
    return {name: x.numpy() for name, x in found.items()} | cdl(seed) | large_scale(seed)


def mapping(given: dict[str, Tensor]) -> dict[str, Tensor]:
    """Constellations and LLRs."""
    found = {}
    for order in tasks.ORDERS:
        labels, qam = torch.arange(2**order)[:, None] >> torch.arange(order).flip(0) & 1, QAM(order).to(torch.float64)
        found[f"double/points of {2**order}-QAM"] = qam.modulate(labels.double()).squeeze(1)
        for method in ("app", "maxlog"):
            llrs = qam.demodulate(given["symbols"], given["noise"], method)
            found[f"double/{method} LLRs of {2**order}-QAM"] = llrs
    return found


def codes(given: dict[str, Tensor]) -> dict[str, Tensor]:
    """Parities and codewords."""
    found = {f"bits/{name}": CRC(name).encode(given["bits"]) for name in tasks.CRCS}
    return found | {f"bits/LDPC ({k}, {n})": LDPC5G(k, n).encode(given[f"bits {k}"]) for k, n in tasks.CODES}


def receiver(given: dict[str, Tensor]) -> dict[str, Tensor]:
    """At data elements; least squares are Sionna's there too."""
    y, N0, data = given["received"], given["slot noise"], list(GRID.data_symbols)
    h = given["response"][..., data, :]
    error_var = given["error"][:, None, None, None, None].expand(h[:, :1].shape)
    out = LMMSE().equalize(GRID.at_data(y), Estimate(h, error_var), N0)
    return {
        "single/least squares": LeastSquares().estimate(y, GRID, N0, y).response,
        "single/LMMSE symbols": out.symbols.flatten(2),
        "single/LMMSE noise": out.noise_var.flatten(2),
    }


def cdl(seed: int) -> Arrays:
    """Fading between the user's antenna and two."""
    found = {}
    for model in tasks.MODELS:
        delays, gains = fading(model, seed)
        found[f"double/CDL-{model} delays [us]"] = 1e6 * delays
        found |= {f"means/CDL-{model} {name}": x for name, x in tasks.fading(gains).items()}
    return found | {"shown means/CDL-C over time, uplink": found["means/CDL-C over time"]}  # which are the same


def fading(model: tasks.Model, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Delays and gains ``[draws, 2, paths, steps]``, the line of sight joined to the first cluster as Sionna does."""
    grid, gains = ResourceGrid(8, STEPS, RATE, (0, 0), pilot_symbols=()), []
    frames = torch.zeros(DRAWS // ZENITHS, 1, STEPS, 8, dtype=torch.complex128)
    for i in range(ZENITHS):
        travel = (None, 180.0 * (i + 0.5) / ZENITHS)
        channel = CDL(model, DELAY_SPREAD, CARRIER, Array(columns=2), Array(), "uplink", SPEED, travel)
        paths = channel.paths(frames, grid, PerImage([(seed, i)]))
        gains.append(paths.gains[:, :, 0])
    joined, sight = torch.cat(gains), channel.sight
    joined[:, :, sight] += joined[:, :, 0] * sight
    return tasks.by_delay(paths.delays[0, sight:].numpy(), joined[:, :, sight:].numpy())


def large_scale(seed: int) -> Arrays:
    """Of the users given, and the offsets of rays."""
    found = {}
    for scenario in CELLS:
        for state in tasks.STATES:
            channel = cell(scenario, state)
            user = channel.drop(USERS, LIKE, PerImage([(seed,)]))
            large = channel.large_scale(user, channel.tabled(user), PerImage([(seed,)]))
            spreads = [x.log10() for x in (large.delay_spread, large.asd, large.asa)]
            spreads += [large.shadowing_db / 10, large.k_db / 10, large.zsa.log10(), large.zsd.log10(), large.loss_db]
            name = f"{tasks.verdict(scenario, state)}/{scenario} {state} large scale"
            found[name] = tasks.large_scale(torch.cat(spreads, 1).numpy())
    return found | {"shown values/offsets of rays": np.sort(np.array(OFFSETS))}
