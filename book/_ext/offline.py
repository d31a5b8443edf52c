"""Everything a page needs stands beside it: no script, style or font comes from another host.

MathJax is taken from an installed package, and only the one bundle that is used is copied (1.3 MB
with its fonts instead of 24). The loader of live code, which fetches a script from the network,
is removed altogether: Jupyter Book has no switch for it.
"""

import re
import shutil
from importlib.util import find_spec
from pathlib import Path

BUNDLE = "tex-chtml-full.js"
FONTS = "output/chtml/fonts/woff-v2"
LIVE_CODE = "sphinx_thebe"
FONT_PRELOAD = re.compile(r'\s*<link rel="preload" as="font"[^>]*>')


def mathjax_folder():
    # The package's name has hyphens, so it cannot be imported, only found.
    spec = find_spec("sphinx-mathjax-offline")
    if spec is None or not spec.submodule_search_locations:
        raise FileNotFoundError("sphinx-mathjax-offline must be installed. Run make env.")
    return Path(spec.submodule_search_locations[0]) / "static" / "mathjax"


def remove_live_code(app, config):
    for name, listeners in app.events.listeners.items():
        app.events.listeners[name] = [
            listener for listener in listeners if listener.handler.__module__ != LIVE_CODE
        ]
    app.registry.css_files[:] = [
        style for style in app.registry.css_files if style[0] != "sphinx-thebe.css"
    ]
    config.mathjax_path = f"mathjax/{BUNDLE}"


def copy_mathjax(app, exception):
    if exception is not None or app.builder.format != "html":
        return
    source, target = mathjax_folder(), Path(app.outdir) / "_static" / "mathjax"
    (target / FONTS).parent.mkdir(parents=True, exist_ok=True)
    shutil.copy2(source / BUNDLE, target / BUNDLE)
    shutil.copytree(source / FONTS, target / FONTS, dirs_exist_ok=True)


def remove_font_preloads(app, exception):
    """Browsers refuse to preload fonts for a page opened from a folder, and say so as an error."""
    if exception is not None or app.builder.format != "html":
        return
    for page in Path(app.outdir).rglob("*.html"):
        text = page.read_text(encoding="utf-8")
        page.write_text(FONT_PRELOAD.sub("", text), encoding="utf-8")


def setup(app):
    app.connect("config-inited", remove_live_code, priority=900)
    app.connect("build-finished", copy_mathjax)
    app.connect("build-finished", remove_font_preloads)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
