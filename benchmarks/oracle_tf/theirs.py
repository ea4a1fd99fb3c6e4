"""Sionna 1.2.2's answers: ``python -m benchmarks.oracle_tf.theirs GIVEN.npz ANSWERS.npz``, where TensorFlow is."""

import os
import sys
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "")

import numpy as np
from sionna.phy import config
from sionna.phy.channel import tr38901
from sionna.phy.fec.crc import CRCEncoder
from sionna.phy.fec.ldpc import LDPC5GEncoder
from sionna.phy.mapping import Constellation, Demapper
from sionna.phy.mimo import StreamManagement
from sionna.phy.ofdm import LMMSEEqualizer, LSChannelEstimator, ResourceGrid

from benchmarks.oracle_tf import tasks

DOUBLE = {"precision": "double"}
Arrays = dict[str, np.ndarray]


def mapping(given: Arrays) -> Arrays:
    """Constellations and LLRs."""
    found = {}
    for order in tasks.ORDERS:
        found[f"double/points of {2**order}-QAM"] = Constellation("qam", order, **DOUBLE).points.numpy()
        for method in ("app", "maxlog"):
            demapper = Demapper(method, "qam", order, **DOUBLE)
            found[f"double/{method} LLRs of {2**order}-QAM"] = demapper(given["symbols"], given["noise"]).numpy()
    return found


def codes(given: Arrays) -> Arrays:
    """Parities and codewords."""
    found = {f"bits/{name}": CRCEncoder(name)(given["bits"]).numpy() for name in tasks.CRCS}
    for k, n in tasks.CODES:
        found[f"bits/LDPC ({k}, {n})"] = LDPC5GEncoder(k, n)(given[f"bits {k}"]).numpy()
    return found


def receiver(given: Arrays) -> Arrays:
    """Least squares and LMMSE in single precision, which parts of them are whatever is asked for."""
    grid, noise = resource_grid(given["pilots"]), given["slot noise"]
    y, h, error = given["received"][:, None], given["response"][:, None, :, None], given["error"].reshape(-1, *6 * [1])
    ls = LSChannelEstimator(grid, "lin")(y, noise)[0]
    symbols, var = LMMSEEqualizer(grid, StreamManagement(np.ones((1, 1)), 1))(y, h, error, noise)
    return {
        "single/least squares": np.delete(ls.numpy()[:, 0, :, 0], (2, 11), 3),
        "single/LMMSE symbols": symbols.numpy()[:, 0],
        "single/LMMSE noise": var.numpy()[:, 0],
    }


def resource_grid(pilots: np.ndarray) -> ResourceGrid:
    """Paper A's, with our pilots."""
    guards = {"num_guard_carriers": (5, 6), "dc_null": True}
    kronecker = {"pilot_pattern": "kronecker", "pilot_ofdm_symbol_indices": [2, 11]}
    grid = ResourceGrid(14, 128, 240e3, **guards, **kronecker)
    grid.pilot_pattern.pilots = pilots.astype(np.complex64)
    return grid


def cdl() -> Arrays:
    """Fading between the user's antenna and two."""
    found = {}
    for model in tasks.MODELS:
        delays, gains = fading(model, "downlink")
        found[f"double/CDL-{model} delays [us]"] = 1e6 * delays
        found |= {f"means/CDL-{model} {name}": x for name, x in tasks.fading(gains).items()}
    uplink = tasks.fading(fading("C", "uplink")[1])["over time"]
    return found | {"shown means/CDL-C over time, uplink": uplink}


def fading(model: str, direction: str) -> tuple[np.ndarray, np.ndarray]:
    """Delays and gains ``[draws, 2, paths, steps]``, in batches of 500 draws."""
    ends = (panel(1), panel(2), direction)
    channel = tr38901.CDL(model, tasks.DELAY_SPREAD, tasks.CARRIER, *ends, min_speed=tasks.SPEED, **DOUBLE)
    drawn = [channel(500, tasks.STEPS, tasks.RATE) for _ in range(tasks.DRAWS // 500)]
    gains = [gain.numpy().reshape(500, 2, -1, tasks.STEPS) for gain, _ in drawn]
    return tasks.by_delay(drawn[0][1].numpy()[0, 0, 0], np.concatenate(gains))


def panel(columns: int) -> tr38901.PanelArray:
    """Of vertical omnidirectional elements."""
    return tr38901.PanelArray(1, columns, "single", "V", "omni", tasks.CARRIER, **DOUBLE)


def large_scale(given: Arrays) -> Arrays:
    """Of our users, and the offsets of rays."""
    found = {}
    for scenario in ("UMa", "UMi"):
        for state in tasks.STATES:
            channel = getattr(tr38901, scenario)(tasks.CARRIER, "low", panel(1), panel(1), "uplink", **DOUBLE)
            place = given[f"{scenario} places"][:, None]
            still, mast = np.zeros_like(place), np.zeros_like(place) + given[f"{scenario} mast"]
            indoor = np.full(place.shape[:2], state == "O2I")
            channel.set_topology(place, mast, still, still, still, indoor, {"LoS": True, "NLoS": False}.get(state))
            lsp, loss = channel._lsp_sampler(), channel._lsp_sampler.sample_pathloss().numpy()[:, 0]
            drawn = (lsp.ds, lsp.asd, lsp.asa, lsp.sf, lsp.k_factor, lsp.zsa, lsp.zsd)
            logs = [np.log10(x.numpy()[:, 0]) for x in drawn]
            name = f"{tasks.verdict(scenario, state)}/{scenario} {state} large scale"
            found[name] = tasks.large_scale(np.concatenate([*logs, loss], 1))
    return found | {"shown values/offsets of rays": np.sort(channel._ray_sampler._ray_offsets.numpy())}


def main() -> None:
    """Reads what is given and writes the answers."""
    config.seed = 0
    with np.load(sys.argv[1]) as file:
        given = dict(file)
    answers = mapping(given) | codes(given) | receiver(given) | cdl() | large_scale(given)
    np.savez(Path(sys.argv[2]), **answers)  # type: ignore[arg-type]


if __name__ == "__main__":
    main()
