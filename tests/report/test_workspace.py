"""The dashboard that would be sent to a server, caught on its way."""

import json
import sys

import pytest

from semjscc.report import workspace
from tests.made_up import put, results


@pytest.fixture
def sent(monkeypatch):
    """What the library would send, as the server would read it."""
    interface = pytest.importorskip("wandb_workspaces.workspaces.interface")
    internal, views = interface.internal, []
    monkeypatch.setattr(interface.Workspace, "url", property(lambda view: "https://server/us/radio?nw=v"))
    monkeypatch.setattr(
        internal, "upsert_view2", lambda view: views.append(view) or {"upsertView": {"view": {"name": "v", "id": "1"}}}
    )
    return views


def test_every_figure_has_a_panel_against_the_snr(tmp_path, sent, capsys):
    put(tmp_path, results("tiny", ber=[0.1, 0.01, 0.0], ssim=[0.2, 0.5, 0.9]))
    workspace.main(["us", "--project", "radio", "--results", str(tmp_path)])
    [view] = sent
    assert (view.entity, view.project) == ("us", "radio")
    sections = json.loads(view.spec.model_dump_json(by_alias=True))["section"]["panelBankConfig"]["sections"]
    panels = {
        section["name"]: [(one["config"].get("xAxis"), one["config"].get("metrics")) for one in section["panels"]]
        for section in sections
    }
    assert panels["Quality of the picture"] == [("snr_db", ["ssim"])]
    assert panels["The link"] == [("snr_db", ["ber"])]
    assert [x for x, _ in panels["Training"]] == ["trainer/global_step"] * 2
    assert "pictures" in json.dumps(sections[[one["name"] for one in sections].index("Pictures")])
    assert "https://server/us/radio?nw=v" in capsys.readouterr().out


def test_without_the_library_it_is_said(tmp_path, monkeypatch):
    put(tmp_path, results("tiny", ber=[0.1, 0.01, 0.0], ssim=[0.2, 0.5, 0.9]))
    monkeypatch.setitem(sys.modules, "wandb_workspaces.workspaces", None)
    with pytest.raises(SystemExit, match=r"pip install 'semjscc\[wandb\]'"):
        workspace.main(["us", "--results", str(tmp_path)])
