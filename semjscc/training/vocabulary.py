"""Tokenizers for the embedded models: a word of the scenes is one token, anything else falls apart into characters.

So a damaged caption ("a big wlue ball") costs its damaged word alone.
"""

import re

from transformers import BertTokenizer, CLIPTokenizer

from semjscc.data.scenes import Scenes

CHARACTERS = [chr(code) for code in range(33, 127) if not chr(code).isupper()]


def words(count: int = 3000) -> list[str]:
    """Every word and mark in the captions of the first ``count`` training scenes, sorted."""
    scenes = Scenes("train")
    captions = " ".join(scenes.scene(index)[0].caption.lower() for index in range(count))
    return sorted(set(re.findall(r"[a-z]+|[.,]", captions)))


def bert_tokenizer() -> BertTokenizer:
    """A WordPiece tokenizer, with BLIP's extra tokens."""
    pieces = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *words(), *CHARACTERS, *(f"##{c}" for c in CHARACTERS)]
    vocabulary = {piece: index for index, piece in enumerate(dict.fromkeys(pieces))}
    return BertTokenizer(vocabulary, model_max_length=48)


def clip_tokenizer(length: int = 32) -> CLIPTokenizer:
    """A byte-pair tokenizer whose merges spell out each word from its left end, longest words first.

    Characters outside printable ASCII, which only damage brings, are read as a backquote. A caption takes 24 tokens
    at most, so that there is room for a damaged word or two.
    """
    vocabulary = [*CHARACTERS, *(f"{c}</w>" for c in CHARACTERS)]
    merges: dict[str, None] = {}
    for word in sorted(words(), key=len, reverse=True):  # else the "at" of "at night" would break up "boat"
        pieces = [*word[:-1], f"{word[-1]}</w>"]
        while len(pieces) > 1:
            merges[f"{pieces[0]} {pieces[1]}"] = None
            pieces[:2] = ["".join(pieces[:2])]
            vocabulary.append(pieces[0])
    special = ["<|startoftext|>", "<|endoftext|>"]
    table = {piece: index for index, piece in enumerate(dict.fromkeys([*vocabulary, *special]))}
    return CLIPTokenizer(table, [tuple(merge.split()) for merge in merges], unk_token="`", model_max_length=length)
