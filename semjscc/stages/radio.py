"""The stages of the radio: coded bits, symbols, slots and the air."""

import torch

from semjscc.observation import Beams, Transmission
from semjscc.phy.base import SymbolLink
from semjscc.phy.link import DigitalLink, OFDMLink
from semjscc.phy.plain import PlainLink
from semjscc.results import plain
from semjscc.stages import sounding
from semjscc.stages.contents import Draw, Drawing
from semjscc.stages.panels import Panel, Stage
from semjscc.stages.sketches import MOST_SYMBOLS, constellation, logits, raster
from semjscc.systems.analog import channel_of
from semjscc.units import linear_to_db

MOST_BITS = 4096  # of a block
Link = DigitalLink | SymbolLink


def code(link: Link, seen: Transmission) -> Stage | None:
    """Coded bits, and how sure of them the decoder was told to be."""
    blocks, errors = seen.blocks, seen.delivery.block_errors
    if blocks is None or errors is None or not isinstance(link, DigitalLink):
        return None
    k, n, count = blocks.sent.shape[1], blocks.coded.shape[1], errors.shape[1]
    grown = f"{k:,} bits go out as {n:,}, rate {plain(k / n)} ({type(link.code).__name__})"
    shown = f". The first of {count:,} blocks is shown" if count > 1 else ", in one block"
    shown += f", its first {MOST_BITS:,} bits." if n > MOST_BITS else "."
    wrong = ((blocks.llrs > 0) != (blocks.coded > 0.5)).float().mean().item()
    guess = f"{wrong:.1%} of the coded bits lean to the wrong side before decoding"
    block = blocks.coded[0, :MOST_BITS]
    before = raster(block, n, torch.zeros_like(block, dtype=torch.bool))
    return Stage(
        "Code",
        [
            Panel("Coded bits", grown + shown, Drawing(before), f"coded bits of one block: {grown}"),
            Panel(
                "LLRs",
                f"How sure the receiver is of each coded bit{_group(seen)}: the farther from 0, the surer; the "
                f"outermost 2 % lie at the edges. {guess}.",
                Drawing(logits(blocks.llrs, blocks.coded)),
                f"histogram of the LLRs of bits sent as 0 and as 1: {guess}",
            ),
        ],
    )


def symbols(link: Link, seen: Transmission) -> Stage:
    """Constellations, of the first group of blocks where a payload is streamed in several."""
    qam = link.qam if isinstance(link, DigitalLink) else None
    points = None if qam is None else qam.points
    learned = (
        "symbols of a learned code" if seen.delivery.payload_bits == 0 else "bits in QAM, and remainders as they are"
    )
    how = f"{2**qam.bits_per_symbol}-QAM, {qam.bits_per_symbol} bits a symbol" if qam else learned
    count = len(seen.sent)
    part = f" The first {MOST_SYMBOLS:,} are shown." if count > MOST_SYMBOLS else ""
    after = f"{-linear_to_db(seen.noise_var.mean()).item():.1f} dB"
    looks = f" after {seen.looks} looks at the channel" if seen.looks > 1 else ""
    heard = f"Equalised{looks}, in the colours of what was sent. The receiver reckons with an SNR of {after} here."
    before, then = (constellation(x, seen.sent, points) for x in (seen.sent, seen.received))
    what = f"{count:,} symbols{_group(seen)}, {how}"
    return Stage(
        "Symbols",
        [
            Panel(
                "Constellation sent", f"{what}. Colour is phase.{part}", Drawing(before, 4.4), f"constellation: {what}"
            ),
            Panel("Constellation received", heard, Drawing(then, 4.4), f"the symbols equalised, at an SNR of {after}"),
        ],
    )


def slot(seen: Transmission) -> Stage | None:
    """Elements of the first slot of OFDM."""
    if seen.slot is None:
        return None
    grid, pilots = seen.slot.grid, seen.slot.grid.pilot_symbols
    size = f"{grid.num_symbols} OFDM symbols of {grid.fft_size} carriers, {1e-3 * grid.subcarrier_spacing:g} kHz apart"
    many = seen.delivery.channel_uses // grid.elements
    which = f" The first of {many:,} slots." if many > 1 else ""
    stream = f" Stream 1 of {grid.num_streams}." if grid.num_streams > 1 else ""
    what = f"{size}. Colour is phase, and what is silent is empty.{which}{stream}"
    turned = f"At antenna 1 of {len(seen.slot.received)}: turned and weakened by the channel, and in noise."
    sent, received = (Drawing(sounding.elements(x[0], pilots), 2.7) for x in (seen.slot.sent, seen.slot.received))
    return Stage(
        "Slot",
        [
            Panel("Slot sent", what, sent, f"the elements of the slot sent: {size}"),
            Panel("Slot received", turned, received, "the elements of the slot received, their phases turned"),
        ],
    )


def air(link: Link, seen: Transmission) -> Stage:
    """The channel over time and frequency, or what there is in its place."""
    link = link.link if isinstance(link, DigitalLink) else link
    channel = channel_of(link)
    if seen.slot is not None and isinstance(link, OFDMLink):
        parts = f"{type(link.estimator).__name__}, {type(link.equalizer).__name__}"
        words = f"{channel}, over time and frequency in the slot above; the receiver estimates and undoes it ({parts})."
        level = sounding.levels(seen.slot.response)
        gain = f"the channel's gain over time and frequency, from {level.min():.0f} to {level.max():.0f} dB"
        return _air(words, sounding.response(seen.slot), gain)
    if seen.beams is not None:
        return _air(_reach(seen.beams), sounding.reach(seen.beams), "the power of each stream at this user's antennas")
    plainly = "Nothing fades, H = 1 for every symbol: there is only noise."
    words = plainly if isinstance(link, PlainLink) else f"{channel}, and what it leaves in each symbol."
    return _air(words, sounding.noise(seen), "squared error of each symbol, and its mean as the receiver was told")


def _group(seen: Transmission) -> str:
    """Which part of the payload is shown where it is streamed in several."""
    count = 0 if seen.delivery.block_errors is None else seen.delivery.block_errors.shape[1]
    return (
        f" of the first {len(seen.blocks.sent)} of {count:,} blocks"
        if seen.blocks and len(seen.blocks.sent) < count
        else ""
    )


def _reach(beams: Beams) -> str:
    own = range(*beams.own.indices(beams.effective.shape[2]))
    return (
        f"How the streams of the base station reach user {beams.user} (0 to {beams.users - 1}), whose own are "
        f"{', '.join(map(str, own))}. In time, the channels stand still for a payload."
    )


def _air(words: str, draw: Draw, alt: str) -> Stage:
    return Stage("Air", [Panel("The air", words, Drawing(draw, 3.2, 12.0), alt)])
