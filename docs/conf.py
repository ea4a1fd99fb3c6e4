"""The documentation site: ``make docs`` builds it into out/docs."""

import re
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

project, author = "semjscc", "The semjscc developers"
project_copyright = author
extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.autosummary", "sphinx.ext.napoleon"]
exclude_patterns = ["templates"]
templates_path = ["templates"]
html_theme = "furo"
html_title = "semjscc"
html_show_sphinx = False
myst_heading_anchors = 3
autodoc_default_options = {"members": True, "show-inheritance": True, "exclude-members": "training, forward_hooks"}
autodoc_member_order = "bysource"
autodoc_typehints = "signature"
autodoc_preserve_defaults = True
autodoc_inherit_docstrings = False
autosummary_generate = True
autosummary_ignore_module_all = False


def outside(app, name: str, source: list[str]) -> None:
    """Folders and pages of the repository are no pages of the site: what links to them names them instead."""
    source[0] = re.sub(r"\[([^\]]+)\]\(\.\./([^)]+)\)", _named, source[0])


def _named(link: re.Match[str]) -> str:
    text, target = link.groups()
    stays = (ROOT / target).is_file() and not target.endswith(".md")
    return link[0] if stays else text if text.strip("`") in target else f"{text} (`{target}`)"


def mathematics(app, what: str, name: str, thing, options, lines: list[str]) -> None:
    """In |h|^2 the bars are bars, and no names to be put in; literals stay as they are."""
    margin = None  # of the line that a literal block hangs from
    for i, line in enumerate(lines):
        depth = len(line) - len(line.lstrip())
        if margin is not None and line.strip() and depth <= margin:
            margin = None
        if margin is None:
            parts = line.split("``")
            parts[::2] = [part.replace("|", r"\|") for part in parts[::2]]
            lines[i] = "``".join(parts)
            margin = depth if line.rstrip().endswith("::") else None


def setup(app) -> None:
    app.connect("source-read", outside)
    app.connect("autodoc-process-docstring", mathematics, priority=400)  # before napoleon's
