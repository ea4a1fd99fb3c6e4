"""The page in headless Chromium: five systems over ten SNRs with galleries, as large as pages are meant to be."""

import os
import shutil
from math import exp

import pytest

from tests.made_up import made, pictures, put, results

SYSTEMS, SNRS, EXHIBITS = 5, [float(snr) for snr in range(-6, 14, 2)], 4
METRICS = (
    "psnr_db", "ssim", "ms_ssim", "lpips", "semantic_accuracy", "bleu4", "clip_text_text", "ber", "bler",
    "effective_rate_bps",
)  # fmt: skip
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")


@pytest.fixture(scope="module")
def page_file(tmp_path_factory):
    """Noisy pictures of 256 x 256, no two of which are the same: the largest of their kind."""
    folder = tmp_path_factory.mktemp("results")
    for i in range(SYSTEMS):
        figures = {name: [1 / (1 + exp(i - snr)) for snr in SNRS] for name in METRICS}
        one = results(f"system-{i}", snr_db=SNRS, ratio=0.1 * (i + 1), **figures)
        put(folder, one, pictures(EXHIBITS, len(SNRS), size=256, seed=i))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("semjscc.report.measures.write", lambda figure, stem: None)
        made(folder)
    return folder / "report.html"


@pytest.fixture(scope="module")
def browser():
    """Chromium, the playwright package's own or the machine's."""
    api = pytest.importorskip("playwright.sync_api", reason="the playwright package is not installed")
    found = next(filter(None, map(shutil.which, BROWSERS)), None)
    with api.sync_playwright() as playwright:
        path = found or playwright.chromium.executable_path
        if not os.path.exists(path):
            pytest.skip(f"no browser: none of {', '.join(BROWSERS)} on the path, and playwright has not fetched one")
        running = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        yield running
        running.close()


@pytest.fixture
def opened(browser, page_file):
    """Opens the page, and knows what it complained of and asked for."""
    contexts = []

    def open_page(**settings):
        contexts.append(browser.new_context(offline=True, **settings))
        page = contexts[-1].new_page()
        page.said, page.asked = [], []
        page.on("console", lambda message: page.said.append(message.text))
        page.on("pageerror", lambda error: page.said.append(str(error)))
        page.on("request", lambda request: page.asked.append(request.url))
        page.goto(page_file.as_uri())
        return page

    yield open_page
    for context in contexts:
        context.close()


def shown(page):
    """The pictures that can be seen, as their sources."""
    return page.eval_on_selector_all(".held img", "all => all.filter(one => one.checkVisibility()).map(one => one.src)")


def test_it_is_under_five_megabytes(page_file):
    assert page_file.stat().st_size < 5e6


def test_it_loads_without_errors_and_asks_for_nothing(opened, page_file):
    page = opened()
    assert page.said == []
    assert [url for url in page.asked if not url.startswith("data:")] == [page_file.as_uri()]
    assert page.title() == "semjscc report"
    sizes = page.eval_on_selector_all("svg.chart", "all => all.map(one => one.getBoundingClientRect().height)")
    assert len(sizes) == len(METRICS) + 5  # five of them against bandwidth as well
    assert min(sizes) > 100
    broken = page.eval_on_selector_all("img", "all => all.filter(one => !one.naturalWidth).length")
    assert broken == 0


def test_the_slider_changes_the_pictures_by_keys_alone(opened):
    page = opened()
    slider = page.get_by_role("slider")
    slider.focus()
    seen = []
    for key, snr in (("Home", -6), ("ArrowRight", -4), ("End", 12), ("ArrowLeft", 10)):
        page.keyboard.press(key)
        assert page.locator("output").inner_text() == slider.get_attribute("aria-valuetext") == f"{snr} dB"
        assert page.locator(".held:visible .snr").first.inner_text() == f"{snr} dB"
        seen.append(shown(page))
    assert all(len(sources) == len(set(sources)) == SYSTEMS * EXHIBITS for sources in seen)
    assert len({source for sources in seen for source in sources}) == 4 * SYSTEMS * EXHIBITS
    assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"
    assert page.said == []


def test_without_a_script_the_first_and_the_last_snr_are_there(opened):
    page = opened(java_script_enabled=False)
    labels = page.locator(".held:visible .snr").all_inner_texts()
    assert sorted(set(labels)) == ["-6 dB", "12 dB"]
    assert len(labels) == 2 * SYSTEMS * EXHIBITS
    assert page.get_by_role("slider").count() == 0


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [360, 1280])
def test_it_fits_the_screen_and_can_be_read(opened, scheme, width):
    """Nothing is wider than the screen; text and the axes of figures stand out by 4.5 to 1 at least (WCAG 2, 1.4.3)."""
    page = opened(color_scheme=scheme, viewport={"width": width, "height": 800}, reduced_motion="reduce")
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    for part in ("body", "h4", "figcaption", ".snr", ".chart text", "nav a", "thead th"):
        assert contrast(page, part) > 4.5, part
    assert page.evaluate("getComputedStyle(document.documentElement).scrollBehavior") == "auto"


def contrast(page, part):
    """Of an element's text to what is behind it."""
    found = page.eval_on_selector(
        part,
        """one => {
            let behind = one;
            while (getComputedStyle(behind).backgroundColor === "rgba(0, 0, 0, 0)") behind = behind.parentElement;
            const style = getComputedStyle(one);
            return [one instanceof SVGElement ? style.fill : style.color, getComputedStyle(behind).backgroundColor];
        }""",
    )
    light, dark = sorted(map(luminance, found), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def luminance(colour):
    """Relative luminance of "rgb(1, 2, 3)" (WCAG 2)."""
    levels = [int(word) / 255 for word in colour.removeprefix("rgb(").rstrip(")").split(",")]
    linear = [level / 12.92 if level <= 0.04045 else ((level + 0.055) / 1.055) ** 2.4 for level in levels]
    return sum(weight * level for weight, level in zip((0.2126, 0.7152, 0.0722), linear, strict=True))
