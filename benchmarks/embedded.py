"""How good the embedded models are on scenes that none of them has seen: ``python -m benchmarks.embedded``.

Writes results/embedded.json:

- captioner: share of captions that are right to the letter, and share of facts
- generator: share of facts that survive when clean captions are painted and captioned again
- vae: PSNR of pictures through the generator's autoencoder alone, and share of facts after it
- clip: share of captions that find their own picture among a hundred
"""

import argparse
import sys
from pathlib import Path

import torch
from torch import Tensor
from torchmetrics.functional.image import peak_signal_noise_ratio
from tqdm import tqdm

from semjscc.codecs.huggingface import HubCaptioner, HubTextToImage
from semjscc.data.batches import batches
from semjscc.data.scenes import Scenes, agreement
from semjscc.metrics.perception import ClipSimilarity
from semjscc.results import mean_and_stderr, provenance, write


def facts(captions: list[str], said: list[str]) -> list[float]:
    """Semantic accuracy of each pair."""
    return [agreement(*pair) for pair in zip(captions, said, strict=True)]


def measure(num_images: int, num_painted: int) -> dict[str, list[float]]:
    """Figures per picture, by name."""
    captioner = HubCaptioner("checkpoints/captioner")
    painter = HubTextToImage("checkpoints/generator", guidance_scale=3.0)
    vae = painter.pipeline.vae
    clip = ClipSimilarity("checkpoints/clip")
    rows: dict[str, list[float]] = {}

    def add(name: str, values: list[float]) -> None:
        rows.setdefault(name, []).extend(values)

    with torch.no_grad(), tqdm(total=num_images, desc="embedded models", unit="scene") as bar:
        for indices, scenes in batches(Scenes("test"), num_images, 100):
            captions = [captions[0] for captions in scenes.captions]
            said = captioner.caption(scenes.images)
            add("captioner_exact", [float(a.lower() == b.lower()) for a, b in zip(captions, said, strict=True)])
            add("captioner_facts", facts(captions, said))
            add("clip_retrieval_of_100", found(clip.embed_texts(captions), clip.embed_images(scenes.images)))
            through = (vae(2 * scenes.images - 1).sample / 2 + 0.5).clamp(0, 1)
            psnr = peak_signal_noise_ratio(through, scenes.images, 1.0, reduction="none", dim=(1, 2, 3))
            add("vae_psnr_db", psnr.tolist())
            add("vae_facts", facts(captions, captioner.caption(through)))
            if indices[0] < num_painted:
                painted = painter.paint(captions, (64, 64), indices)
                add("generator_facts", facts(captions, captioner.caption(painted)))
            bar.update(len(indices))
    return rows


def found(texts: Tensor, images: Tensor) -> list[float]:
    """1.0 for each text whose own picture is the nearest."""
    nearest = torch.nn.functional.normalize(texts) @ torch.nn.functional.normalize(images).T
    return (nearest.argmax(1) == torch.arange(len(texts))).float().tolist()


def main() -> None:
    """Runs the command line."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.embedded", description=__doc__.splitlines()[0])
    parser.add_argument("--num_images", type=int, default=600, help="test scenes (default 600)")
    parser.add_argument("--num_painted", type=int, default=200, help="of them painted (default 200)")
    parser.add_argument("--out", type=Path, default=Path("results/embedded.json"))
    args = parser.parse_args()
    if args.num_images % 100:
        parser.error(
            "--num_images must be a multiple of 100, the number of pictures a caption is to find its own among"
        )
    kept = provenance({"num_images": args.num_images, "num_painted": args.num_painted}, 0, "cpu")
    rows = measure(args.num_images, args.num_painted)
    figures = {
        name: {"mean": m, "stderr": s, "count": len(v)} for name, v in rows.items() for m, s in [mean_and_stderr(v)]
    }
    args.out.parent.mkdir(parents=True, exist_ok=True)
    write(
        args.out,
        {"command": " ".join(["python -m benchmarks.embedded", *sys.argv[1:]]), "figures": figures, "provenance": kept},
    )
    for name, figure in figures.items():
        print(f"{name:24} {figure['mean']:.4f} +- {figure['stderr']:.4f}  ({figure['count']} scenes)")


if __name__ == "__main__":
    main()
