"""Fields from text: every declared type, and one clear line for what does not read."""

from dataclasses import dataclass
from typing import Literal

import pytest

from companion.experiments.settings import nearest, with_settings


@dataclass(frozen=True)
class Config:
    width: int = 3
    rtol: float = 1e-6
    name: str = "a"
    biased: bool = False
    law: Literal["gauss", "signs", 3] = "gauss"
    widths: tuple[int, ...] = (1,)
    window: tuple[float, int] = (0.0, 1)
    horizon: float | None = 1.0
    seed: int = 0


@pytest.mark.parametrize(
    ("assignment", "field", "value"),
    [
        ("width=12", "width", 12),
        ("seed=0", "seed", 0),
        ("rtol=1e-3", "rtol", 1e-3),
        ("rtol=2", "rtol", 2.0),
        ("name=a=b", "name", "a=b"),
        ("biased=true", "biased", True),
        ("biased=False", "biased", False),
        ("law=signs", "law", "signs"),
        ("law=3", "law", 3),
        ("widths=4,8, 16", "widths", (4, 8, 16)),
        ("widths=(4,)", "widths", (4,)),
        ("window=0.5,2", "window", (0.5, 2)),
        ("horizon=none", "horizon", None),
        ("horizon=2.5", "horizon", 2.5),
    ],
)
def test_values_are_read_by_the_type_of_the_field(assignment, field, value):
    changed = getattr(with_settings(Config(), [assignment]), field)
    assert changed == value
    assert type(changed) is type(value)


def test_several_fields_change_and_the_rest_stays():
    changed = with_settings(Config(), ["width=5", "seed=2", "width=6"])
    assert changed == Config(width=6, seed=2)
    assert Config() == Config(width=3)


@pytest.mark.parametrize(
    ("assignment", "message"),
    [
        ("width", r"must have the form field=value; got 'width'"),
        ("widht=3", r"`widht` must be a field.*; nearest: width"),
        ("q=3", r"`q` must be a field.*; there is biased, horizon, law,"),
        ("width=3.5", r"`width` must be an integer; got '3.5'"),
        ("width=", r"`width` must be an integer; got ''"),
        ("rtol=small", r"`rtol` must be a number; got 'small'"),
        ("biased=yes", r"`biased` must be true or false; got 'yes'"),
        ("law=uniform", r"`law` must be one of gauss, signs, 3; got 'uniform'"),
        ("widths=1,x", r"`widths` must be values separated by commas, each an integer"),
        ("window=1", r"`window` must be 2 values separated by commas"),
        ("horizon=never", r"`horizon` must be a number or none; got 'never'"),
        ("width=__import__('os').getpid()", r"`width` must be an integer"),
    ],
)
def test_what_does_not_read_is_refused_in_one_line(assignment, message):
    with pytest.raises(ValueError, match=message) as failure:
        with_settings(Config(), [assignment])
    assert "\n" not in str(failure.value)


@pytest.mark.parametrize(
    ("assignment", "message"),
    [
        ("width=0", r"`width` must be at least 1; got 0"),
        ("width=-12", r"`width` must be at least 1; got -12"),
        ("widths=", r"`widths` must have at least one value; got none"),
        ("widths=4,0", r"`widths` must be at least 1; got 0"),
        ("seed=-1", r"`seed` must be at least 0; got -1"),
        ("rtol=0", r"`rtol` must be positive and finite; got 0.0"),
        ("horizon=inf", r"`horizon` must be positive and finite; got inf"),
        ("window=-0.5,2", r"`window` must be positive and finite; got -0.5"),
    ],
)
def test_sizes_and_times_are_positive_and_finite(assignment, message):
    with pytest.raises(ValueError, match=message):
        with_settings(Config(), [assignment])


def test_near_names_are_offered_before_the_list():
    assert nearest("loss_idntity", ["loss_identity", "modes"]) == "nearest: loss_identity."
    assert nearest("zzz", ["b", "a"]) == "there is a, b."
