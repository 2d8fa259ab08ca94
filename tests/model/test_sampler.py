"""Sampling: what is given comes back, films do not depend on their company, and a toy learns its words."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from torch import Tensor

from ozora.errors import OzoraError
from ozora.model.conditions import FirstFrame, Renoised, Ring, Span, apply_all
from ozora.model.flow import flow_loss
from ozora.model.foresight import AHEAD, foresee
from ozora.model.sampler import Guidance, Moment, denoise_on, sample, step_levels
from ozora.model.state import State
from ozora.model.text import Prompts, TextConfig, TextEncoder, TextOutput, encode
from ozora.model.transformer import Transformer, TransformerConfig

CELL = (4, 2, 3)  # channels, height, width of the toy's latents
TOY = TransformerConfig(
    channels=4, width=64, layers=3, heads=2, hidden=96, time_features=32, early_after=2, routed=(1, 2)
)
TOY_TEXT = TextConfig(out_width=64, byte_width=32, byte_layers=1, width=64, layers=1, heads=2, hidden=64)
CAPTIONS = ("a red fox runs", "a blue ball rolls")


def toy() -> tuple[Transformer, TextEncoder]:
    """Networks with random weights in every layer, the silent ones included."""
    torch.manual_seed(0)
    transformer, encoder = Transformer(TOY), TextEncoder(TOY_TEXT)
    for network in (transformer, encoder):
        for parameter in network.parameters():
            if not bool(parameter.any()):
                torch.nn.init.normal_(parameter, std=0.05)
    return transformer.eval(), encoder.eval()


def films(seeds: list[int], frames: int = 5) -> State:
    return State.blank(frames, CELL, seeds)


def test_a_batch_of_three_seeds_is_the_three_single_films_to_the_bit() -> None:
    transformer, encoder = toy()
    prompts = Prompts(encoder)
    text, nothing = prompts("a red fox"), prompts("")
    together = sample(transformer, text, nothing, films([7, 8, 9]), steps=4)
    alone = [sample(transformer, text, nothing, films([seed]), steps=4) for seed in (7, 8, 9)]
    assert torch.equal(together, torch.cat(alone))
    assert not torch.equal(together[0], together[1])


@pytest.mark.parametrize("order", [1, 2])
def test_given_frames_come_back_bit_for_bit(order: int) -> None:
    transformer, encoder = toy()
    known = torch.randn(1, 2, *CELL)
    state = apply_all(films([1, 2]), [Span(known, 1), Span(known[:, :1] * 3, 4, level=0.1)])
    text = encode(encoder, ["fox"])
    made = sample(transformer, text, None, state, steps=3, guidance=1.0, order=order)
    assert torch.equal(made[:, 1:3], known.expand(2, -1, -1, -1, -1))
    assert torch.equal(made[:, 4], (known[:, 0] * 3).expand(2, -1, -1, -1))
    assert torch.isfinite(made).all()
    assert not torch.equal(made[:, 0], state.latent[:, 0])


def test_a_ring_ends_where_it_began() -> None:
    transformer, encoder = toy()
    picture = torch.randn(1, 1, *CELL)
    state = apply_all(films([3]), [FirstFrame(picture), Ring()])
    made = sample(transformer, encode(encoder, ["fox"]), None, state, steps=3)
    assert torch.equal(made[:, 0], made[:, -1])
    assert torch.equal(made[:, :1], picture)


def test_one_step_is_the_guess_and_one_euler_step_lands_on_the_line_to_it() -> None:
    transformer, encoder = toy()
    text, state = encode(encoder, ["fox"]), films([4])
    with torch.no_grad():
        guess = transformer(state.latent, state.noise_level, state.given, state.seconds, text).clean
    assert torch.allclose(sample(transformer, text, None, state, steps=1), guess, atol=1e-5)
    seen: list[Tensor] = []
    two = sample(
        transformer, text, None, state, steps=2, shift=1.0, order=1, on_step=lambda k, n, x: seen.append(x)
    )
    half = 0.5 * state.latent + 0.5 * seen[0]  # the straight line from noise to guess, halfway
    with torch.no_grad():
        last = transformer(half, state.noise_level * 0.5, state.given, state.seconds, text).clean
    assert torch.allclose(two, last, atol=1e-5)


def test_guidance_is_the_stated_combination() -> None:
    transformer, encoder = toy()
    text, negative, state = encode(encoder, ["fox"]), encode(encoder, ["blurred"]), films([4])
    with torch.no_grad():
        wanted = transformer(state.latent, state.noise_level, state.given, state.seconds, text)
        unwanted = transformer(state.latent, state.noise_level, state.given, state.seconds, negative).clean
    made = sample(transformer, text, negative, state, steps=1, guidance=Guidance(text=4.0, early=0.5))
    expected = unwanted + 4.0 * (wanted.clean - unwanted) + 0.5 * (wanted.clean - wanted.early)
    assert torch.allclose(made, expected, atol=1e-5)
    outside = sample(transformer, text, negative, state, steps=1, guidance=Guidance(4.0, 0.5, (0.0, 0.9)))
    assert torch.allclose(
        outside, wanted.clean, atol=1e-5
    )  # the only step is at level 1, outside the interval


def test_a_light_remix_stays_near_its_source() -> None:
    transformer, encoder = toy()
    source, text = torch.randn(1, 5, *CELL), encode(encoder, ["fox"])
    distance = []
    for strength in (0.05, 0.5, 1.0):
        state = apply_all(films([5]), [Renoised(source, strength)])
        made = sample(transformer, text, None, state, steps=4)
        distance.append(float((made - source).square().mean()))
    assert distance[0] < distance[1] < distance[2]
    assert distance[0] < 0.05


def test_steps_go_from_noise_to_clean_and_shift_dwells_on_noise() -> None:
    plain, late = step_levels(8, 1.0), step_levels(8, 3.0)
    assert plain.tolist() == pytest.approx([1, 0.875, 0.75, 0.625, 0.5, 0.375, 0.25, 0.125, 0])
    assert bool((late[1:-1] > plain[1:-1]).all()) and late[0] == 1 and late[-1] == 0


def test_progress_counts_all_films_and_can_cancel() -> None:
    transformer, encoder = toy()
    text, counted = encode(encoder, ["fox"]), []

    def stop(step: int, total: int, guess: Tensor) -> None:
        counted.append((step, total, tuple(guess.shape)))
        if step == 5:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        sample(transformer, text, None, films([1, 2]), steps=4, on_step=stop)
    assert counted == [(k, 8, (1, 5, *CELL)) for k in range(1, 6)]


def test_values_that_stop_being_finite_stop_the_film_and_name_the_layer() -> None:
    transformer, encoder = toy()
    with torch.no_grad():
        transformer.blocks[1].up.weight[0, 0] = float("nan")
    with pytest.raises(OzoraError, match=r"step 1: .* layer blocks\.1\.up"):
        sample(transformer, encode(encoder, ["fox"]), None, films([1]), steps=2)


@pytest.mark.parametrize(
    ("settings", "field"), [({"steps": 0}, "steps"), ({"order": 3}, "order"), ({"steps": 2.5}, "steps")]
)
def test_impossible_settings_are_refused(settings: dict, field: str) -> None:
    transformer, encoder = toy()
    with pytest.raises(OzoraError, match=field):
        sample(transformer, encode(encoder, ["fox"]), None, films([1]), **settings)


def test_a_toy_learns_its_two_captions() -> None:
    """Two captions, two patterns that also change over time: seconds of training must tell them apart."""
    torch.manual_seed(0)
    transformer, encoder = Transformer(TOY), TextEncoder(TOY_TEXT)
    generator = torch.Generator().manual_seed(0)
    patterns = torch.randn(2, 2, *CELL, generator=generator)
    clean, seconds = patterns.repeat(12, 1, 1, 1, 1), (torch.arange(2) / 3).expand(24, -1)
    parameters = [*transformer.parameters(), *encoder.parameters()]
    optimiser = torch.optim.AdamW(parameters, lr=6e-3, betas=(0.9, 0.95))
    losses = []
    for step in range(80):
        optimiser.param_groups[0]["lr"] = 6e-3 * min(1, 2 - step / 40)
        text = encode(encoder, CAPTIONS)
        text = TextOutput(text.words.repeat(12, 1, 1), None, text.pooled.repeat(12, 1), {})
        loss = flow_loss(transformer, clean, text, seconds, generator)
        optimiser.zero_grad()
        loss.total.backward()
        torch.nn.utils.clip_grad_norm_(parameters, 1.0)
        optimiser.step()
        losses.append(float(loss.parts["final"].detach()))
    assert sum(losses[-10:]) < 0.5 * sum(losses[:10])
    for index, caption in enumerate(CAPTIONS):
        made = sample(transformer, encode(encoder, [caption]), None, films([1, 2, 3], 2), steps=6)
        error = (made[:, None] - patterns).square().mean(dim=(2, 3, 4, 5))  # (films, patterns)
        assert error.argmin(dim=1).tolist() == [index] * 3
        assert float(error[:, index].max()) < 0.5 * float(error[:, 1 - index].min())


def student() -> Transformer:
    torch.manual_seed(1)
    network = Transformer(replace(TOY, aims=True))
    for parameter in network.parameters():
        if not bool(parameter.any()):
            torch.nn.init.normal_(parameter, std=0.05)
    return network.eval()


def test_one_step_before_the_end_a_student_sees_the_film() -> None:
    network, text = student(), encode(toy()[1], ["a red fox"])
    known = torch.randn(1, 2, *films([1]).latent.shape[2:])
    begun = Moment(0, apply_all(films([1]), [Span(known, 1)]))
    half = denoise_on(network, text, None, begun, steps=2, guidance=1.0, shift=1.0, until=1)
    film = denoise_on(network, text, None, half, steps=2, guidance=1.0, shift=1.0).state.latent
    seen = foresee(network, text, half, steps=2, shift=1.0)
    assert torch.equal(seen, film) and torch.equal(seen[:, 1:3], known)
    done = Moment(2, half.state, film)
    assert torch.equal(foresee(network, text, done, steps=2, shift=1.0), film)


@pytest.mark.parametrize("aims", [True, False])
def test_a_film_that_has_not_come_far_is_moved_on_without_a_pass(aims: bool) -> None:
    teacher, encoder = toy()
    network, text = student() if aims else teacher, encode(encoder, ["a red fox"])
    asked: list[torch.Tensor] = []
    network.register_forward_pre_hook(lambda module, inputs: asked.append(inputs[1]))
    early = denoise_on(network, text, None, Moment(0, films([3])), steps=12, guidance=1.0, shift=1.0, until=1)
    level = float(step_levels(12, 1.0)[1])
    assert level > AHEAD
    asked.clear()
    seen = foresee(network, text, early, steps=12, shift=1.0)
    assert [bool((each == AHEAD).all()) for each in asked] == [True]
    # From pure noise the same place is a straight line between the noise and the guess.
    here = (1 - AHEAD) * early.preview + AHEAD * films([3]).latent
    state = films([3])
    levels = torch.full_like(state.noise_level, AHEAD)
    again = network(here, levels, state.given, state.seconds, text, aim=torch.zeros_like(levels)).clean
    assert torch.allclose(seen, again, atol=1e-5)
