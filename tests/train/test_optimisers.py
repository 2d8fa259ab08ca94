"""What moves parameters does what its paper says, and averages give way to the real thing afterwards."""

from __future__ import annotations

import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from ozora.train.optimisers import MovingAverage, Muon, build, orthogonalise, schedule, set_rates
from ozora.train.recipe import OptimiserRecipe


@settings(max_examples=20, deadline=None)
@given(rows=st.integers(4, 40), columns=st.integers(4, 40), seed=st.integers(0, 99))
def test_orthogonalised_matrices_have_singular_values_near_one(rows: int, columns: int, seed: int) -> None:
    matrices = torch.randn(3, rows, columns, generator=torch.Generator().manual_seed(seed))
    values = torch.linalg.svdvals(orthogonalise(matrices))
    assert values.max() < 1.3
    assert values.median() > 0.5


def test_in_bfloat16_directions_stay_what_they_are() -> None:
    matrices = torch.randn(2, 24, 40, generator=torch.Generator().manual_seed(3))
    exact, mixed = orthogonalise(matrices), orthogonalise(matrices, mixed=True)
    assert mixed.dtype == torch.float32
    assert not torch.equal(exact, mixed)
    assert float(torch.cosine_similarity(exact.flatten(1), mixed.flatten(1)).min()) > 0.999


def test_matrices_of_one_shape_are_moved_as_if_alone() -> None:
    torch.manual_seed(0)
    together = [nn.Parameter(torch.randn(6, 9)) for _ in range(3)]
    alone = [nn.Parameter(p.detach().clone()) for p in together]
    gradients = [torch.randn(6, 9) for _ in range(3)]
    for group in (together, alone):
        for parameter, gradient in zip(group, gradients, strict=True):
            parameter.grad = gradient.clone()
    Muon(together, 0.1).step()
    for parameter in alone:
        Muon([parameter], 0.1).step()
    for a, b in zip(together, alone, strict=True):
        assert torch.allclose(a, b, atol=1e-5)


def test_a_convolution_is_moved_like_the_matrix_of_its_filters() -> None:
    torch.manual_seed(1)
    filters = nn.Parameter(torch.randn(6, 4, 3, 3))
    matrix = nn.Parameter(filters.detach().flatten(1).clone())
    filters.grad = torch.randn(6, 4, 3, 3)
    matrix.grad = filters.grad.flatten(1).clone()
    Muon([filters], 0.1).step()
    Muon([matrix], 0.1).step()
    assert torch.allclose(filters.detach().flatten(1), matrix.detach(), atol=1e-6)


def test_muon_solves_a_least_squares_problem() -> None:
    torch.manual_seed(0)
    inputs, truth = torch.randn(64, 8), torch.randn(8, 8)
    weight = nn.Parameter(torch.zeros(8, 8))
    optimiser = Muon([weight], 0.1, weight_decay=0.0)
    losses = []
    for step in range(200):
        optimiser.param_groups[0]["lr"] = 0.3 * (1 - step / 200)
        optimiser.zero_grad()
        loss = (inputs @ (weight - truth)).square().mean()
        loss.backward()
        optimiser.step()
        losses.append(float(loss.detach()))
    assert losses[-1] < losses[0] / 100


def test_parameters_are_sorted_to_muon_and_adamw_and_rates_follow_the_schedule() -> None:
    networks: dict[str, nn.Module] = {"a": nn.Linear(3, 4), "b": nn.Linear(4, 4)}
    recipe = OptimiserRecipe(rate=1.0, matrix_rate=2.0)
    optimisers = build(recipe, networks, {"b": 0.5}, lambda name, p: name == "a.weight")
    assert [type(optimiser).__name__ for optimiser in optimisers] == ["Muon", "AdamW"]
    set_rates(optimisers, 0.1)
    rates = {id(p): g["lr"] for o in optimisers for g in o.param_groups for p in g["params"]}
    assert rates[id(networks["a"].weight)] == 0.2
    assert rates[id(networks["a"].bias)] == 0.1
    assert rates[id(networks["b"].weight)] == 0.05
    undecayed = [g for g in optimisers[1].param_groups if g["weight_decay"] == 0]
    assert all(p.ndim == 1 for group in undecayed for p in group["params"])


def test_the_schedule_warms_up_stays_and_decays() -> None:
    recipe = OptimiserRecipe(warm_up=0.1, decay=0.25)
    values = [schedule(recipe, step / 1000) for step in range(1001)]
    assert values[:100] == sorted(values[:100])
    assert set(values[100:750]) == {1.0}
    assert values[750:] == sorted(values[750:], reverse=True)
    assert abs(schedule(recipe, 0.75 + 0.25 * 0.25) - 0.5) < 1e-9
    assert 0 < values[0] < 0.02
    assert 0 < values[-1] < 0.02


def test_the_average_follows_and_gives_back_the_parameters_bit_for_bit() -> None:
    network = nn.Linear(5, 5)
    average = MovingAverage({"x": network}, 0.9)
    for step in range(1, 200):
        with torch.no_grad():
            network.weight.fill_(float(step))
        average.update(step)
    assert 180 < float(average.values["x.weight"].mean()) < 199
    before = {name: value.clone() for name, value in network.state_dict().items()}
    with average.applied():
        assert torch.equal(network.weight, average.values["x.weight"])
    assert all(torch.equal(network.state_dict()[name], value) for name, value in before.items())
