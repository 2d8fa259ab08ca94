"""The critic of a decoder: it learns to tell two frames in a row as filmed from two as decoded.

A decoder that is only asked for the nearest pixels paints the mean of all that may be there, which is a blur.
The critic asks for one of them (patches judged one by one: Isola et al., CVPR 2017; hinge loss: Lim and Ye,
arXiv 1705.02894; its own features compared too: Larsen et al., ICML 2016). It sees pairs of frames, so that
what flickers is found out as well. It is thrown away after training.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.func import functional_call

WIDTHS = (32, 64, 128)
"""Channels of its layers; each halves the picture."""

LEAK = 0.2
"""Of what is negative, this share passes on."""

PUSH_LIMIT = 100.0
"""By so much at most the critic's word is made louder to weigh as much as the pixels'."""


class Critic(nn.Module):
    """Pairs of frames (N, 6, H, W) to verdicts on their patches (N, 1, H/8, W/8): above 0 is "filmed"."""

    def __init__(self, widths: Sequence[int] = WIDTHS) -> None:
        super().__init__()
        inputs = (6, *widths[:-1])
        self.layers = nn.ModuleList(
            nn.Conv2d(before, after, 4, stride=2, padding=1)
            for before, after in zip(inputs, widths, strict=True)
        )
        self.norms = nn.ModuleList(nn.GroupNorm(8, width) for width in widths[1:])
        self.verdict = nn.Conv2d(widths[-1], 1, 3, padding=1)

    def forward(self, pairs: Tensor) -> tuple[Tensor, list[Tensor]]:
        """The verdicts, and the features (N, C, h, w) of every layer on the way."""
        x, felt = pairs, []
        for number, layer in enumerate(self.layers):
            x = layer(x)
            if number:
                x = self.norms[number - 1](x)
            x = F.leaky_relu(x, LEAK)
            felt.append(x)
        return self.verdict(x), felt


def pairs_of(frames: Tensor) -> Tensor:
    """Neighbours of films (B, T, 3, H, W), T ≥ 2, as pairs (B·(T − 1), 6, H, W)."""
    return torch.cat([frames[:, :-1], frames[:, 1:]], 2).flatten(0, 1)


def asked_of_critic(critic: Critic, filmed: Tensor, decoded: Tensor) -> Tensor:
    """Hinge loss of the critic alone: no gradient reaches ``decoded``. Both (N, 6, H, W)."""
    real, _ = critic(filmed)
    false, _ = critic(decoded.detach())
    return 0.5 * (F.relu(1 - real).mean() + F.relu(1 + false).mean())


def asked_of_decoder(critic: Critic, filmed: Tensor, decoded: Tensor) -> tuple[Tensor, Tensor]:
    """What the critic holds against the decoder, and how far its features are from those of the truth.

    Gradients reach ``decoded`` and leave the critic alone.
    """
    frozen = {name: value.detach() for name, value in critic.state_dict(keep_vars=True).items()}
    with torch.no_grad():
        _, wanted = critic(filmed)
    verdict, felt = functional_call(critic, frozen, (decoded,))
    apart = [(own - true).abs().mean() for own, true in zip(felt, wanted, strict=True)]
    return -verdict.mean(), torch.stack(apart).mean()


def balance(pixels: Tensor, verdict: Tensor, last: Tensor) -> Tensor:
    """How loud the critic's ``verdict`` must be to pull at the decoder's ``last`` weights as ``pixels`` do.

    The adaptive weight of VQGAN (Esser et al., CVPR 2021): the ratio of two lengths of gradients, a constant.
    """
    (near,) = torch.autograd.grad(pixels, last, retain_graph=True)
    (push,) = torch.autograd.grad(verdict, last, retain_graph=True)
    return (near.norm() / push.norm().clamp(min=1e-6)).clamp(max=PUSH_LIMIT).detach()
