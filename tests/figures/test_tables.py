"""A published figure carries its own numbers, and the same figure gives the same bytes."""

import csv
import io
import struct
import zlib

import numpy as np
import pytest
from matplotlib.image import imread
from numpy.testing import assert_array_equal

from companion.figures.style import new_figure
from companion.figures.tables import figure_table, publish, read_table


def decay(label="loss", error=0.0):
    figure, axes = new_figure()
    t = np.linspace(0, 1, 5)
    axes.plot(t, np.exp(-t) * (1 + error), label=label)
    axes.set(xlabel="time", ylabel="loss, mean")
    return figure


def rows(table):
    return list(csv.reader(io.StringIO(table)))


def chunks(png):
    """Kind and content of each chunk, with every checksum verified."""
    at = 8
    while at < len(png):
        length, kind = struct.unpack(">I4s", png[at : at + 8])
        content = png[at + 8 : at + 8 + length]
        (checksum,) = struct.unpack(">I", png[at + 8 + length : at + 12 + length])
        assert checksum == zlib.crc32(kind + content)
        yield kind, content
        at += length + 12


def test_the_table_is_what_was_drawn():
    header, *lines = rows(figure_table(decay()))
    assert header == ["series", "time", "loss, mean"]
    assert {line[0] for line in lines} == {"loss"}
    # Ten digits are written.
    np.testing.assert_allclose(
        [[float(cell) for cell in line[1:]] for line in lines],
        np.c_[np.linspace(0, 1, 5), np.exp(-np.linspace(0, 1, 5))],
        rtol=1e-9,
    )


def test_the_table_travels_in_the_picture():
    figure = decay()
    png = publish(figure)._repr_png_()
    assert read_table(png) == figure_table(figure)
    kinds = [kind for kind, _ in chunks(png)]
    assert kinds[0] == b"IHDR" and kinds[-1] == b"IEND"
    assert kinds.count(b"zTXt") == 1
    assert imread(io.BytesIO(png)).shape == (660, 1040, 4)


def test_the_chunk_is_compressed():
    figure, axes = new_figure()
    axes.plot(np.arange(5000), np.arange(5000) % 7, label="remainder")
    axes.set(xlabel="number", ylabel="remainder")
    inside = dict(chunks(publish(figure)._repr_png_()))[b"zTXt"]
    assert len(inside) < len(figure_table(figure)) / 3


def test_the_same_figure_gives_the_same_bytes():
    assert publish(decay())._repr_png_() == publish(decay())._repr_png_()


def test_another_number_gives_another_table():
    assert figure_table(decay()) != figure_table(decay(error=1e-8))


def test_the_text_beside_the_picture_names_what_is_in_it():
    assert repr(publish(decay())) == "Figure. loss, mean against time: loss."


def test_panels_are_told_apart():
    figure, (above, below) = new_figure(2, share_x=True)
    above.plot([1, 2], [3, 4], label="a")
    below.plot([1, 2], [5, 6], label="a")
    above.set(ylabel="height")
    below.set(xlabel="width", ylabel="depth")
    header, *lines = rows(figure_table(figure))
    assert header == ["panel", "series", "width", "y"]
    assert [line[0] for line in lines] == ["1: height against width"] * 2 + [
        "2: depth against width"
    ] * 2


def test_bands_have_columns_of_their_own():
    figure = decay()
    figure.axes[0].fill_between([0, 1], [0, 0], [1, 2], label="range")
    header, *lines = rows(figure_table(figure))
    assert header == ["series", "time", "loss, mean", "low", "high"]
    assert lines[-1] == ["range", "1", "", "0", "2"]


def test_a_colour_bar_is_no_panel():
    figure, axes = new_figure()
    figure.colorbar(axes.imshow([[1.0, 2.0]]), label="loss")
    axes.set(xlabel="column", ylabel="row")
    assert rows(figure_table(figure)) == [
        ["series", "column", "row", "value"],
        ["loss", "0", "0", "1"],
        ["loss", "1", "0", "2"],
    ]


@pytest.mark.parametrize(
    ("change", "rule"),
    [
        (lambda axes: axes.set_xlabel(""), "no x label"),
        (lambda axes: axes.set_ylabel(""), "no y label"),
        (lambda axes: axes.set_title("Loss"), "no title"),
        (lambda axes: axes.lines[0].set_label("_hidden"), "must show data"),
    ],
)
def test_what_a_reader_would_miss_is_refused(change, rule):
    figure = decay()
    change(figure.axes[0])
    with pytest.raises(ValueError, match=rule):
        publish(figure)


def test_other_images_have_no_table():
    buffer = io.BytesIO()
    decay().savefig(buffer, format="png")
    assert read_table(buffer.getvalue()) is None
    with pytest.raises(ValueError, match="PNG image"):
        read_table(b"GIF89a")


def test_letters_of_every_alphabet_survive():
    assert_array_equal(rows(read_table(publish(decay("Δ λ é"))._repr_png_()))[1][0], "Δ λ é")
