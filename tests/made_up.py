"""Made-up results for the report, and what is on its page."""

import io
from html.parser import HTMLParser

import pyarrow as pa
import pyarrow.parquet as pq
import torch
from torchvision.transforms.functional import to_pil_image

import report
from semjscc.evaluation import Exhibit
from semjscc.results import Results

SNR_DB = [-4.0, 0.0, 3.3]


def results(system, data="fields", snr_db=SNR_DB, ratio=0.25, kind="rx", **metrics):
    """Made-up results; ``metrics`` are lists of figures."""
    metrics = metrics or {"ssim": [0.1 + 0.8 * i / len(snr_db) for i, _ in enumerate(snr_db)]}
    return Results(
        system=system,
        data=data,
        num_images=2,
        snr_db=snr_db,
        metrics=metrics,
        stderr={name: [0.01] * len(snr_db) for name in metrics},
        payload={"payload_bits": 1392.0, "compression_ratio": 70.6, "bandwidth_ratio": ratio},
        provenance={"commit": "abc", "seed": 7, "snr": f"{kind}: words", "versions": {"torch": "2"}, "machine": "m"},
    )


def pictures(count, points, size=16, seed=0):
    """Exhibits of noise over a gradient, each delivery another one."""
    noise = torch.Generator().manual_seed(seed)
    ramp = torch.linspace(0, 1, size).expand(3, size, size)
    images = [(ramp + 0.2 * torch.rand(3, size, size, generator=noise)) / 1.2 for _ in range(count * points)]
    heard = [f"heard at {point}" for point in range(points)]
    return [Exhibit(ramp * (i + 1) / count, f"a field {i}", images[i::count], heard) for i in range(count)]


def put(folder, one, shown=None):
    """A results file where evaluate.py writes it, with the rows of its exhibits."""
    place = folder / one.data
    place.mkdir(parents=True, exist_ok=True)
    one.save(place / f"{one.system}.json")
    if shown:
        write_rows(place / f"{one.system}.parquet", one.snr_db, shown)
    return place / f"{one.system}.json"


def write_rows(path, snr_db, shown):
    """A row for each picture at each SNR, and one more picture that is not shown."""
    rows = [
        {
            "image": i,
            "snr_db": snr,
            "sent": exhibit.caption,
            "heard": exhibit.heard[point],
            "sent_png": png(exhibit.sent),
            "delivered_png": png(exhibit.delivered[point]),
        }
        for i, exhibit in enumerate(shown)
        for point, snr in enumerate(snr_db)
    ]
    pq.write_table(pa.Table.from_pylist([*rows, {"image": len(shown), "snr_db": snr_db[0]}]), path)


def png(image):
    file = io.BytesIO()
    to_pil_image(image).save(file, "PNG", compress_level=1)
    return file.getvalue()


def made(folder):
    """The page of a folder, and the exit code."""
    code = report.main([str(folder)])
    return (folder / "report.html").read_text(), code


class Elements(HTMLParser):
    """Every start tag of a page, with its attributes."""

    def __init__(self, text):
        super().__init__()
        self.found = []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.found.append((tag, dict(attrs)))

    def all(self, tag):
        return [attributes for name, attributes in self.found if name == tag]
