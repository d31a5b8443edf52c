"""Decks made of pages: what is copied, where links lead, what stays behind."""

import pytest
from bs4 import BeautifulSoup

from tools.slides import FOLDER, main, write_decks

PAGE = """<html><head><title>A page &#8212; The book</title></head><body><article>
<h1>1.1. A page<a class="headerlink" href="#x">#</a></h1>
<div class="proof theorem admonition" id="thm-a"><p class="admonition-title">Theorem 1</p>
<section class="theorem-content"><p>True, by <a href="other.html#b">B</a>.</p></section></div>
<figure id="fig-a"><img src="../../_images/a.png" alt="A line">
<figcaption><p>Figure 1<a class="headerlink" href="#fig-a">#</a></p>
<div class="legend"><p><a class="figure-data" href="a.csv">Data</a></p></div></figcaption></figure>
<div class="slider-figure" id="move"><label for="move-1">p</label><input id="move-1"></div>
{slides}
</article><a class="right-next" href="{next}">next</a></body></html>"""
SLIDE = """<div class="slide deck-only docutils"><h3 class="rubric" id="t">The title</h3>
{body}<div class="notes docutils"><p>Say this.</p></div></div>"""


@pytest.fixture
def site(tmp_path):
    (tmp_path / "chapters" / "heat").mkdir(parents=True)
    (tmp_path / "index.html").write_text("")
    return tmp_path


def put(site, name, *bodies, after="../../end.html", slide=SLIDE):
    slides = "".join(slide.format(body=body) for body in bodies)
    (site / "chapters" / "heat" / name).write_text(
        PAGE.replace("{slides}", slides).replace("{next}", after)
    )


def place(label):
    return f'<div class="from-page" data-from-page="{label}"></div>'


def deck(site):
    write_decks(site)
    text = (site / FOLDER / "heat.html").read_text(encoding="utf-8")
    return BeautifulSoup(text, "html.parser")


def test_a_deck_opens_with_the_chapter_and_has_its_slides(site):
    put(site, "index.html", "<p>One.</p>", "<p>Two.</p>")
    sections = deck(site).select(".slides > section")
    assert [section.find(["h1", "h2"]).text for section in sections] == [
        "1.1. A page",
        "The title",
        "The title",
    ]
    assert "The book" in sections[0].text
    assert write_decks(site) == {"slides/heat.html": 3}


def test_pages_come_in_the_order_of_the_book(site):
    put(site, "index.html", "<p>First.</p>", after="z.html")
    put(site, "z.html", "<p>Second.</p>", after="a.html")
    put(site, "a.html", "<p>Third.</p>")
    text = deck(site).text
    assert text.index("First.") < text.index("Second.") < text.index("Third.")


def test_notes_are_speaker_notes(site):
    put(site, "index.html", "<p>One.</p>")
    aside = deck(site).select("section aside.notes")[-1]
    assert aside.text.strip() == "Say this."


def test_a_place_is_filled_from_the_page(site):
    put(site, "index.html", place("thm-a"), place("fig-a"))
    theorem, figure = deck(site).select(".slides > section")[1:]
    assert "Theorem 1" in theorem.text
    assert figure.select_one("img")["alt"] == "A line"


def test_inner_sections_are_no_slides(site):
    put(site, "index.html", place("thm-a"))
    assert len(deck(site).select("section")) == 2


def test_addresses_lead_from_the_deck(site):
    put(site, "index.html", place("thm-a") + place("fig-a") + '<a href="#fig-a">it</a>')
    soup = deck(site)
    assert soup.select_one("section img")["src"] == "../_images/a.png"
    links = [link["href"] for link in soup.select(".slides section:nth-of-type(2) a")]
    assert links == [
        "../chapters/heat/other.html#b",
        "../chapters/heat/index.html#fig-a",
        "../chapters/heat/index.html",
    ]


def test_what_a_slide_does_not_need_stays_behind(site):
    put(site, "index.html", place("fig-a"))
    soup = deck(site)
    assert not soup.select(".headerlink, .figure-data, .legend")
    assert not soup.select("figure[id]")


def test_a_figure_with_sliders_keeps_its_names(site):
    put(site, "index.html", place("move"))
    soup = deck(site)
    assert soup.select_one(".slider-figure")["id"] == "move"
    assert soup.select_one("label")["for"] == soup.select_one("input")["id"]


def test_nothing_comes_from_outside_and_reveal_is_beside(site):
    put(site, "index.html", "<p>One.</p>")
    soup = deck(site)
    for tag in soup.select("script[src], link[href]"):
        address = tag.get("src") or tag.get("href")
        assert address.startswith("../_static/")
        if "/reveal/" in address:
            assert (site / FOLDER / address).resolve().is_file()


def test_a_chapter_without_slides_has_no_deck(site, capsys):
    put(site, "index.html")
    assert main([str(site)]) == 0
    assert not (site / FOLDER).exists()


@pytest.mark.parametrize(
    ("body", "slide", "problem"),
    [
        (place("gone"), SLIDE, "asks for gone, not found in the page"),
        ("", '<div class="slide"><p>No title.</p></div>', "a slide without a title"),
    ],
)
def test_a_slide_that_cannot_be_made_is_named(site, capsys, body, slide, problem):
    put(site, "index.html", body, slide=slide)
    assert main([str(site)]) == 1
    error = capsys.readouterr().err
    assert error.startswith("chapters/heat/index.html: ") and problem in error


def test_a_missing_site_is_said_in_one_line(tmp_path, capsys):
    assert main([str(tmp_path)]) == 2
    assert "Build it: make book" in capsys.readouterr().err
