"""Labels are found wherever a page can put one, and nowhere else."""

import pytest

from companion.claims.labels import page_labels

PAGE = """\
---
jupytext:
  text_representation: {extension: .md}
kernelspec:
  name: python3
---

(sec-root)=
# A root

$$
x^2 = 2
$$ (eq-square)

```{prf:theorem} A theorem
:label: Thm-Root

There is $x$ with $x^2 = 2$.
```

::::{div} slide
:::{figure} picture.png
:name: fig-inside
A picture.
:::
::::

```{math}
:label: eq-cube
x^3
```

```{exercise}
:label: ex-one
:class: dropdown

Find it.
```

```{code-cell} ipython3
---
mystnb:
  figure:
    caption: |
      A caption with a colon: name
    name: fig-cell
  image: {alt: words}
tags: [hide-input]
---
name: str = "not-a-label"
label = "(not-this)="
```

```{code-cell} ipython3
---
mystnb: {figure: {caption: words, name: fig-flow}}
---
draw()
```

```markdown
(shown-only)=
:label: shown-too
```

Text (in-a-sentence)= is none.
(after-code)=
"""


@pytest.fixture
def book(tmp_path):
    (tmp_path / "chapters").mkdir()
    (tmp_path / "chapters" / "a-page.md").write_text(PAGE)
    for folder in ("_build", ".hidden"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "copy.md").write_text("(copied)=\n# A copy\n")
    return tmp_path


def test_every_kind_of_label_is_found_and_nothing_else(book):
    assert set(page_labels(book)) == {
        "sec-root",
        "eq-square",
        "Thm-Root",
        "fig-inside",
        "eq-cube",
        "ex-one",
        "fig-cell",
        "fig-flow",
        "after-code",
    }


@pytest.mark.parametrize(
    ("label", "fragment"),
    [
        ("sec-root", "sec-root"),
        ("Thm-Root", "Thm-Root"),
        ("eq-square", "equation-eq-square"),
        ("eq-cube", "equation-eq-cube"),
        ("fig-cell", "fig-cell"),
    ],
)
def test_addresses_are_those_of_the_built_page(book, label, fragment):
    assert page_labels(book)[label].address == f"chapters/a-page.html#{fragment}"


def test_a_label_knows_its_file_and_line(book):
    label = page_labels(book)["sec-root"]
    assert label.page == "chapters/a-page.md"
    assert PAGE.splitlines()[label.line - 1] == "(sec-root)="
