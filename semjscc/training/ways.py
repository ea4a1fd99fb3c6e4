"""Ways to say the same."""

from semjscc.data.scenes import read_caption

FILLER = "both"  # a word of the captions that tells nothing of a picture


def terse(caption: str) -> str:
    """The facts of a caption and nothing else: "big red ball left small blue fish sea"."""
    scene = read_caption(caption)
    relations = ["", *(f" {relation.split()[0]} " for relation in scene.relations)]
    told = (f"{relation}{t.size} {t.colour} {t.kind}" for relation, t in zip(relations, scene.things, strict=False))
    return f"{''.join(told)} {scene.backdrop}"


def late(caption: str, fillers: int) -> str:
    """The facts behind so many words that tell nothing: a 5G code's first bits are its worst."""
    return f"{FILLER} " * fillers + terse(caption)
