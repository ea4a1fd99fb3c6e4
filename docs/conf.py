"""The documentation site: ``make docs`` builds it into out/docs."""

import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

project, author = "semjscc", "The semjscc developers"
project_copyright = author
extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.autosummary", "sphinx.ext.napoleon"]
exclude_patterns = ["generated/semjscc.rst"]
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
