"""Data of other libraries: kept to the last digit, or refused by name."""

import numpy as np
import pandas as pd
import pytest
import torch

from companion.dynamics.objective import Objective
from companion.tangent.gram import ntk
from companion.tangent.inputs import as_tensor, beside

NUMBERS = np.array([[0.1, 2.0], [1 / 3, -4.0], [5.0, 6.0]])


@pytest.mark.parametrize(
    "values",
    [
        torch.from_numpy(NUMBERS).requires_grad_(),
        pd.DataFrame(NUMBERS, index=[3, 1, 2]),
        NUMBERS.tolist(),
        NUMBERS.astype(">f8"),
        NUMBERS[::-1].copy()[::-1],
        np.asfortranarray(NUMBERS),
    ],
    ids=["tensor", "data frame", "lists", "big-endian", "negative strides", "by columns"],
)
def test_numbers_of_any_library_are_kept(values):
    found = as_tensor(values, "X")
    assert not found.requires_grad
    # No digit is lost: a list is not rounded to the default type.
    torch.testing.assert_close(found, torch.from_numpy(NUMBERS), rtol=0, atol=0)


def test_what_cannot_be_written_is_copied():
    frozen = NUMBERS.copy()
    frozen.flags.writeable = False
    as_tensor(frozen, "X").zero_()
    assert np.array_equal(frozen, NUMBERS)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        (None, "a tensor or an array of numbers; got NoneType"),
        ("one", "a tensor or an array of numbers; got str"),
        ([[1.0], [2.0, 3.0]], "a tensor or an array of numbers; got list"),
        (NUMBERS.astype(object), "a tensor or an array of numbers; got ndarray of object"),
        (NUMBERS.astype(np.longdouble), "of at most 64 bits; got float128"),
        (NUMBERS.astype(complex), "real; got complex128"),
        (torch.ones(2, dtype=torch.complex64), r"real; got torch\.complex64"),
        (np.ma.masked_less(NUMBERS, 0), "have an entry everywhere; got a masked array"),
        (torch.ones(2, 2).to_sparse(), "a dense tensor .*; got a sparse one"),
        (torch.ones(2, 2, device="meta"), "a dense tensor .*; got a meta one"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_would_lose_something_is_refused(values, message):
    with pytest.raises(TypeError, match=f"`Z` must be {message}".replace("be have", "have")):
        as_tensor(values, "Z")


@pytest.mark.filterwarnings("ignore::UserWarning")  # of PyTorch, that nested ones are new
def test_nested_and_quantised_tensors_are_refused():
    nested = torch.nested.nested_tensor([torch.ones(1), torch.ones(2)])
    with pytest.raises(TypeError, match="got a nested one"):
        as_tensor(nested, "X")
    with pytest.raises(TypeError, match="got a quantised one"):
        as_tensor(torch.quantize_per_tensor(torch.ones(2), 0.1, 0, torch.qint8), "X")


def test_batches_are_brought_beside_the_parameters():
    like = torch.zeros(1, dtype=torch.float64)
    assert beside(like, np.ones((2, 2), dtype=np.float32)).dtype == torch.float64
    assert beside(like, torch.ones(2, dtype=torch.int64)).dtype == torch.int64
    X = torch.ones(2, dtype=torch.float64)
    beside(like, X).zero_()
    assert X.tolist() == [1, 1]


def test_inputs_targets_and_weights_are_taken_in_one_way():
    module, frame = torch.nn.Linear(2, 1).double(), pd.DataFrame(NUMBERS, index=[3, 1, 2])
    expected = ntk(module, torch.from_numpy(NUMBERS))
    torch.testing.assert_close(ntk(module, frame), expected, rtol=0, atol=0)
    y, nu = NUMBERS[:, :1], np.ones(3)
    objective = Objective(module, frame, y.astype(">f8"), nu[::-1])
    assert np.array_equal(objective.y.numpy(), y)
    for name, arrays in {"y": (np.ma.array(y), nu), "nu": (y, np.ma.array(nu))}.items():
        with pytest.raises(TypeError, match=f"`{name}` must have an entry everywhere"):
            Objective(module, frame, *arrays)
