"""What tests share: folders of tiny random models, made once a session and only where asked for."""

import pytest
import torch

torch.set_num_threads(1)  # the suite runs a process on each core


@pytest.fixture(scope="session")
def blip_folder(tmp_path_factory):
    from tests.tiny_models import save_blip

    return save_blip(tmp_path_factory.mktemp("blip"))


@pytest.fixture(scope="session")
def llava_folder(tmp_path_factory):
    from tests.tiny_models import save_llava

    return save_llava(tmp_path_factory.mktemp("llava"))


@pytest.fixture(scope="session")
def clip_folder(tmp_path_factory):
    from tests.tiny_models import save_clip

    return save_clip(tmp_path_factory.mktemp("clip"))


@pytest.fixture(scope="session")
def diffusion_folder(tmp_path_factory):
    from tests.tiny_models import save_stable_diffusion

    return save_stable_diffusion(tmp_path_factory.mktemp("diffusion"))


@pytest.fixture(scope="session")
def tiny_data(tmp_path_factory):
    from tests.tiny_data import save_data

    return save_data(tmp_path_factory.mktemp("data"))
