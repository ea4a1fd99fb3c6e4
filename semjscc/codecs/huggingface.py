"""The one door to transformers and diffusers: pretrained captioners and painters, by hub id or folder.

What a class of a model's family needs is read from the model's own folder, so that there is no list of families here.
"""

import logging
import warnings
import zlib
from typing import Any

import torch
from diffusers import AutoPipelineForText2Image, DiffusionPipeline, PipelineQuantizationConfig
from torch import nn
from torchvision.transforms.functional import resize
from transformers import (
    AutoModelForImageTextToText,
    AutoProcessor,
    AutoTokenizer,
    BitsAndBytesConfig,
    PreTrainedTokenizerBase,
)

from semjscc.codecs.adapters import attach, attach_parts, found
from semjscc.codecs.base import TextToImage
from semjscc.codecs.huffman import Alphabet
from semjscc.codecs.pretrained import HubModel, Precision, Quantized
from semjscc.hub import check_complete, check_vocabulary, fetch_words, pretrained
from semjscc.types import Captioner, Images


class HubCaptioner(HubModel, Captioner):
    """An image-to-text model of transformers (BLIP, BLIP-2, LLaVA, Qwen-VL, Florence-2, ...), frozen.

    ``prompt`` goes through the model's chat template where it has one, and is read as it stands where it has none: for
    BLIP it is the beginning of the sentence, for Florence-2 a task such as ``<CAPTION>``. It is not part of the
    caption. Loading may raise ``OSError``, see :func:`semjscc.hub.pretrained`; weights must be safetensors.

    Args:
        revision: branch, tag or commit of the hub's.
        max_new_tokens: the longest caption; :class:`~semjscc.codecs.caption.CaptionCodec` knows a limit in bits.
        num_beams: sentences that are tried side by side.
        temperature: 0 for the likeliest words; above, words are drawn, and pictures are captioned one by one, each
            with a generator of its own, seeded by ``seed`` and its pixels.
        top_p: words are drawn from the likeliest that have this probability together.
        batch_size: the most pictures that are captioned at once.
        adapter: folder of an adapter in peft's layout, see :func:`~semjscc.codecs.adapters.attach`.
        dtype, bits, offload: see :class:`HubModel`.
    """

    def __init__(
        self,
        model: str,
        revision: str | None = None,
        prompt: str | None = None,
        max_new_tokens: int = 40,
        num_beams: int = 1,
        temperature: float = 0.0,
        top_p: float = 1.0,
        seed: int = 0,
        batch_size: int = 32,
        adapter: str | None = None,
        dtype: Precision = "float32",
        bits: Quantized = None,
        offload: bool = False,
    ):
        super().__init__(dtype, bits, offload)
        with pretrained(model, revision) as source:
            self.processor = AutoProcessor.from_pretrained(source)
            check_vocabulary(self.processor.tokenizer)
            self.check_memory(source)
            self.model: Any = self._load(source)
        if adapter:
            attach(self.model, found(adapter), model)
        self.requires_grad_(False).eval()
        self.name, self.prompt, self.seed = model, prompt, seed
        self.batch_size = 1 if temperature else batch_size
        drawn = {"do_sample": True, "temperature": temperature, "top_p": top_p}
        likeliest = {"do_sample": False, "temperature": None, "top_p": None, "top_k": None}
        self.generation: dict[str, Any] = {"max_new_tokens": max_new_tokens, "num_beams": num_beams}
        self.generation |= drawn if temperature else likeliest

    def caption(self, images: Images) -> list[str]:
        """One caption per image; [0, 1] goes to the image processor as it is, without a detour over 8 bits."""
        said = [text for batch in images.split(self.batch_size) for text in self._caption(batch)]
        if silent := said.count(""):
            hint = "" if self.prompt else "; does it want a prompt?"
            warnings.warn(f"{self.name} says nothing of {silent} of {len(said)} pictures{hint}", stacklevel=2)
        return said

    def _caption(self, images: Images) -> list[str]:
        question = self._question()
        texts = None if question is None else [question] * len(images)
        inputs = self.processor(images=list(images), text=texts, do_rescale=False, return_tensors="pt")
        inputs = inputs.to(self.model.device, self.model.dtype)
        with torch.random.fork_rng(enabled=self.generation["do_sample"]):
            if self.generation["do_sample"]:
                torch.manual_seed(zlib.crc32((images * 255).byte().cpu().numpy().tobytes(), self.seed))
            tokens = self.model.generate(**inputs, **self.generation)
        asked = [""] * len(images) if texts is None else self._words(inputs["input_ids"])
        return [said.removeprefix(ask).strip() for said, ask in zip(self._words(tokens), asked, strict=True)]

    def _question(self) -> str | None:
        """What is asked of each picture; a model that converses is shown it even without words."""
        if self.processor.chat_template is None:
            return self.prompt
        words = [{"type": "text", "text": self.prompt}] if self.prompt else []
        turn = {"role": "user", "content": [{"type": "image"}, *words]}
        return self.processor.apply_chat_template([turn], add_generation_prompt=True)

    def _words(self, tokens: torch.Tensor) -> list[str]:
        return self.processor.batch_decode(tokens, skip_special_tokens=True)

    def _load(self, source: str) -> Any:
        model, report = AutoModelForImageTextToText.from_pretrained(  # its class is written in the folder
            source,
            dtype=self.dtype,
            use_safetensors=True,
            output_loading_info=True,
            device_map="auto" if self.offload else None,
            quantization_config=self.bits and BitsAndBytesConfig(**self.quantization),
        )
        check_complete(report["missing_keys"])
        return model


class HubTokenizer(Alphabet):
    """Token ids of a model's tokenizer, special ones (begin, end, padding) left out.

    What a text is after :meth:`split` and :meth:`join` is the tokenizer's affair: many write in lower case. Loading may
    raise ``OSError``, see :func:`semjscc.hub.pretrained`.
    """

    def __init__(self, model: str, revision: str | None = None):
        with pretrained(model, revision, fetch_words) as source:
            self.tokenizer = AutoTokenizer.from_pretrained(source)
            check_vocabulary(self.tokenizer)
        self.size = len(self.tokenizer)

    def split(self, text: str) -> list[int]:
        return self.tokenizer.encode(text, add_special_tokens=False, verbose=False)

    def join(self, symbols: list[int]) -> str:
        return self.tokenizer.decode(symbols, skip_special_tokens=True)


class HubTextToImage(HubModel, TextToImage):
    """A text-to-image pipeline of diffusers (Stable Diffusion 1.5, 2.1, XL, 3, their turbos, ...), frozen.

    It paints at its own size, ``batch_size`` pictures at a time; another size is resampled. Every picture's noise is
    drawn on the CPU from its own seed, so that it depends neither on the device nor on the pictures painted with it,
    beyond rounding. A folder's safety checker is used, and blackens what it flags. Loading may raise ``OSError``, see
    :func:`semjscc.hub.pretrained`; weights must be safetensors.

    Args:
        revision: branch, tag or commit of the hub's.
        guidance_scale: how much the text counts; 0 for turbo models, which take 1 to 4 ``steps``.
        batch_size: the most pictures that are painted at once. Which are new at an SNR depends on what was painted
            before, and the shape of a batch on how sums are rounded: only at 1 is a painting always the same to the
            last bit. Elsewhere than on a CPU, more is faster.
        adapter: folder with adapters in peft's layout, see :func:`~semjscc.codecs.adapters.attach_parts`.
        dtype, bits, offload: see :class:`HubModel`.
    """

    def __init__(
        self,
        model: str,
        revision: str | None = None,
        steps: int = 25,
        guidance_scale: float = 7.5,
        batch_size: int = 1,
        adapter: str | None = None,
        dtype: Precision = "float32",
        bits: Quantized = None,
        offload: bool = False,
    ):
        super().__init__(dtype, bits, offload)
        with pretrained(model, revision, _fetch_pipeline) as source:
            self.check_memory(source)
            self.pipeline = self._load(source)
            parts = self.pipeline.components
            check_vocabulary(*(part for part in parts.values() if isinstance(part, PreTrainedTokenizerBase)))
        self.parts = nn.ModuleDict({name: part for name, part in parts.items() if isinstance(part, nn.Module)})
        if adapter:
            attach_parts(dict(self.parts.items()), found(adapter), model)
        self.requires_grad_(False).eval()
        if self.offload:
            self.pipeline.enable_model_cpu_offload()
        self.pipeline.set_progress_bar_config(disable=True)
        # damage can make a text longer than the model reads; its pipeline would complain in every batch
        logging.getLogger(type(self.pipeline).__module__).setLevel(logging.ERROR)
        self.steps = steps
        self.guidance_scale = guidance_scale
        self.batch_size = batch_size

    def paint(self, texts: list[str], size: tuple[int, int], seeds: list[int]) -> Images:
        """One picture per text; the part of a text that the model cannot read is left out."""
        starts = range(0, len(texts), self.batch_size)
        cuts = [slice(start, start + self.batch_size) for start in starts]
        pictures = torch.cat([self._paint(texts[cut], seeds[cut]) for cut in cuts])
        return pictures if pictures.shape[-2:] == size else resize(pictures, list(size), antialias=True)

    def _paint(self, texts: list[str], seeds: list[int]) -> Images:
        return self.pipeline(
            prompt=texts,
            num_inference_steps=self.steps,
            guidance_scale=self.guidance_scale,
            generator=[torch.Generator().manual_seed(seed) for seed in seeds],
            output_type="pt",
        ).images.float()

    def _load(self, source: str) -> Any:
        return AutoPipelineForText2Image.from_pretrained(
            source,
            dtype=self.dtype,
            use_safetensors=True,
            quantization_config=self.bits
            and PipelineQuantizationConfig(f"bitsandbytes_{self.bits}bit", self.quantization),
        )


def _fetch_pipeline(model: str, revision: str | None) -> str:
    return DiffusionPipeline.download(model, revision=revision, use_safetensors=True)
