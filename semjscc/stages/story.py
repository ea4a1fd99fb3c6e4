"""The stages of one transmission, from the picture to the air, each with what is to be seen in words."""

import torch
import torch.nn.functional as F
from jaxtyping import Bool, Float, Int
from torch import Tensor

from semjscc.observation import Transmission, Watchable
from semjscc.results import plain
from semjscc.stages.contents import Drawing, Glyph, Photo, Words, compared
from semjscc.stages.panels import Panel, Stage
from semjscc.stages.radio import air, code, slot, symbols
from semjscc.stages.sketches import raster
from semjscc.types import Delivery

MOST_BYTES = 96  # that are written out
MOST_BITS = 4096  # that are drawn


def story(system: Watchable, seen: Transmission, figures: dict[str, float], name: str) -> list[Stage]:
    """All stages that the system has, the picture first and the air last; ``figures`` as the metrics give them."""
    delivery, link = seen.delivery, system.link
    told = [
        _pictures(seen, figures, name),
        _words(delivery, figures) if delivery.sent else _bytes(delivery),
        _bits(delivery, figures),
        code(link, seen),
        symbols(link, seen),
        slot(seen),
        air(link, seen),
    ]
    return [stage for stage in told if stage]


def _pictures(seen: Transmission, figures: dict[str, float], name: str) -> Stage:
    height, width = seen.image.shape[2:]
    size, delivery = f"{width} x {height} pixels", seen.delivery
    near = f"PSNR {plain(figures['psnr_db'])} dB" + (f", SSIM {plain(figures['ssim'])}" if "ssim" in figures else "")
    how = "Painted from the words heard, and from nothing else. " if delivery.heard else ""
    if delivery.undecodable is not None and delivery.undecodable[0]:
        how = "The payload yields no picture: mid-grey stands for it. "
    bits = f"{name}, {size}, {24 * height * width:,} bits as it is."
    return Stage(
        "Picture",
        [
            Panel("Picture sent", bits, Photo(seen.image[0]), f"the picture sent, {name}"),
            Panel("Picture delivered", f"{how}{near}.", Photo(delivery.images[0]), f"the picture delivered, {near}"),
        ],
    )


def _words(delivery: Delivery, figures: dict[str, float]) -> Stage:
    said, understood = delivery.sent[0], delivery.heard[0]
    sent, heard = compared(said, understood)
    damage = f"{sum(flag for _, flag in heard)} of {len(heard)} characters are not as sent"
    exact = "Heard to the letter" if said == understood else damage
    what = f"What is said of the picture, in {len(sent)} characters. What was not heard of it is marked."
    return Stage(
        "Words",
        [
            Panel("Caption", what, Words(sent), said),
            Panel("Text heard", f"{exact}. BLEU-4 is {plain(figures['bleu4'])}.", Words(heard), understood),
        ],
    )


def _bytes(delivery: Delivery) -> Stage | None:
    if delivery.sent_bits is None or delivery.heard_bits is None:
        return None
    sent, heard = (_octets(bits[0]) for bits in (delivery.sent_bits, delivery.heard_bits))
    wrong = sent != heard
    shown, which = _window(wrong, MOST_BYTES, "bytes")
    what = f"{which}, in hexadecimal. Those that do not arrive are marked."
    damage = f"{int(wrong.sum()):,} of all {len(sent):,} bytes are damaged."
    before, after = (Words(_hexadecimal(data[shown].tolist(), wrong[shown].tolist())) for data in (sent, heard))
    return Stage("Bytes", [Panel("Bytes sent", what, before, what), Panel("Bytes heard", damage, after, damage)])


def _bits(delivery: Delivery, figures: dict[str, float]) -> Stage | None:
    if delivery.sent_bits is None or delivery.heard_bits is None or delivery.block_errors is None:
        return None
    sent, heard, lost = delivery.sent_bits[0], delivery.heard_bits[0], delivery.block_errors[0] > 0
    content, wrong = len(sent) if delivery.content_bits is None else int(delivery.content_bits[0]), heard != sent
    shown, which = _window(wrong, MOST_BITS, "bits")
    of_it = f"the first {content:,} carry the picture, the pale rest fills the budget"
    what = f"{len(sent):,} bits" + (f": {of_it}." if content < len(sent) else ", all of the picture.")
    part = f" {which} are shown." if len(sent) > MOST_BITS else ""
    damage = f"{int(wrong.sum()):,} bits are wrong (BER {plain(figures['ber'])}), {int(lost.sum()):,} of {len(lost):,}"
    damage = f"{damage} code blocks lost (BLER {plain(figures['bler'])})"
    before, after = (
        Drawing(raster(bits[shown], content - shown.start, flags[shown], blocks))
        for bits, flags, blocks in ((sent, torch.zeros_like(wrong), torch.zeros_like(lost)), (heard, wrong, lost))
    )
    return Stage(
        "Bits",
        [
            Panel("Payload", what + part, before, f"the payload, light for 0 and dark for 1: {what}"),
            Panel("Payload heard", f"{damage}; both in orange.{part}", after, f"the payload heard: {damage}"),
        ],
    )


def _window(wrong: Bool[Tensor, " items"], most: int, kind: str) -> tuple[slice, str]:
    """Which of the items are shown: as many as may be, from the first that is wrong on; and the same in words."""
    count = len(wrong)
    if count <= most:
        return slice(0, count), f"All {count:,} {kind}"
    first = int(wrong.long().argmax())  # 0 where none is wrong
    start = min(first // 8 * 8, count - most)
    from_it = " from the first damaged on" if start else ""
    return slice(start, start + most), f"{kind.capitalize()} {start + 1:,} to {start + most:,} of {count:,}{from_it}"


def _octets(bits: Float[Tensor, " bits"]) -> Int[Tensor, " bytes"]:
    """Bytes, the last one filled up with zeros."""
    padded = F.pad(bits, (0, -len(bits) % 8)).reshape(-1, 8).long()
    return (padded << torch.arange(7, -1, -1, device=bits.device)).sum(1)


def _hexadecimal(data: list[int], wrong: list[bool]) -> list[Glyph]:
    pairs = zip(data, wrong, strict=True)
    return [glyph for byte, flag in pairs for glyph in (*((c, flag) for c in f"{byte:02x}"), (" ", False))]
