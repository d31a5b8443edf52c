"""The printed book: one document with everything open, and a PDF whose contents are right."""

import pytest
from bs4 import BeautifulSoup
from pypdf import PdfReader

from site_checks import browser_or_skip
from tools.print import document, main, print_book

TITLES = ["A book of two pages", "1. Cooling", "1.1. How fast does it cool?"]


@pytest.fixture(scope="module")
def site(small_site):
    return small_site


@pytest.fixture(scope="module")
def printed(site):
    text, titles = document(site)
    assert titles == TITLES
    return BeautifulSoup(text, "html.parser")


def test_every_link_leads_into_the_printed_book_or_away(printed):
    places = {tag["id"] for tag in printed.select("[id]")}
    links = [tag["href"] for tag in printed.select("a[href]")]
    inner = [link for link in links if link.startswith("#")]
    assert len(inner) > 10
    assert {link[1:] for link in inner} <= places
    assert all(link.startswith(("#", "http")) for link in links)


def test_no_identifier_stands_twice(printed):
    names = [tag["id"] for tag in printed.select("[id]")]
    assert len(names) == len(set(names))


def test_everything_is_open(printed):
    assert printed.select("details") and all(
        "open" in tag.attrs for tag in printed.select("details")
    )
    assert not printed.select(".dropdown")
    assert "thermoscope" in printed.text


def test_what_belongs_to_the_screen_stays_there(printed):
    assert not printed.select(".headerlink, .figure-data, .deck-only, .notes")


def test_every_file_it_shows_exists(site, printed):
    shown = [tag["src"] for tag in printed.select("img")] + [
        tag["href"] for tag in printed.select("link[rel=stylesheet]")
    ]
    assert len(shown) > 8
    assert [name for name in shown if not (site / name).is_file()] == []


@pytest.mark.browser
def test_the_contents_name_the_sheets_on_which_the_parts_begin(site, tmp_path):
    with browser_or_skip():
        pass
    target = tmp_path / "deep" / "book.pdf"
    sheets = print_book(site, target)
    reader = PdfReader(target)
    texts = [page.extract_text() for page in reader.pages]
    assert len(texts) == sheets >= 5
    contents = next(text for text in texts if text.startswith("Contents"))
    for title in TITLES:
        (line,) = [line for line in contents.splitlines() if line.startswith(title)]
        number = int(line.split()[-1])
        assert texts[number - 1].startswith(title)
    outline = [entry.title for entry in reader.outline if not isinstance(entry, list)]
    assert outline[-3:] == TITLES
    assert any("Theorem 1.1" in text for text in texts)
    assert not (site / "print.html").exists()
    links = [a.get_object() for page in reader.pages for a in page.get("/Annots", [])]
    assert len([link for link in links if link.get("/Subtype") == "/Link"]) > 10


def test_a_missing_site_or_browser_is_said_in_one_line(site, tmp_path, capsys, monkeypatch):
    assert main([str(tmp_path), str(tmp_path / "x.pdf")]) == 2
    assert "Build it: make book" in capsys.readouterr().err
    monkeypatch.setenv("CHROMIUM", "no-such-program")
    assert main([str(site), str(tmp_path / "x.pdf")]) == 1
    assert "Chromium is missing" in capsys.readouterr().err
