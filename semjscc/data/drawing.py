"""How the things of :mod:`semjscc.data.scenes` look: twelve kinds, eight colours, five backdrops.

Everything is drawn four times too large by Pillow and averaged down, which smooths the edges. A thing is drawn in
its own box, x and y from -1 to 1 with y downwards, and the pen knows where the box lies on the canvas.
"""

from collections.abc import Callable, Sequence

import numpy as np
from PIL import Image, ImageDraw

OVERSAMPLING = 4
INK = (45, 40, 55)
COLOURS = {
    "red": (225, 50, 50),
    "orange": (250, 145, 35),
    "yellow": (252, 222, 60),
    "green": (60, 165, 70),
    "blue": (55, 105, 220),
    "purple": (140, 70, 190),
    "pink": (250, 155, 195),
    "white": (246, 246, 244),
}
RADIUS = {"small": 0.135, "big": 0.225}  # half a thing's box, in pictures

Point = tuple[float, float]
Colour = tuple[int, int, int]


def shade(colour: Colour, light: float) -> Colour:
    """``colour`` made darker (light < 1) or lighter (light > 1)."""
    r, g, b = (int(c * light) if light <= 1 else int(255 - (255 - c) / light) for c in colour)
    return r, g, b


class Pen:
    """Draws filled, inked shapes in a thing's own box on the large canvas."""

    def __init__(self, canvas: ImageDraw.ImageDraw, centre: Point, radius: float, flip: int, colour: Colour):
        self.canvas, self.centre, self.radius, self.flip, self.colour = canvas, centre, radius, flip, colour
        self.line_width = max(1, round(0.11 * radius))

    def place(self, points: Sequence[Point]) -> list[Point]:
        (cx, cy), r = self.centre, self.radius
        return [(cx + self.flip * x * r, cy + y * r) for x, y in points]

    def shape(self, points: Sequence[Point], light: float = 1.0, colour: Colour | None = None) -> None:
        points = self.place(points)
        self.canvas.polygon(points, fill=shade(colour or self.colour, light))
        self.canvas.line([*points, points[0], points[1]], fill=INK, width=self.line_width, joint="curve")

    def oval(self, x: float, y: float, rx: float, ry: float, light: float = 1.0, colour: Colour | None = None) -> None:
        (x0, y0), (x1, y1) = self.place([(x - rx, y - ry), (x + rx, y + ry)])
        box = (min(x0, x1), y0, max(x0, x1), y1)
        self.canvas.ellipse(box, fill=shade(colour or self.colour, light), outline=INK, width=self.line_width)

    def line(self, points: Sequence[Point], colour: Colour = INK, width: float = 0.11) -> None:
        self.canvas.line(self.place(points), fill=colour, width=max(1, round(width * self.radius)), joint="curve")

    def dot(self, x: float, y: float, r: float, colour: Colour = INK) -> None:
        (px, py), s = self.place([(x, y)])[0], r * self.radius
        self.canvas.ellipse((px - s, py - s, px + s, py + s), fill=colour)


def arc(x: float, y: float, rx: float, ry: float, start: float, stop: float, n: int = 14) -> list[Point]:
    """Points of an ellipse from ``start`` to ``stop`` in turns, clockwise from the right."""
    angles = 2 * np.pi * np.linspace(start, stop, n)
    return [(float(x + rx * np.cos(a)), float(y + ry * np.sin(a))) for a in angles]


BROWN, PANE, LEAF, CREAM = (140, 95, 60), (190, 225, 245), (75, 150, 70), (245, 232, 210)


def ball(pen: Pen) -> None:
    pen.oval(0, 0, 0.92, 0.92)
    pen.line(arc(-0.75, 0, 0.75, 0.95, -0.16, 0.16))
    pen.line(arc(0.75, 0, 0.75, 0.95, 0.34, 0.66))
    pen.dot(-0.05, -0.5, 0.14, shade(pen.colour, 2.5))


def house(pen: Pen) -> None:
    pen.shape([(-0.75, -0.05), (0.75, -0.05), (0.75, 0.95), (-0.75, 0.95)])
    pen.shape([(-1, 0), (0, -0.95), (1, 0)], 0.6)
    pen.shape([(0.1, 0.95), (0.1, 0.35), (0.5, 0.35), (0.5, 0.95)], colour=BROWN)
    pen.shape([(-0.5, 0.25), (-0.12, 0.25), (-0.12, 0.6), (-0.5, 0.6)], colour=PANE)


def car(pen: Pen) -> None:
    pen.shape([(-0.6, -0.05), (-0.38, -0.6), (0.32, -0.6), (0.62, -0.05)], 0.8)
    pen.shape([(-0.4, -0.1), (-0.27, -0.45), (0.22, -0.45), (0.4, -0.1)], colour=PANE)
    pen.shape([(-1, 0.0), (0.75, -0.05), (1, 0.12), (1, 0.5), (-1, 0.5)])
    for x in (-0.55, 0.55):
        pen.oval(x, 0.52, 0.27, 0.27, colour=(70, 70, 80))
        pen.dot(x, 0.52, 0.1, (210, 210, 215))


def boat(pen: Pen) -> None:
    pen.line([(0, 0.4), (0, -1)], BROWN, 0.14)
    pen.shape([(0.08, -0.95), (0.08, 0.2), (0.8, 0.2)], colour=CREAM)
    pen.shape([(-0.08, -0.75), (-0.08, 0.2), (-0.65, 0.2)], colour=CREAM)
    pen.shape([(-1, 0.35), (1, 0.35), (0.6, 0.9), (-0.6, 0.9)])


def bird(pen: Pen) -> None:
    pen.shape([(-0.4, 0.1), (-1, -0.25), (-0.95, 0.3)], 0.75)
    pen.shape([(0.8, -0.5), (1.05, -0.35), (0.8, -0.22)], colour=(250, 180, 50))
    for x in (-0.05, 0.2):
        pen.line([(x, 0.6), (x, 0.98)], (200, 120, 40), 0.12)
    pen.oval(0, 0.15, 0.68, 0.52)
    pen.oval(0.5, -0.4, 0.38, 0.38)
    pen.shape(arc(-0.12, 0.08, 0.42, 0.34, 0.0, 0.5), 0.7)
    pen.dot(0.6, -0.46, 0.1)


def fish(pen: Pen) -> None:
    pen.shape([(-0.45, 0), (-1, -0.5), (-0.85, 0), (-1, 0.5)], 0.75)
    pen.shape([(-0.1, -0.4), (0.1, -0.8), (0.45, -0.35)], 0.75)
    pen.oval(0.2, 0, 0.78, 0.52)
    pen.line(arc(0.2, 0, 0.28, 0.42, -0.2, 0.2))
    pen.dot(0.7, -0.12, 0.11)


def tree(pen: Pen) -> None:
    pen.shape([(-0.18, 0.3), (0.18, 0.3), (0.22, 1), (-0.22, 1)], colour=BROWN)
    for y, w in ((0.5, 0.85), (0.0, 0.7), (-0.45, 0.5)):
        pen.shape([(-w, y), (0, y - 0.62), (w, y)], 0.85 + 0.15 * (y < 0.4))


def star(pen: Pen) -> None:
    turns = np.arange(10) / 10 - 0.25
    radii = np.where(np.arange(10) % 2, 0.45, 1.05)
    angles = 2 * np.pi * turns
    pen.shape([(float(r * np.cos(a)), float(r * np.sin(a) + 0.06)) for r, a in zip(radii, angles, strict=True)])


def flower(pen: Pen) -> None:
    pen.line([(0, -0.1), (0, 1)], LEAF, 0.18)
    pen.shape([(0, 0.75), (0.5, 0.3), (0.55, 0.65)], colour=LEAF)
    for a in 2 * np.pi * (np.arange(5) / 5 - 0.25):
        pen.oval(0.42 * float(np.cos(a)), 0.42 * float(np.sin(a)) - 0.35, 0.3, 0.3)
    pen.oval(0, -0.35, 0.26, 0.26, colour=(120, 75, 40))


def mushroom(pen: Pen) -> None:
    pen.shape([(-0.25, 0.0), (0.25, 0.0), (0.33, 0.95), (-0.33, 0.95)], colour=CREAM)
    pen.shape(arc(0, 0.1, 0.98, 0.95, 0.5, 1.0))
    for x, y in ((-0.5, -0.25), (0.02, -0.5), (0.5, -0.2)):
        pen.dot(x, y, 0.15, CREAM if pen.colour != COLOURS["white"] else (200, 190, 180))


def kite(pen: Pen) -> None:
    pen.line([(0, 0.35), (0.25, 0.6), (0, 0.8), (0.3, 1)], INK, 0.1)
    pen.shape([(0, -1), (0.72, -0.3), (0, 0.45), (-0.72, -0.3)])
    pen.shape([(0, -1), (0, -0.3), (-0.72, -0.3)], 0.7)
    pen.shape([(0, 0.45), (0, -0.3), (0.72, -0.3)], 0.7)


def cup(pen: Pen) -> None:
    pen.line(arc(0.55, 0.15, 0.4, 0.38, -0.25, 0.25), INK, 0.36)
    pen.line(arc(0.55, 0.15, 0.4, 0.38, -0.24, 0.24), pen.colour, 0.14)
    pen.shape([(-0.75, -0.45), (0.6, -0.45), (0.45, 0.85), (-0.6, 0.85)])
    pen.oval(-0.075, -0.45, 0.68, 0.2, 0.6)


KINDS: dict[str, Callable[[Pen], None]] = {
    part.__name__: part for part in (ball, house, car, boat, bird, fish, tree, star, flower, mushroom, kite, cup)
}

# sky above, sky at the horizon, ground at the horizon, ground below, height of the horizon
BACKDROPS: dict[str, tuple[Colour, Colour, Colour, Colour, float]] = {
    "meadow": ((120, 190, 245), (205, 232, 250), (140, 205, 95), (95, 165, 65), 0.6),
    "sea": ((150, 215, 235), (240, 245, 235), (45, 150, 175), (25, 95, 140), 0.45),
    "desert": ((250, 190, 130), (253, 228, 175), (228, 178, 108), (195, 135, 75), 0.55),
    "snow": ((165, 180, 205), (215, 222, 235), (240, 244, 250), (205, 215, 235), 0.55),
    "night": ((18, 20, 52), (50, 48, 100), (40, 58, 62), (22, 36, 40), 0.72),
}


def backdrop(name: str, side: int, rng: np.random.Generator) -> Image.Image:
    """Sky and ground in two gradients with a wavy horizon, and what belongs there (waves, flakes, stars)."""
    top, low, near, far, horizon = (np.array(part) for part in BACKDROPS[name])
    y = np.linspace(0, 1, side)[:, None]
    sky = top + (low - top) * np.clip(y / horizon, 0, 1)
    ground = near + (far - near) * np.clip((y - horizon) / (1 - horizon), 0, 1)
    x = np.arange(side) / side
    height = 0.0 if name == "sea" else 0.025
    edge = horizon + height * np.sin(2 * np.pi * (1.2 * x + rng.random()))
    pixels = np.where(y >= edge, _packed(ground), _packed(sky))
    image = Image.frombytes("RGB", (side, side), pixels.tobytes(), "raw", "RGBX")
    canvas = ImageDraw.Draw(image)
    spots = {
        "sea": (0.5, 1.0, (110, 195, 205)),
        "snow": (0.0, 1.0, (252, 252, 255)),
        "night": (0.0, 0.65, (240, 235, 190)),
    }
    if name in spots:
        start, stop, colour = spots[name]
        for px, py in rng.random((14, 2)) * (side, side * (stop - start)) + (0, side * start):
            long = side / 20 if name == "sea" else side / 70
            canvas.ellipse((px - long, py - side / 90, px + long, py + side / 90), fill=colour)
    return image


def _packed(rows: np.ndarray) -> np.ndarray:
    """A colour for each row, in one number a pixel: ``[rows, 1]`` of R, G, B and a byte that is not used."""
    return np.pad(rows.astype(np.uint8), ((0, 0), (0, 1))).view(np.uint32)


def draw(place: str, things: Sequence[tuple[str, str, str, Point]], size: int, rng: np.random.Generator) -> np.ndarray:
    """A scene as uint8 ``[size, size, 3]``: things are (kind, colour, size, centre as fractions), with some jitter."""
    side = OVERSAMPLING * size
    image = backdrop(place, side, rng)
    canvas = ImageDraw.Draw(image)
    for kind, colour, extent, centre in things:
        x, y = np.array(centre) + 0.02 * rng.uniform(-1, 1, 2)
        radius = side * RADIUS[extent] * rng.uniform(0.95, 1.05)
        flip = int(rng.choice((-1, 1)))
        KINDS[kind](Pen(canvas, (side * x, side * y), radius, flip, COLOURS[colour]))
    return np.array(image.reduce(OVERSAMPLING))
