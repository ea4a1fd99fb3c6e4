"""Figures: what their lines look like, and to whom."""

from itertools import combinations, pairwise

import numpy as np
import pytest
from matplotlib.colors import to_rgb

from semjscc.plots import against_ratio, against_snr, spread
from semjscc.stages.theme import TO_LMS
from semjscc.style import DASHES, MARKERS, PALETTE, looks
from tests.made_up import results

SEEN_BY = {  # linear RGB as somebody sees it who lacks a kind of cone (Machado, Oliveira and Fernandes, 2009)
    "all cones": np.eye(3),
    "no long": [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]],
    "no medium": [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]],
    "no short": [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.303900]],
}
FROM_LINEAR = np.array(  # to the cones that Oklab starts from
    [[0.4122214708, 0.5363325363, 0.0514459929], [0.2119034982, 0.6806995451, 0.1073969566],
     [0.0883024619, 0.2817188376, 0.6299787005]]
)  # fmt: skip
TO_OKLAB = np.array(
    [[0.2104542553, 0.7936177850, -0.0040720468], [1.9779984951, -2.4285922050, 0.4505937099],
     [0.0259040371, 0.7827717662, -0.8086757660]]
)  # fmt: skip


def oklab(colour, seen_by):
    """Lightness and two hues, in which equal distances look equal."""
    rgb = np.array(to_rgb(colour))
    linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
    return TO_OKLAB @ np.cbrt(FROM_LINEAR @ (np.array(SEEN_BY[seen_by]) @ linear).clip(0, 1))


@pytest.mark.parametrize("eye", SEEN_BY)
def test_colours_are_told_apart_by_all_eyes(eye):
    """A just noticeable difference is some 0.02 in Oklab."""
    seen = [oklab(colour, eye) for colour in PALETTE.values()]
    assert min(np.linalg.norm(x - y) for x, y in combinations(seen, 2)) > 0.06


def test_red_and_green_of_old_are_not_told_apart():
    """So the test above can fail."""
    assert np.linalg.norm(oklab("#7f7f00", "no medium") - oklab("#a86a00", "no medium")) < 0.06


def test_lines_are_told_apart_without_any_colour():
    """Of as many lines as there are markers; of more, by colour and marker together."""
    found = list(looks(str(i) for i in range(len(PALETTE) * len(MARKERS))).values())
    assert len({one.marker for one in found[: len(MARKERS)]}) == len(MARKERS)
    assert len({(one.colour, one.marker) for one in found}) == len(found)
    assert all(str(a.dashes) != str(b.dashes) for a, b in pairwise(found[: len(DASHES)]))


def test_the_circle_of_phases_and_the_palette_share_a_space():
    """The theme's matrix is the inverse of the one here."""
    np.testing.assert_allclose(TO_LMS @ TO_OKLAB, np.eye(3), atol=1e-6)


def test_bars_are_two_standard_errors_and_rates_of_zero_are_left_out():
    ones = [results("near", ber=[0.2, 0.01, 0.0]), results("far", ber=[0.3, 0.2, 0.1])]
    (axes,) = against_snr(ones, "ber", looks(["near", "far"])).axes
    line, _, (bars,) = axes.containers[0]
    assert axes.get_yscale() == "log"
    np.testing.assert_array_equal(line.get_ydata(), [0.2, 0.01, np.nan])
    np.testing.assert_allclose(np.diff(bars.get_segments()[0][:, 1]), 4 * 0.01)
    assert axes.get_ylim()[0] == pytest.approx(0.001)
    assert [text.get_text() for text in axes.figure.legends[0].get_texts()] == ["near", "far"]


def test_rates_are_in_megabits():
    (axes,) = against_snr(
        [results("one", effective_rate_bps=[1e6, 2e6, 3e6])], "effective_rate_bps", looks(["one"])
    ).axes
    np.testing.assert_allclose(axes.containers[0][0].get_ydata(), [1, 2, 3])


def test_bandwidth_is_on_a_logarithmic_axis_with_a_fill_for_each_snr():
    ones = [results("near", ratio=0.1), results("far", ratio=0.4)]
    (axes,) = against_ratio(ones, "ssim", looks(["near", "far"]), [-4.0, 3.3]).axes
    assert axes.get_xscale() == "log"
    assert [line.get_fillstyle() for line, *_ in axes.containers] == ["bottom", "full"] * 2
    assert sorted({float(line.get_xdata()[0]) for line, *_ in axes.containers}) == [0.1, 0.4]


def test_points_are_spread_evenly_with_both_ends():
    assert spread(13, 3) == [0, 6, 12]
    assert spread(2, 6) == [0, 1]
    assert spread(1, 3) == [0]
