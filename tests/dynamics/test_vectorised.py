"""Many modules at once have the residuals and gradients of each."""

import pytest
import torch
from numpy.testing import assert_allclose
from torch import nn

from companion.dynamics.objective import Objective
from companion.dynamics.vectorised import stacked, untrained, vectorised


def tied():
    first, second, last = nn.Linear(3, 3), nn.Linear(3, 3), nn.Linear(3, 1)
    second.weight = first.weight
    last.bias.requires_grad_(False)
    return nn.Sequential(first, nn.Tanh(), second, nn.Tanh(), first, nn.BatchNorm1d(3), last)


def test_shared_layers_tied_weights_and_buffers(rng):
    torch.manual_seed(0)
    modules = [tied().double().eval() for _ in range(3)]
    for module in modules:
        module[5].running_mean.normal_()
    X, y, nu = rng.standard_normal((4, 3)), rng.standard_normal((4, 1)), rng.random(4)
    objectives = [Objective(module, X, y, nu) for module in modules]
    assert "6.bias" in untrained(objectives[0])
    evaluate = vectorised(objectives)
    parameters = stacked([o.predictor.split(o.predictor.theta_0) for o in objectives])
    for _ in range(2):  # the first must leave the modules as they were
        residual, gradient = evaluate(parameters)
    for index, module in enumerate(modules):
        r = module(torch.from_numpy(X)) - torch.from_numpy(y)
        loss = (torch.from_numpy(nu) * r[:, 0] ** 2).sum() / 2
        names, owned = zip(
            *((n, p) for n, p in module.named_parameters() if p.requires_grad), strict=True
        )
        slopes = torch.autograd.grad(loss, owned)
        # Sums of at most some tens of terms of size one in another order.
        assert_allclose(residual[index], r.detach(), rtol=0, atol=1e-13)
        assert set(gradient) == set(names)
        for name, slope in zip(names, slopes, strict=True):
            assert_allclose(gradient[name][index], slope, rtol=0, atol=1e-13)


def test_tensors_of_one_name_are_stacked():
    one, two = {"a": torch.zeros(2)}, {"a": torch.ones(2)}
    assert stacked([one, two])["a"].tolist() == [[0, 0], [1, 1]]
    with pytest.raises(KeyError):
        stacked([one, {}])
