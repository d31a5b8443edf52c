"""The numbers and lines of a slider figure's page, one by one."""

import re

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from companion.figures.coordinates import Axis, axis_for
from companion.figures.slider_page import MARKS, Curve, Slider, SliderPage, rounded
from companion.figures.style import STYLES


def page(points, values, *, scale="linear", low=0.0, high=1.0):
    points, values = np.asarray(points, float), np.asarray(values, float)
    x = Axis("linear", points.min(), points.max(), "x", ())
    curve = Curve("y", values, [values.ndim == 2])
    slider = Slider("p", np.arange(1.0, 3.0), 0)
    y = axis_for(np.array([low, high]), scale, "y", margin=False)
    return SliderPage("name", "label", x, y, points, [slider], [curve])


def test_a_path_by_hand():
    # Frame: left 64, top 10, 344 wide, 226 high; 0.25 stands three quarters down.
    one = page([0, 1, 2], [0, 0.25, 1])
    assert one.path(one.curves[0], [0]) == "M64.0 236.0L236.0 179.5L408.0 10.0"


def test_a_path_on_a_logarithmic_axis():
    one = page([0, 1, 2], [0.01, 0.1, 1], scale="log", low=0.01, high=1.0)
    assert one.path(one.curves[0], [1]) == "M64.0 236.0L236.0 123.0L408.0 10.0"


def test_the_position_of_the_slider_chooses_the_curve():
    one = page([0, 1], [[0, 0], [1, 1]])
    assert one.path(one.curves[0], [0]) == "M64.0 236.0L408.0 236.0"
    assert one.path(one.curves[0], [1]) == "M64.0 10.0L408.0 10.0"


def numbers_along(low, high):
    html = page([0, 1], [low, high], scale="log", low=low, high=high).html()
    return re.findall(r'text-anchor="end">(.*?)</text>', html)


def test_numbers_along_a_logarithmic_axis_are_all_plain_or_all_powers():
    assert numbers_along(1.0, 50.0) == ["1", "2", "5", "10", "20", "50"]
    powers = numbers_along(1e-4, 1.0)
    expected = ["10\u22124", "10\u22123", "10\u22122", "10\u22121", "100"]
    assert [re.sub("<.*?>", "", text) for text in powers] == expected
    # Two, not ten to the power of a rounded logarithm.
    assert re.sub("<.*?>", "", numbers_along(2e5, 6e5)[0]) == "2\u00b7105"


def test_few_points_have_markers_and_many_have_none():
    few, many = page([0, 1], [0, 1]), page(np.arange(40), np.linspace(0, 1, 40))
    assert 'marker-mid="url(#name-mark-0)"' in few.html()
    assert "marker-mid" not in many.html()


def test_every_style_that_a_curve_can_have_has_its_marker():
    assert {style["marker"] for style in STYLES[:6]} == set(MARKS)


@pytest.mark.parametrize(
    ("value", "short"),
    [(1 / 3, 0.33333), (123456.0, 123460.0), (-1e-12 / 7, -1.4286e-13), (0.0, 0.0)],
)
def test_rounding(value, short):
    assert rounded(np.array([value]))[0] == short


def test_rounding_keeps_shape_and_gaps(rng):
    values = rng.standard_normal((3, 4))
    values[1, 2] = np.nan
    # Half a unit in the fifth digit of a number that begins with 1.
    assert_allclose(rounded(values), values, rtol=5.1e-5)
    assert_array_equal(np.isnan(rounded(values)), np.isnan(values))


def test_the_slider_says_short_numbers():
    assert Slider("p", np.array([0.1, 64.0, 1e-7 / 3]), 0).texts() == ["0.1", "64", "3.3333e-08"]
