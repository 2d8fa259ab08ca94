"""In which numbers the large matrices are multiplied: float32, bfloat16, or int8 with scales.

For comparisons only: films are made in float32. On processors with AVX2 alone int8 takes a fifth off a step
of ``micro``, some hundredths of a second a film, and PyTorch will remove its tensors (docs/speed.md).
Only the linear layers of the blocks change; norms, attention, conditioning and the heads stay in float32, so
that a film keeps its shapes and loses at most its last shades. Weights lie as int8 with a scale a row in the
files already: int8 here multiplies those very numbers.
"""

from __future__ import annotations

import copy
import warnings
from typing import TypeVar

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ozora.errors import refuse

PRECISIONS: dict[str, torch.dtype] = {
    "float32": torch.float32,
    "bfloat16": torch.bfloat16,
    "int8": torch.float32,
}
"""What may be asked, and the type that activations have between layers."""

Network = TypeVar("Network", bound=nn.Module)


class BFloat16Linear(nn.Module):
    """A linear layer in bfloat16 between layers of float32."""

    def __init__(self, linear: nn.Linear) -> None:
        super().__init__()
        self.weight = nn.Parameter(linear.weight.detach().bfloat16(), requires_grad=False)

    def forward(self, values: Tensor) -> Tensor:
        """(…, in) to (…, out), float32 on both sides."""
        return F.linear(values.bfloat16(), self.weight).float()


class Int8Linear(nn.Module):
    """A linear layer of int8 weights, a scale a row, on activations rounded to seven bits as they come.

    Seven, not eight: processors without VNNI add pairs of products in sixteen bits, which eight would
    overflow.
    """

    def __init__(self, linear: nn.Linear) -> None:
        super().__init__()
        weight = linear.weight.detach().float()  # (out, in)
        scale = weight.abs().amax(1).clamp(min=1e-12) / 127
        zero = torch.zeros(len(weight), dtype=torch.long)
        with warnings.catch_warnings():
            # Quantised tensors will leave PyTorch some day; in the versions we allow, nothing else is as
            # quick on processors without AVX-512.
            warnings.simplefilter("ignore", UserWarning)
            rounded = torch.quantize_per_channel(weight, scale.double(), zero, 0, torch.qint8)
        self.packed = torch.ops.quantized.linear_prepack(rounded, None)

    def forward(self, values: Tensor) -> Tensor:
        """(…, in) to (…, out), float32 on both sides."""
        found: Tensor = torch.ops.quantized.linear_dynamic(values, self.packed, reduce_range=True)
        return found


_LAYERS = {"bfloat16": BFloat16Linear, "int8": Int8Linear}


def in_precision(network: Network, precision: str) -> Network:
    """A copy of ``network`` whose blocks multiply in ``precision``; float32 gives the network itself.

    Raises ``OzoraError`` for an unknown precision.
    """
    if precision not in PRECISIONS:
        raise refuse("precision", precision, ", ".join(PRECISIONS))
    if precision == "float32":
        return network
    network = copy.deepcopy(network)
    layer = _LAYERS[precision]
    for name, module in list(network.named_modules()):
        large = ".blocks." in f".{name}" and name.rpartition(".")[2] in ("qkv", "attention_out", "up", "down")
        if large and isinstance(module, nn.Linear):
            parent = network.get_submodule(name.rpartition(".")[0])
            setattr(parent, name.rpartition(".")[2], layer(module))
    return network
