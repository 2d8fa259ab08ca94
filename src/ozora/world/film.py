"""Shoot a shot: frames, depth, subject ids and the exact camera."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial

import torch
from torch import Tensor

from ozora.errors import refuse
from ozora.world import terrain
from ozora.world.bodies import Stage
from ozora.world.camera import CameraPath, camera_path, clearing, ways
from ozora.world.render import ground, marks, scatter, shade, weather
from ozora.world.render import light as lighting
from ozora.world.render import sky as skies
from ozora.world.render.far import horizon
from ozora.world.render.grade import develop
from ozora.world.render.lapse import CLOUDS, Lapse
from ozora.world.render.looks import DRAWN, Picture, blurred, stylised
from ozora.world.render.march import normals, shadow, trace
from ozora.world.render.places import SCENERY, Scenery, far_land
from ozora.world.render.places.water import ripples
from ozora.world.render.rays import Rays
from ozora.world.render.solid import Solid, distance, pack
from ozora.world.render.spot import Spot
from ozora.world.render.textures import clouds, sample, unit
from ozora.world.shot import Shot
from ozora.world.truth import Truth
from ozora.world.truth import truth as tell

CLAY = torch.tensor((0.47, 0.40, 0.35))
"""Albedo of modelling clay."""

SMALLEST_DRAWN = 2.2
"""Pixels, of a picture 128 pixels high: what lies on the ground and is smaller, a brush leaves out."""

USUAL_FOCUS = 12.0
"""Metres from a camera to its subject for which hills and far woods were drawn."""

GROWN_DEPTH = 90.0
"""Metres beyond the clearing in which trees stand one by one; farther off they are an outline."""


@dataclass(frozen=True)
class Filmed:
    """A film and its ground truth."""

    frames: Tensor  # uint8 (T, H, W, 3) sRGB
    depth: Tensor  # float16 (T, H, W) metres along the ray; inf where there is only sky
    ids: Tensor  # uint8 (T, H, W): 0 set and sky, 1.. ``shot.instances``, 100.. occluders and props
    camera: CameraPath
    truth: Truth | None = None  # where it was asked for


@dataclass(frozen=True)
class _Set:
    """What does not change within a shot."""

    shot: Shot
    scenery: Scenery
    light: lighting.Light
    land: terrain.Relief
    family: int
    scale: float
    focus: float
    clearing: float
    groves: tuple[scatter.Grove, ...]
    width: int
    height: int
    tan_up: float
    rays: Tensor  # (3, H*W) camera-space directions, not yet unit
    ways: Tensor  # (m, 3) x, z and radius of what the subjects pass

    def afar(self, eye: Tensor) -> Tensor:
        """Where an ``eye`` (3,) sees far land from, which stays far however far the camera goes."""
        share = min(1.0, USUAL_FOCUS / self.focus)
        return torch.stack((eye[0] * share, eye[1], eye[2] * share))


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


def _ground_colour(scenery: Scenery, spot: Spot) -> Tensor:
    """Colour (3, N) of points of the ground."""
    return scenery.ground(spot)


def _background(
    place: _Set, solids: Sequence[Solid], origin: Tensor, to: Tensor, pixel: float, seconds: float
) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Colour (3, N), distance, open sky and sun on the ground (N,) of everything that is not a body."""
    shot, light, scenery = place.shot, place.light, place.scenery
    t = ground.meet(place.land, origin, to)
    if scenery.half_sides is not None:
        half_x = max(scenery.half_sides[0] * place.scale, 1.6 * place.focus)
        half_z = max(scenery.half_sides[1] * place.scale, 1.3 * place.focus)
        inside = ((origin[0] + to[0] * t).abs() < half_x) & ((origin[2] + to[2] * t).abs() < half_z)
        t = torch.where(inside, t, torch.inf)
    colour = torch.empty_like(to)
    clear, sun_here = torch.zeros_like(t), torch.ones_like(t)
    over = torch.nonzero(torch.isinf(t) | (t > 150.0))[:, 0]
    under = torch.nonzero(torch.isfinite(t))[:, 0]
    if over.numel():
        ray = to[:, over]
        if scenery.room is not None:
            colour[:, over] = scenery.room(light, shot.time, place.family, ray, 1.0)
        else:
            drift = seconds * (CLOUDS if shot.later != "none" else 1.0)
            far, cloud = skies.sky(light, ray, place.family, drift, pixel)
            clear[over] = 1 - cloud
            if shot.weather not in ("clear", "cloud", "aurora"):
                thick = torch.exp(-ray[1].clamp(min=0) * (5.0 if shot.weather == "fog" else 9.0))
                far = skies.mix(far, skies.haze(light, ray), thick * 0.9)
            colour[:, over] = far
    if under.numel():
        ray, reach = to[:, under], t[under]
        points = origin[:, None] + ray * reach
        sunny, open_sky = _ground_shade(place, solids, points)
        for grove in place.groves:
            sunny = sunny * scatter.shade(grove, place.land, light.sun, points)
        sun_here[under] = sunny
        slope = place.land.slope(points[0], points[2])
        land = _ground_colour(
            scenery,
            Spot(
                light, shot.time, place.family, place.scale, seconds, origin, ray, reach, pixel, slope, sunny,
                open_sky,
            ),
        )  # fmt: skip
        if shot.weather in ("rain", "storm") and not scenery.water:
            land = weather.soaked(light, ray, open_sky, land)
        if scenery.wet and scenery.built is not None:
            land = _wetted(place, origin, ray, points, pixel, seconds, open_sky, land)
        if scenery.water:
            land = _mirrored(place, solids, origin, ray, points, reach, pixel, seconds, land)
        if scenery.room is None:
            land = ground.distance_haze(light, ray, reach, land)
        if shot.weather == "fog":
            banks = weather.mist(place.family, place.focus, points, seconds)
            land = skies.mix(land, skies.haze(light, ray), banks)
        colour[:, under] = land
    if over.numel() and scenery.room is None:
        band = over[to[1, over].abs() < 0.14]
        if band.numel():
            rings = far_land(shot.place, place.family, str(to.device))
            far = horizon(light, rings, place.afar(origin), to[:, band], t[band], pixel, colour[:, band])
            clear[band] = clear[band] * ((far - colour[:, band]).abs().amax(0) < 1e-6)
            colour[:, band] = far
    clear = clear * torch.isinf(t)
    rays = Rays(
        light, shot.time, place.family, place.scale, place.clearing, origin, to, pixel, seconds,
        t.clamp(max=ground.FAR),
    )  # fmt: skip
    sights = [partial(scatter.look, grove, place.land) for grove in place.groves]
    for sight in (*sights, *((scenery.built,) if scenery.built is not None else ())):
        seen = sight(replace(rays, limit=t.clamp(max=ground.FAR)))
        met = torch.nonzero(seen.cover > 0)[:, 0]
        hazed = seen.colour[:, met]
        if scenery.room is None and scenery.air != "room":
            hazed = ground.distance_haze(light, to[:, met], seen.distance[met], hazed)
        colour[:, met] = skies.mix(colour[:, met], hazed, seen.cover[met])
        t = torch.where(seen.cover > 0.5, seen.distance, t)
        clear = clear * (1 - seen.cover)
    return colour, t, clear, sun_here


def _wetted(
    place: _Set, origin: Tensor, to: Tensor, points: Tensor, pixel: float, seconds: float, open_sky: Tensor,
    colour: Tensor,
) -> Tensor:  # fmt: skip
    """What is built, mirrored in wet ground: seen from under it, with every ray turned up."""
    turn = torch.tensor([1.0, -1.0, 1.0], device=to.device)
    rays = Rays(
        place.light, place.shot.time, place.family, place.scale, place.clearing, origin * turn,
        to * turn[:, None], pixel * 9, seconds, torch.full_like(open_sky, ground.FAR),
    )  # fmt: skip
    assert place.scenery.built is not None
    seen = place.scenery.built(rays)
    fresnel = 0.10 + 0.75 * (1 + to[1]).clamp(0, 1).pow(5)
    # Between the puddles a road mirrors little: it must not be taken for a lake.
    u, v = points[0] / (7 * place.scale), points[2] / (3 * place.scale)
    puddles = skies.ramp(sample(clouds(place.family, str(to.device)), u, v)[0], -0.4, 0.9)
    fresnel = fresnel * (0.15 + 0.65 * puddles)
    return skies.mix(colour, seen.colour, place.scenery.wet * fresnel * seen.cover * open_sky)


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
        slope_x, slope_z, _ = ripples(place.family, x, z, footprint, seconds, place.scale)
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
    colour, depth, clear, sunny = _background(place, solids, position, to, pixel, seconds)
    bold = depth.clone()
    if place.scenery.marks:
        view = marks.View(
            position, rotation, place.tan_up, place.focus, place.scale, place.family, seconds, place.ways,
            SMALLEST_DRAWN,
        )
        airy = place.scenery.air != "room"
        bare = colour.view(3, *size), depth.view(size), sunny.view(size), airy
        picture, depth, bold = marks.draw(place.scenery.marks, place.land, light, view, *bare)
        colour, depth, bold = picture.reshape(3, -1), depth.reshape(-1), bold.reshape(-1)
    ids = torch.zeros(depth.shape, dtype=torch.uint8, device=depth.device)
    order = sorted(solids, key=lambda s: -float((s.centre - position).norm()))
    indoors = None
    if place.scenery.room is not None:
        indoors = place.scenery.room(light, shot.time, place.family, -light.sun[:, None], 6.0)[:, 0]
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
        if indoors is None:
            lit = ground.distance_haze(light, along, t, lit)
        colour[:, ray] = skies.mix(colour[:, ray], lit, cover)
        clear[ray] = 0
        sure = cover > 0.5
        depth[ray[sure]] = bold[ray[sure]] = t[sure]
        ids[ray[sure]] = min(solid.subject, 255)
    picture = colour.view(3, *size)
    if light.stars > 0.02 and indoors is None:
        picture = weather.stars(picture, clear.view(size), shot.seed, rotation, place.tan_up, light.stars)
    if shot.look == "clay":
        picture = _modelled(place, solids, position, to, depth, ids, picture)
    drawn = shot.look in DRAWN  # drops and flakes go over what is drawn, or they would be smoothed away
    if not drawn:
        picture = _fallen_through(place, picture, depth.view(size), position, rotation, seconds, None)
    if shot.weather == "storm":
        flash = weather.lightning(shot.seed, seconds)
        picture = picture * (1 + 1.6 * flash) + 0.10 * flash
    shown, depth, ids = develop(picture, light, shot.look), depth.view(size), ids.view(size)
    near = place.rays.square().sum(0).sqrt().view(size) / bold.view(size)
    picture = stylised(Picture(shown, near, ids), shot.look)
    if drawn:
        white = torch.tensor((0.93, 0.95, 0.98), device=picture.device)
        picture = _fallen_through(place, picture, depth, position, rotation, seconds, white)
    return picture, depth, ids


def _fallen_through(
    place: _Set, picture: Tensor, depth: Tensor, position: Tensor, rotation: Tensor, seconds: float,
    colour: Tensor | None,
) -> Tensor:  # fmt: skip
    """The picture (3, H, W) with the rain or snow in its air, in a colour (3,) or in the light there is."""
    shot, light = place.shot, place.light
    where = picture, depth, shot.seed, seconds, position, rotation, place.tan_up, place.focus
    if shot.weather in ("rain", "storm"):
        lamps = 2.2 if place.scenery.wet else 1.0  # drops catch the light of a city
        drop = (light.skylight * 1.2 + light.sunlight * 0.5 + 0.35 * light.haze) * (1.3 * lamps)
        heavy = 1.0 if shot.weather == "storm" else 0.6
        return weather.rainfall(*where, drop if colour is None else colour, heavy)
    if shot.weather == "snow":
        flake = (light.skylight * 1.1 + light.sunlight * 0.8 + 0.25 * light.haze) * 1.15
        return weather.snowfall(*where, flake if colour is None else colour)
    return picture


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
    stands = torch.nonzero(points[1] - place.land.height(points[0], points[2]) > 0.02 * place.focus)[:, 0]
    normal[:, stands] = shade.faces(points.view(3, *picture.shape[1:]), position).flatten(1)[:, stands]
    raised = points.clone()
    for solid in solids:
        mine = torch.nonzero(ids == min(solid.subject, 255))[:, 0]
        reach = torch.full_like(depth[mine], 0.02 * solid.radius)
        normal[:, mine] = normals(solid, points[:, mine] - solid.centre[:, None], reach)
        raised[:, mine] = points[:, mine] + normal[:, mine] * (0.2 * solid.radius)
    sunny, open_sky = _ground_shade(place, solids, raised)
    facing = ((light.sun @ normal + 0.25) / 1.25).clamp(min=0) * sunny
    around = skies.mix(light.bounce[:, None], light.skylight[:, None], 0.5 + 0.5 * normal[1]) * open_sky
    # Subjects are of one lump, the ground of another that has a little of its own colour.
    own = torch.tensor(place.scenery.bounce, device=to.device)
    lump = CLAY.to(to.device) * (0.35 + 0.65 * own / own.mean().clamp(min=0.05))
    bare = skies.mix(lump, own, 0.5)[:, None]
    lump = torch.where(ids == 0, bare, CLAY.to(to.device)[:, None])
    lit = lump * (around + light.sunlight[:, None] * facing)
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
    away = (path.position - stage.centre[:, 0].cpu()).norm(dim=-1)
    # Fog that suits the first frame must not swallow whom the camera leaves behind.
    focus = max(float(away[0]), 0.6 * float(away.max()))
    scenery = SCENERY[shot.place]
    light = lighting.moved(lighting.light(shot, focus, scenery.air, scenery.bounce), where)
    lapse = None if shot.later == "none" else Lapse(shot, focus, scenery.air, scenery.bounce)
    scale = float(stage.extent[:, 0].max())
    clear = clearing(stage, path)
    groves = tuple(
        scatter.Grove(kind, clear, GROWN_DEPTH, shot.seed % 997) for kind in scenery.scatter
    )
    place = _Set(
        shot, scenery, light, terrain.relief(shot, where), shot.seed % 5, max(scale * 2.2, 0.05), focus,
        clear, groves, wide, tall, tangents[0], _screen(wide, tall, tangents[0], where),
        ways(stage).to(where),
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
            if lapse is not None:
                now = lapse.at(frame / max(shot.frames - 1, 1))
                place = replace(place, light=lighting.moved(now, where))
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
