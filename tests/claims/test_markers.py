"""Markers are read from the source of the tests, with every way of writing one wrongly."""

import pytest

from companion.claims.markers import claim_markers

GOOD = """\
import pytest

pytestmark = [pytest.mark.claim("AB-0")]


@pytest.mark.claim("AB-1", "AB-2")
def test_plain():
    pass


@pytest.mark.claim("AB-3")
class TestMany:
    @pytest.mark.parametrize("x", [pytest.param(1, marks=pytest.mark.claim("AB-4"))])
    def test_inside(self, x):
        pass


@pytest.mark.slow
async def test_unmarked():
    pass
"""


@pytest.fixture
def markers(tmp_path):
    """Markers of one test file in a working copy of its own."""

    def read(text, name="test_some.py"):
        folder = tmp_path / "tests" / "room"
        folder.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
        return claim_markers(tmp_path)

    return read


def test_every_place_of_a_marker_is_found(markers):
    file = "tests/room/test_some.py"
    assert {(marker.ids, marker.test) for marker in markers(GOOD)} == {
        (("AB-0",), file),
        (("AB-1", "AB-2"), f"{file}::test_plain"),
        (("AB-3",), f"{file}::TestMany"),
        (("AB-4",), f"{file}::TestMany::test_inside"),
    }
    assert all(marker.fault is None for marker in markers(GOOD))


def test_a_marker_knows_its_line(markers):
    lines = {marker.ids: marker.line for marker in markers(GOOD)}
    assert lines[("AB-1", "AB-2")] == 6


@pytest.mark.parametrize(
    ("decorator", "fault"),
    [
        ("@pytest.mark.claim()", "names no row"),
        ("@pytest.mark.claim", "names no row"),
        ("@pytest.mark.claim(ROW)", "literal strings"),
        ("@pytest.mark.claim('AB-1', ROW)", "literal strings"),
        ("@pytest.mark.claim(*ROWS)", "literal strings"),
        ("@pytest.mark.claim(3)", "literal strings"),
        ("@pytest.mark.claim(id='AB-1')", "literal strings"),
    ],
)
def test_a_faulty_marker_says_what_is_wrong(markers, decorator, fault):
    (marker,) = markers(f"import pytest\n\n\n{decorator}\ndef test_it():\n    pass\n")
    assert fault in marker.fault
    assert marker.line == 4


def test_a_marker_where_nothing_is_collected_backs_nothing(markers):
    text = "import pytest\n\n\n@pytest.mark.claim('AB-1')\ndef helper():\n    pass\n"
    (marker,) = markers(text)
    assert "collects no test" in marker.fault
    (_, elsewhere) = markers(text.replace("helper", "test_it"), name="oracles.py")[::-1]
    assert "collects no test" in elsewhere.fault


def test_a_broken_test_file_is_named(markers):
    with pytest.raises(ValueError, match=r"tests/room/test_some\.py cannot be read as Python"):
        markers("def test_it(:\n")
