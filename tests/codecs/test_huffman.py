import math
from collections import Counter
from fractions import Fraction
from itertools import pairwise

import pytest
import torch

from semjscc.codecs.huffman import Alphabet, Huffman, Latin1, code_words, token_bytes
from semjscc.codecs.huggingface import HubTokenizer
from semjscc.codecs.text import Checked, read_corpus

CORPORA = ["configs/captions/scenes.txt", "configs/captions/coco.txt"]


class Numbers(Alphabet):
    """Texts of numbers, as a tokenizer with a large vocabulary would have it."""

    size = 30_522

    def split(self, text):
        return [int(word) for word in text.split()]

    def join(self, symbols):
        return " ".join(map(str, symbols))


@pytest.fixture(scope="module")
def tokens():
    return HubTokenizer("checkpoints/captioner")


def noise(*shape, seed=0):
    return torch.randint(2, shape, generator=torch.Generator().manual_seed(seed)).float()


def random_texts(count, length, seed=0):
    letters = torch.randint(256, (count, length), generator=torch.Generator().manual_seed(seed))
    return [bytes(row).decode("latin-1") for row in letters.tolist()]


class TestCodeWords:
    def test_a_known_code(self):
        """The frequencies 45, 13, 12, 16, 9, 5 of Cormen et al., "Introduction to Algorithms", cost 224 bits."""
        weights = [45, 13, 12, 16, 9, 5]
        words = code_words(weights)
        assert list(map(len, words)) == [1, 3, 3, 3, 4, 4]
        assert words == ["0", "100", "101", "110", "1110", "1111"]
        assert sum(weight * len(word) for weight, word in zip(weights, words, strict=True)) == 224

    @pytest.mark.parametrize("weights", [[1, 1], [1] * 256, [2**i for i in range(40)], [10**12, 1, 1, 7]])
    def test_words_fill_the_tree_and_none_begins_another(self, weights):
        words = sorted(code_words(weights))
        assert sum(Fraction(1, 2 ** len(word)) for word in words) == 1
        assert not any(b.startswith(a) for a, b in pairwise(words))

    @pytest.mark.parametrize("seed", range(5))
    def test_the_mean_length_is_within_a_bit_of_the_entropy(self, seed):
        weights = (
            torch.rand(100, generator=torch.Generator().manual_seed(seed)).pow(4).mul(10**6).long().add(1).tolist()
        )
        words, total = code_words(weights), sum(weights)
        mean = sum(weight * len(word) for weight, word in zip(weights, words, strict=True)) / total
        entropy = -sum(weight / total * math.log2(weight / total) for weight in weights)
        assert entropy <= mean < entropy + 1
        by_weight = sorted((weight, -len(word)) for weight, word in zip(weights, words, strict=True))
        assert all(a <= b for (_, a), (_, b) in pairwise(by_weight))  # the rarer, the longer

    def test_no_code_of_few_symbols_is_shorter(self):
        """All full trees of five leaves, by the lengths of their words."""
        trees = {(0,)}
        for _ in range(4):
            trees = {tuple(sorted([*t[:i], t[i] + 1, t[i] + 1, *t[i + 1 :]])) for t in trees for i in range(len(t))}
        for seed in range(20):
            weights = sorted(torch.randint(1, 99, (5,), generator=torch.Generator().manual_seed(seed)).tolist())[::-1]
            costs = [sum(w * length for w, length in zip(weights, lengths, strict=True)) for lengths in trees]
            words = code_words(weights)
            assert sum(w * len(word) for w, word in zip(weights, words, strict=True)) == min(costs)


class TestHuffman:
    @pytest.mark.parametrize("corpus", CORPORA)
    def test_texts_survive_the_round_trip(self, corpus):
        codec = Huffman(2000, corpus)
        texts = [*read_corpus(corpus)[:200], "", "naïve café", "\n\0\xff", *random_texts(20, 60)]
        bits = codec.encode(texts)
        assert bits.shape == (len(texts), 2000)
        assert set(bits.unique().tolist()) == {0.0, 1.0}
        assert codec.decode(bits) == texts

    @pytest.mark.parametrize("corpus", CORPORA)
    def test_captions_take_little_more_than_their_entropy(self, corpus):
        """That of the corpus's own characters and ends of texts; other texts of its kind are as short."""
        texts, codec = read_corpus(corpus), Huffman(4000, corpus)
        counts = Counter(symbol for text in texts for symbol in [*text, None])
        total = sum(counts.values())
        entropy = sum(count * math.log2(total / count) for count in counts.values()) / len(texts)
        mean = codec.content_bits(codec.encode(texts)).double().mean().item()
        assert entropy < mean < 1.02 * entropy
        assert mean < 0.6 * 8 * sum(map(len, texts)) / len(texts)

    def test_content_is_every_code_word_with_the_end(self):
        codec = Huffman(300, CORPORA[0])
        texts = ["", "a", "a red ball"]
        expected = [sum(len(codec.words[symbol]) for symbol in [*text.encode(), codec.end]) for text in texts]
        bits = codec.encode(texts)
        assert codec.content_bits(bits).tolist() == expected
        assert not bits[torch.arange(300) >= torch.tensor(expected)[:, None]].any()

    def test_a_long_text_is_cut_behind_a_symbol(self):
        text = "A red ball."
        full = Huffman(1000, CORPORA[0])
        whole = full.content_bits(full.encode([text])).item()
        ends = set()
        for budget in range(len(full.words[full.end]), whole + 1):
            codec = Huffman(budget, CORPORA[0])
            (cut,) = codec.decode(codec.encode([text]))
            assert text.startswith(cut)
            used = codec.content_bits(codec.encode([text])).item()
            following = codec.alphabet.split(text)[len(cut) :]
            assert used <= budget
            assert not following or used + len(codec.words[following[0]]) > budget
            ends.add(cut)
        assert ends == {text[:length] for length in range(len(text) + 1)}

    def test_damage_behind_the_end_goes_unread(self):
        codec = Huffman(400, CORPORA[0])
        bits = codec.encode(["a red ball", ""])
        length = codec.content_bits(bits)
        damaged = torch.where(torch.arange(400) >= length[:, None], noise(2, 400), bits)
        assert codec.decode(damaged) == ["a red ball", ""]
        assert torch.equal(codec.content_bits(damaged), length)

    @pytest.mark.parametrize("alphabet", [Latin1(), Numbers()])
    def test_any_bits_are_some_text(self, alphabet, tmp_path):
        corpus = tmp_path / "corpus.txt"
        corpus.write_text("1 2 3\n2 7 2\n2\n")
        codec = Huffman(100, str(corpus), alphabet)
        bits = noise(10_000, 100)
        texts, lengths = codec.decode(bits), codec.content_bits(bits)
        assert len(set(texts)) > 100
        ended = codec.content_bits(torch.cat([bits, noise(10_000, 30, seed=1)], 1)) == lengths
        assert 0.1 < ended.double().mean() < 1  # the others were cut off, and more would have been read
        read = torch.arange(100) < lengths[:, None]
        assert torch.equal(codec.encode(texts)[ended], torch.where(read, bits, 0.0)[ended])

    def test_a_payload_of_no_bits_is_an_empty_text(self):
        codec = Huffman(50, CORPORA[0])
        assert codec.decode(torch.zeros(2, 0)) == ["", ""]
        assert codec.content_bits(torch.zeros(2, 0)).tolist() == [0, 0]
        assert codec.encode([]).shape == (0, 50)

    def test_symbols_that_the_corpus_lacks_share_what_those_seen_once_have(self, tmp_path):
        corpus = tmp_path / "corpus.txt"
        corpus.write_text("1 1 1 2 2 3 4\n1 2 9\n", encoding="utf-8")  # three are seen once; an end has a count of 2
        codec = Huffman(1000, str(corpus), Numbers())
        missing = 30_522 + 1 - 6
        assert codec._weights(["1 1 1 2 2 3 4", "1 2 9"])[:6] == [3, 4 * missing, 3 * missing, missing, missing, 3]
        rare = len(codec.words[30_000])
        assert math.log2(12 / 3 * missing) - 1 < rare < math.log2(15 / 3 * missing) + 1
        assert codec.decode(codec.encode(["30000 1 77"])) == ["30000 1 77"]

    def test_what_latin_1_lacks_is_a_question_mark(self):
        codec = Huffman(500, CORPORA[0])
        assert codec.decode(codec.encode(["naïve café – 3 €, 猫"])) == ["naïve café - 3 ?, ?"]

    def test_a_budget_without_room_for_the_end_is_refused(self):
        with pytest.raises(ValueError, match="max_bits must be at least 6, the end of a text; got 5"):
            Huffman(5, CORPORA[0])

    def test_a_corpus_that_is_missing_is_named(self):
        with pytest.raises(FileNotFoundError, match=r"no corpus .*nowhere.txt"):
            Huffman(100, "nowhere.txt")


class TestTokens:
    def test_scenes_survive_the_round_trip_in_lower_case(self, tokens):
        texts = read_corpus(CORPORA[0])
        codec = Huffman(200, CORPORA[0], tokens)
        bits = codec.encode(texts)
        assert codec.decode(bits) == [text.lower() for text in texts]
        assert (
            codec.content_bits(bits).double().mean()
            < 0.35 * Huffman(900, CORPORA[0]).content_bits(Huffman(900, CORPORA[0]).encode(texts)).double().mean()
        )

    def test_any_bits_are_some_text(self, tokens):
        codec = Huffman(200, CORPORA[0], tokens)
        texts = codec.decode(noise(2000, 200))
        assert len(set(texts)) > 100
        assert not any("[CLS]" in text or "[PAD]" in text for text in texts)

    def test_a_text_of_many_tokens_is_no_reason_to_complain(self, tokens, caplog):
        assert len(tokens.split("zzzz " * 50)) == 200
        assert not caplog.records

    def test_sizes_are_those_that_paper_b_counts(self):
        words = type("Words", (Numbers,), {"split": lambda self, text: [0] * len(text.split())})()
        assert token_bytes(["a table with food"], words, special=2) == [48]
        assert token_bytes(["a bus is driving down the street in the city", ""], words) == [80, 0]


class TestChecked:
    def test_a_check_sum_turns_wrong_texts_into_missing_ones(self):
        """Every error of one bit is found, in the text and in the sum. Without a sum, wrong texts are told as true."""
        codec = Huffman(100, CORPORA[0])
        checked, text = Checked(codec), "a red ball"
        bits = checked.encode([text])
        read = checked.content_bits(bits).item()
        flipped = (bits + torch.eye(116)) % 2
        assert checked.decode(flipped) == [""] * read + [text] * (116 - read)
        plain = codec.decode(flipped[16:, 16:])
        assert text not in plain[: read - 16]
        assert "" not in plain[: read - 16]
