"""A figure with sliders: what it shows without its script, and what it refuses."""

import json
import re
from html.parser import HTMLParser

import numpy as np
import pytest
import xarray as xr

from companion.figures.interactive import slider_figure
from companion.figures.tables import slider_table

LABEL = "The loss falls with time; the bound lies above it at every width."


@pytest.fixture
def data():
    width, t = np.array([16.0, 64.0, 256.0]), np.linspace(0, 4, 9)
    return xr.Dataset(
        {
            "loss": (("width", "t"), np.exp(-t * np.sqrt(width[:, None] / 64))),
            "bound": ("t", 2 * np.exp(-t / 4)),
        },
        coords={
            "width": ("width", width, {"long_name": "width of the network"}),
            "t": ("t", t, {"long_name": "time", "units": "flow time"}),
        },
    ).assign_attrs()


def figure(data, **changes):
    settings = {"x": "t", "sliders": ["width"], "name": "decay", "label": LABEL}
    return slider_figure(data, **{**settings, **changes})


def html_of(data, **changes):
    return figure(data, **changes)._repr_html_()


class Reader(HTMLParser):
    """Collects every start tag with its attributes, and checks that tags are closed."""

    VOID = ("input", "path")

    def __init__(self, html):
        super().__init__()
        self.tags, self.open = [], []
        self.feed(html)
        assert self.open == []

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def all(self, tag):
        return [attributes for name, attributes in self.tags if name == tag]


def test_the_picture_is_there_without_the_script(data):
    reader = Reader(html_of(data, start={"width": 64.0}))
    picture = next(a for a in reader.all("svg") if a.get("role") == "img")
    assert picture["aria-label"] == LABEL
    curves = [a["d"] for a in reader.all("path") if "data-curve" in a]
    assert len(curves) == 2
    assert all(path.count("L") == 8 for path in curves)


def test_a_curve_runs_through_its_values_by_hand():
    # The frame is 344 wide from 64 and 226 high from 10; values 0 and 1 have 4 % of room.
    line = xr.Dataset(
        {"y": (("p", "x"), [[0.0, 1.0], [1.0, 0.0]])}, coords={"p": [1.0, 2.0], "x": [0.0, 1.0]}
    )
    html = html_of(line, x="x", sliders=["p"])
    bottom, top = 10 + 226 * (1.04 / 1.08), 10 + 226 * (0.04 / 1.08)
    assert f'd="M64.0 {bottom:.1f}L408.0 {top:.1f}"' in html
    second = html_of(line, x="x", sliders=["p"], start={"p": 2.0})
    assert f'd="M64.0 {top:.1f}L408.0 {bottom:.1f}"' in second


def test_sliders_are_native_labelled_and_speak(data):
    reader = Reader(html_of(data, start={"width": 64.0}))
    (slider,) = reader.all("input")
    assert slider["type"] == "range"
    assert (slider["min"], slider["max"], slider["step"], slider["value"]) == ("0", "2", "1", "1")
    assert slider["aria-valuetext"] == "64"
    (label,) = reader.all("label")
    assert label["for"] == slider["id"] == "decay-1"
    assert "width of the network" in html_of(data)


def test_nothing_is_fetched(data):
    reader = Reader(html_of(data))
    for _, attributes in reader.tags:
        assert not {"src", "href", "srcset"} & set(attributes)
    assert "http" not in html_of(data)


def test_data_are_the_datasets_to_five_digits(data):
    (found,) = re.findall(r'<script type="application/json">(.*?)</script>', html_of(data))
    content = json.loads(found)
    # Rounding to five digits changes a number by at most half a unit in the fifth.
    for curve, name in zip(content["curves"], ("loss", "bound"), strict=True):
        np.testing.assert_allclose(curve["values"], data[name], rtol=5.1e-5)
    assert [curve["along"] for curve in content["curves"]] == [[True], [False]]


def test_the_table_has_every_value_of_every_slider(data):
    lines = slider_table(html_of(data)).splitlines()
    assert lines[0] == "width of the network,time (flow time),loss,bound"
    assert len(lines) == 1 + 3 * 9
    assert lines[-1].startswith("256.0,4.0,0.00033546,0.73576")


def test_order_of_dimensions_does_not_matter(data):
    assert html_of(data.transpose("t", "width")) == html_of(data)


def test_two_sliders(data):
    two = data.expand_dims(depth=[2.0, 3.0]).assign(bound=data.bound)
    reader = Reader(html_of(two, sliders=["width", "depth"]))
    assert [a["max"] for a in reader.all("input")] == ["2", "1"]
    assert len(slider_table(html_of(two, sliders=["depth", "width"])).splitlines()) == 1 + 54


def test_gaps_stay_gaps(data):
    loss = data["loss"].copy()
    loss[:, 4] = np.nan
    html = html_of(data.assign(loss=loss), curves=["loss"])
    path = re.search(r'data-curve="0"[^>]* d="([^"]*)"', html)[1]
    assert path.count("M") == 2 and path.count("L") == 6
    assert "NaN" not in html
    zero = data.assign(loss=data["loss"] - data["loss"].min())
    path = re.search(
        r'data-curve="0"[^>]* d="([^"]*)"',
        html_of(zero, curves=["loss"], y_scale="log", start={"width": 256.0}),
    )[1]
    assert path.count("L") == 7


def test_a_script_in_a_label_stays_text(data):
    data["loss"].attrs["long_name"] = "</script><b>loss"
    html = html_of(data, y_label="loss")
    Reader(html)
    assert "<b>" not in html
    assert slider_table(html).splitlines()[0].endswith("</script><b>loss,bound")


def test_two_figures_of_a_page_do_not_meet(data):
    one, other = (set(re.findall(r'id="([^"]+)"', html_of(data, name=n))) for n in ("a", "b"))
    assert one and not one & other


def test_the_sentence_stands_where_there_is_no_html(data):
    assert repr(figure(data)) == f"Figure with sliders. {LABEL}"


@pytest.mark.parametrize(
    ("changes", "rule"),
    [
        ({"sliders": []}, "`sliders` must be a list of one or two"),
        ({"sliders": "width"}, "`sliders` must be a list of one or two"),
        ({"sliders": ["depth"]}, "`sliders` must name a dimension .* got 'depth'"),
        ({"x": "time"}, "`x` must name a dimension"),
        ({"curves": []}, "`curves` must name 1 to 6"),
        ({"curves": ["gain"]}, "`curves` must name variables; got 'gain'"),
        ({"sliders": ["t"], "x": "width"}, "'bound' has the dimensions"),
        ({"name": "My figure"}, "`name` must be lower-case words"),
        ({"label": "loss"}, "`label` must say what the picture shows"),
        ({"start": {"width": 65.0}}, "`start` must be one of 'width': 16, 64, 256; got 65.0"),
        ({"start": {"t": 0.0}}, "`start` must name sliders; got 't'"),
    ],
)
def test_bad_figures_are_refused(data, changes, rule):
    unchecked = getattr(slider_figure, "__wrapped__", slider_figure)
    settings = {"x": "t", "sliders": ["width"], "name": "decay", "label": LABEL}
    with pytest.raises(ValueError, match=rule):
        unchecked(data, **{**settings, **changes})
