"""The runs that train autoencoders, and decoders of latents that others have learnt."""

from __future__ import annotations

from dataclasses import replace

from ozora.train.losses_autoencoder import AutoencoderLossSettings
from ozora.train.recipe import H200, AutoencoderRecipe, ClearRecipe, OptimiserRecipe, Stage, VividRecipe


def micro_autoencoder() -> AutoencoderRecipe:
    """The small autoencoder: 24 minutes on one CPU core."""
    return AutoencoderRecipe(
        name="micro_autoencoder",
        size="micro",
        minutes=24,
        stages=(Stage(0.55, 1, 6), Stage(0.75, 5, 3), Stage(1.0, 9, 2)),
        optimiser=OptimiserRecipe(rate=2e-3, matrix_rate=2e-3, average=0.995, weight_decay=0.0, clip=3.0),
        losses=AutoencoderLossSettings(objects=8.0, noise_limit=0.2, mask_chances=(0.97, 0.01, 0.01, 0.01)),
        window=128,
    )


def micro_steady() -> AutoencoderRecipe:
    """The small decoder alone, from ``--start``, taught to hold still what stands still; 40 minutes, a core.

    Latents jitter, and the transformer's more than the encoder's: by 0.2 of their deviation, each on its own,
    which a decoder that never met it shows as a jump three times a second.
    """
    return AutoencoderRecipe(
        name="micro_steady",
        size="micro",
        minutes=40,
        stages=(Stage(1.0, 17, 2),),
        optimiser=OptimiserRecipe(rate=1e-3, average=0.995, weight_decay=0.0, clip=3.0),
        losses=AutoencoderLossSettings(
            objects=8.0,
            jumps=50.0,
            large_share=0.24,
            large_in_a_row=True,
            noise_share=0.85,
            noise_limit=0.4,
            noise_told=False,
            mask_chances=(1.0, 0.0, 0.0, 0.0),
        ),
        window=128,
        decoder_only=True,
    )


def micro_clear() -> ClearRecipe:
    """The small decoder alone, from ``--start``, on what a refiner makes at full size: 60 minutes, a core."""
    return ClearRecipe(
        name="micro_clear",
        size="micro",
        minutes=60,
        stages=(Stage(1.0, 17, 2),),
        optimiser=OptimiserRecipe(rate=1e-3, average=0.995, weight_decay=0.0, clip=3.0, decay=0.4),
        losses=replace(micro_steady().losses, noise_limit=0.25),
        window=128,
        decoder_only=True,
    )


def micro_vivid() -> VividRecipe:
    """The small decoder alone, from ``--start``, taught by a critic on what a student films: 100 minutes."""
    return VividRecipe(
        name="micro_vivid",
        size="micro",
        minutes=60,
        stages=(Stage(1.0, 17, 2),),
        optimiser=OptimiserRecipe(
            rate=4e-4, matrix_rate=1e-3, betas=(0.5, 0.95), average=0.995, weight_decay=0.0, clip=3.0,
            decay=0.3,
        ),
        losses=replace(micro_steady().losses, noise_share=0.7, noise_limit=0.3, jumps=6.0, objects=4.0),
        window=128,
        decoder_only=True,
    )


def mini_autoencoder() -> AutoencoderRecipe:
    """The shipped autoencoder: 16 minutes on one large GPU."""
    return AutoencoderRecipe(
        name="mini_autoencoder",
        size="mini",
        minutes=16,
        stages=(Stage(0.15, 1, 256), Stage(0.55, 9, 96), Stage(1.0, 17, 64)),
        optimiser=OptimiserRecipe(rate=1e-3, average=0.999, weight_decay=0.0),
        statistics_clips=2048,
        machine=H200,
        cells=(10, 6),
    )


def mini_vivid() -> VividRecipe:
    """The shipped decoder alone, taught by a critic on what a student films: 8 minutes of a GPU."""
    return replace(
        micro_vivid(),
        name="mini_vivid",
        size="mini",
        minutes=8,
        stages=(Stage(1.0, 17, 24),),
        sample_every=0.3,
        machine=H200,
        cells=(10, 6),
    )


def base_autoencoder() -> AutoencoderRecipe:
    """107 M parameters: 4 hours on eight large GPUs."""
    return AutoencoderRecipe(
        name="base_autoencoder",
        size="base",
        minutes=240,
        stages=(Stage(0.2, 1, 1024), Stage(0.6, 9, 256), Stage(1.0, 17, 128)),
        optimiser=OptimiserRecipe(rate=5e-4, average=0.9995, weight_decay=0.0),
        statistics_clips=2048,
        machine=H200,
        devices=8,
        cells=(16, 9),
        micro_batches=16,
    )


def large_autoencoder() -> AutoencoderRecipe:
    """418 M parameters: 12 hours on 32 large GPUs."""
    return replace(
        base_autoencoder(),
        name="large_autoencoder",
        size="large",
        minutes=720,
        stages=(Stage(0.2, 1, 2048), Stage(0.6, 9, 512), Stage(1.0, 17, 256)),
        optimiser=OptimiserRecipe(rate=3e-4, average=0.9999, weight_decay=0.0),
        devices=32,
        cells=(32, 18),
        micro_batches=64,
    )
