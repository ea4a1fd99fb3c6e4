import math

import pytest
import torch

from semjscc.codecs.packing import bytes_to_bits
from semjscc.codecs.text import Characters, Checked, latin1

BIRD = "A brown and white bird perched on a wooden post."


def test_a_budget_of_174_characters_fills_one_slot_of_paper_a():
    assert Characters().encode([BIRD, ""]).shape == (2, 1392)


def test_latin_1_survives_the_round_trip():
    texts = [BIRD, "", "x" * 174, "".join(map(chr, range(1, 128))), "".join(map(chr, range(128, 256)))]
    assert Characters().decode(Characters().encode(texts)) == texts


def test_what_latin_1_lacks_is_a_question_mark():
    assert Characters().decode(Characters().encode(["naïve café – 3 €, 猫"])) == ["naïve café - 3 ?, ?"]


def test_what_latin_1_nearly_has_is_written_that_way():
    said = "“A dog’s kőrút” — e\u0301té … ﬁne"
    assert latin1(said).decode("latin-1") == '"A dog\'s korút" - été ... fine'


def test_a_long_text_is_cut():
    assert Characters(5).decode(Characters(5).encode(["perched"])) == ["perch"]


def test_a_text_ends_at_its_first_nul():
    codec = Characters(8)
    bits = bytes_to_bits(torch.tensor([list(b"ab\0cd\0ef")], dtype=torch.uint8))
    assert codec.decode(bits) == codec.decode(codec.encode(["ab\0cd"])) == ["ab"]
    assert codec.content_bits(bits).tolist() == [16]


def test_content_is_eight_bits_a_character():
    codec = Characters()
    bits = codec.encode([BIRD, "", "x" * 200])
    assert codec.content_bits(bits).tolist() == [384, 0, 1392]


def test_one_wrong_bit_is_one_wrong_character():
    codec = Characters()
    bits = codec.encode([BIRD])
    bits[0, 8 * 2 + 7] = 1 - bits[0, 8 * 2 + 7]
    assert codec.decode(bits) == [BIRD.replace("brown", "crown")]


def test_noise_is_some_text():
    bits = torch.randint(2, (64, 1392), generator=torch.Generator().manual_seed(0)).float()
    codec = Characters()
    texts = codec.decode(bits)
    assert [8 * len(text) for text in texts] == codec.content_bits(bits).tolist()
    assert codec.decode(codec.encode(texts)) == texts


def test_a_corpus_tells_how_often_each_bit_is_one(tmp_path):
    corpus = tmp_path / "corpus.txt"
    corpus.write_text("a\nb\n\nc\n", encoding="utf-8")  # 0x61, 0x62, 0x63
    known = Characters(3, str(corpus)).prior()
    often, even, never = math.log(3.5 / 0.5), math.log(2.5 / 1.5), math.log(0.5 / 3.5)
    first = [never, often, often, never, never, never, even, even]
    torch.testing.assert_close(known, torch.tensor(first + 16 * [never]))
    assert Characters(3).prior() is None


def test_a_corpus_that_is_missing_or_empty_is_named(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"no corpus .*nowhere.txt"):
        Characters(3, "nowhere.txt")
    (tmp_path / "empty.txt").write_text("\n \n")
    with pytest.raises(ValueError, match=r"empty.txt has no text: it should have one a line"):
        Characters(3, str(tmp_path / "empty.txt"))


class TestChecked:
    @pytest.fixture
    def codec(self):
        return Checked(Characters(40))

    def test_whole_texts_are_delivered(self, codec):
        texts = ["", "a", BIRD[:40]]
        bits = codec.encode(texts)
        assert bits.shape == (3, 16 + 320)
        assert codec.decode(bits) == texts
        assert codec.whole(bits) == [True] * 3
        assert codec.content_bits(bits).tolist() == [16, 24, 336]

    def test_the_sum_is_that_of_the_ccitt(self, codec):
        """Bit by bit: x^16 + x^12 + x^5 + 1, the shift register filled with the number of bits."""
        for text in ("", "a", "123456789"):
            bits = codec.encode([text])
            content = bits[0, 16 : codec.content_bits(bits)].int().tolist()
            register = len(content)
            for bit in content:
                register = (register << 1) & 0xFFFF ^ (0x1021 if bit ^ (register >> 15) else 0)
            assert "".join(str(int(bit)) for bit in bits[0, :16]) == f"{register:016b}"

    def test_noise_passes_once_in_65536(self, codec):
        bits = torch.randint(2, (20_000, 336), generator=torch.Generator().manual_seed(0)).float()
        passed = sum(codec.whole(bits))
        assert passed <= 0.31 + 4 * math.sqrt(0.31)
        assert codec.decode(bits).count("") >= 20_000 - passed

    def test_what_is_known_beforehand_leaves_the_sum_open(self, tmp_path):
        corpus = tmp_path / "corpus.txt"
        corpus.write_text("a\nb\n")
        known, inner = Checked(Characters(3, str(corpus))).prior(), Characters(3, str(corpus)).prior()
        assert torch.equal(known, torch.cat([torch.zeros(16), inner]))
        assert Checked(Characters(3)).prior() is None
