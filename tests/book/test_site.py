"""The machinery of the site, on a book of two pages with one of everything."""

import csv
import io
import json
import re
import time

import pytest
from pypdf import PdfReader

from site_checks import browser_or_skip, complaints, slide_complaints, unknown
from tools import links
from tools.browser import program

PAGE = "chapters/cooling/newton.html"
EXPLORER = "document.querySelector('#cooling-explorer')"
ARROW_LEFT, ARROW_RIGHT, HOME, END, KEY_S = 37, 39, 36, 35, 83


@pytest.fixture(scope="module")
def site(small_site):
    return small_site


@pytest.fixture(scope="module")
def browser():
    with browser_or_skip() as browser:
        yield browser


@pytest.fixture
def page(site, browser):
    browser.resize(1280, 900)
    browser.open((site / PAGE).as_uri())
    return browser


def text_of(site, name=PAGE):
    return (site / name).read_text(encoding="utf-8")


# Without a browser ---------------------------------------------------------------------------


def test_every_link_leads_somewhere_and_nothing_is_fetched(site, capsys):
    assert links.main([str(site)]) == 0


def test_no_loader_of_live_code(site):
    for path in site.rglob("*.html"):
        assert "thebe" not in path.read_text(encoding="utf-8").lower()
    assert not list(site.rglob("*thebe*"))


def test_only_the_bundle_of_mathjax_that_is_used_is_copied(site):
    scripts = list((site / "_static" / "mathjax").rglob("*.js"))
    assert [path.name for path in scripts] == ["tex-chtml-full.js"]
    assert len(list((site / "_static" / "mathjax").rglob("*.woff"))) >= 20


def test_numbers_count_within_the_chapter(site):
    text = text_of(site, "chapters/cooling/index.html")
    for number in ("Theorem 1.1", "Fig. 1.1", "(1.1)"):
        assert number in text


def test_the_notebook_can_be_downloaded_and_launched(site):
    text = text_of(site)
    assert 'href="../../_sources/chapters/cooling/newton.ipynb"' in text
    for service in ("https://mybinder.org/v2/gh/", "https://colab.research.google.com/github/"):
        address = re.search(rf'{service}[^"]*', text)[0]
        assert address.endswith("book/chapters/cooling/newton.ipynb")


def test_the_table_behind_a_figure_stands_beside_the_site(site):
    for label, first in (
        ("fig-cooling-curves", ["series", "time (minutes)", "excess (kelvin)"]),
        ("fig-cooling-explorer", ["rate", "excess at the start", "time (minutes)", "excess"]),
    ):
        (path,) = site.rglob(f"{label}.csv")
        assert f'href="../../{path.relative_to(site).as_posix()}"' in text_of(site)
        header, *rows = csv.reader(io.StringIO(path.read_text(encoding="utf-8")))
        assert header[: len(first)] == first
        assert len(rows) == {"fig-cooling-curves": 3 * 121, "fig-cooling-explorer": 6 * 121}[label]


def test_the_number_in_the_text_is_the_one_of_the_run(site):
    assert 'The half-life is <span class="pasted-text">13.86</span> minutes.' in text_of(site)


# In a browser ----------------------------------------------------------------------------------


@pytest.mark.browser
@pytest.mark.parametrize("name", ["intro.html", "chapters/cooling/index.html", PAGE])
def test_a_page_is_right_in_a_browser(site, browser, name):
    assert complaints(browser, (site / name).as_uri()) == []


@pytest.mark.browser
@pytest.mark.parametrize(
    ("old", "new", "complaint"),
    [
        ('class="math', 'class="not-math', None),
        (r"\log 2 / k", r"\lgo 2 / k", "formula in error"),
        ('alt="Three', 'title="Three', "image without alternative text"),
        ("</article>", '<img src="http://example.org/a.png" alt="a b"></article>', "another host"),
        ("</article>", '<img src="gone.png" alt="a b"></article>', "image not shown"),
        ("</article>", "<script>console.error('broken')</script></article>", "console: broken"),
        ("</article>", "<script>null.x</script></article>", "console: TypeError"),
        ("</article>", '<p id="the-law"></p></article>', "identifier twice: the-law"),
        ("</article>", "<p>{ref}`cooling`</p></article>", "raw markup: {ref}"),
        ("</article>", '<p style="width: 800px">wide</p></article>', "on a phone the page is"),
        ("</article>", "<h1>Another</h1></article>", "2 titles"),
    ],
)
def test_what_is_wrong_with_a_page_is_found(site, browser, old, new, complaint):
    text = text_of(site)
    assert old in text
    changed = (site / PAGE).with_name("changed.html")
    changed.write_text(text.replace(old, new), encoding="utf-8")
    try:
        found = complaints(browser, changed.as_uri())
    finally:
        changed.unlink()
    if complaint is None:
        assert "\\(" in browser.evaluate("document.querySelector('article').innerText")
    else:
        assert any(complaint in one for one in found)


@pytest.mark.browser
def test_the_search_finds_a_word(site, browser):
    browser.open((site / "search.html").as_uri() + "?q=thermopile")
    browser.wait_for("document.querySelectorAll('#search-results li').length > 0")
    found = browser.evaluate("document.querySelector('#search-results li a').textContent")
    assert "How fast does it cool?" in found
    assert unknown(browser.messages) == [] and browser.strangers() == []


@pytest.mark.browser
def test_the_switch_makes_it_dark(page):
    def background():
        return page.evaluate("getComputedStyle(document.body).backgroundColor")

    def press():
        page.evaluate("document.querySelector('.theme-switch-button').click()")
        return page.evaluate("document.documentElement.dataset.theme")

    seen = {press(): background() for _ in range(3)}
    assert set(seen) == {"light", "dark"}
    assert seen["light"] != seen["dark"]
    ink = {}
    while len(ink) < 2:
        theme = press()
        ink[theme] = page.evaluate(f"getComputedStyle({EXPLORER}.querySelector('text')).fill")
    assert ink["light"] != ink["dark"]


@pytest.mark.browser
def test_the_slider_obeys_the_keyboard(page):
    curve = f"{EXPLORER}.querySelector('[data-curve=\"0\"]').getAttribute('d')"
    spoken = f"{EXPLORER}.querySelector('input').getAttribute('aria-valuetext')"
    shown = f"{EXPLORER}.querySelector('.shown').textContent"
    drawn = page.evaluate(curve)
    page.evaluate(f"{EXPLORER}.querySelector('input').focus()")
    said, paths = [], []
    for key, code in (("ArrowLeft", ARROW_LEFT), ("End", END), ("Home", HOME)):
        page.press(key, code)
        said.append(page.evaluate(spoken))
        paths.append(page.evaluate(curve))
        assert page.evaluate(shown) == said[-1]
    assert said == ["0.02", "0.1", "0.02"]
    assert paths[0] == paths[2] != paths[1]
    page.press("ArrowRight", ARROW_RIGHT)
    # Back where it began, the script draws what was drawn without it.
    assert page.evaluate(spoken) == "0.05"
    assert page.evaluate(curve) == drawn


@pytest.mark.browser
def test_the_script_draws_what_python_draws(site, page):
    static = re.findall(r'data-curve="\d"[^>]* d="([^"]*)"', text_of(site))
    alive = page.evaluate(
        f"[...{EXPLORER}.querySelectorAll('[data-curve]')].map((e) => e.getAttribute('d'))"
    )
    assert alive == static


@pytest.mark.browser
def test_without_its_script_the_figure_stays(site, browser):
    browser.call("Emulation.setScriptExecutionDisabled", value=True)
    try:
        browser.call("Page.navigate", url=(site / PAGE).as_uri())
        tree, deadline = "", time.monotonic() + 15
        while "cooling-explorer" not in tree and time.monotonic() < deadline:
            tree = json.dumps(browser.call("DOM.getDocument", depth=-1))
    finally:
        browser.call("Emulation.setScriptExecutionDisabled", value=False)
    assert "cooling-explorer" in tree and "slider-figure alive" not in tree


@pytest.mark.browser
def test_a_solution_is_folded_until_asked_for(page):
    height = "document.querySelector('.solution').getBoundingClientRect().height"
    folded = page.evaluate(height)
    page.evaluate("document.querySelector('.solution .toggle-button').click()")
    assert page.evaluate(height) > 2 * folded


@pytest.mark.browser
def test_the_deck_opens_and_fits(site, browser):
    assert slide_complaints(browser, (site / "slides" / "cooling.html").as_uri()) == []
    assert browser.evaluate("Reveal.getTotalSlides()") == 6


@pytest.mark.browser
def test_a_slide_that_does_not_fit_is_found(site, browser):
    text = text_of(site, "slides/cooling.html")
    full = text.replace("One question, one law.", "One question, one law. " * 80)
    changed = site / "slides" / "changed.html"
    changed.write_text(full, encoding="utf-8")
    try:
        (found,) = slide_complaints(browser, changed.as_uri())
    finally:
        changed.unlink()
    assert found.startswith("slide 2 (Cooling) takes 1280 x ")


@pytest.mark.browser
def test_the_deck_prints_one_sheet_a_slide(site, browser, tmp_path):
    browser.open((site / "slides" / "cooling.html").as_uri() + "?print-pdf")
    browser.wait_for("document.querySelectorAll('.pdf-page').length === 6")
    browser.pdf(tmp_path / "deck.pdf", preferCSSPageSize=True, printBackground=True)
    sheets = PdfReader(tmp_path / "deck.pdf").pages
    assert len(sheets) == 6
    assert "Newton" in sheets[2].extract_text() and "1.1" in sheets[2].extract_text()
    # The margins of a slide are kept: nothing stands within half an inch of the left edge.
    left = "Math.min(...[...document.querySelectorAll('.pdf-page h2')].map((e) => e.offsetLeft))"
    assert browser.evaluate(left) >= 48


@pytest.mark.browser
def test_the_speaker_sees_the_notes_without_a_server(site, browser):
    browser.open((site / "slides" / "cooling.html").as_uri() + "#/2")
    browser.wait_for("window.Reveal !== undefined && Reveal.isReady()")
    browser.press("s", KEY_S)
    with browser.popup("Speaker View") as view:
        view.wait_for("document.querySelector('.speaker-controls-notes .value')?.textContent")
        notes = view.evaluate("document.querySelector('.speaker-controls-notes').innerText")
        assert "Say what the rate is. (2 min)" in notes


@pytest.mark.browser
def test_the_figure_of_a_slide_is_alive(site, browser):
    browser.open((site / "slides" / "cooling.html").as_uri() + "#/4")
    browser.wait_for("window.Reveal !== undefined && Reveal.isReady()")
    assert browser.evaluate(f"{EXPLORER}.classList.contains('alive')")
    assert browser.evaluate(f"{EXPLORER}.querySelector('input').labels.length") == 1


def test_a_missing_browser_is_a_reason_to_skip_but_not_in_ci(monkeypatch):
    monkeypatch.setenv("CHROMIUM", "no-such-program")
    assert program() is None
    monkeypatch.delenv("CI", raising=False)
    with pytest.raises(pytest.skip.Exception, match="Chromium is missing"):
        browser_or_skip()
    monkeypatch.setenv("CI", "true")
    with pytest.raises(pytest.fail.Exception, match="CI does not skip"):
        browser_or_skip()
