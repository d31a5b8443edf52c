"""The book as it was built: every page and deck, opened in a browser without a network.

Run by `make look`, which builds the site first and names it in `SITE`.
"""

import os
from pathlib import Path

import pytest

from site_checks import browser_or_skip, complaints, slide_complaints, unknown

SITE = Path(os.environ["SITE"]) if os.environ.get("SITE") else None
NOT_PAGES = ("_static", "_modules", "slides")

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(SITE is None, reason="no site is named in SITE; use make look"),
]


def pages():
    if SITE is None:
        return ["none"]
    found = [path.relative_to(SITE) for path in sorted(SITE.rglob("*.html"))]
    names = [path.as_posix() for path in found if path.parts[0] not in NOT_PAGES]
    # The first file only leads on to the first page.
    return [name for name in names if name != "index.html"] or ["index.html"]


def decks():
    found = sorted((SITE / "slides").glob("*.html")) if SITE else []
    return [path.name for path in found] or ["none"]


@pytest.fixture(scope="module")
def browser():
    with browser_or_skip() as browser:
        yield browser


@pytest.mark.parametrize("name", pages())
def test_page(browser, name):
    assert complaints(browser, (SITE / name).as_uri()) == []


@pytest.mark.parametrize("name", decks())
def test_deck(browser, name):
    if name == "none":
        pytest.skip("no chapter has slides")
    assert slide_complaints(browser, (SITE / "slides" / name).as_uri()) == []


def test_the_first_file_leads_to_the_first_page(browser):
    browser.open((SITE / "index.html").as_uri())
    browser.wait_for("document.querySelector('article h1') !== null")


def test_the_search_finds_a_page(browser):
    browser.open((SITE / "search.html").as_uri() + "?q=residual")
    browser.wait_for("document.querySelectorAll('#search-results li').length > 0")
    assert unknown(browser.messages) == [] and browser.strangers() == []


def test_the_switch_makes_it_dark(browser):
    browser.open((SITE / "index.html").as_uri())
    browser.wait_for("document.querySelector('.theme-switch-button') !== null")
    click = "document.querySelector('.theme-switch-button').click()"
    themes = set()
    for _ in range(3):
        browser.evaluate(click)
        themes.add(browser.evaluate("document.documentElement.dataset.theme"))
    assert themes == {"light", "dark"}


def test_every_slider_moves_its_curves(browser):
    with_sliders = [
        name for name in pages() if 'class="slider-figure"' in (SITE / name).read_text("utf-8")
    ]
    for name in with_sliders:
        browser.resize(1280, 900)
        browser.open((SITE / name).as_uri())
        for number in range(
            browser.evaluate("document.querySelectorAll('.slider-figure input').length")
        ):
            box = f"document.querySelectorAll('.slider-figure input')[{number}]"
            drawn = f"{box}.closest('.slider-figure').innerHTML"
            browser.evaluate(f"{box}.focus()")
            browser.press("Home", 36)
            first = browser.evaluate(drawn)
            browser.press("End", 35)
            assert browser.evaluate(drawn) != first, f"{name}: slider {number + 1} moves nothing"
