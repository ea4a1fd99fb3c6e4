"""Trains what ``--config`` describes, a small learned code on photographs where there is none.

    python train.py
    python train.py --config configs/train/deepjscc-uma.yaml --data.init_args.batch_size 16
    python train.py --config configs/train/deepjscc-uma.yaml --resume true
    python train.py --wandb offline

``--resume true`` goes on from the last checkpoint of the same configuration; ``--help`` lists every setting.
"""

import json
import sys
from pathlib import Path

import yaml
from lightning.pytorch import LightningDataModule, LightningModule
from lightning.pytorch.cli import LightningArgumentParser, LightningCLI
from lightning.pytorch.loggers import WandbLogger

from semjscc import config
from semjscc.sweeps.tracking import PROJECT, Mode, artifact, library
from semjscc.training.jscc import JSCC

DEFAULT = Path(__file__).parent / "configs" / "train" / "default.yaml"


class TrainCLI(LightningCLI):
    """LightningCLI that resolves includes, with a way to go on after a kill."""

    def add_arguments_to_parser(self, parser: LightningArgumentParser) -> None:
        parser.add_argument(
            "--resume", type=bool, default=False, help="go on from the last checkpoint, if there is one"
        )
        parser.add_argument(
            "--wandb", type=Mode, default="disabled", help="Weights & Biases: curves, pictures, and what was learned"
        )

    def parse_arguments(self, parser: LightningArgumentParser, args: list[str]) -> None:
        self.config = parser.parse_args(included(args))


def included(args: list[str]) -> list[str]:
    """The command line, with what the files after ``--config`` hold in place of their names, ``!include`` resolved.

    Without such a file, that of the small code stands first. Raises :class:`~semjscc.config.ConfigError`.
    """
    words = [part for word in args for part in (word.split("=", 1) if word.startswith("--config=") else [word])]
    if "--config" not in words and not {"-h", "--help"} & set(words):
        words = ["--config", str(DEFAULT), *words]
    files = [at for at, word in enumerate(words[:-1], 1) if word == "--config"]
    return [json.dumps(config.read(Path(word))) if at in files else word for at, word in enumerate(words)]


def build(args: list[str]) -> TrainCLI:
    """Model, data and trainer from the command line."""
    try:
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
    except ValueError as error:
        raise error.__cause__ or error from None  # the data may be absent, and jsonargparse wraps what they say


def watch(cli: TrainCLI) -> None:
    """Has Weights & Biases log beside the loggers that there are; ConfigError where wandb is not installed."""
    mode = cli.config.wandb
    if mode == "disabled":
        return
    library(mode)
    folder, name = cli.trainer.default_root_dir, Path(cli.model.out).name
    logger = WandbLogger(name, folder, project=PROJECT, mode=mode, group="training", job_type="train")
    logger.log_hyperparams(json.loads(cli.parser.dump(cli.config, format="json")))
    cli.trainer.loggers = [*cli.trainer.loggers, logger]


def track(cli: TrainCLI) -> None:
    """Hands what was learned to Weights & Biases, where that keeps the log, under the name that evaluations use."""
    out = Path(cli.model.out)
    learned = out / "model.safetensors" if isinstance(cli.model, JSCC) else out
    for logger in cli.trainer.loggers:
        if isinstance(logger, WandbLogger) and cli.trainer.is_global_zero:
            logger.experiment.log_artifact(artifact(learned.as_posix(), "checkpoint", [learned]))
            logger.experiment.finish()


def leave(cli: TrainCLI) -> None:
    """Puts the system beside the weights that it learned, as evaluate.py takes it."""
    if not isinstance(cli.model, JSCC) or not cli.trainer.is_global_zero:
        return
    folder = Path(cli.model.out)
    said = json.loads(cli.parser.dump(cli.config, format="json"))["model"]["init_args"]["system"]
    said["init_args"]["codec"]["init_args"]["weights"] = str(folder / "model.safetensors")
    (folder / "system.yaml").write_text(yaml.safe_dump({"system": said}, sort_keys=False))
    print(f"weights and card in {folder}; python evaluate.py --system {folder / 'system.yaml'} --data photos")


def main(args: list[str]) -> None:
    """Runs the command line."""
    cli = build(args)
    watch(cli)
    cli.trainer.fit(cli.model, cli.datamodule, ckpt_path="last" if cli.config.resume else None, weights_only=True)
    track(cli)
    leave(cli)


if __name__ == "__main__":
    try:
        main(sys.argv[1:])
    except (ValueError, OSError, FloatingPointError) as error:
        sys.exit(f"train.py: {error}")
