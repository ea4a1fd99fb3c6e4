"""The page of a speed run: ``python -m benchmarks.page`` writes docs/SPEED.md and docs/speed.png."""

import argparse
import json
import os
import sys
from pathlib import Path
from typing import Any

import matplotlib

matplotlib.use("Agg")

import matplotlib.pyplot as plt
from matplotlib.ticker import FuncFormatter

from benchmarks import table

PAGE = """# Speed

semjscc beside Sionna 2.2 on the same machine ({machine}; {threads} threads a side). Each side runs in a process of its
own, and they take turns on the same inputs. Sionna runs in two, as it comes and with an allocator that keeps large
blocks, and counts with the faster one; it takes QAM and the longest code in smaller pieces than the batch says, where
they suit it better or the whole would not fit into memory. Rates are medians; memory is the peak beyond that of the
imports, ours / Sionna's.

![How many times as fast semjscc is, case by case](speed.png)

{table}

{notes}

To measure again, and to make this page:

```
{command}
python -m benchmarks.page
```

`python -m benchmarks --quick` takes a few minutes. Quartiles, block error rates and versions: [{name}]({link}).
"""


def chart(cases: dict[str, dict[str, Any]], path: Path, peer: str = "sionna") -> None:
    """Our rate over the peer's, a bar for each case that both have, on a logarithmic axis that starts at 1."""
    shown = [case for case in cases.values() if peer in case["ratio"]]
    labels = [f"{case['what']}, {case['batch']:,}" for case in shown]
    ratios = [case["ratio"][peer] for case in shown]
    figure, axes = plt.subplots(figsize=(7.5, 0.8 + 0.22 * len(shown)), layout="constrained")
    bars = axes.barh(labels, [ratio - 1 for ratio in ratios], left=1, height=0.7, color="#3b6fb6")
    axes.bar_label(bars, [f" {table.times(ratio)}" for ratio in ratios], fontsize=8)
    axes.axvline(1.0, color="black", lw=0.8)
    axes.set(xscale="log", xlabel="times as fast as Sionna 2.2", xlim=(min([1.0, *ratios]), 2 * max([1.0, *ratios])))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda x, _: f"{x:g}"))
    axes.tick_params(axis="y", labelsize=8, length=0)
    axes.spines[["top", "right", "left"]].set_visible(False)
    axes.invert_yaxis()
    axes.margins(y=0.01)
    figure.savefig(path, dpi=130)
    plt.close(figure)


def block_errors(cases: dict[str, dict[str, Any]]) -> str:
    """Of each decoder, at the batch with the most blocks; empty where none was measured."""
    found = {}
    for case in cases.values():
        ours, theirs = (case["sides"].get(name, {}) for name in ("ours", case["best"].get("sionna")))
        if case["what"].endswith("decode") and "bler" in ours and "bler" in theirs:
            errors = [round(side["bler"] * side["blocks"]) for side in (ours, theirs)]
            found[case["what"]] = f"{case['what']}: {errors[0]} / {errors[1]} of {ours['blocks']}"
    return f"Blocks lost from the same LLRs, ours / Sionna's: {'; '.join(found.values())}." if found else ""


def kairas(run: dict[str, Any]) -> str:
    """The other peer in a sentence; empty where it did not take part."""
    version = run["provenance"]["versions"].get("pykaira", "")
    found = [f"{c['what']}: {table.times(c['ratio']['kaira'])}" for c in run["cases"].values() if "kaira" in c["ratio"]]
    return f"Times as fast as kaira {version}: {'; '.join(found)}." if found else ""


def xlas(run: dict[str, Any], xla: dict[str, Any]) -> str:
    """The TensorFlow generation of Sionna in a sentence."""
    versions = xla["provenance"]["versions"]
    found = []
    for name, theirs in xla["cases"].items():
        ours = run["cases"].get(name, {"sides": {}})["sides"].get("ours", {})
        ratio = f" (ours {table.times(ours['rate'] / theirs['rate'])} times that)" if "rate" in ours else ""
        found.append(f"{table.rate(theirs['rate'], 'bit')} in batches of {theirs['batch']:,}{ratio}")
    return f"Sionna {versions['sionna-no-rt']} with XLA decodes LDPC (1392, 2784) at {', '.join(found)}."


def write_page(source: Path, folder: Path) -> None:
    """SPEED.md and speed.png from a run's file, and from that of :mod:`benchmarks.xla` where it lies beside."""
    run, xla = json.loads(source.read_text()), source.with_name("speed-xla.json")
    chart(run["cases"], folder / "speed.png")
    notes = [block_errors(run["cases"]), kairas(run), xlas(run, json.loads(xla.read_text())) if xla.exists() else ""]
    page = PAGE.format(
        machine=run["provenance"]["machine"],
        threads=run["threads"],
        table="\n".join(table.markdown(run["cases"])),
        notes="\n\n".join(note for note in notes if note),
        command=run["command"],
        name=source.name,
        link=os.path.relpath(source, folder),
    )
    (folder / "SPEED.md").write_text(page)


def main() -> None:
    """Runs the command line."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.page", description=__doc__)
    parser.add_argument("source", type=Path, nargs="?", default=Path("results/speed.json"))
    parser.add_argument("--out", type=Path, default=Path("docs"), help="folder (default docs)")
    args = parser.parse_args()
    try:
        args.out.mkdir(parents=True, exist_ok=True)
        write_page(args.source, args.out)
    except (OSError, ValueError, KeyError) as error:
        sys.exit(f"python -m benchmarks.page: {args.source} is no file of python -m benchmarks: {error!r}")


if __name__ == "__main__":
    main()
