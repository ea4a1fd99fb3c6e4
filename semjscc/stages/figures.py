"""The figures of one transmission."""

from semjscc.metrics.fidelity import Fidelity
from semjscc.metrics.text import TextFidelity
from semjscc.metrics.transport import Transport
from semjscc.observation import Transmission
from semjscc.results import plain
from semjscc.types import Pictures
from semjscc.units import bandwidth_ratio

NAMES = {"ber": "BER", "bler": "BLER", "bleu4": "BLEU-4", "cer": "character errors", "ssim": "SSIM"}


def measured(seen: Transmission, name: str) -> dict[str, float]:
    """What the metrics that need no model say of the picture; what it cannot have is absent."""
    sent = Pictures(seen.image, [name], [[]])
    found = [metric(sent, seen.delivery) for metric in (Fidelity(), TextFidelity(), Transport())]
    return {name: values.item() for figures in found for name, values in figures.items()}


def key_figures(seen: Transmission, snr_db: float, figures: dict[str, float]) -> dict[str, str]:
    """Those to be read first, in words."""
    height, width = seen.image.shape[2:]
    uses = seen.delivery.channel_uses
    bits = {"payload": f"{seen.delivery.payload_bits:,} bit"} if seen.delivery.payload_bits else {}
    time = {"time on the air": f"{plain(1e3 * seen.delivery.duration)} ms"} if seen.delivery.duration else {}
    return {
        "SNR": f"{snr_db:g} dB",
        **bits,
        "channel uses": f"{uses:,}",
        "bandwidth ratio": plain(bandwidth_ratio(uses, height, width)),
        **time,
        "PSNR": f"{plain(figures['psnr_db'])} dB",
        **{words: plain(figures[name]) for name, words in NAMES.items() if name in figures},
    }
