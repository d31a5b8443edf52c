"""One address of the repository; every link is made from it."""

import subprocess
from pathlib import Path

import pytest

from tools.repository import AddressError, address, checked, disagreements, rewrite

ROOT = Path(__file__).resolve().parents[2]
OLD = "https://github.com/OWNER/companion"
NEW = "https://github.com/someone/flow-book"

FILES = {
    "pyproject.toml": f'[project]\nname = "x"\n[project.urls]\nRepository = "{OLD}"\n',
    "_config.yml": f"repository:\n  url: {OLD}\n",
    "CITATION.cff": f'repository-code: "{OLD}"\n',
    "README.md": f"git clone {OLD}.git\n[b](https://mybinder.org/v2/gh/OWNER/companion/main)\n",
    "page.ipynb": f'"source": ["clone = [\\"git\\", \\"{OLD}\\"]"]\n',
    "other.md": f"{OLD}-theme, {OLD}.js and https://github.com/OWNER/companions are not ours.\n",
}
# A link to this repository that names another one, in each form a link can have.
WRONG = {
    "Binder": "https://mybinder.org/v2/gh/OWNER/elsewhere/main?urlpath=lab",
    "Colab": "https://colab.research.google.com/github/other/companion/blob/main/a.ipynb",
    "clone": "git clone --depth 1 https://github.com/other/companion.git",
    "install": "pip install git+https://github.com/other/companion",
    "issues": "https://github.com/other/companion/issues/new",
    "site": "repository:\n  url: https://github.com/other/companion\n",
    "citation": 'repository-code: "https://github.com/other/companion"\n',
}


@pytest.fixture
def repository(tmp_path):
    for name, text in FILES.items():
        (tmp_path / name).write_text(text)
    subprocess.run(["git", "init", "-q"], cwd=tmp_path, check=True)
    return tmp_path


def test_every_link_of_the_project_names_its_address(none_of):
    none_of(disagreements(ROOT))


def test_setting_the_address_changes_every_link(repository):
    assert disagreements(repository) == []
    changed = rewrite(repository, NEW)
    assert sorted(changed) == sorted(set(FILES) - {"other.md"})
    assert address(repository) == NEW
    assert disagreements(repository) == []
    everything = "".join((repository / name).read_text() for name in changed)
    assert "OWNER" not in everything
    assert f"git clone {NEW}.git" in everything
    assert "mybinder.org/v2/gh/someone/flow-book/main" in everything
    assert (repository / "other.md").read_text() == FILES["other.md"]


def test_setting_it_back_restores_every_byte(repository):
    rewrite(repository, NEW)
    rewrite(repository, OLD)
    assert {name: (repository / name).read_text() for name in FILES} == FILES


@pytest.mark.parametrize("link", WRONG.values(), ids=WRONG)
def test_a_link_elsewhere_is_named_with_its_line(repository, link):
    (repository / "chapter.md").write_text(f"first line\n{link}\n")
    (problem,) = disagreements(repository)
    assert problem.startswith(("chapter.md:2: ", "chapter.md:3: "))


@pytest.mark.parametrize("name", ["README.md", "CITATION.cff", "_config.yml"])
def test_a_file_that_must_name_the_address_is_missed(repository, name):
    (repository / name).write_text("nothing\n")
    assert disagreements(repository) == [f"{name}: does not name {OLD}"]


@pytest.mark.parametrize(
    "url",
    [
        "",
        "github.com/a/b",
        "https://github.com/a",
        "https://github.com/a/b.git",
        "git@github.com:a/b",
        "https://gitlab.com/a/b",
        "https://github.com/a/b/",
        "https://github.com/a/b c",
    ],
)
def test_an_unusable_address_is_refused(repository, url):
    with pytest.raises(AddressError, match=r"`URL` must be of the form https://github\.com/"):
        rewrite(repository, url)
    assert address(repository) == OLD


def test_a_missing_address_is_named(repository):
    (repository / "pyproject.toml").write_text('[project]\nname = "x"\n')
    with pytest.raises(AddressError, match=r"pyproject\.toml.*Repository"):
        address(repository)


def test_a_usable_address_is_returned():
    assert checked("https://github.com/a-b/c.d_e") == "https://github.com/a-b/c.d_e"
