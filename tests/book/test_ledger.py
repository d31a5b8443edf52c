"""Every verdict is backed, every row renders, and the marker's checks fail when they should."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from bs4 import BeautifulSoup

from companion.claims.evidence import unsupported
from companion.claims.labels import page_labels
from companion.claims.ledger import FOLDER, load_ledger
from companion.claims.markers import claim_markers

ROOT = Path(__file__).resolve().parents[2]
EXTENSIONS = ROOT / "book" / "_ext"


def test_every_verdict_has_its_test_and_its_place_in_the_book():
    found = unsupported(load_ledger(), page_labels(ROOT / "book"), claim_markers(ROOT))
    if found:
        pytest.fail("\n".join(found), pytrace=False)


# The marker -------------------------------------------------------------------------------------


def run_pytest(folder, text):
    """Exit status and output of pytest on one file, with the plugin and hardly anything else."""
    (folder / "test_it.py").write_text(f"import pytest\n{text}")
    flags = ["-q", "-rA", "-p", "claims_plugin", "-p", "no:cacheprovider", "-c", os.devnull]
    done = subprocess.run(
        [sys.executable, "-m", "pytest", *flags, "--rootdir", str(folder), "test_it.py"],
        cwd=folder,
        env={"PYTHONPATH": str(ROOT / "tests"), "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"},
        capture_output=True,
        text=True,
    )
    return done.returncode, done.stdout + done.stderr


def test_a_marker_must_name_a_row(tmp_path):
    status, text = run_pytest(
        tmp_path,
        """
@pytest.mark.claim("LL-Thm1", "LL-Thm99")
def test_unknown(): pass

@pytest.mark.claim()
def test_empty(): pass

@pytest.mark.claim("LL-Thm1", "CH-Lem5")
def test_good(): pass
""",
    )
    assert status == pytest.ExitCode.USAGE_ERROR
    assert "test_it.py::test_unknown: the ledger has no row 'LL-Thm99'" in text
    assert "test_it.py::test_empty: the marker names no row" in text
    assert "test_good" not in text


def test_a_test_of_a_claim_must_run_and_pass(tmp_path):
    status, text = run_pytest(
        tmp_path,
        """
@pytest.mark.claim("LL-Thm1")
def test_skipped(): pytest.skip("later")

@pytest.mark.xfail
@pytest.mark.claim("LL-Thm1")
def test_expected_to_fail(): assert 0

@pytest.mark.skip
@pytest.mark.claim("LL-Thm1")
def test_never_run(): pass

@pytest.mark.claim("LL-Thm1", "CH-Lem5")
def test_good(): pass

def test_of_no_claim(): pytest.skip("not here")
""",
    )
    assert status == pytest.ExitCode.TESTS_FAILED
    for name in ("skipped", "expected_to_fail", "never_run"):
        failed = ("FAILED", "ERROR")  # a mark skips in the set-up of a test
        assert any(f"{word} test_it.py::test_{name} - a test that" in text for word in failed), (
            name
        )
    assert "PASSED test_it.py::test_good" in text
    assert "1 passed, 1 skipped" in text


def test_the_plugin_is_in_force_here(request):
    assert request.config.pluginmanager.has_plugin("claims_plugin")


# The pages --------------------------------------------------------------------------------------

SMALL_LEDGER = """\
schema: 1
order: 1
prefix: AB
title: A title
authors: An Author
source: nowhere
rows:
- id: AB-Thm1
  place: Section 1
  statement: There is $x$ with $x^2=2$ & *no* <b>other</b>.
  verdict: constant
  evidence: sec-root
  correction: There are two, $x=\\pm\\sqrt2$.
- id: AB-Thm2
  place: Section 2
  statement: A theorem.
  verdict: holds
  evidence: thm-two
- id: AB-Fig1
  place: Figure 1
  statement: A figure.
  verdict: illustrated
  evidence: eq-square
- id: AB-2.1
  place: Section 3
  statement: A belief.
  verdict: open
  reason: Nothing $y$ follows.
"""

INDEX = """\
# Chapter

```{claims} AB
```

The first row is {ref}`claim-ab-thm1`.

```{toctree}
page
ledger
```
"""

PAGE = """\
# Page

(sec-root)=
## A root

```{prf:theorem} Two
:label: thm-two

There are two.
```

```{math}
:label: eq-square
x^2 = 2
```
"""

LEDGER = """\
# Ledger

```{claims-counts}
```

```{claims-filter}
```

## A document

```{claims} a_document
:home:
```
"""


def built(folder, pages, ledger):
    """A book of these pages with the ledger's extension: folder of HTML files, and warnings."""
    source = folder / "source"
    source.mkdir()
    for name, text in pages.items():
        (source / f"{name}.md").write_text(text)
    (source / "conf.py").write_text(
        f"import sys\nsys.path.insert(0, {str(EXTENSIONS)!r})\n"
        'extensions = ["myst_parser", "sphinx_proof", "ledger"]\n'
        'myst_enable_extensions = ["dollarmath", "amsmath"]\n'
        f"ledger_folder = {str(ledger)!r}\nhtml_theme = 'basic'\n"
    )
    done = subprocess.run(
        [sys.executable, "-m", "sphinx", "-q", "-n", "-b", "html", source, folder / "html"],
        capture_output=True,
        text=True,
    )
    return folder / "html", done.stdout + done.stderr


@pytest.fixture(scope="module")
def small(tmp_path_factory):
    """Pages of a two-page book on a ledger of four rows, by name."""
    folder = tmp_path_factory.mktemp("small")
    ledger = folder / "rows"
    ledger.mkdir()
    (ledger / "a_document.yml").write_text(SMALL_LEDGER)
    html, warnings = built(folder, {"index": INDEX, "page": PAGE, "ledger": LEDGER}, ledger)
    assert warnings == ""
    return {
        name: BeautifulSoup((html / f"{name}.html").read_text(), "html.parser")
        for name in ("index", "ledger", "page")
    }, html


def row_of(page, name):
    return page.find("tr", id=f"claim-{name}")


@pytest.mark.parametrize("name", ["index", "ledger"])
def test_a_row_shows_id_place_statement_verdict_and_correction(small, name):
    row = row_of(small[0][name], "ab-thm1")
    assert row.find("a", href="#claim-ab-thm1").text == "AB-Thm1"
    assert row.find(class_="claim-place").text == "Section 1"
    assert row.find(class_="verdict").text == "constant"
    statement = row.find(class_="claim-statement")
    formulas = [math.text for math in statement.find_all(class_="math")]
    assert formulas == [r"\(x\)", r"\(x^2=2\)", r"\(x=\pm\sqrt2\)"]
    assert statement.find("em").text == "no"
    assert "Correction." in statement.text
    assert "$" not in statement.text


def test_an_open_row_gives_its_reason(small):
    statement = row_of(small[0]["ledger"], "ab-2-1").find(class_="claim-statement")
    assert "Remark. Nothing" in statement.text
    assert row_of(small[0]["ledger"], "ab-2-1").find(class_="claim-evidence") is None


@pytest.mark.parametrize(
    ("row", "target", "text"),
    [
        ("ab-thm1", "page.html#sec-root", "A root"),
        ("ab-thm2", "page.html#thm-two", "Theorem"),
        ("ab-fig1", "page.html#equation-eq-square", "Equation (1)"),
    ],
)
def test_the_evidence_is_a_link_that_leads_somewhere(small, row, target, text):
    pages, _ = small
    link = row_of(pages["ledger"], row).find(class_="claim-evidence").find("a")
    assert link["href"] == target
    assert link.text.startswith(text)
    assert pages["page"].find(id=target.partition("#")[2])


def test_a_reference_leads_to_the_permanent_row(small):
    link = small[0]["index"].find("a", href="ledger.html#claim-ab-thm1")
    assert link.text == "AB-Thm1"


def test_counts_and_form_come_from_the_ledger(small):
    page = small[0]["ledger"]
    table = page.find("table", class_="claims-counts")
    cells = {row.find("td").text.split()[0]: row.find_all("td") for row in table.tbody("tr")}
    assert [head.text for head in table.thead("th")] == ["Verdict", "AB", "All"]
    assert cells["constant"][1].text == cells["open"][2].text == "1"
    assert cells["exact"][1].text == "0" and cells["all"][2].text == "4"
    form = page.find("form", class_="claims-filter")
    assert form.has_attr("hidden")  # until the script brings it to life
    values = {option["value"] for option in form.find_all("option")}
    for row in page.find("table", class_="claims").tbody("tr"):
        assert {name for name in row["class"] if name.startswith("claim-")} <= values


def test_assets_come_along_where_they_are_needed(small):
    pages, html = small
    for name in ("index", "ledger"):
        assert pages[name].find("script", src=lambda src: src and "ledger.js" in src)
        assert pages[name].find("link", href=lambda href: href and "ledger.css" in href)
    assert not pages["page"].find("script", src=lambda src: src and "ledger.js" in src)
    assert (html / "_static" / "ledger.js").is_file()
    assert (html / "_static" / "ledger.css").is_file()


@pytest.mark.parametrize(
    ("page", "message"),
    [
        ("# A\n\n```{claims} ZZ\n```\n", "`document` must be one of AB, a_document; got 'ZZ'"),
        ("# A\n\n```{claims} AB\n```\n", "ledger row AB-Thm2: no page of the book has the label"),
    ],
    ids=["unknown document", "unknown label"],
)
def test_what_is_wrong_is_warned_of(tmp_path, page, message):
    ledger = tmp_path / "rows"
    ledger.mkdir()
    (ledger / "a_document.yml").write_text(SMALL_LEDGER)
    _, warnings = built(tmp_path, {"index": page}, ledger)
    assert message in " ".join(warnings.split())


def test_a_broken_ledger_is_warned_of(tmp_path):
    ledger = tmp_path / "rows"
    ledger.mkdir()
    (ledger / "a_document.yml").write_text(SMALL_LEDGER.replace("constant", "constent"))
    _, warnings = built(tmp_path, {"index": "# A\n\n```{claims-counts}\n```\n"}, ledger)
    assert "a_document.yml, line 11, row AB-Thm1: `verdict` must be" in " ".join(warnings.split())


def test_every_row_of_the_real_ledger_renders(tmp_path):
    ledger = load_ledger()
    tables = "\n".join(f"```{{claims}} {one.prefix}\n:home:\n```\n" for one in ledger.documents)
    # The pages that hold the evidence are not part of this book: one page has all the labels.
    labels = "\n".join(f"({one})=\n\n## {one}\n" for one in sorted(evidence_of(ledger)))
    html, warnings = built(tmp_path, {"index": f"# Ledger\n\n{tables}\n{labels}"}, FOLDER)
    assert warnings == ""
    page = BeautifulSoup((html / "index.html").read_text(), "html.parser")
    for claim in ledger.claims:
        statement = row_of(page, claim.anchor.removeprefix("claim-")).find(
            class_="claim-statement"
        )
        # A formula that was cut so that lines can break is the formula that was written.
        shown = statement.text.replace("\\)\u200b\\({}", "")
        written = [claim.statement, claim.correction or "", claim.reason or ""]
        formulas = [formula for text in written for formula in text.split("$")[1::2]]
        assert re.findall(r"\\\((.*?)\\\)", shown) == formulas, claim.id
        words = re.sub(r"\\\(.*?\\\)", "", shown)
        assert not set("$\\{}`") & set(words), claim.id


def evidence_of(ledger):
    return {claim.evidence for claim in ledger.claims} - {None}


# The script of the filter, in a browser ---------------------------------------------------------

DRIVEN = """addEventListener("load", () => {
  const form = document.querySelector("form.claims-filter");
  const shown = () => [
    form.elements.shown.textContent,
    ...[...document.querySelectorAll("table.claims tbody tr")]
      .filter((row) => !row.hidden && !row.closest("section").hidden)
      .map((row) => row.id),
  ];
  const log = [shown()];
  const choose = (name, value) => {
    form.elements[name].value = value;
    form.dispatchEvent(new Event("input"));
    log.push(shown());
  };
  choose("verdict", "claim-is-open");
  choose("words", "nowhere");
  choose("verdict", "");
  choose("words", "FIGURE  section");
  choose("words", "FIGURE");
  choose("document", "claim-of-a-document");
  document.body.dataset.log = JSON.stringify(log);
});
"""


@pytest.mark.browser
def test_the_filter_works_from_a_folder(small, tmp_path):
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    if chromium is None:
        pytest.skip("no Chromium is installed")
    html = tmp_path / "html"
    shutil.copytree(small[1], html)
    page = html / "ledger.html"
    page.write_text(page.read_text().replace("</head>", f"<script>{DRIVEN}</script></head>"))
    flags = ["--headless", "--no-sandbox", "--disable-gpu", "--virtual-time-budget=5000"]
    profile = f"--user-data-dir={tmp_path / 'profile'}"
    done = subprocess.run(
        [chromium, *flags, profile, "--dump-dom", page.as_uri()],
        capture_output=True,
        text=True,
        timeout=100,
    )
    dom = BeautifulSoup(done.stdout, "html.parser")
    assert not dom.find("form", class_="claims-filter").has_attr("hidden")
    everything = ["claim-ab-thm1", "claim-ab-thm2", "claim-ab-fig1", "claim-ab-2-1"]
    assert json.loads(dom.body["data-log"]) == [
        ["4 of 4 rows", *everything],
        ["1 of 4 rows", "claim-ab-2-1"],
        ["0 of 4 rows"],
        ["0 of 4 rows"],
        ["0 of 4 rows"],
        ["1 of 4 rows", "claim-ab-fig1"],
        ["1 of 4 rows", "claim-ab-fig1"],
    ]
