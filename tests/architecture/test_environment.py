"""pyproject.toml, constraints.txt and environment.yml agree with each other and the imports."""

import shutil
from pathlib import Path

import pytest

from tools.environment import imported_names, problems

ROOT = Path(__file__).resolve().parents[2]
PAGE = """---
kernelspec: {display_name: Python 3, language: python, name: python3}
---

```{code-cell} ipython3
%matplotlib inline
import pandas
```
"""


@pytest.fixture
def copy(tmp_path):
    for name in ("pyproject.toml", "constraints.txt", "environment.yml", "postBuild"):
        shutil.copy(ROOT / name, tmp_path)
    for folder in ("src", "book", "tests", "tools"):
        (tmp_path / folder).mkdir()
    return tmp_path


def change(path, old, new):
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))


def test_the_files_agree(none_of):
    none_of(problems(ROOT))


def test_a_copy_agrees_until_something_is_changed(copy):
    assert problems(copy) == []


@pytest.mark.parametrize(
    ("name", "old", "new", "complaint"),
    [
        ("environment.yml", "numpy>=2,<3", "numpy>=1.26,<3", "numpy<3,>=1.26, but pyproject"),
        ("environment.yml", "  - scipy>=1.13\n", "", "lacks scipy"),
        ("environment.yml", "pytorch-cpu>=2.10,<3", "pytorch>=2.10,<3", "lacks torch"),
        ("environment.yml", "python=3.11", "python>=3.11", "one minor"),
        ("environment.yml", "python=3.11", "python=3.10", "one minor"),
        ("environment.yml", "conda-forge", "defaults", "channels"),
        ("constraints.txt", "torch==", "torsh==", "lacks torch"),
        ("constraints.txt", "numpy==2", "numpy==1", "outside pyproject"),
        ("postBuild", "--no-deps ", "", "no-deps"),
    ],
)
def test_each_disagreement_is_named(copy, name, old, new, complaint):
    change(copy / name, old, new)
    assert any(problem.startswith(name) and complaint in problem for problem in problems(copy))


def test_an_import_that_nothing_provides_is_named(copy):
    (copy / "src" / "kernels.py").write_text("import torch\nimport networkx\n")
    (copy / "book" / "page.md").write_text(PAGE)
    (copy / "tools" / "links.py").write_text("import html5lib_or_so\n")
    found = "\n".join(problems(copy))
    assert "imports networkx (networkx), which `dependencies` of pyproject.toml lacks" in found
    assert "imports networkx (networkx), which environment.yml lacks" in found
    assert "book/page.md: imports pandas (pandas), which environment.yml lacks" in found
    assert "tools/links.py: imports html5lib_or_so" in found
    assert "torch" not in found


def test_post_build_must_be_executable(copy):
    (copy / "postBuild").chmod(0o644)
    assert "postBuild: must be executable (chmod +x postBuild)" in problems(copy)


def test_imports_are_read_wherever_they_stand():
    code = "import os, numpy.linalg\nfrom scipy import special\ndef f():\n    import torch as t\n"
    assert imported_names(code) == {"numpy", "scipy", "torch"}
    assert imported_names("from . import near\nfrom companion import ntk") == set()
