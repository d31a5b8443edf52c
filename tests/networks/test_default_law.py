"""The initial law is PyTorch's own, entry by entry, and the global generator is not touched."""

import pytest
import torch
from torch import nn

from companion.networks.default_law import default_layer, seeded


@pytest.mark.parametrize(
    ("kind", "arguments", "options"),
    [
        (nn.Linear, (5, 3), {}),
        (nn.Linear, (5, 3), {"bias": False}),
        (nn.Conv2d, (2, 3, 3), {"padding": 1}),
        (nn.ConvTranspose2d, (4, 3, 2), {"stride": 2}),
    ],
)
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_the_same_seed_gives_pytorchs_own_layers(kind, arguments, options, dtype):
    with torch.random.fork_rng():
        torch.manual_seed(11)
        own = kind(*arguments, **options, dtype=dtype)
    drawn = default_layer(kind, *arguments, **options, dtype=dtype, generator=seeded(11))
    assert type(drawn) is kind
    assert repr(drawn) == repr(own)
    drawn_state, own_state = drawn.state_dict(), own.state_dict()
    assert drawn_state.keys() == own_state.keys()
    for name, values in own_state.items():
        # The bound of PyTorch's biases is the same number, rounded in another place.
        torch.testing.assert_close(drawn_state[name], values, rtol=4e-7, atol=0)


def test_entries_fill_the_interval_of_one_over_the_root_of_the_inputs():
    layer = default_layer(nn.Linear, 400, 300, generator=seeded(0), dtype=torch.float64)
    # The largest of 120,000 entries is within 1e-4 of the end but for a chance of exp(-12).
    assert 1 - 1e-4 < float(layer.weight.detach().abs().max()) * 20 <= 1
    # The mean square is 1/3 of that of the end, with standard error 0.0026 of itself.
    assert abs(float(layer.weight.detach().square().mean()) * 1200 - 1) < 0.011


def test_the_global_generator_is_left_alone():
    before = torch.get_rng_state()
    default_layer(nn.Linear, 3, 2, generator=seeded(0))
    assert torch.equal(torch.get_rng_state(), before)


def test_a_seed_must_be_whole(unchecked):
    with pytest.raises(TypeError, match=r"`seed` must be a whole number; got 0\.5"):
        seeded(0.5)
