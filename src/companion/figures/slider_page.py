"""The HTML of a figure with sliders: picture, legend, controls, data and script."""

import json
import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from html import escape
from importlib.resources import files
from typing import Any

import numpy as np
from jaxtyping import Float

from companion.figures.coordinates import Axis
from companion.figures.style import STYLES

# The picture, in units that are about the pixels of a phone: its type is 12 to 13 of them high.
SIZE = (420, 290)
BOX = (64.0, 10.0, 344.0, 226.0)  # left, top, width and height of the frame
FEW = 16  # points; up to so many, each has a marker
DIGITS = 5

# The markers of the styles, as outlines in a square from -5 to 5.
MARKS = {
    "o": "M-4 0A4 4 0 1 1 4 0A4 4 0 1 1-4 0Z",
    "s": "M-3.6-3.6H3.6V3.6H-3.6Z",
    "^": "M0-4.4L4.4 3.6H-4.4Z",
    "D": "M0-4.6L4.6 0L0 4.6L-4.6 0Z",
    "v": "M0 4.4L4.4-3.6H-4.4Z",
    "P": "M-1.4-4.4H1.4V-1.4H4.4V1.4H1.4V4.4H-1.4V1.4H-4.4V-1.4H-1.4Z",
}


@dataclass(frozen=True)
class Slider:
    """A slider: what it says, its values, and the index of the one that is shown first."""

    label: str
    values: Float[np.ndarray, " k"]
    start: int

    def texts(self) -> list[str]:
        """What the slider says at each of its values.

        Returns
        -------
        The values as short numbers.

        Scale
        -----
        Five significant digits.
        """
        return [f"{value:.{DIGITS}g}" for value in self.values]


@dataclass(frozen=True)
class Curve:
    """A curve: its name, its values, and along which of the sliders it changes."""

    label: str
    values: Float[np.ndarray, "*shape"]
    along: list[bool]


@dataclass(frozen=True)
class SliderPage:
    """All that a figure with sliders shows, ready to be written."""

    name: str
    label: str
    x: Axis
    y: Axis
    points: Float[np.ndarray, " t"]
    sliders: list[Slider]
    curves: list[Curve]

    def html(self) -> str:
        """The figure as a piece of HTML that needs nothing beside itself.

        Returns
        -------
        Style, picture for the first values, legend, controls, data and script.

        Scale
        -----
        Data are rounded to five significant digits.
        """
        data = json.dumps(self._content(), separators=(",", ":")).replace("<", "\\u003c")
        return "\n".join(
            [
                f'<div class="slider-figure" id="{self.name}">',
                f"<style>{_asset('slider.css')}</style>",
                *self._picture(),
                '<ul aria-hidden="true">',
                *self._legend(),
                "</ul>",
                *self._controls(),
                f'<script type="application/json">{data}</script>',
                f"<script>{_asset('slider.js')}</script>",
                "</div>",
            ]
        )

    def path(self, curve: Curve, positions: list[int]) -> str:
        """The outline of a curve; the script draws the same one when a slider moves.

        Parameters
        ----------
        curve
            One of the curves of the figure.
        positions
            Index of the value of each slider.

        Returns
        -------
        Path data of an SVG element, with a gap where a value cannot be shown.

        Scale
        -----
        Units of the picture, one decimal.
        """
        used = [at for at, along in zip(positions, curve.along, strict=True) if along]
        values = rounded(curve.values)[tuple(used)]
        left, top, width, height = BOX
        across = left + width * self.x.position(rounded(self.points))
        down = top + height * (1 - self.y.position(values))
        path, drawing = "", False
        for x, y in zip(across, down, strict=True):
            if not np.isfinite([x, y]).all():
                drawing = False
                continue
            path += f"{'L' if drawing else 'M'}{x:.1f} {y:.1f}"
            drawing = True
        return path

    def _content(self) -> dict[str, Any]:
        return {
            "box": BOX,
            "x": _limits(self.x),
            "y": _limits(self.y),
            "points": _listed(self.points),
            "sliders": [
                {"label": s.label, "values": _listed(s.values), "texts": s.texts()}
                for s in self.sliders
            ],
            "curves": [
                {"label": c.label, "along": c.along, "values": _listed(c.values)}
                for c in self.curves
            ],
        }

    def _picture(self) -> Iterator[str]:
        left, top, width, height = BOX
        bottom, right = top + height, left + width
        yield (
            f'<svg viewBox="0 0 {SIZE[0]} {SIZE[1]}" role="img" aria-label="{escape(self.label)}">'
        )
        yield "".join(self._marker(k) for k in range(len(self.curves)))
        for tick, at in zip(self.x.ticks, _places(self.x), strict=True):
            x = f"{left + width * at:.1f}"
            yield f'<path class="grid" d="M{x} {top}V{bottom}"/>'
            yield _text(_tick(tick, self.x), f'x="{x}" y="{bottom + 18}" text-anchor="middle"')
        for tick, at in zip(self.y.ticks, _places(self.y), strict=True):
            y = top + height * (1 - at)
            yield f'<path class="grid" d="M{left} {y:.1f}H{right}"/>'
            yield _text(_tick(tick, self.y), f'x="{left - 7}" y="{y + 4:.1f}" text-anchor="end"')
        yield f'<path class="frame" d="M{left} {top}V{bottom}H{right}"/>'
        for k, curve in enumerate(self.curves):
            path = self.path(curve, [slider.start for slider in self.sliders])
            yield f'<path class="curve" data-curve="{k}" {self._line(k)} d="{path}"/>'
        place = f'x="{left + width / 2}" y="{SIZE[1] - 6}" text-anchor="middle" class="name"'
        yield _text(escape(self.x.label), place)
        turned = f"translate(13 {top + height / 2}) rotate(-90)"
        place = f'transform="{turned}" text-anchor="middle" class="name"'
        yield _text(escape(self.y.label), place)
        yield "</svg>"

    def _line(self, k: int) -> str:
        line = STYLES[k]["linestyle"]
        found = f'stroke="{STYLES[k]["color"]}"'
        if line != "-":
            found += ' stroke-dasharray="' + " ".join(f"{2 * part:g}" for part in line[1]) + '"'
        if len(self.points) <= FEW:
            mark = f"url(#{self.name}-mark-{k})"
            found += "".join(f' marker-{place}="{mark}"' for place in ("start", "mid", "end"))
        return found

    def _marker(self, k: int) -> str:
        outline, colour = MARKS[STYLES[k]["marker"]], STYLES[k]["color"]
        return (
            f'<marker id="{self.name}-mark-{k}" viewBox="-5 -5 10 10" markerWidth="10" '
            f'markerHeight="10" markerUnits="userSpaceOnUse"><path fill="{colour}" '
            f'd="{outline}"/></marker>'
        )

    def _legend(self) -> Iterator[str]:
        for k, curve in enumerate(self.curves):
            line = f'<path class="curve" {self._line(k)} d="M5 6H20H35"/>'
            swatch = f'<svg viewBox="0 0 40 12">{line}</svg>'
            yield f"<li>{swatch}{escape(curve.label)}</li>"

    def _controls(self) -> Iterator[str]:
        for k, slider in enumerate(self.sliders):
            text, key = slider.texts()[slider.start], f"{self.name}-{k + 1}"
            yield (
                f'<div class="control"><label for="{key}">{escape(slider.label)}</label>'
                f'<span class="shown" aria-hidden="true">{text}</span>'
                f'<input type="range" id="{key}" min="0" max="{len(slider.values) - 1}" step="1" '
                f'value="{slider.start}" aria-valuetext="{text}" autocomplete="off"></div>'
            )


def rounded(values: Float[np.ndarray, "*shape"]) -> Float[np.ndarray, "*shape"]:
    """Numbers as they are written into the figure.

    Parameters
    ----------
    values
        Any numbers.

    Returns
    -------
    The same numbers, shortened.

    Scale
    -----
    Five significant digits.
    """
    short = [float(f"{value:.{DIGITS}g}") for value in np.ravel(values)]
    return np.asarray(short).reshape(np.shape(values))


def _listed(values: np.ndarray) -> Any:
    # JSON has no number that is not finite.
    shown = rounded(values)
    listed = shown.astype(object)
    listed[~np.isfinite(shown)] = None
    return listed.tolist()


def _limits(axis: Axis) -> dict[str, Any]:
    return {
        "label": axis.label,
        "log": axis.scale == "log",
        "low": axis.low,
        "high": axis.high,
    }


def _places(axis: Axis) -> np.ndarray:
    return axis.position(np.asarray(axis.ticks))


def _tick(value: float, axis: Axis) -> str:
    plain = axis.scale == "linear" or all(1e-3 <= tick <= 1e4 for tick in axis.ticks)
    if plain:
        return f"{value:.10g}".replace("-", "\u2212")
    exponent = math.floor(math.log10(value) + 1e-9)
    mantissa = round(value / 10.0**exponent)
    lead = "" if mantissa == 1 else f"{mantissa}\u00b7"
    power = str(exponent).replace("-", "\u2212")
    return f'{lead}10<tspan dy="-5" font-size="10">{power}</tspan>'


def _text(content: str, attributes: str) -> str:
    return f"<text {attributes}>{content}</text>"


@cache
def _asset(name: str) -> str:
    return files("companion.figures").joinpath(name).read_text(encoding="utf-8").strip()
