"""The autoencoder's promises: causal, streamable to the bit, a picture is a film, any size, trains."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st

from ozora.errors import OzoraError
from ozora.model.autoencoder import Autoencoder
from ozora.model.cosines import linear_path
from ozora.model.sizes import MICRO, SIZES, AutoencoderConfig

TOY = replace(
    MICRO,
    name="toy",
    latent_channels=6,
    encoder_channels=(8, 16, 16),
    encoder_blocks=(1, 1, 1),
    decoder_channels=(16, 12, 8, 8),
    decoder_blocks=(1, 1, 1, 1),
)
PLAIN = replace(TOY, cosine_path=False)


def lively(config: AutoencoderConfig = TOY, strength: float = 0.05) -> Autoencoder:
    """An autoencoder whose zero-initialised layers also do something, so that no path is silent."""
    torch.manual_seed(1)
    model = Autoencoder(config)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.add_(torch.randn_like(parameter) * strength)
    model.set_statistics(torch.randn(config.latent_channels) * 0.1, torch.rand(config.latent_channels) + 0.5)
    return model


def noise(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed))


@settings(max_examples=12, deadline=None)
@given(
    batch=st.integers(1, 3),
    length=st.integers(1, 4),
    height=st.integers(1, 5),
    width=st.integers(1, 7),
    scale=st.sampled_from([1, 2]),
    config=st.sampled_from([TOY, PLAIN]),
)
def test_streamed_decode_is_batch_decode_to_the_bit(
    batch: int, length: int, height: int, width: int, scale: int, config: AutoencoderConfig
) -> None:
    model = lively(config)
    latents = noise(batch, length, 6, height, width)
    whole = model.decode(latents, scale)
    stream = model.stream(scale)
    pieces = [stream.push(latents[:, i]) for i in range(length)]
    assert whole.shape == (batch, 4 * length - 3, 3, 16 * height * scale, 16 * width * scale)
    assert [piece.shape[1] for piece in pieces] == [1] + [4] * (length - 1)
    assert torch.equal(whole, torch.cat(pieces, 1))
    assert torch.equal(whole[-1:], model.decode(latents[-1:], scale))  # a sample does not know its neighbours


@pytest.mark.parametrize("threads", [1, 2])
def test_micro_streams_exactly_whatever_the_threads(threads: int) -> None:
    before = torch.get_num_threads()
    torch.set_num_threads(threads)
    try:
        model, latents = lively(MICRO), noise(2, 2, MICRO.latent_channels, 4, 7)
        stream = model.stream(2)
        streamed = torch.cat([stream.push(latent) for latent in latents.unbind(1)], 1)
        assert torch.equal(model.decode(latents, 2), streamed)
    finally:
        torch.set_num_threads(before)


@pytest.mark.parametrize("config", [TOY, PLAIN])
def test_a_picture_is_a_film_of_one_latent(config: AutoencoderConfig) -> None:
    model, video = lively(config), noise(2, 9, 3, 32, 48).clamp(-1, 1)
    latents = model.encode(video)
    assert latents.shape == (2, 3, 6, 2, 3)
    assert torch.equal(model.encode(video[:, :1]), latents[:, :1])
    assert torch.equal(model.decode(latents[:, :1]), model.decode(latents)[:, :1])


def test_the_future_never_changes_the_past() -> None:
    model, video = lively(), noise(1, 9, 3, 32, 32)
    other = video.clone()
    other[:, 5:] = noise(1, 4, 3, 32, 32, seed=5)
    one, two = model.encode(video), model.encode(other)
    assert torch.equal(one[:, :2], two[:, :2]) and not torch.equal(one[:, 2], two[:, 2])
    whole = model.features(one), model.features(torch.cat([one[:, :2], two[:, 2:]], 1))
    torch.testing.assert_close(whole[0][:, :5], whole[1][:, :5], atol=1e-5, rtol=0)


def test_the_past_is_remembered() -> None:
    model, latents = lively(), noise(1, 2, 6, 2, 2)
    other = torch.cat([noise(1, 1, 6, 2, 2, seed=9), latents[:, 1:]], 1)
    assert not torch.equal(model.decode(latents)[:, 1:], model.decode(other)[:, 1:])


@pytest.mark.parametrize("cosine_path", [True, False])
def test_one_pass_agrees_with_the_stream(cosine_path: bool) -> None:
    model, video = lively(replace(MICRO, cosine_path=cosine_path), 0.01), noise(2, 9, 3, 64, 112).clamp(-1, 1)
    with torch.no_grad():
        latents = model.normalise(model.distribution(video).mean)
        features = model.features(model.denormalise(latents))
    torch.testing.assert_close(latents, model.encode(video), atol=1e-4, rtol=0)
    for scale in (1, 2):
        with torch.no_grad():
            pixels = model.pixels(features, scale).clamp(-1, 1)
            some = model.pixels(features[:, [2, 7]], scale).clamp(-1, 1)
        torch.testing.assert_close(pixels, model.decode(latents, scale), atol=1e-4, rtol=0)
        torch.testing.assert_close(some, pixels[:, [2, 7]], atol=1e-4, rtol=0)


def test_an_untrained_autoencoder_with_cosines_gives_back_a_smooth_picture() -> None:
    x, y = torch.linspace(-1, 1, 112), torch.linspace(-1, 1, 64)[:, None]
    ball = torch.exp(-6 * (x.square() + (y - 0.2).square()))
    large = torch.stack([0.6 * ball - 0.3, 0.3 * y + 0.2 * ball, 0.4 * x - 0.2 * y + 0 * x])[None, None]
    small = F.avg_pool2d(large[0], 2)[None][..., :48]
    large = large[..., :96]
    model = Autoencoder(MICRO)
    for scale, film in ((1, small), (2, large)):
        error = (model.decode(model.encode(small), scale) - film).square().mean().sqrt()
        assert error < 0.35 * film.std()


def test_the_cosine_code_is_orthogonal_and_keeps_even_colours() -> None:
    to_latents, to_pixels = linear_path(24)
    torch.testing.assert_close(to_latents @ to_pixels.T, torch.eye(24), atol=1e-5, rtol=0)
    even = torch.tensor([0.9, -0.4, 0.1])[None, :, None].expand(4, 3, 256).flatten()
    torch.testing.assert_close(to_latents @ even @ to_pixels, even, atol=1e-5, rtol=0)


def test_weights_from_before_the_cosines_keep_their_shape() -> None:
    told = {key: value for key, value in MICRO.to_json().items() if key != "cosine_path"}
    assert AutoencoderConfig.from_json(told) == replace(MICRO, cosine_path=False)
    new, old = (set(Autoencoder(config).state_dict()) for config in (TOY, PLAIN))
    assert new - old == {"decoder.see.weight", "decoder.see.bias"} and not old - new


def test_statistics_normalise_latents() -> None:
    model, video = lively(), noise(3, 5, 3, 32, 32)
    raw = model.distribution(video).mean.detach()
    model.set_statistics(raw.mean((0, 1, 3, 4)), raw.std((0, 1, 3, 4)))
    latents = model.encode(video)
    torch.testing.assert_close(latents.mean((0, 1, 3, 4)), torch.zeros(6), atol=1e-3, rtol=0)
    torch.testing.assert_close(latents.std((0, 1, 3, 4)), torch.ones(6), atol=1e-3, rtol=0)
    torch.testing.assert_close(model.denormalise(model.normalise(raw)), raw)


def test_every_parameter_learns() -> None:
    model, video = lively(), noise(1, 5, 3, 32, 32)
    distribution = model.distribution(video)
    features = model.features(distribution.sample(), torch.tensor([0.2]))
    loss = model.pixels(features, 1).square().mean() + model.pixels(features, 2).square().mean()
    (loss + distribution.log_variance.mean()).backward()
    silent = [name for name, p in model.named_parameters() if p.grad is None or not p.grad.any()]
    assert silent == ["mask_token"]  # used by the loss, not by the networks


@pytest.mark.parametrize(
    ("shape", "word"),
    [
        ((1, 4, 3, 32, 32), "frames"),
        ((1, 5, 3, 30, 32), "size"),
        ((1, 5, 4, 32, 32), "video"),
        ((5, 3, 32, 32), "video"),
    ],
)
def test_impossible_films_are_refused_by_name(shape: tuple[int, ...], word: str) -> None:
    with pytest.raises(OzoraError, match=word):
        Autoencoder(TOY).encode(torch.zeros(shape))


def test_impossible_streams_are_refused() -> None:
    model = Autoencoder(TOY)
    with pytest.raises(OzoraError, match="scale"):
        model.decode(torch.zeros(1, 1, 6, 1, 1), 3)
    with pytest.raises(OzoraError, match="latent"):
        model.decode(torch.zeros(1, 1, 5, 1, 1))
    stream = model.encoder_stream()
    stream.push(torch.zeros(1, 1, 3, 16, 16))
    with pytest.raises(OzoraError, match="frames"):
        stream.push(torch.zeros(1, 1, 3, 16, 16))


def test_sizes_survive_json_and_carry_the_recipe() -> None:
    for name, config in SIZES.items():
        assert config.name == name
        assert AutoencoderConfig.from_json(config.to_json()) == config
    with pytest.raises(OzoraError, match="patch"):
        replace(MICRO, patch=8)
