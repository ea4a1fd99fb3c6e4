"""Weights & Biases: a run for every system that is complete, with the SNR on the x axis of all its curves.

Runs of one data set are one group, and what is logged has the same names for every system, so that all land on the
same dashboard. wandb is imported when it is asked for.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from semjscc.config import ConfigError
from semjscc.exhibits import Exhibit
from semjscc.results import ROOT, Results
from semjscc.rows import Rows
from semjscc.sweeps.identity import files

Mode = Literal["disabled", "offline", "online"]
PROJECT = "semjscc"
COLUMNS = ["picture", "snr_db", "sent", "caption", "heard", "painted"]


@dataclass(frozen=True)
class Dashboard:
    """Is told of every system that is complete, and logs it: ``dashboard(results, rows, exhibits)``.

    ==============================  ==========================================================================
    ``snr_db``                      [dB], the x axis of everything below
    ``psnr_db``, ``ssim``, ...      means over the pictures, at each SNR
    ``stderr/psnr_db``, ...         their standard errors
    ``pictures``                    a table: sent, caption, heard, painted, by SNR
    config                          the results' provenance: system, seed, commit, versions
    summary                         the payload: bits, channel uses, bandwidth ratio
    artifact ``DATA-SYSTEM``        of type results: the JSON, the rows and the gallery
    artifacts of type checkpoint    what the system was built of, used by this run; a run that is offline notes
                                    their digests in its config, for only a server keeps lineage
    ==============================  ==========================================================================

    Args:
        out: folder of the results
        project: on the dashboard

    Raises:
        ConfigError: wandb is not installed.
    """

    mode: Mode
    out: Path
    project: str = PROJECT

    def __post_init__(self) -> None:
        library(self.mode)

    def __call__(self, results: Results, rows: Rows, exhibits: Sequence[Exhibit]) -> None:
        wandb, used = library(self.mode), checkpoints(results)
        run = wandb.init(
            project=self.project,
            group=results.data,
            name=results.system,
            job_type="evaluate",
            dir=str(self.out),
            mode=self.mode,
            config=results.provenance | {"checkpoints": used},
            reinit="finish_previous",
        )
        if self.mode == "online":
            for path in used:
                run.use_artifact(artifact(path, "checkpoint", [ROOT / path]))
        run.define_metric("snr_db", hidden=True)
        run.define_metric("*", step_metric="snr_db")
        for point, snr in enumerate(results.snr_db):
            run.log({"snr_db": snr, **at(results, point)})
        run.log({"pictures": wandb.Table(columns=COLUMNS, data=list(pictures(wandb, results, exhibits)))})
        run.summary.update({f"payload/{name}": value for name, value in results.payload.items()})
        stem = self.out / results.data / results.system
        parts = [stem.with_name(f"{stem.name}.{kind}") for kind in ("json", "parquet", "png")]
        run.log_artifact(artifact(f"{results.data}-{results.system}", "results", parts))
        run.finish()


def library(mode: Mode) -> Any:
    """The module wandb; raises :class:`~semjscc.config.ConfigError` where it is not installed."""
    try:
        import wandb
    except ImportError as error:
        raise ConfigError(f"--wandb {mode} needs wandb: pip install 'semjscc[wandb]'") from error
    return wandb


def at(results: Results, point: int) -> dict[str, float]:
    """All figures at one of the SNRs."""
    means = {name: values[point] for name, values in results.metrics.items()}
    return means | {f"stderr/{name}": values[point] for name, values in results.stderr.items()}


def pictures(wandb: Any, results: Results, exhibits: Sequence[Exhibit]) -> Any:
    """Rows of the table of pictures, SNR by SNR."""
    for point, snr in enumerate(results.snr_db):
        for number, exhibit in enumerate(exhibits):
            sent, painted = (
                wandb.Image(image.movedim(0, -1).numpy()) for image in (exhibit.sent, exhibit.delivered[point])
            )
            yield [number, snr, sent, exhibit.caption, exhibit.heard[point], painted]


def checkpoints(results: Results) -> dict[str, str]:
    """Files and folders of weights that the system's settings name, with digests of their contents."""
    named = files(results.provenance["config"]["system"])
    return {name: contents for name, contents in named.items() if name.startswith(("checkpoints/", "runs/"))}


def artifact(name: str, kind: str, paths: Sequence[Path]) -> Any:
    """Files and folders as an artifact of wandb, called ``name`` as far as that allows.

    A training that leaves ``checkpoints/X/model.safetensors`` and an evaluation that uses it call it alike, so that the
    server sees one artifact, what made it and what it made.
    """
    import wandb

    made = wandb.Artifact("".join(c if c.isalnum() or c in "-_." else "-" for c in name), type=kind)
    for path in paths:
        (made.add_dir if path.is_dir() else made.add_file)(str(path))
    return made
