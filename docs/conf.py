"""How the documentation site is built: ``make docs``, with every warning an error.

Pages are Markdown where they stand. Fonts and scripts are the theme's own files and the reader's
system fonts, so that a built site asks no other host for anything.
"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent / "extensions"))

from alvh.version import VERSION

project = "alvh"
author = "the alvh developers"
project_copyright = author
version = release = VERSION

extensions = ["sphinx.ext.autodoc", "sphinx.ext.napoleon", "myst_parser"]
extensions += ["navigation", "public_face", "commands", "policy_keys", "sources"]
exclude_patterns = ["extensions", "screenshots"]
root_doc = "index"

myst_enable_extensions = ["colon_fence"]
myst_heading_anchors = 4  # links to `page.md#a-heading` are checked

napoleon_google_docstring = False
napoleon_use_rtype = False
napoleon_use_ivar = True
napoleon_preprocess_types = False
autodoc_typehints = "none"  # numpydoc sections say types, units and shapes
autodoc_member_order = "bysource"
nitpicky = True  # a :func: that leads nowhere is an error; type words such as "array" are prose
nitpick_ignore_regex = [("py:class", ".*")]

suppress_warnings = ["myst.header"]  # measured tables begin a level lower

html_theme = "furo"
html_title = "alvh"
html_copy_source = False
html_show_sphinx = False
templates_path = ["templates"]
html_static_path = ["static"]
html_css_files = ["alvh.css"]
pygments_style = "friendly"
pygments_dark_style = "github-dark"
