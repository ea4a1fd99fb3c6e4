"""Weights come back as they were saved, and only to the codec they belong to."""

import json

import pytest
import torch
from safetensors.torch import save_file

from semjscc.codecs.deepjscc import DeepJSCC
from semjscc.codecs.swinjscc import SwinJSCC
from tests.codecs.learned import SMALL

CARD = {"channel": "UMa, rx 2", "steps": 3, "psnr_db": [20.5, 21.0]}


@pytest.mark.parametrize("name", SMALL)
def test_a_codec_comes_back_with_its_card(name, tmp_path):
    codec, file = SMALL[name](), tmp_path / "codec.safetensors"
    codec.save(file, CARD)
    again = SMALL[name](str(file))
    images, snr_db = torch.rand(2, 3, 16, 16), torch.tensor([0.0, 10.0])
    assert torch.equal(again.encode(images, snr_db), codec.encode(images, snr_db))
    assert again.card == CARD
    assert codec.card == {}


def test_weights_of_another_architecture_are_refused_and_both_are_named(tmp_path):
    DeepJSCC(width=4).save(file := tmp_path / "codec.safetensors", CARD)
    said = r"'DeepJSCC'.*'symbols_a_position': 8.*trained over UMa, rx 2; they do not fit .*'symbols_a_position': 4"
    with pytest.raises(ValueError, match=said):
        DeepJSCC(1 / 12, width=4, weights=str(file))
    with pytest.raises(ValueError, match=r"'DeepJSCC'.* do not fit .*'SwinJSCC'"):
        SwinJSCC(depths=(1, 1), weights=str(file))


def test_the_ratio_of_a_codec_for_all_ratios_is_no_part_of_its_architecture(tmp_path):
    SMALL["SwinJSCC"]().save(file := tmp_path / "codec.safetensors", CARD)
    assert SwinJSCC(1 / 12, depths=(1, 1), weights=str(file)).bandwidth_ratio == pytest.approx(1 / 12)


def test_a_relative_path_is_looked_for_in_the_current_folder(tmp_path, monkeypatch):
    SMALL["DeepJSCC"]().save(tmp_path / "codec.safetensors", CARD)
    monkeypatch.chdir(tmp_path)
    assert SMALL["DeepJSCC"]("codec.safetensors").card == CARD
    with pytest.raises(FileNotFoundError, match=rf"no weights at {tmp_path}/lost.safetensors or "):
        SMALL["DeepJSCC"]("lost.safetensors")


def test_what_is_no_file_of_weights_is_named(tmp_path):
    (tmp_path / "torn").write_bytes(b"\x08\0\0")
    save_file({"x": torch.zeros(1)}, tmp_path / "foreign")
    for name in ("torn", "foreign"):
        with pytest.raises(OSError, match=rf"{tmp_path}/{name} does not hold a codec's weights, or is damaged"):
            SMALL["DeepJSCC"](str(tmp_path / name))


def test_a_card_of_what_json_does_not_have_is_refused(tmp_path):
    with pytest.raises(ValueError, match="not JSON compliant"):
        SMALL["DeepJSCC"]().save(tmp_path / "codec.safetensors", {"loss": float("nan")})
    assert not list(tmp_path.iterdir())


def test_the_header_is_readable_without_us(tmp_path):
    SMALL["DeepJSCC"]().save(file := tmp_path / "codec.safetensors", CARD)
    size = int.from_bytes(file.read_bytes()[:8], "little")
    header = json.loads(file.read_bytes()[8 : 8 + size])["__metadata__"]
    assert json.loads(header["card"]) == CARD
    assert json.loads(header["architecture"]) == {"codec": "DeepJSCC", "stride": 4, "symbols_a_position": 8, "width": 4}
