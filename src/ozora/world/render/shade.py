"""Light on bodies: sun, sky, bounce, rim, gloss, and the patterns of fur, cloth and toys."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from ozora.world.render import textures
from ozora.world.render.light import Light
from ozora.world.render.march import normals, shadow
from ozora.world.render.sky import air, mix, ramp
from ozora.world.render.solid import Solid, distance, distances, melted
from ozora.world.render.textures import unit

FUR, STRIPES, CHEQUERS, PATCHES = 1, 2, 3, 4


def _pattern(
    solid: Solid, points: Tensor, share: Tensor, albedo: Tensor, seen: Tensor, family: int
) -> Tensor:
    """Lay each body's pattern over its albedo (3, N); ``seen`` (N,) is the pixel's size in metres."""
    kinds = set(solid.pattern.tolist())
    if kinds == {0}:
        return albedo
    first = share.argmax(0)
    frame = solid.frame[first]  # (N, 3, 4)
    own = (frame[:, :, :3] @ points.T[..., None])[..., 0] + frame[:, :, 3]
    x, y, z = own.unbind(-1)
    kind = solid.pattern[first]
    size = solid.bound[first, 3]
    if FUR in kinds:
        grain = textures.detail(family, str(points.device))
        tile = 0.22 * solid.radius
        value = textures.sample(grain, (x + 0.6 * z) / tile, (y - 0.4 * z) / (2.2 * tile))
        tuft = value[0] * textures.resolved(tile / 8, seen) + value[1] * textures.resolved(tile / 16, seen)
        albedo = torch.where(kind == FUR, albedo * (1 + 0.07 * tuft).clamp(0.6, 1.35), albedo)
    if PATCHES in kinds:
        grain = textures.detail(family, str(points.device))
        tile = 3.6 * solid.radius
        value = textures.sample(grain, (x + 0.7 * z) / tile, (y - 0.5 * z) / tile)[0]
        # Net of pale lines: where the noise changes sign.
        net = (1 - value.abs() / (0.32 + 8 * seen / solid.radius)).clamp(0, 1)
        albedo = torch.where(kind == PATCHES, mix(albedo, torch.full_like(albedo, 0.62), net), albedo)
    pale = mix(albedo, torch.full_like(albedo, 0.86), 0.78)
    dark = albedo.mean(0) > 0.62
    other = torch.where(dark, albedo * torch.tensor([[0.75], [0.22], [0.18]], device=points.device), pale)
    if STRIPES in kinds:
        wave = torch.sin(torch.atan2(x, z) * 6)
        soft = (seen / size * 8).clamp(0.12, 1.0)
        band = (0.5 + wave / (2 * soft)).clamp(0, 1)
        albedo = torch.where(kind == STRIPES, mix(albedo, other, band), albedo)
    if CHEQUERS in kinds:
        soft = (seen / size * 3).clamp(0.05, 1.0)
        sign = torch.ones_like(x)
        for axis in (x, y, z):
            sign = sign * (axis / size / soft).clamp(-1, 1)
        albedo = torch.where(kind == CHEQUERS, mix(albedo, other, 0.5 - 0.5 * sign), albedo)
    return albedo


def bodies(
    solid: Solid, casters: Sequence[Solid], light: Light, points: Tensor, direction: Tensor, t: Tensor,
    pixel: float, over_ground: Tensor, family: int, room: Tensor | None,
) -> Tensor:  # fmt: skip
    """Colour (3, N) of points of one body, given relative to its centre.

    ``over_ground`` (N,) is their height over the ground in metres; ``casters`` may shade them; ``room`` is a
    colour (3,) that glossy bodies mirror indoors instead of the sky.
    """
    seen = t * pixel
    normal = normals(solid, points, (seen * 0.6).clamp(min=0.0015 * solid.radius))
    each = distances(solid, points)
    _, share = melted(solid, each)
    if share.shape[0] > 1:  # sharper than the melt: colours meet in a line, forms in a curve
        share = share.square()
        share = share / share.sum(0)
    albedo = solid.colour.T @ share
    gloss, glow = solid.gloss @ share, solid.glow @ share
    albedo = _pattern(solid, points, share, albedo, seen, family)

    sun = light.sun
    reach = 0.22 * solid.radius
    crevice = (distance(solid, points + normal * reach) / reach).clamp(0, 1)
    crevice = 0.45 + 0.55 * crevice
    floor = (over_ground / (0.5 * solid.radius)).clamp(0, 1)
    incidence = sun @ normal
    lit = ((incidence + 0.15) / 1.15).clamp(min=0)
    raised = points + normal * (0.02 * solid.radius)
    for caster in casters:
        apart = (solid.centre - caster.centre)[:, None]
        own = caster is solid
        lit = lit * (1 - shadow(caster, raised + apart, sun, light.penumbra, 1.0 if own else 0.0))
    up = normal[1] * 0.5 + 0.5
    ambient = mix(light.bounce[:, None], light.skylight[:, None], up * (0.55 + 0.45 * floor))
    ambient = ambient * (crevice * (0.72 + 0.28 * floor))
    colour = albedo * (ambient + light.sunlight[:, None] * lit)

    against = -(direction * normal).sum(0)
    edge = (1 - against.clamp(0, 1)).pow(3)
    # A low sun behind the body lights its outline.
    behind = (sun @ direction).clamp(min=0)
    rim = edge * (0.10 + 0.9 * behind * (1 - sun[1]).clamp(min=0)) * (0.4 + 0.6 * (incidence > -0.4))
    # Only an outline has open air behind it: a rump before a chest must not be framed in light.
    past = points + direction * (0.5 * solid.radius)
    rim = rim * (0.15 + 0.85 * ramp(distance(solid, past), 0.0, 0.16 * solid.radius))
    colour = colour + (light.sunlight * 0.55)[:, None] * (albedo * 0.6 + 0.25) * rim
    colour = colour + albedo * light.skylight[:, None] * (edge * 0.35)
    halfway = unit(sun[:, None] - direction)
    sharp = 12 + 140 * gloss * gloss
    shine = (sharp * (halfway * normal).sum(0).clamp(min=1e-3).log()).clamp_(min=-60).exp_()
    colour = colour + light.sunlight[:, None] * (shine * lit.clamp(max=1) * gloss * (0.35 + 0.9 * gloss))
    if float(solid.gloss.max()) > 0.15:
        mirror = direction + 2 * against.clamp(min=0) * normal
        around = air(light, mirror) if room is None else room[:, None].expand_as(mirror) * (0.6 + 0.8 * up)
        around = mix(light.bounce[:, None], around, (mirror[1] * 3 + 0.5).clamp(0, 1))
        metal = ((gloss - 0.7) * 4).clamp(0, 1)
        fresnel = gloss * (0.05 + 0.6 * edge)
        colour = colour * (1 - 0.65 * metal) + around * mix(torch.ones_like(albedo), albedo * 1.2, metal) * (
            fresnel + 0.62 * metal
        )
    return colour + albedo * (glow * 2.2)


def faces(points: Tensor, eye: Tensor) -> Tensor:
    """Unit normals (3, H, W), towards the ``eye``, of the surface that a picture's points (3, H, W) lie on.

    From each pixel to the nearer of its neighbours, across and down, so that outlines stay sharp.
    """

    def step(axis: int) -> Tensor:
        ahead = torch.roll(points, -1, axis) - points
        behind = points - torch.roll(points, 1, axis)
        nearer = ahead.square().sum(0) < behind.square().sum(0)
        return torch.where(nearer, ahead, behind)

    normal = unit(torch.linalg.cross(step(2), step(1), dim=0) + 1e-12)
    away = ((points - eye[:, None, None]) * normal).sum(0) > 0
    return torch.where(away, -normal, normal)
