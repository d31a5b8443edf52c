"""The style of figures: one width, colours told apart in grey and by each kind of eye."""

import io
from itertools import combinations

import numpy as np
import pytest
from matplotlib.colors import to_rgb
from matplotlib.image import imread

from companion.figures.style import STYLES, WIDTH, new_figure, settle_labels, settle_ticks

# Viénot, Brettel and Mollon, "Digital video colourmaps for checking the legibility of displays by
# dichromats", Color Research and Application 24 (1999), equations (8), (9), on linear RGB.
DICHROMATS = {
    "protanope": [[0.11238, 0.88762, 0.0], [0.11238, 0.88762, 0.0], [0.00401, -0.00401, 1.0]],
    "deuteranope": [[0.29275, 0.70725, 0.0], [0.29275, 0.70725, 0.0], [-0.02234, 0.02234, 1.0]],
}


def linear(colour):
    # The transfer function of sRGB.
    rgb = np.array(to_rgb(colour))
    return np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)


def luminance(rgb):
    return rgb @ [0.2126, 0.7152, 0.0722]


def lab(rgb):
    # CIE 1976 from linear sRGB with white point D65.
    to_xyz = np.array(
        [[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]]
    )
    x, y, z = np.cbrt(np.clip(to_xyz @ rgb, 1e-6, None) / [0.9505, 1.0, 1.089])
    return np.array([116 * y - 16, 500 * (x - y), 200 * (y - z)])


def test_no_two_curves_share_a_colour_a_line_or_a_marker():
    for key in ("color", "linestyle", "marker"):
        assert len({style[key] for style in STYLES}) == len(STYLES)


@pytest.mark.parametrize("eye", DICHROMATS)
def test_colours_differ_for_colour_deficient_eyes(eye):
    # A difference of 2.3 in CIE 1976 is just noticeable; 15 is seen at a glance.
    seen = [lab(np.array(DICHROMATS[eye]) @ linear(style["color"])) for style in STYLES]
    assert min(np.linalg.norm(a - b) for a, b in combinations(seen, 2)) > 15


def test_curves_stand_out_from_white():
    # WCAG 2.1, 1.4.11 asks 3 : 1 of graphics that carry meaning alone; the three most used have
    # it, and the others, which line and marker carry as well, have at least 2 : 1.
    contrast = [1.05 / (luminance(linear(style["color"])) + 0.05) for style in STYLES]
    assert min(contrast[:3]) > 3
    assert min(contrast) > 2


def test_the_figure_cycles_through_the_styles():
    _, axes = new_figure()
    lines = [axes.plot([0, 1], [k, k])[0] for k in range(len(STYLES))]
    assert [line.get_color() for line in lines] == [style["color"] for style in STYLES]
    assert [line.get_marker() for line in lines] == [style["marker"] for style in STYLES]
    assert len({str(line.get_linestyle()) + str(line._dash_pattern) for line in lines}) == 7


@pytest.mark.parametrize(("rows", "columns"), [(1, 1), (2, 1), (3, 2)])
def test_every_figure_has_the_same_width(rows, columns):
    figure, axes = new_figure(rows, columns)
    assert figure.get_figwidth() == WIDTH
    assert np.size(axes) == rows * columns


def test_type_is_readable_on_a_phone():
    # A phone shows a figure about 358 pixels wide; below 9 pixels type is hard to read.
    _, axes = new_figure()
    sizes = [axes.xaxis.label.get_size(), axes.get_xticklabels()[0].get_size()]
    assert min(sizes) / 72 * 358 / WIDTH > 9


@pytest.mark.parametrize(("arguments", "rule"), [((0, 1), "`rows`"), ((1, 3), "`columns`")])
def test_impossible_panels_are_refused(arguments, rule):
    with pytest.raises(ValueError, match=rule):
        new_figure(*arguments)


def labels_overlap(figure, axis):
    figure.canvas.draw()
    boxes = [
        label.get_window_extent()
        for label in (*axis.get_ticklabels(minor=False), *axis.get_ticklabels(minor=True))
        if label.get_text() and label.get_visible()
    ]
    return any(a.overlaps(b) for a, b in combinations(boxes, 2))


@pytest.mark.parametrize("last", [2.0, 30.0, 90.0, 1e4])
def test_labels_of_a_logarithmic_axis_do_not_collide(last):
    figure, axes = new_figure()
    axes.loglog(np.geomspace(1, last, 5), np.geomspace(1, 7, 5))
    settle_ticks(figure)
    assert not labels_overlap(figure, axes.xaxis)
    texts = [label.get_text() for label in axes.get_yticklabels()]
    assert {"1", "2", "5"} <= set(texts)


@pytest.mark.parametrize(("rows", "words"), [(1, 3), (1, 14), (2, 14)])
def test_a_long_label_is_broken_into_lines_that_fit(rows, words):
    figure, axes = new_figure(rows)
    for panel in np.atleast_1d(axes):
        panel.plot([0, 1], [0, 1])
        panel.set(xlabel="time", ylabel=" ".join(["residual"] * words))
    settle_labels(figure)
    figure.draw_without_rendering()
    for panel in figure.axes:
        label, frame = panel.yaxis.label, panel.get_window_extent()
        assert label.get_text().split() == ["residual"] * words
        assert label.get_window_extent().height <= frame.height
        assert ("\n" in label.get_text()) == (words > 3)


def test_one_long_word_cannot_be_broken():
    figure, axes = new_figure()
    axes.set(xlabel="x" * 99, ylabel="y")
    settle_labels(figure)
    assert axes.get_xlabel() == "x" * 99


def test_ticks_set_by_hand_stay():
    figure, axes = new_figure()
    axes.loglog([8, 64], [1, 2])
    axes.set_xticks([8, 16, 32, 64], ["8", "16", "32", "64"])
    settle_ticks(figure)
    assert [label.get_text() for label in axes.get_xticklabels()] == ["8", "16", "32", "64"]


def test_the_first_lines_are_told_apart_without_colour():
    # Rendered and turned to grey: the number of dashes along each of four level lines differs by
    # more than a quarter of the smaller one.
    figure, axes = new_figure()
    for k in range(4):
        axes.plot(np.linspace(0, 1, 50), np.full(50, k), marker="None")
    axes.grid(False)
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png")
    grey = imread(io.BytesIO(buffer.getvalue()))[..., :3].mean(axis=2)
    heights = [axes.transData.transform((0.5, k))[1] for k in range(4)]
    left, right = (int(axes.transData.transform((x, 0))[0]) for x in (0.05, 0.95))
    ink = [grey[round(len(grey) - h), left:right] < 0.9 for h in heights]
    dashes = [1 + np.count_nonzero(np.diff(row.astype(int)) == 1) for row in ink]
    assert ink[0].all()
    assert all(max(pair) > 1.25 * min(pair) for pair in combinations(dashes, 2))
