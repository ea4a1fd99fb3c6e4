"""One transmission, watched: what its own parts handed on from stage to stage, in the one pass that delivers.

Nothing is simulated a second time, and nothing is changed: an :class:`~semjscc.observer.Observer` notes arguments and
results of methods while the system runs as it always does.
"""

from dataclasses import dataclass, fields, replace
from typing import Any

import torch
from jaxtyping import Complex, Float
from torch import Tensor

from semjscc.observer import Observer
from semjscc.phy.grid import ResourceGrid
from semjscc.phy.link import DigitalLink, MassiveMIMOLink, OFDMLink, SymbolLink
from semjscc.rng import Randomness
from semjscc.systems.analog import Analog
from semjscc.systems.base import System
from semjscc.systems.digital import Digital
from semjscc.systems.hybrid import Hybrid
from semjscc.types import Delivery, Images, Received

Watchable = Digital | Analog | Hybrid
AIR = ("forward", "carried")  # a link's symbols go on the air; of a payload in several groups, several times


@dataclass(frozen=True)
class Slot:
    """A picture's first slot of an OFDM link."""

    grid: ResourceGrid
    sent: Complex[Tensor, "streams time frequency"]
    received: Complex[Tensor, "rx time frequency"]
    response: Complex[Tensor, "rx streams time frequency"]
    estimate: Complex[Tensor, "rx streams data_symbols carriers"]  # of the channel from unit-power symbols
    noise_var: float  # N0 at each antenna


@dataclass(frozen=True)
class Beams:
    """How all streams of a massive-MIMO link reach a picture's user, in its first drop, which stands still."""

    effective: Complex[Tensor, "carriers rx streams"]  # G_u
    own: slice  # the user's own streams
    carriers: list[int]  # indices into the FFT grid; all alike where G_u has one carrier
    user: int
    users: int
    noise_var: float  # N0 at each antenna


@dataclass(frozen=True)
class Blocks:
    """A picture's code blocks, those of the first group where its payload was streamed in several."""

    sent: Float[Tensor, "blocks k"]
    coded: Float[Tensor, "blocks n"]
    llrs: Float[Tensor, "blocks n"]  # as the decoder got them in the end
    heard: Float[Tensor, "blocks k"]


@dataclass(frozen=True)
class Transmission:
    """One picture's way through a system. Stages that the system does not have are None.

    Symbols are those of the first group of blocks, as :class:`Blocks`; ``looks``: how often the channel was estimated.
    """

    image: Float[Tensor, "1 3 height width"]
    delivery: Delivery  # a batch of this picture alone
    sent: Complex[Tensor, " symbols"]
    received: Complex[Tensor, " symbols"]
    noise_var: Float[Tensor, " symbols"]
    slot: Slot | None
    beams: Beams | None
    blocks: Blocks | None
    looks: int


@torch.no_grad()
def transmit(system: System, images: Images, snr_db: float, rng: Randomness, row: int = 0) -> Transmission:
    """Sends ``images`` at one SNR [dB], and tells the way of number ``row``.

    Raises:
        ValueError: the system sends nothing that could be watched (a bound).
    """
    if not isinstance(system, Watchable):
        raise ValueError(
            f"{type(system).__name__} sends no symbols: only Digital, Analog and Hybrid systems can be watched"
        )
    with Observer(AIR) as seen:
        _watch(seen, system)
        delivery = system(images, torch.full((len(images),), snr_db, device=images.device), rng)
    batch, link = len(images), _symbol_link(system)
    air, heard = seen.calls["carried"] or seen.calls["forward"], seen.last("hear", "forward")
    symbols = air[0].arguments[0]
    received: Received = heard.result if heard else air[0].result
    return Transmission(
        image=images[row : row + 1],
        delivery=_only(delivery, row, batch),
        sent=symbols[row],
        received=received.symbols[row],
        noise_var=received.noise_var[row],
        slot=_slot(seen, link, row, batch),
        beams=_beams(seen, link, row),
        blocks=_blocks(seen, row, batch),
        looks=len(seen.calls["estimate"]) + len(seen.calls["refine"]),
    )


def _watch(seen: Observer, system: Watchable) -> None:
    if isinstance(system.link, DigitalLink):
        seen.watch(system.link.code, "for_payload", then=lambda code: seen.watch(code, "encode", "decode"))
    link = _symbol_link(system)
    seen.watch(link, "forward")
    if isinstance(link, OFDMLink):
        seen.watch(link, "carried", "hear")
        seen.watch(link.waveform, "carry")
        seen.watch(link.estimator, *(method for method in ("estimate", "refine") if hasattr(link.estimator, method)))
    if isinstance(link, MassiveMIMOLink):
        seen.watch(link, "drop")


def _symbol_link(system: Watchable) -> SymbolLink:
    return system.link.link if isinstance(system.link, DigitalLink) else system.link


def _slot(seen: Observer, link: SymbolLink, row: int, batch: int) -> Slot | None:
    carry, estimate = seen.last("carry"), seen.last("refine", "estimate")
    if not isinstance(link, OFDMLink) or not carry or not estimate:
        return None
    first, air = row * len(carry.arguments[0]) // batch, carry.result
    return Slot(
        grid=link.grid,
        sent=carry.arguments[0][first],
        received=air.received[first],
        response=air.response[first],
        estimate=estimate.result.response[first],
        noise_var=air.noise_var[first].item(),
    )


def _beams(seen: Observer, link: SymbolLink, row: int) -> Beams | None:
    if not isinstance(link, MassiveMIMOLink):
        return None
    group, user = divmod(row, link.users)
    drop, before = seen.calls["drop"][0].result, sum(link.streams[:user])
    return Beams(
        effective=drop.effective[user][group],
        own=slice(before, before + link.streams[user]),
        carriers=list(link.layout.carriers),
        user=user,
        users=link.users,
        noise_var=drop.noise_var[group, user].item(),
    )


def _blocks(seen: Observer, row: int, batch: int) -> Blocks | None:
    decode = seen.last("decode")
    if not decode:
        return None
    encode = seen.calls["encode"][0]
    parts = encode.arguments[0], encode.result, decode.arguments[0], decode.result
    return Blocks(*(part.reshape(batch, -1, part.shape[-1])[row] for part in parts))


def _only(delivery: Delivery, row: int, batch: int) -> Delivery:
    """What there is of one picture: of everything that has an entry for each."""
    found = {one.name: getattr(delivery, one.name) for one in fields(delivery)}
    each: dict[str, Any] = {
        name: value[row : row + 1] for name, value in found.items() if isinstance(value, Tensor | list)
    }
    return replace(delivery, **each)
