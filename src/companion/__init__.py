"""Why neural networks train: five documents, their claims computed.

The names below are loaded when first used, so that importing the package is quick. Pages and
programs that need more import the rooms, for example ``companion.kernels.tangent_kernel``.
"""

from importlib import import_module, metadata
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from companion.catalogue import draw
    from companion.certificates.certify import certify
    from companion.dynamics.gradient_flow import gradient_flow
    from companion.tangent.gram import ntk

__all__ = ["__version__", "certify", "draw", "gradient_flow", "ntk"]

__version__ = metadata.version("gradient-flow-companion")

_ROOMS = {
    "certify": "companion.certificates.certify",
    "draw": "companion.catalogue",
    "gradient_flow": "companion.dynamics.gradient_flow",
    "ntk": "companion.tangent.gram",
}


def __getattr__(name: str) -> Any:
    if name in _ROOMS:
        return getattr(import_module(_ROOMS[name]), name)
    raise AttributeError(f"module 'companion' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted([*globals(), *_ROOMS])
