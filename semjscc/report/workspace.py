"""The dashboard by code: ``python -m semjscc.report.workspace ENTITY`` sets up a view of what ``--wandb online`` sent.

One panel for each figure that results/ holds, grouped as in the report, the SNR on the x axis and every system a line;
below them the table of pictures, and what trainings logged against their steps.
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from semjscc.plots import LABELS, RATES
from semjscc.report.found import find
from semjscc.report.measures import parts
from semjscc.results import Results

COMMAND = "python -m semjscc.report.workspace"
MISSING = f"{COMMAND} needs wandb-workspaces: pip install 'semjscc[wandb]'"


def workspace(results: Sequence[Results], entity: str, project: str, name: str) -> Any:
    """A ``wandb_workspaces.workspaces.Workspace`` that nobody has saved yet.

    Args:
        results: whose figures get panels.
        entity: user or team on the server.
        project: where ``--wandb`` sends runs to.
        name: of the view.

    Raises:
        ImportError: wandb-workspaces is not installed.
    """
    import wandb_workspaces.reports.v2 as blocks
    import wandb_workspaces.workspaces as views

    def plot(metric: str, x: str, title_x: str) -> Any:
        label = LABELS.get(metric, metric)
        return blocks.LinePlot(title=label, x=x, y=[metric], title_x=title_x, title_y=label, log_y=metric in RATES)

    sections = [
        views.Section(name=title, is_open=True, panels=[plot(metric, "snr_db", "SNR [dB]") for metric in metrics])
        for title, metrics in parts(results)
    ]
    pictures = blocks.WeavePanelSummaryTable(table_name="pictures")
    training: list[Any] = [
        blocks.LinePlot(title=title, x="trainer/global_step", title_x="step", metric_regex=which)
        for title, which in (("training", "train/.*"), ("validation", "val/.*"))
    ]
    sections += [
        views.Section(name="Pictures", is_open=True, panels=[pictures]),
        views.Section(name="Training", panels=training),
    ]
    return views.Workspace(entity=entity, project=project, name=name, sections=sections)


def main(arguments: list[str] | None = None) -> None:
    """Runs the command line."""
    p = argparse.ArgumentParser(prog=COMMAND, description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("entity", help="user or team on the server, which `wandb login` knows")
    p.add_argument("--project", default="semjscc", help="where --wandb sends runs to (default semjscc)")
    p.add_argument("--name", default="semjscc", help="of the view (default semjscc)")
    p.add_argument("--results", type=Path, default=Path("results"), help="folder whose figures get panels")
    args = p.parse_args(arguments)
    results = [entry.results for entry in find(args.results).entries]
    try:
        view = workspace(results, args.entity, args.project, args.name)
    except ImportError:
        sys.exit(MISSING)
    view.save()
    print(view.url)


if __name__ == "__main__":
    try:
        main()
    except (ValueError, OSError) as error:
        sys.exit(f"{COMMAND}: {error}")
