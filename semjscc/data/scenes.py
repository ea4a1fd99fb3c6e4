"""A world with words: small pictures that a caption describes completely, endless and seeded.

A scene is one to three things on a backdrop. Its caption is a function of the scene, and a function of what can be
seen: the bigger thing is named first, of equals the left or the upper one. So a captioner can be exactly right, and a
caption can be read back into facts and compared with what was sent (:func:`agreement`).
"""

import re
from dataclasses import dataclass
from itertools import permutations
from typing import Literal
from zlib import crc32

import numpy as np
import torch

from semjscc.data.base import ImageSource, Picture
from semjscc.data.drawing import BACKDROPS, COLOURS, KINDS, draw

SIZES = ("small", "big")
PLACES = {
    "meadow": "on a meadow",
    "sea": "by the sea",
    "desert": "in the desert",
    "snow": "in the snow",
    "night": "at night",
}
INVERSE = {"left of": "right of", "right of": "left of", "above": "below", "below": "above"}
SPLITS = {"train": range(2, 16), "val": range(1, 2), "test": range(0, 1)}  # sixteenths of all scenes, by their caption


@dataclass(frozen=True)
class Thing:
    """One thing; a word that could not be read is None."""

    size: str | None = None
    colour: str | None = None
    kind: str | None = None

    def __str__(self) -> str:
        return f"a {self.size} {self.colour} {self.kind}"


@dataclass(frozen=True)
class Scene:
    """One to three things: the second stands to the first as ``relations[0]`` says, both to the third as ``[1]``."""

    things: tuple[Thing, ...]
    relations: tuple[str, ...]
    backdrop: str

    @property
    def caption(self) -> str:
        """The scene in words, at most 111 characters."""
        first, *others = map(str, self.things)
        for relation, both, other in zip(self.relations, ("", ", both"), others, strict=False):
            first += f"{both} {relation} {other}"
        comma = "," if len(others) == 2 else ""
        return f"{first[0].upper()}{first[1:]}{comma} {PLACES[self.backdrop]}."


def random_scene(rng: np.random.Generator) -> Scene:
    """A scene of one, two or three things (0.35, 0.4, 0.25), all else uniform."""
    things = [
        Thing(SIZES[rng.integers(2)], list(COLOURS)[rng.integers(len(COLOURS))], list(KINDS)[rng.integers(len(KINDS))])
        for _ in range(rng.choice(3, p=(0.35, 0.4, 0.25)) + 1)
    ]
    along, across = (("left of", "above"), ("above", "left of"))[rng.integers(2)]
    if len(things) > 1 and things[0].size == "small" and things[1].size == "big":
        things[:2] = things[1::-1]
    if len(things) > 1 and things[0].size != things[1].size and rng.integers(2):
        along = INVERSE[along]
    if rng.integers(2):
        across = INVERSE[across]
    return Scene(tuple(things), (along, across)[: len(things) - 1], list(BACKDROPS)[rng.integers(len(BACKDROPS))])


def positions(scene: Scene) -> list[tuple[float, float]]:
    """Centres (x, y) of the things as fractions of the picture, before jitter."""
    towards = {"left of": (-1, 0), "right of": (1, 0), "above": (0, -1), "below": (0, 1)}
    steps = np.array([towards[relation] for relation in scene.relations]).reshape(-1, 2)
    if len(scene.things) == 1:
        return [(0.5, 0.53)]
    pair = [0.5 + 0.235 * steps[0], 0.5 - 0.235 * steps[0]]
    if len(scene.things) == 3:
        pair = [centre + 0.235 * steps[1] for centre in pair] + [0.5 - 0.25 * steps[1]]
    return [(float(x), float(y) + 0.01) for x, y in pair]


class Scenes(ImageSource):
    """Endless scenes, drawn as they are asked for in two milliseconds each.

    Args:
        split: "train", "val" or "test"; a caption belongs to one split alone, so splits never share a scene
        size: height and width of the square picture [pixels]
        seed: a different seed is a different sequence of scenes
    """

    def __init__(self, split: Literal["train", "val", "test"] = "test", size: int = 64, seed: int = 0):
        if split not in SPLITS:
            raise ValueError(f"split must be one of {', '.join(SPLITS)}, not {split!r}")
        self.split, self.size, self.seed = split, size, seed
        self.skipped: list[str] = []

    def __len__(self) -> int:
        return 2**31

    def scene(self, index: int) -> tuple[Scene, np.random.Generator]:
        """The scene at ``index``, and the generator that draws its accidents (jitter, flips)."""
        rng = np.random.default_rng([self.seed, index])
        while True:
            scene = random_scene(rng)
            if crc32(scene.caption.encode()) % 16 in SPLITS[self.split]:
                return scene, rng

    def __getitem__(self, index: int) -> Picture:
        scene, rng = self.scene(index)
        parts = [
            (str(thing.kind), str(thing.colour), str(thing.size), centre)
            for thing, centre in zip(scene.things, positions(scene), strict=True)
        ]
        pixels = draw(scene.backdrop, parts, self.size, rng)
        image = torch.from_numpy(pixels).permute(2, 0, 1).float() / 255
        return Picture(image, f"scene-{self.split}-{self.seed}-{index}", [scene.caption])


# ---- reading captions back ------------------------------------------------------------------------------------------

WORDS = {
    **{word: ("size", word) for word in SIZES},
    **{word: ("colour", word) for word in COLOURS},
    **{word: ("kind", word) for word in KINDS},
}
RELATIONS = {relation.split()[0]: relation for relation in INVERSE}


def read_caption(text: str) -> Scene:
    """The facts in a caption, damaged or not: what cannot be read is None, and nothing is ever raised."""
    things: list[dict[str, str]] = []
    relations, backdrop = [], ""
    for word in re.findall(r"[a-z]+", text.lower()):
        if word in RELATIONS:
            relations.append(RELATIONS[word])
            things.append({})
        elif word in WORDS:
            slot, value = WORDS[word]
            if not things or slot in things[-1]:
                things.append({})
            things[-1][slot] = value
        elif word in PLACES:
            backdrop = word
    return Scene(tuple(Thing(**thing) for thing in things if thing)[:3], tuple(relations[:2]), backdrop)


def _pairs(scene: Scene, order: tuple[int, ...]) -> set[tuple[int, str, int]]:
    """Relations between things renamed by ``order``, each told from its left or upper thing."""
    told = [(a, relation, b) for relation, (a, b) in zip(scene.relations[:1], [(0, 1)], strict=False)]
    told += [(a, relation, 2) for relation in scene.relations[1:] for a in (0, 1)]
    named = [(order[a], relation, order[b]) for a, relation, b in told if b < len(order)]
    return {(a, r, b) if r in ("left of", "above") else (b, INVERSE[r], a) for a, r, b in named}


def agreement(sent: str, shown: str) -> float:
    """Semantic accuracy: the share of the facts in ``sent`` that ``shown`` keeps, 0 to 1.

    Facts are the size, colour and kind of each thing, the relation of each pair, and the backdrop; the things of the
    two captions are paired so that most facts agree, because a thing is not lost when it is named in another place.
    """
    truth, claim = read_caption(sent), read_caption(shown)
    n = len(truth.things)
    relations = _pairs(truth, tuple(range(n)))
    facts = 3 * n + len(relations) + 1
    slots = max(n, len(claim.things))
    best = 0
    for order in permutations(range(slots), len(claim.things)):
        same = sum(
            getattr(truth.things[i], slot) == value
            for i, thing in zip(order, claim.things, strict=True)
            if i < n
            for slot, value in vars(thing).items()
        )
        best = max(best, same + len(relations & _pairs(claim, order)))
    return (best + (claim.backdrop == truth.backdrop)) / facts
