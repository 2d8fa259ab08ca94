"""Shoot a shot: frames, depth, subject ids and the exact camera."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from ozora.errors import refuse
from ozora.world import terrain
from ozora.world.bodies import Stage
from ozora.world.camera import CameraPath, camera_path
from ozora.world.render import ground, shade, weather
from ozora.world.render import light as lighting
from ozora.world.render import sky as skies
from ozora.world.render.grade import develop
from ozora.world.render.looks import Picture, blurred, stylised
from ozora.world.render.march import normals, shadow, trace
from ozora.world.render.solid import Solid, distance, pack
from ozora.world.render.textures import unit
from ozora.world.shot import Shot
from ozora.world.truth import Truth
from ozora.world.truth import truth as tell

CLAY = torch.tensor((0.47, 0.40, 0.35))
"""Albedo of modelling clay."""


@dataclass(frozen=True)
class Filmed:
    """A film and its ground truth."""

    frames: Tensor  # uint8 (T, H, W, 3) sRGB
    depth: Tensor  # float16 (T, H, W) metres along the ray; inf where there is only sky
    ids: Tensor  # uint8 (T, H, W): 0 set and sky, 1.. the subjects in order, 100.. occluders and props
    camera: CameraPath
    truth: Truth | None = None  # where it was asked for


@dataclass(frozen=True)
class _Set:
    """What does not change within a shot."""

    shot: Shot
    light: lighting.Light
    land: terrain.Relief
    family: int
    scale: float
    focus: float
    width: int
    height: int
    tan_up: float
    rays: Tensor  # (3, H*W) camera-space directions, not yet unit


def _screen(width: int, height: int, tan_up: float, device: torch.device) -> Tensor:
    """Directions (3, H*W) through pixel centres for a camera that looks along −z."""
    x = (torch.arange(width, device=device) + 0.5) / height * 2 - width / height
    y = 1 - (torch.arange(height, device=device) + 0.5) / height * 2
    rows, columns = torch.meshgrid(y, x, indexing="ij")
    flat = torch.stack((columns * tan_up, rows * tan_up, -torch.ones_like(rows)))
    return flat.reshape(3, -1)


def _ground_shade(place: _Set, solids: Sequence[Solid], points: Tensor) -> tuple[Tensor, Tensor]:
    """Sun and open sky (N,) that bodies leave for points (3, N) of the ground."""
    sun = place.light.sun
    sunny, open_sky = torch.ones_like(points[0]), torch.ones_like(points[0])
    for solid in solids:
        relative = points - solid.centre[:, None]
        along = sun @ relative
        square = (relative * relative).sum(0)
        wide = (solid.radius - along * place.light.penumbra).clamp(min=solid.radius) + 0.05
        index = torch.nonzero((square - along * along < wide * wide) & (along < solid.radius))[:, 0]
        if index.numel():
            hidden = shadow(solid, relative[:, index], sun, place.light.penumbra)
            sunny[index] = sunny[index] * (1 - hidden)
        reach = 0.4 * solid.radius
        index = torch.nonzero(square < (solid.radius + reach) ** 2)[:, 0]
        if index.numel():
            near = relative[:, index]
            gap = distance(solid, near).clamp(min=0)
            open_sky[index] = open_sky[index] * (1 - 0.62 * torch.exp(-gap * (5.0 / solid.radius)))
    return sunny, open_sky


def _background(
    place: _Set, solids: Sequence[Solid], origin: Tensor, to: Tensor, pixel: float, seconds: float
) -> tuple[Tensor, Tensor, Tensor]:
    """Colour (3, N), distance (N,) and open sky (N,) of everything that is not a body."""
    shot, light = place.shot, place.light
    t = ground.meet(place.land, origin, to)
    if shot.place == "tabletop":
        half_x = max(ground.TABLE[0] * place.scale, 1.6 * place.focus)
        half_z = max(ground.TABLE[1] * place.scale, 1.3 * place.focus)
        inside = ((origin[0] + to[0] * t).abs() < half_x) & ((origin[2] + to[2] * t).abs() < half_z)
        t = torch.where(inside, t, torch.inf)
    colour = torch.empty_like(to)
    clear = torch.zeros_like(t)
    over = torch.nonzero(torch.isinf(t) | (t > 150.0))[:, 0]
    under = torch.nonzero(torch.isfinite(t))[:, 0]
    if over.numel():
        ray = to[:, over]
        if shot.place == "tabletop":
            colour[:, over] = skies.room(light, shot.time, place.family, ray)
        else:
            far, cloud = skies.sky(light, ray, place.family, seconds, pixel)
            clear[over] = 1 - cloud
            if shot.weather != "clear":
                thick = torch.exp(-ray[1].clamp(min=0) * (5.0 if shot.weather == "fog" else 9.0))
                far = skies.mix(far, skies.haze(light, ray), thick * 0.9)
            colour[:, over] = far
    if under.numel():
        ray, reach = to[:, under], t[under]
        points = origin[:, None] + ray * reach
        sunny, open_sky = _ground_shade(place, solids, points)
        land = ground.shade(
            place.land, shot.place, shot.time, light, place.family, place.scale, origin, ray, reach, pixel,
            seconds, sunny, open_sky,
        )  # fmt: skip
        if shot.place == "sea":
            land = _mirrored(place, solids, origin, ray, points, reach, pixel, seconds, land)
        if shot.place != "tabletop":
            land = ground.distance_haze(light, ray, reach, land)
        colour[:, under] = land
    if over.numel() and shot.place != "tabletop":
        band = over[to[1, over].abs() < 0.14]
        if band.numel():
            far = skies.horizon(
                light, shot.place, place.family, origin, to[:, band], t[band], pixel, colour[:, band]
            )
            clear[band] = clear[band] * ((far - colour[:, band]).abs().amax(0) < 1e-6)
            colour[:, band] = far
    return colour, t, clear * torch.isinf(t)


def _mirrored(
    place: _Set, solids: Sequence[Solid], origin: Tensor, to: Tensor, points: Tensor, t: Tensor, pixel: float,
    seconds: float, colour: Tensor,
) -> Tensor:  # fmt: skip
    """Reflections of bodies in the water."""
    for solid in solids:
        # Only water in front of the body's mirror image can show it.
        mirror = torch.stack((to[0], -to[1], to[2]))
        relative = points - solid.centre[:, None]
        along = (relative * mirror).sum(0)
        gap = (relative * relative).sum(0) - along * along
        index = torch.nonzero((gap < (1.3 * solid.radius) ** 2) & (along < solid.radius))[:, 0]
        if index.numel() == 0:
            continue
        footprint = t[index] * pixel / (-to[1, index]).clamp(min=0.05).pow(0.7)
        x, _, z = points[:, index]
        slope_x, slope_z, _ = ground.ripples(place.family, x, z, footprint, seconds, place.scale)
        bent = torch.stack((to[0, index] - 0.5 * slope_x, -to[1, index], to[2, index] - 0.5 * slope_z))
        bent = unit(bent)
        start = points[:, index]
        hits = trace(solid, start, bent, pixel * 4, steps=10)
        if hits.ray.numel() == 0:
            continue
        meet = start[:, hits.ray] + bent[:, hits.ray] * hits.distance
        seen = shade.bodies(
            solid, (), place.light, meet - solid.centre[:, None], bent[:, hits.ray], t[index][hits.ray],
            pixel * 2, meet[1], place.family, None,
        )  # fmt: skip
        where = index[hits.ray]
        strength = 0.08 + 0.72 * (1 + to[1, where]).clamp(0, 1).pow(4)
        colour[:, where] = skies.mix(colour[:, where], seen * 0.85, strength * hits.coverage)
    return colour


def _frame(
    place: _Set, solids: Sequence[Solid], position: Tensor, rotation: Tensor, seconds: float
) -> tuple[Tensor, Tensor, Tensor]:
    """One picture (3, H, W) of shown colour, its depth (H, W) and ids (H, W)."""
    shot, light = place.shot, place.light
    size = (place.height, place.width)
    to = unit(rotation @ place.rays)
    pixel = 2 * place.tan_up / place.height
    colour, depth, clear = _background(place, solids, position, to, pixel, seconds)
    ids = torch.zeros(depth.shape, dtype=torch.uint8, device=depth.device)
    order = sorted(solids, key=lambda s: -float((s.centre - position).norm()))
    indoors = None
    if shot.place == "tabletop":
        indoors = skies.room(light, shot.time, place.family, -light.sun[:, None], blur=6.0)[:, 0]
    for solid in order:
        hits = trace(solid, position[:, None], to, pixel)
        if hits.ray.numel() == 0:
            continue
        front = torch.nonzero(hits.distance < depth[hits.ray])[:, 0]
        ray, t, cover = hits.ray[front], hits.distance[front], hits.coverage[front]
        if ray.numel() == 0:
            continue
        along = to[:, ray]
        points = position[:, None] + along * t
        over_ground = points[1] - place.land.height(points[0], points[2])
        lit = shade.bodies(
            solid, solids, light, points - solid.centre[:, None], along, t, pixel, over_ground, place.family,
            indoors,
        )  # fmt: skip
        if shot.place != "tabletop":
            lit = ground.distance_haze(light, along, t, lit)
        colour[:, ray] = skies.mix(colour[:, ray], lit, cover)
        clear[ray] = 0
        sure = cover > 0.5
        depth[ray[sure]] = t[sure]
        ids[ray[sure]] = min(solid.subject, 255)
    picture = colour.view(3, *size)
    if light.stars > 0.02 and shot.place != "tabletop":
        picture = weather.stars(picture, clear.view(size), shot.seed, rotation, place.tan_up, light.stars)
    if shot.look == "clay":
        picture = _modelled(place, solids, position, to, depth, ids, picture)
    if shot.weather == "snow":
        flake = (light.skylight * 1.1 + light.sunlight * 0.8 + 0.25 * light.haze) * 1.15
        picture = weather.snowfall(
            picture,
            depth.view(size),
            shot.seed,
            seconds,
            position,
            rotation,
            place.tan_up,
            place.focus,
            flake,
        )
    shown, depth, ids = develop(picture, light, shot.look), depth.view(size), ids.view(size)
    near = place.rays.square().sum(0).sqrt().view(size) / depth
    return stylised(Picture(shown, near, ids), shot.look), depth, ids


def _modelled(
    place: _Set, solids: Sequence[Solid], position: Tensor, to: Tensor, depth: Tensor, ids: Tensor,
    picture: Tensor,
) -> Tensor:  # fmt: skip
    """The set in matte clay (3, H, W), lit as it is; a blurred backdrop where there is no depth."""
    light = place.light
    solid_at = torch.isfinite(depth)
    points = position[:, None] + to * depth.clamp(max=ground.FAR)
    slope = place.land.slope(points[0], points[2])
    normal = unit(torch.stack((-slope[0], torch.ones_like(depth), -slope[1])))
    raised = points.clone()
    for solid in solids:
        mine = torch.nonzero(ids == min(solid.subject, 255))[:, 0]
        reach = torch.full_like(depth[mine], 0.02 * solid.radius)
        normal[:, mine] = normals(solid, points[:, mine] - solid.centre[:, None], reach)
        raised[:, mine] = points[:, mine] + normal[:, mine] * (0.2 * solid.radius)
    sunny, open_sky = _ground_shade(place, solids, raised)
    facing = ((light.sun @ normal + 0.25) / 1.25).clamp(min=0) * sunny
    around = skies.mix(light.bounce[:, None], light.skylight[:, None], 0.5 + 0.5 * normal[1]) * open_sky
    lit = CLAY.to(to.device)[:, None] * (around + light.sunlight[:, None] * facing)
    lit = ground.distance_haze(light, to, depth.clamp(max=ground.FAR), lit)
    open_air = ~solid_at.view(picture.shape[1:])
    backdrop = blurred(picture * open_air, place.height / 14)
    backdrop = backdrop / blurred(open_air.float(), place.height / 14).clamp(min=1e-3)
    return torch.where(open_air, backdrop, lit.view(picture.shape))


def film(
    shot: Shot, width: int, height: int, *, frames: Sequence[int] | None = None, supersample: int = 1,
    device: str | torch.device = "cpu", stage: Stage | None = None, truth: bool = False,
) -> Filmed:  # fmt: skip
    """Film a shot at ``width`` × ``height`` pixels.

    ``frames`` chooses frames by number (default: all, ``shot.frames`` of them); each is the same as in the
    whole film. ``supersample`` = n averages n × n rays per pixel. ``stage`` replaces the rigs' staging.
    With ``truth`` the film tells optical flow, classes and events too.
    The same shot, seed and size give the same bytes on the same device.

    Raises ``OzoraError`` for sizes and frame numbers that do not exist.
    """
    if width < 8 or height < 8:
        raise refuse("size", f"{width}x{height}", "8 pixels or more each way")
    if supersample not in range(1, 9):
        raise refuse("supersample", supersample, "1 to 8")
    wanted = list(range(shot.frames)) if frames is None else list(frames)
    if not wanted or min(wanted) < 0 or max(wanted) >= shot.frames:
        raise refuse("frames", wanted, f"numbers from 0 to {shot.frames - 1}")
    where = torch.device(device)
    if stage is None:
        from ozora.world.rigs import stage as set_up

        stage = set_up(shot, terrain.ground(shot), where)
    path = camera_path(shot, stage, width / height)
    wide, tall = width * supersample, height * supersample
    tangents = [math.tan(fov / 2) for fov in path.vertical_fov.tolist()]
    focus = float((path.position[0] - stage.centre[0, 0].cpu()).norm())
    light = lighting.moved(lighting.light(shot, focus), where)
    scale = float(stage.extent[:, 0].max())
    place = _Set(
        shot, light, terrain.relief(shot, where), shot.seed % 5, max(scale * 2.2, 0.05), focus, wide, tall,
        tangents[0], _screen(wide, tall, tangents[0], where),
    )  # fmt: skip
    members = sorted(set(stage.bodies.subject.tolist()))
    packs = [pack(stage.bodies, member, wanted) for member in members]
    position, rotation = path.position.to(where), path.rotation.to(where)
    shown, depths, ids = [], [], []
    with torch.inference_mode():
        for i, frame in enumerate(wanted):
            solids = [pack_[i] for pack_ in packs]
            if (tangent := tangents[frame]) != place.tan_up:  # the focal length has changed
                place = replace(place, tan_up=tangent, rays=_screen(wide, tall, tangent, where))
            picture, depth, who = _frame(place, solids, position[frame], rotation[frame], frame / shot.fps)
            if supersample > 1:
                picture = torch.nn.functional.avg_pool2d(picture[None], supersample)[0]
                middle = supersample // 2
                depth, who = (
                    depth[middle::supersample, middle::supersample],
                    who[middle::supersample, middle::supersample],
                )
            shown.append((picture.permute(1, 2, 0) * 255 + 0.5).clamp(0, 255).to(torch.uint8))
            depths.append(depth)
            ids.append(who)
        exact, owners = torch.stack(depths), torch.stack(ids)
        sample = (supersample // 2 + 0.5) / supersample
        told = tell(shot, stage, path, wanted, exact, owners, sample) if truth else None
    return Filmed(torch.stack(shown), exact.to(torch.float16), owners, path.at(wanted), told)
