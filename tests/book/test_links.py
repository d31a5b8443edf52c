"""The link checker finds what is broken, and passes over what is not the site's."""

import pytest

from tools.links import Page, main, problems

STYLE = "body { background: url(images/paper.png); }"


@pytest.fixture
def site(tmp_path):
    (tmp_path / "chapters").mkdir()
    (tmp_path / "_static").mkdir()
    (tmp_path / "_static" / "own.css").write_text(STYLE)
    (tmp_path / "picture.png").write_bytes(b"")
    (tmp_path / "index.html").write_text(
        '<link rel="stylesheet" href="_static/own.css?v=1"><img src="picture.png" alt="x">'
        '<a href="chapters/a%20b.html#here">on</a> <a href="https://example.org">away</a>'
        '<a href="mailto:x@example.org">write</a> <a href="#">top</a>'
        '<img src="data:image/png;base64,AA" alt="y"><link rel="canonical" href="http://x.org">'
    )
    (tmp_path / "chapters" / "a b.html").write_text('<p id="here"></p><a href="..">up</a>')
    return tmp_path


def add(site, html):
    page = site / "index.html"
    page.write_text(page.read_text() + html)


def test_a_sound_site_passes(site, capsys):
    assert problems(site) == []
    assert main([str(site)]) == 0


@pytest.mark.parametrize(
    ("html", "problem"),
    [
        ('<a href="gone.html">x</a>', "gone.html leads to no file"),
        ('<a href="chapters/a%20b.html#gone">x</a>', "#gone leads to a page without that place"),
        ('<a href="#gone">x</a>', "#gone leads to a page without that place"),
        ('<img src="gone.png">', "gone.png leads to no file"),
        ('<img srcset="picture.png 1x, gone.png 2x">', "gone.png leads to no file"),
        ('<script src="https://cdn.example.org/x.js"></script>', "shows https://cdn.example.org"),
        ('<link rel="stylesheet" href="//cdn.example.org/x.css">', "shows //cdn.example.org"),
        ('<link rel="preload" as="font" href="http://x.org/f.woff2">', "shows http://x.org/f"),
        ('<img src="https://example.org/x.png">', "shows https://example.org/x.png"),
        ('<iframe src="https://example.org/"></iframe>', "shows https://example.org/"),
    ],
)
def test_what_is_broken_is_named(site, html, problem, capsys):
    add(site, html)
    (found,) = problems(site)
    assert found.startswith("index.html: ") and problem in found
    assert main([str(site)]) == 1
    assert problem in capsys.readouterr().err


@pytest.mark.parametrize(
    "style", ["@import 'https://fonts.example.org/a.css';", "src: url(https://x.org/f.woff2)"]
)
def test_a_style_that_fetches_from_outside_is_found(site, style):
    (site / "_static" / "own.css").write_text(style)
    (found,) = problems(site)
    assert found.startswith("_static/own.css: shows https://")


def test_templates_are_no_pages(site):
    (site / "_static" / "macros.html").write_text('<a href="{{ gone }}">x</a>')
    assert problems(site) == []


def test_names_count_as_places():
    assert Page('<a name="old"></a><b id="new">').targets == {"old", "new"}


def test_a_missing_site_is_said_in_one_line(tmp_path, capsys):
    assert main([str(tmp_path)]) == 2
    assert capsys.readouterr().err == f"There is no site in {tmp_path}. Build it: make book\n"
