"""Tiny random models of more families, in folders laid out as the hub's: what the door is to load without a branch."""

from pathlib import Path

import torch
from diffusers import (
    AutoencoderKL,
    EulerDiscreteScheduler,
    FlowMatchEulerDiscreteScheduler,
    SD3Transformer2DModel,
    StableDiffusion3Pipeline,
    StableDiffusionXLPipeline,
    UNet2DConditionModel,
)
from tokenizers import Tokenizer
from tokenizers.models import Unigram
from transformers import (
    AutoConfig,
    AutoModel,
    AutoModelForImageTextToText,
    BartTokenizer,
    Blip2Processor,
    BlipImageProcessor,
    CLIPImageProcessor,
    CLIPTextConfig,
    CLIPTextModel,
    CLIPTextModelWithProjection,
    Florence2Processor,
    GPT2Tokenizer,
    LlavaNextImageProcessor,
    LlavaNextProcessor,
    PreTrainedTokenizerFast,
    Qwen2Tokenizer,
    Qwen2VLImageProcessor,
    Qwen2VLProcessor,
    Qwen2VLVideoProcessor,
    SiglipImageProcessor,
    SiglipProcessor,
    T5Config,
    T5EncoderModel,
    T5Tokenizer,
)

from tests.tiny_models import EYE, SQUARE, TEMPLATE, TOKENS, TOWER, _byte_tokenizer, _reader

WILD = {"initializer_range": 1.0}  # so that pictures make a difference
QWEN_TEMPLATE = TEMPLATE.replace("<image>", "<|vision_start|><|image_pad|><|vision_end|>")
PRINTABLE = [*range(33, 127), *range(161, 173), *range(174, 256)]
BYTES = [chr(code) for code in [*PRINTABLE, *range(256, 512 - len(PRINTABLE))]]


def save_blip2(folder: Path) -> Path:
    """Eyes, a querying transformer and OPT."""
    tokenizer = _bytes_of(GPT2Tokenizer, "</s>", "<pad>")
    processor = Blip2Processor(BlipImageProcessor(size=SQUARE), tokenizer, num_query_tokens=4)
    mouth = {
        "model_type": "opt",
        "vocab_size": len(tokenizer),
        "word_embed_proj_dim": 16,
        "ffn_dim": 32,
        "init_std": 1.0,
    }
    mouth |= TOWER | _ids(tokenizer)
    parts = {"vision_config": EYE | WILD, "text_config": mouth, "num_query_tokens": 4}
    parts["qformer_config"] = TOWER | WILD | {"encoder_hidden_size": 16, "vocab_size": len(tokenizer)}
    return _captioner("blip-2", processor, folder, image_token_index=_id(tokenizer, "<image>"), **parts)


def save_llava_next(folder: Path) -> Path:
    """LLaVA that looks at tiles of a picture as well as at the whole."""
    tokenizer = _byte_tokenizer(model_max_length=2048)
    tokenizer.add_special_tokens({"additional_special_tokens": ["<image>"]})
    tiles = [[32, 64], [64, 32], [64, 64]]
    eyes = LlavaNextImageProcessor(size={"shortest_edge": 32}, crop_size=SQUARE, image_grid_pinpoints=tiles)
    processor = LlavaNextProcessor(eyes, tokenizer, 8, "default", TEMPLATE, "<image>", 1)
    mouth = {**TOWER, **WILD, **_ids(tokenizer), "model_type": "llama", "vocab_size": len(tokenizer)}
    eye = {**EYE, **WILD, "model_type": "clip_vision_model"}
    parts = {"vision_config": eye, "text_config": mouth, "vision_feature_layer": -1, "image_grid_pinpoints": tiles}
    return _captioner("llava_next", processor, folder, image_token_index=_id(tokenizer, "<image>"), **parts)


def save_qwen2_vl(folder: Path) -> Path:
    """Patches in a row, and rotary positions in three dimensions."""
    eye = {"depth": 1, "embed_dim": 16, "hidden_size": 16, "num_heads": 2, "patch_size": 4, "mlp_ratio": 2}
    return _qwen("qwen2_vl", eye | WILD, folder)


def save_qwen2_5_vl(folder: Path) -> Path:
    """The same with windows of attention."""
    eye = {"depth": 1, "hidden_size": 16, "intermediate_size": 32, "num_heads": 2, "patch_size": 4, "window_size": 16}
    return _qwen("qwen2_5_vl", eye | WILD | {"out_hidden_size": 16, "fullatt_block_indexes": [0]}, folder)


def save_florence2(folder: Path) -> Path:
    """An encoder that is told its task in words, and a decoder."""
    tokenizer = _bytes_of(BartTokenizer, "</s>", "<pad>", "<s>", "<unk>", "<mask>", image_token="<image>")
    eyes = CLIPImageProcessor(size=SQUARE, crop_size=SQUARE)
    eyes.image_seq_length = 17  # 4 x 4 and their mean
    stage = {"depths": [1], "patch_size": [7], "patch_stride": [8], "patch_padding": [3], "patch_prenorm": [False]}
    stage |= {"embed_dim": [16], "num_heads": [2], "num_groups": [2], "window_size": 4, "projection_dim": 16}
    heads = {"encoder_attention_heads": 2, "decoder_attention_heads": 2, "init_std": 1.0}
    mouth = {"model_type": "bart", "d_model": 16, "encoder_layers": 1, "decoder_layers": 1, "encoder_ffn_dim": 32}
    mouth |= heads | {"decoder_ffn_dim": 32, "vocab_size": len(tokenizer), "max_position_embeddings": 256}
    mouth |= _ids(tokenizer) | {"decoder_start_token_id": tokenizer.eos_token_id, "forced_eos_token_id": None}
    parts = {"vision_config": stage, "text_config": mouth, "image_token_id": tokenizer.image_token_id}
    return _captioner("florence2", Florence2Processor(eyes, tokenizer), folder, **parts)


def save_siglip(folder: Path) -> Path:
    """Pictures and texts in one space, without a token for the whole and without a mask for padding."""
    torch.manual_seed(0)
    words = ["<pad>", "</s>", "<unk>", *"abcdefghijklmnopqrstuvwxyz"]
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_object=Tokenizer(Unigram([(word, -1.0) for word in words], unk_id=2)),
        pad_token="<pad>", eos_token="</s>", unk_token="<unk>", model_max_length=TOKENS,
    )  # fmt: skip
    text = {**TOWER, "vocab_size": len(words), "max_position_embeddings": TOKENS, "eos_token_id": 1}
    text |= {"bos_token_id": 1, "projection_size": 16}
    AutoModel.from_config(AutoConfig.for_model("siglip", text_config=text, vision_config=EYE)).save_pretrained(folder)
    SiglipProcessor(SiglipImageProcessor(size=SQUARE), tokenizer).save_pretrained(folder)
    return folder


def save_stable_diffusion_xl(folder: Path) -> Path:
    """Two readers, and the size of the picture as a condition; turbo has no more to it."""
    torch.manual_seed(0)
    tokenizer = _byte_tokenizer(model_max_length=TOKENS)
    unet = UNet2DConditionModel(
        sample_size=16, block_out_channels=(8, 16), layers_per_block=1, norm_num_groups=4, cross_attention_dim=32,
        down_block_types=("DownBlock2D", "CrossAttnDownBlock2D"), up_block_types=("CrossAttnUpBlock2D", "UpBlock2D"),
        attention_head_dim=2, addition_embed_type="text_time", addition_time_embed_dim=8,
        projection_class_embeddings_input_dim=16 + 6 * 8,
    )  # fmt: skip
    StableDiffusionXLPipeline(
        _vae(4), _plain(tokenizer), _projected(tokenizer), tokenizer, tokenizer, unet, EulerDiscreteScheduler()
    ).save_pretrained(folder)
    return folder


def save_stable_diffusion_3(folder: Path) -> Path:
    """Three readers, one of them T5, a transformer, and rectified flow."""
    torch.manual_seed(0)
    tokenizer = _byte_tokenizer(model_max_length=TOKENS)
    words = T5Tokenizer(
        [("<pad>", 0.0), ("</s>", 0.0), ("<unk>", 0.0), *((chr(code), -1.0) for code in range(97, 123))]
    )
    t5 = T5EncoderModel(T5Config(vocab_size=len(words), d_model=32, d_kv=8, d_ff=32, num_layers=1, num_heads=2))
    flow = SD3Transformer2DModel(
        sample_size=16, patch_size=1, in_channels=4, out_channels=4, num_layers=1, attention_head_dim=8,
        num_attention_heads=2, joint_attention_dim=32, caption_projection_dim=16, pooled_projection_dim=32,
    )  # fmt: skip
    readers = (_projected(tokenizer), tokenizer, _projected(tokenizer), tokenizer, t5, words)
    StableDiffusion3Pipeline(flow, FlowMatchEulerDiscreteScheduler(), _vae(4), *readers).save_pretrained(folder)
    return folder


def _qwen(kind: str, eye: dict, folder: Path) -> Path:
    special = ["<|vision_start|>", "<|image_pad|>", "<|vision_end|>", "<|video_pad|>"]
    tokenizer = _bytes_of(Qwen2Tokenizer, "<|endoftext|>", *special)
    tokenizer.add_special_tokens({"additional_special_tokens": special})
    few = {"patch_size": 4, "size": {"shortest_edge": 64, "longest_edge": 32 * 32}}
    processor = Qwen2VLProcessor(Qwen2VLImageProcessor(**few), tokenizer, Qwen2VLVideoProcessor(), QWEN_TEMPLATE)
    mouth = {**TOWER, **WILD, **_ids(tokenizer), "vocab_size": len(tokenizer), "num_key_value_heads": 2}
    mouth["rope_parameters"] = {"rope_type": "default", "rope_theta": 1e4, "mrope_section": [1, 1, 2]}
    names = ["image_token_id", "video_token_id", "vision_start_token_id", "vision_end_token_id"]
    words = ["<|image_pad|>", "<|video_pad|>", "<|vision_start|>", "<|vision_end|>"]
    ids = {name: _id(tokenizer, word) for name, word in zip(names, words, strict=True)}
    return _captioner(kind, processor, folder, vision_config=eye, text_config=mouth, **ids)


def _captioner(kind: str, processor, folder: Path, **config) -> Path:
    torch.manual_seed(0)
    AutoModelForImageTextToText.from_config(AutoConfig.for_model(kind, **config)).save_pretrained(folder)
    processor.save_pretrained(folder)
    return folder


def _bytes_of(family: type, *special: str, **extra: str):
    """A tokenizer of byte-level BPE without merges: a token for each byte."""
    vocab = {piece: index for index, piece in enumerate([*special, *BYTES])}
    named = {"eos_token": special[0], "pad_token": special[1] if "pad" in special[1] else special[0]}
    return family(vocab=vocab, merges=[], **named, extra_special_tokens=extra)


def _ids(tokenizer) -> dict:
    names = ("bos_token_id", "eos_token_id", "pad_token_id")
    return {name: getattr(tokenizer, name) for name in names if getattr(tokenizer, name) is not None}


def _id(tokenizer, word: str) -> int:
    return tokenizer.convert_tokens_to_ids(word)


def _plain(tokenizer) -> CLIPTextModel:
    return CLIPTextModel(CLIPTextConfig(**_reader(tokenizer)))


def _projected(tokenizer) -> CLIPTextModelWithProjection:
    return CLIPTextModelWithProjection(CLIPTextConfig(**_reader(tokenizer), projection_dim=16))


def _vae(latents: int) -> AutoencoderKL:
    blocks = {"down_block_types": ("DownEncoderBlock2D",) * 2, "up_block_types": ("UpDecoderBlock2D",) * 2}
    return AutoencoderKL(
        block_out_channels=(8, 8), norm_num_groups=4, latent_channels=latents, shift_factor=0.0, **blocks
    )
