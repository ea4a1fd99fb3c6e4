"""Words sent and heard, with what is damaged of them."""

import pytest
import torch

from semjscc.codecs.base import TextToImage
from semjscc.codecs.caption import CaptionCodec
from semjscc.codecs.text import Characters
from semjscc.data.scenes import Scenes
from semjscc.observation import transmit
from semjscc.phy.fec import LDPC5G
from semjscc.phy.link import DigitalLink
from semjscc.phy.plain import PlainLink
from semjscc.phy.qam import QAM
from semjscc.rng import PerImage
from semjscc.stages.contents import Words, compared
from semjscc.stages.figures import measured
from semjscc.stages.story import story
from semjscc.systems.digital import Digital
from semjscc.types import Captioner


class Says(Captioner):
    def caption(self, images):
        return ["a <b> & 'kite'"] * len(images)


class Grey(TextToImage):
    def paint(self, texts, size, seeds):
        return torch.full((len(texts), 3, *size), 0.5)


def told(snr_db):
    system = Digital(CaptionCodec(Says(), Grey(), Characters(16)), DigitalLink(PlainLink(), QAM(2), LDPC5G(128, 256)))
    seen = transmit(system, Scenes(size=16)[0].image[None], snr_db, PerImage([(0, 0)], (round(1000 * snr_db),)))
    stages = story(system, seen, measured(seen, "a"), "a")
    return seen.delivery, next(stage for stage in stages if stage.name == "Words").panels[1]


def test_text_heard_to_the_letter_has_no_mark_and_is_escaped():
    delivery, panel = told(12.0)
    assert delivery.heard == delivery.sent
    assert panel.content.html("") == "<p class=words>a &lt;b&gt; &amp; &#x27;kite&#x27;</p>"
    assert "Heard to the letter" in panel.words


def test_damaged_characters_are_marked_and_counted():
    delivery, panel = told(-2.0)
    assert delivery.heard != delivery.sent
    damaged = sum(flag for _, flag in panel.content.glyphs)
    assert damaged > 0
    assert f"{damaged} of {len(delivery.heard[0])} characters are not as sent" in panel.words
    assert "<mark>" in panel.content.html("")


@pytest.mark.parametrize(
    ("before", "after", "lost", "wrong"),
    [
        ("a red kite", "a red kite", "", ""),
        ("a red kite", "a rod kxte", "ei", "ox"),  # place by place
        ("a red kite", "a kite", " red", ""),  # found again behind a gap
        ("kite", "", "kite", ""),
        ("kite", "k\x07te", "i", "\N{WHITE SQUARE}"),
    ],
)
def test_texts_are_compared(before, after, lost, wrong):
    sent, heard = compared(before, after)
    assert ("".join(c for c, _ in sent), len(heard)) == (before, len(after))
    assert "".join(c for c, flag in sent if flag) == lost
    assert "".join(c for c, flag in heard if flag) == wrong


def test_lines_break_behind_blanks_and_hold_everything():
    text = "a kite above " * 12 + "x" * 130
    lines = ["".join(c for c, _ in line) for line in Words([(c, False) for c in text])._lines()]
    assert "".join(lines) == text
    assert max(len(line.rstrip()) for line in lines) <= 52
    assert all(line.endswith(" ") for line in lines[:3])
