"""The one door to transformers and diffusers: pretrained captioners and painters, by hub id or folder."""

import logging
from typing import Any, Literal

import torch
from diffusers import AutoPipelineForText2Image
from torch import nn
from torchvision.transforms.functional import resize
from transformers import AutoModelForImageTextToText, AutoProcessor, AutoTokenizer, PreTrainedTokenizerBase

from semjscc.codecs.base import TextToImage
from semjscc.codecs.huffman import Alphabet
from semjscc.hub import check_vocabulary, pretrained
from semjscc.types import Captioner, Images

Precision = Literal["float32", "bfloat16", "float16"]


class HubCaptioner(nn.Module, Captioner):
    """An image-to-text model of transformers (BLIP, LLaVA, Qwen-VL, ...), frozen, that answers without sampling.

    ``prompt`` goes through the model's chat template where it has one, and is read as it stands where it has none: for
    BLIP it is the beginning of the sentence. It is not part of the caption. Loading may raise ``OSError``, see
    :func:`semjscc.hub.pretrained`; weights must be safetensors.
    """

    def __init__(
        self,
        model: str,
        revision: str | None = None,
        prompt: str | None = None,
        max_new_tokens: int = 40,
        num_beams: int = 1,
        dtype: Precision = "float32",
    ):
        super().__init__()
        with pretrained(model) as source:
            self.processor = AutoProcessor.from_pretrained(source, revision=revision)
            check_vocabulary(self.processor.tokenizer)
            self.model: Any = AutoModelForImageTextToText.from_pretrained(  # its class is written in the folder
                source, revision=revision, dtype=getattr(torch, dtype), use_safetensors=True
            )
        self.requires_grad_(False).eval()
        self.prompt = prompt
        self.max_new_tokens = max_new_tokens
        self.num_beams = num_beams

    def caption(self, images: Images) -> list[str]:
        """One caption per image; [0, 1] goes to the image processor as it is, without a detour over 8 bits."""
        question = None if self.prompt is None else [self._question(self.prompt)] * len(images)
        inputs = self.processor(images=list(images), text=question, do_rescale=False, return_tensors="pt")
        inputs = inputs.to(self.model.device, self.model.dtype)
        tokens = self.model.generate(
            **inputs, max_new_tokens=self.max_new_tokens, num_beams=self.num_beams, do_sample=False
        )
        asked = [""] * len(images) if question is None else self._words(inputs["input_ids"])
        return [said.removeprefix(ask).strip() for said, ask in zip(self._words(tokens), asked, strict=True)]

    def _question(self, prompt: str) -> str:
        if self.processor.chat_template is None:
            return prompt
        content = [{"type": "image"}, {"type": "text", "text": prompt}]
        return self.processor.apply_chat_template([{"role": "user", "content": content}], add_generation_prompt=True)

    def _words(self, tokens: torch.Tensor) -> list[str]:
        return self.processor.batch_decode(tokens, skip_special_tokens=True)


class HubTokenizer(Alphabet):
    """Token ids of a model's tokenizer, special ones (begin, end, padding) left out.

    What a text is after :meth:`split` and :meth:`join` is the tokenizer's affair: many write in lower case. Loading may
    raise ``OSError``, see :func:`semjscc.hub.pretrained`.
    """

    def __init__(self, model: str, revision: str | None = None):
        with pretrained(model) as source:
            self.tokenizer = AutoTokenizer.from_pretrained(source, revision=revision)
            check_vocabulary(self.tokenizer)
        self.size = len(self.tokenizer)

    def split(self, text: str) -> list[int]:
        return self.tokenizer.encode(text, add_special_tokens=False, verbose=False)

    def join(self, symbols: list[int]) -> str:
        return self.tokenizer.decode(symbols, skip_special_tokens=True)


class HubTextToImage(nn.Module, TextToImage):
    """A text-to-image pipeline of diffusers (Stable Diffusion, its turbo, ...), frozen.

    It paints at its own size, ``batch_size`` pictures at a time; another size is resampled. Every picture's noise is
    drawn on the CPU from its own seed, so that it depends neither on the device nor on the pictures painted with it,
    beyond rounding. Loading may raise ``OSError``, see :func:`semjscc.hub.pretrained`; weights must be safetensors.
    """

    def __init__(
        self,
        model: str,
        revision: str | None = None,
        steps: int = 25,
        guidance_scale: float = 7.5,
        batch_size: int = 16,
        dtype: Precision = "float32",
    ):
        super().__init__()
        with pretrained(model) as source:
            self.pipeline = AutoPipelineForText2Image.from_pretrained(source, revision=revision, use_safetensors=True)
            parts = self.pipeline.components
            check_vocabulary(*(part for part in parts.values() if isinstance(part, PreTrainedTokenizerBase)))
        self.parts = nn.ModuleDict({name: part for name, part in parts.items() if isinstance(part, nn.Module)})
        self.to(getattr(torch, dtype)).requires_grad_(False).eval()
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
