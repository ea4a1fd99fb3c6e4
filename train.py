"""Trains what ``--config`` describes: ``python train.py --config configs/train/captioner.yaml``.

``--resume true`` goes on from the last checkpoint of the same configuration; ``--help`` lists every setting.
"""

import sys
from pathlib import Path

from lightning.pytorch import LightningDataModule, LightningModule
from lightning.pytorch.cli import LightningArgumentParser, LightningCLI

CONFIGS = Path(__file__).parent / "configs" / "train"


class TrainCLI(LightningCLI):
    """LightningCLI with a way to go on after a kill."""

    def add_arguments_to_parser(self, parser: LightningArgumentParser) -> None:
        parser.add_argument(
            "--resume", type=bool, default=False, help="go on from the last checkpoint, if there is one"
        )


def build(args: list[str] | None = None) -> TrainCLI:
    """Model, data and trainer from the command line ``args``, by default the program's own."""
    return TrainCLI(
        LightningModule,
        LightningDataModule,
        subclass_mode_model=True,
        subclass_mode_data=True,
        run=False,
        seed_everything_default=0,
        save_config_kwargs={"overwrite": True},
        args=args,
    )


def main(args: list[str] | None = None) -> None:
    """Runs the command line."""
    if not (sys.argv[1:] if args is None else args):
        configs = [path.relative_to(CONFIGS.parents[1]) for path in sorted(CONFIGS.glob("*.yaml"))]
        sys.exit("\n  ".join(["what shall be trained?", *(f"python train.py --config {path}" for path in configs)]))
    cli = build(args)
    cli.trainer.fit(cli.model, cli.datamodule, ckpt_path="last" if cli.config.resume else None, weights_only=True)


if __name__ == "__main__":
    main()
