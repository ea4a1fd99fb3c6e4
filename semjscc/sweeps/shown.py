"""What of a system's results is printed."""

from pathlib import Path

from semjscc.results import Results, plain

COLUMNS = (
    "psnr_db", "ssim", "semantic_accuracy", "bleu4", "cer", "clip_image_image", "ber", "bler", "success_ratio",
    "effective_rate_bps", "undecodable",
)  # fmt: skip


def table(results: Results) -> str:
    """The figures a reader wants first, a line for each SNR."""
    columns = [name for name in COLUMNS if name in results.metrics]
    widths = [max(9, len(name)) for name in columns]
    lines = ["  SNR dB  " + "  ".join(f"{name:>{width}}" for name, width in zip(columns, widths, strict=True))]
    for point, snr in enumerate(results.snr_db):
        figures = (
            f"{plain(results.metrics[name][point]):>{width}}" for name, width in zip(columns, widths, strict=True)
        )
        lines.append(f"{snr:8.1f}  " + "  ".join(figures))
    return "\n".join(lines)


def show(results: Results, out: Path) -> None:
    """What a reader wants to see of one system."""
    print(f"\n{results.system} on {results.num_images} pictures of {results.data}\n\n{table(results)}\n")
    print(", ".join(f"{name} {plain(value)}" for name, value in results.payload.items() if isinstance(value, float)))
    stem = out / results.data / results.system
    print(f"figures {stem}.json\nrows    {stem}.parquet\ngallery {stem}.png")
