"""Numbers read back from every kind of artist are the numbers that were drawn."""

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from companion.figures.artists import points
from companion.figures.style import new_figure

X = np.array([1.0, 2.0, 4.0])
Y = np.array([3.0, -1.0, 0.5])


@pytest.fixture
def axes():
    return new_figure()[1]


def column(axes, name):
    return np.array([getattr(point, name) for point in points(axes)])


def test_lines(axes):
    axes.plot(X, Y, label="measured")
    assert [point.series for point in points(axes)] == ["measured"] * 3
    assert_array_equal(column(axes, "x"), X)
    assert_array_equal(column(axes, "y"), Y)
    assert np.isnan([point[3:] for point in points(axes)]).all()


def test_a_logarithmic_axis_changes_nothing(axes):
    axes.loglog(X, X**2, label="square")
    assert_array_equal(column(axes, "y"), X**2)


def test_helper_lines_are_left_out(axes):
    axes.plot(X, Y)
    axes.plot(X, Y, label="_guide")
    axes.axhline(1.0)
    assert list(points(axes)) == []


def test_masked_and_missing_values_are_missing(axes):
    axes.plot(X, np.ma.masked_equal(Y, -1.0), label="masked")
    axes.plot(X, [1.0, np.nan, 2.0], label="missing")
    assert_array_equal(np.isnan(column(axes, "y")), [False, True, False] * 2)


@pytest.mark.parametrize("order", [1, -1])
def test_bands_have_their_ends_in_order(axes, order):
    axes.fill_between(X, *(Y - 1, Y + 1)[::order], label="_interval")
    drawn = list(points(axes))
    assert [point.series for point in drawn] == ["band 1"] * 3
    assert_array_equal(column(axes, "x"), X)
    assert_array_equal(column(axes, "low"), Y - 1)
    assert_array_equal(column(axes, "high"), Y + 1)


def test_a_band_with_a_gap_keeps_both_parts(axes):
    x = np.arange(6.0)
    axes.fill_between(x, x, x + 1, where=x != 2, label="interval")
    assert set(column(axes, "x")) == {0, 1, 3, 4, 5}
    assert {point.series for point in points(axes)} == {"interval"}


def test_a_band_along_the_other_axis_is_refused(axes):
    axes.fill_betweenx(X, Y, Y + 1)
    with pytest.raises(ValueError, match="bands between two values"):
        list(points(axes))


def test_error_bars(axes):
    axes.errorbar(X, Y, yerr=[[0.25, 0.5, 1], [1, 2, 4]], fmt="o", label="estimate")
    assert [point.series for point in points(axes)] == ["estimate"] * 3
    assert_array_equal(column(axes, "y"), Y)
    assert_array_equal(column(axes, "low"), Y - [0.25, 0.5, 1])
    assert_array_equal(column(axes, "high"), Y + np.array([1, 2, 4]))


@pytest.mark.parametrize("settings", [{"xerr": 1}, {"yerr": 1, "fmt": "none"}, {}])
def test_other_error_bars_are_refused(axes, settings):
    axes.errorbar(X, Y, label="estimate", **settings)
    with pytest.raises(ValueError, match="error bars"):
        list(points(axes))


def test_scatter(axes):
    axes.scatter(X, Y, label="samples")
    assert_array_equal(column(axes, "x"), X)
    assert_array_equal(column(axes, "y"), Y)


def test_bars_of_either_direction(axes):
    axes.bar(X, Y, width=0.5, label="upright")
    axes.barh(X, Y, label="lying")
    upright, lying = (
        [point for point in points(axes) if point.series == name] for name in ("upright", "lying")
    )
    assert_array_equal([point[1:3] for point in upright], np.c_[X, Y])
    assert_array_equal([point[1:3] for point in lying], np.c_[Y, X])


@pytest.mark.parametrize("origin", ["upper", "lower"])
def test_images_give_each_pixel_its_place(axes, origin):
    values = np.arange(6.0).reshape(2, 3)
    extent = (0, 3, 0, 2) if origin == "lower" else (0, 3, 2, 0)
    axes.imshow(values, origin=origin, extent=extent)
    for point in points(axes):
        assert values[int(point.y), int(point.x)] == point.value


def test_an_image_without_extent_counts_pixels(axes):
    values = np.arange(6.0).reshape(2, 3)
    axes.imshow(values)
    for point in points(axes):
        assert values[round(point.y), round(point.x)] == point.value


def test_images_of_colours_are_refused(axes):
    axes.imshow(np.zeros((2, 2, 3)))
    with pytest.raises(ValueError, match="images of numbers"):
        list(points(axes))


@pytest.mark.parametrize("shading", ["nearest", "gouraud"])
def test_meshes_give_each_value_its_place(axes, shading):
    values = np.arange(6.0).reshape(2, 3)
    mesh = axes.pcolormesh([0, 1, 2], [5, 7], values, shading=shading)
    axes.figure.colorbar(mesh, label="loss")
    drawn = list(points(axes))
    assert {point.series for point in drawn} == {"loss"}
    assert [(p.x, p.y, p.value) for p in drawn] == [
        (x, y, values[i, j]) for i, y in enumerate((5, 7)) for j, x in enumerate((0, 1, 2))
    ]
