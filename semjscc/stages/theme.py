"""Colours of the stages, on light paper and on dark."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Float

FROM_LMS = np.array(  # linear sRGB, from the cubes of Oklab's long, medium and short
    [
        [4.0767416621, -3.3077115913, 0.2309699292],
        [-1.2684380046, 2.6097574011, -0.3413193965],
        [-0.0041960863, -0.7034186147, 1.7076147010],
    ]
)
TO_LMS = np.array(
    [[1, 0.3963377774, 0.2158037573], [1, -0.1055613458, -0.0638541728], [1, -0.0894841775, -1.2914855480]]
)


@dataclass(frozen=True)
class Theme:
    """Colours by what they stand for. Wrong is told from right by lightness, too, for those who see few colours."""

    ink: str
    muted: str
    paper: str
    zero: str  # a bit
    one: str
    wrong: str
    scale: str  # matplotlib's name of the one for levels in dB
    lightness: float  # of hues, as Oklab has it

    @property
    def settings(self) -> dict[Any, Any]:
        """For matplotlib's ``rc_context``; what is drawn has no background of its own."""
        inks = ("text.color", "axes.labelcolor")
        lines = ("axes.edgecolor", "xtick.color", "ytick.color")
        plain = {"figure.facecolor": "none", "axes.facecolor": "none", "savefig.facecolor": "none"}
        legend = {"legend.facecolor": self.paper, "legend.edgecolor": "none", "legend.fontsize": 8}
        sizes = {"font.size": 9, "axes.titlesize": 9, "axes.linewidth": 0.7}
        return {**dict.fromkeys(inks, self.ink), **dict.fromkeys(lines, self.muted), **plain, **legend, **sizes}

    def hues(self, angles: Float[np.ndarray, "*any"]) -> Float[np.ndarray, "*any 3"]:
        """sRGB of one lightness for angles [rad], all around the circle: a phase has no beginning.

        A circle in the plane of Oklab's a and b (B. Ottosson, "A perceptual color space for image processing", 2020).
        """
        lab = np.stack([np.full_like(angles, self.lightness), 0.13 * np.cos(angles), 0.13 * np.sin(angles)], -1)
        linear = ((lab @ TO_LMS.T) ** 3 @ FROM_LMS.T).clip(0, 1)
        return np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * linear ** (1 / 2.4) - 0.055)


LIGHT = Theme("#1d1d22", "#6b6b78", "#ffffff", "#dfe8f1", "#1f5f99", "#d9480f", "viridis", 0.62)
DARK = Theme("#e8e8ee", "#9a9aa8", "#1f1f25", "#2b3542", "#7fb8ee", "#ff8a4c", "viridis", 0.74)
