"""Folders of tiny random models, laid out as the real ones are, for the tests of what loads them."""

from pathlib import Path

import torch
from diffusers import AutoencoderKL, DDIMScheduler, StableDiffusionPipeline, UNet2DConditionModel
from transformers import (
    BertTokenizer,
    BlipConfig,
    BlipForConditionalGeneration,
    BlipImageProcessor,
    BlipProcessor,
    CLIPConfig,
    CLIPImageProcessor,
    CLIPModel,
    CLIPProcessor,
    CLIPTextConfig,
    CLIPTextModel,
    CLIPTokenizer,
    LlavaConfig,
    LlavaForConditionalGeneration,
    LlavaProcessor,
)

SIDE = 32  # [pixels] of every tiny model's pictures
TOKENS = 24  # the longest text that the tiny CLIP reads
TOWER = {"hidden_size": 16, "intermediate_size": 32, "num_hidden_layers": 1, "num_attention_heads": 2}
EYE = {**TOWER, "image_size": SIDE, "patch_size": 8}
SQUARE = {"height": SIDE, "width": SIDE}
TEMPLATE = """{% for turn in messages %}q{% for part in turn.content %}
{%- if part.type == 'image' %}<image>{% else %} {{ part.text }}{% endif %}{% endfor %} a{% endfor %}"""


def save_blip(folder: Path) -> Path:
    """A captioner of a few words, which knows no object but says of every picture something else."""
    torch.manual_seed(0)
    special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
    words = [*special, *"abcdefghijklmnopqrstuvwxyz", *(f"word{number}" for number in range(64))]
    tokenizer = BertTokenizer(vocab={word: index for index, word in enumerate(words)})
    ids = {"pad_token_id": 0, "bos_token_id": 2, "eos_token_id": 3, "sep_token_id": 3}
    mouth = {**TOWER, **ids, "vocab_size": len(words), "encoder_hidden_size": 16, "initializer_range": 1.0}
    model = BlipForConditionalGeneration(BlipConfig(text_config=mouth, vision_config={**EYE, "initializer_range": 1.0}))
    model.save_pretrained(folder)
    BlipProcessor(BlipImageProcessor(size=SQUARE), tokenizer).save_pretrained(folder)
    return folder


def save_llava(folder: Path) -> Path:
    """A captioner that converses: it has a chat template and a token for the picture."""
    torch.manual_seed(0)
    tokenizer = _byte_tokenizer(model_max_length=512)
    tokenizer.add_special_tokens({"additional_special_tokens": ["<image>"]})
    image = tokenizer.convert_tokens_to_ids("<image>")
    mouth = {**TOWER, "model_type": "llama", "vocab_size": len(tokenizer), "eos_token_id": tokenizer.eos_token_id}
    eye = {**EYE, "model_type": "clip_vision_model"}
    config = LlavaConfig(
        vision_config=eye, text_config=mouth, image_token_id=image, vision_feature_layer=-1, image_seq_length=16
    )
    LlavaForConditionalGeneration(config).save_pretrained(folder)
    eyes = CLIPImageProcessor(size=SQUARE, crop_size=SQUARE)
    LlavaProcessor(eyes, tokenizer, 8, "default", TEMPLATE, "<image>", 1).save_pretrained(folder)
    return folder


def save_clip(folder: Path) -> Path:
    """A CLIP that reads bytes."""
    torch.manual_seed(0)
    tokenizer = _byte_tokenizer(model_max_length=TOKENS)
    config = CLIPConfig(text_config=_reader(tokenizer), vision_config=EYE, projection_dim=16)
    CLIPModel(config).save_pretrained(folder)
    CLIPProcessor(CLIPImageProcessor(size=SQUARE, crop_size=SQUARE), tokenizer).save_pretrained(folder)
    return folder


def save_stable_diffusion(folder: Path) -> Path:
    """A Stable Diffusion without a safety checker."""
    torch.manual_seed(0)
    tokenizer = _byte_tokenizer(model_max_length=TOKENS)
    StableDiffusionPipeline(
        vae=AutoencoderKL(
            block_out_channels=(8, 8),
            down_block_types=("DownEncoderBlock2D",) * 2,
            up_block_types=("UpDecoderBlock2D",) * 2,
            norm_num_groups=4,
        ),
        text_encoder=CLIPTextModel(CLIPTextConfig(**_reader(tokenizer))),
        tokenizer=tokenizer,
        unet=UNet2DConditionModel(
            sample_size=SIDE // 2,
            block_out_channels=(8, 16),
            down_block_types=("DownBlock2D", "CrossAttnDownBlock2D"),
            up_block_types=("CrossAttnUpBlock2D", "UpBlock2D"),
            layers_per_block=1,
            cross_attention_dim=16,
            attention_head_dim=2,
            norm_num_groups=4,
        ),
        scheduler=DDIMScheduler(prediction_type="v_prediction", clip_sample=False, steps_offset=1),
        safety_checker=None,
        feature_extractor=None,
        requires_safety_checker=False,
    ).save_pretrained(folder)
    return folder


def _byte_tokenizer(model_max_length: int) -> CLIPTokenizer:
    """Byte-level BPE without merges: a token for each of the 256 bytes, within a word and at its end."""
    printable = [*range(33, 127), *range(161, 173), *range(174, 256)]
    pieces = [chr(code) for code in [*printable, *range(256, 256 + 256 - len(printable))]]
    vocab = [*pieces, *(piece + "</w>" for piece in pieces), "<|startoftext|>", "<|endoftext|>"]
    return CLIPTokenizer({piece: index for index, piece in enumerate(vocab)}, model_max_length=model_max_length)


def _reader(tokenizer: CLIPTokenizer) -> dict:
    ids = {"bos_token_id": tokenizer.bos_token_id, "eos_token_id": tokenizer.eos_token_id}
    return {**TOWER, **ids, "vocab_size": len(tokenizer), "max_position_embeddings": TOKENS}
