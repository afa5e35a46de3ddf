"""The Sphinx configuration of the site. ``make docs`` assembles the pages (``tools/docs``) and builds them."""

from nodegraph.version import __version__

project = "nodegraph"
author = "nodegraph contributors"
copyright = "nodegraph contributors, MIT licence"
release = version = __version__
extensions = ["myst_parser", "sphinx.ext.autodoc"]
exclude_patterns = ["_static/*"]

# Markdown: tables of data come from the programs; every heading can be linked.
myst_enable_extensions = ["colon_fence", "attrs_inline"]
myst_heading_anchors = 4

# Docstrings use the markup of Sphinx. Signatures show types, one argument a line where they are long.
autodoc_member_order = "bysource"
autodoc_typehints = "signature"
autodoc_preserve_defaults = True
add_module_names = False
maximum_signature_line_length = 100

html_theme = "furo"
html_title = "nodegraph"
html_static_path = ["_static"]
html_css_files = ["site.css"]
html_copy_source = False
html_show_sourcelink = False
pygments_style = "tango"
pygments_dark_style = "monokai"
