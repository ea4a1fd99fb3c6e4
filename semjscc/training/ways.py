"""Ways to say the same, to choose from by how well they are heard."""

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass

IDLE = ("a", "at", "both", "by", "in", "of", "on", "the")  # words of the scenes' captions that tell nothing


@dataclass(frozen=True)
class Way:
    """What becomes of every caption: words are left out, and one that tells nothing is said a few times before it.

    A 5G code's first bits are its worst, so that it may pay to begin late. A way that changes nothing leaves captions
    as they stand; any other takes their capitals and marks away.
    """

    fillers: int = 0
    dropped: tuple[str, ...] = ()
    filler: str = "both"

    def __call__(self, caption: str) -> str:
        if not self.fillers and not self.dropped:
            return caption
        told = [word for word in plain_words(caption) if word not in self.dropped]
        return " ".join([self.filler] * self.fillers + told)


def plain_words(caption: str) -> list[str]:
    """Its words without capitals and marks."""
    return "".join(c for c in caption.lower() if c.isalnum() or c.isspace()).split()


def idle(captions: list[str], score: Callable[[str, str], float], common: int = 24) -> tuple[str, ...]:
    """Which of the ``common`` most frequent words tell nothing: without one, every caption agrees with itself."""
    words = Counter(word for text in captions for word in plain_words(text)).most_common(common)
    return tuple(sorted(word for word, _ in words if all(score(text, Way(0, (word,))(text)) == 1 for text in captions)))


def ways(captions: list[str], idle: tuple[str, ...], most_words: int, step: int = 4) -> Iterator[Way]:
    """Plain speech, and with all words or without the ``idle`` ones behind 0, ``step``, ... fillers and as many as fit.

    The filler is the longest idle word. No caption is to have more than ``most_words`` words.
    """
    filler = max(idle, key=len)
    yield Way()
    for dropped in ((filler,), idle):
        longest = max(len(Way(0, dropped)(text).split()) for text in captions)
        for fillers in sorted({*range(0, most_words - longest, step), most_words - longest}):
            yield Way(fillers, dropped, filler)
