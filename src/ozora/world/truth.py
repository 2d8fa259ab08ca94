"""Ground truth for every pixel: where its point goes next, what it belongs to, when a subject is hidden."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from ozora.world import concepts
from ozora.world.bodies import RING, ROUND_CONE, SHEET, Bodies, Stage
from ozora.world.camera import CameraPath, cut_frames
from ozora.world.render.march import trace
from ozora.world.render.solid import Solid, distances, melted, members, pack
from ozora.world.shot import Shot, moment_of

CLASSES: tuple[str, ...] = (
    "backdrop",
    *concepts.PLACES,
    *(name for name in concepts.OCCLUDERS if name != "none"),
    *concepts.SUBJECTS,
)
"""What a pixel may belong to: the backdrop (sky, far hills, the walls of a room), the ground, a body."""

FAR = 1e6
"""Metres at which the backdrop is taken to be."""

HIDDEN = 0.5
"""Share of a subject's silhouette that must be covered for it to count as occluded."""


@dataclass(frozen=True)
class Event:
    """Something that happens in a film, from one moment up to another (the same for a cut or a collision)."""

    kind: str  # "occluded", "cut", "collision" or "action": a second one, until the end
    subject: int  # id of the instance, 1.. in the shot's order; 0 for the whole picture
    from_seconds: float
    to_seconds: float


@dataclass(frozen=True)
class Truth:
    """What is known about every pixel of T frames."""

    flow: Tensor  # float32 (T-1, H, W, 2) pixels right and down to where a point is next; 0 at cuts
    seen: Tensor  # bool (T-1, H, W) whether the next frame shows that point: inside, not hidden, not cut
    classes: Tensor  # uint8 (T, H, W) index in ``CLASSES``
    events: tuple[Event, ...]


def truth(
    shot: Shot, stage: Stage, path: CameraPath, frames: Sequence[int], depth: Tensor, ids: Tensor,
    sample: float = 0.5,
) -> Truth:  # fmt: skip
    """The truth about ``frames`` of a shot, from their depth and ids (T, H, W) and the camera of every frame.

    ``sample`` is where in its pixel a ray passes, as a share of its side. Points move with the body they are
    on; waves, clouds and falling snow have no motion of their own.
    """
    eyes = [_Eye.at(path, frame, depth, sample) for frame in frames]
    subjects = sorted(set(stage.bodies.subject.tolist()))
    packs = {member: pack(stage.bodies, member, frames) for member in subjects}
    beyond = depth.clamp(max=FAR)
    starts = cut_frames(shot, stage.centre.shape[0])
    flows, seens = [], []
    for i in range(len(frames) - 1):
        points = eyes[i].position[:, None] + eyes[i].rays * beyond[i].flatten()
        for member in subjects:
            mine = torch.nonzero(ids[i].flatten() == min(member, 255))[:, 0]
            if mine.numel():
                points[:, mine] = carried(
                    stage.bodies, packs[member][i], points[:, mine], frames[i], frames[i + 1]
                )
        place, distance = eyes[i + 1].sees(points)
        flow = (place - eyes[i].places).T.reshape(*depth.shape[1:], 2)
        seen = _in_sight(place, distance, ids[i].flatten(), beyond[i + 1], ids[i + 1])
        first, last = sorted((frames[i], frames[i + 1]))
        uncut = not any(first < start <= last for start in starts)
        flows.append(flow * uncut)
        seens.append(seen.view(depth.shape[1:]) & uncut)
    hidden = {
        number: [_hidden(eyes[i], packs[number][i], ids[i]) for i in range(len(frames))]
        for number in range(1, len(shot.instances) + 1)
    }
    nothing = depth.new_zeros(0, *depth.shape[1:])
    return Truth(
        torch.stack(flows) if flows else nothing[..., None].expand(*nothing.shape, 2),
        torch.stack(seens) if seens else nothing.bool(),
        _classes(shot, depth, ids),
        (
            *_occlusions(hidden, frames, shot.fps),
            *(Event("cut", 0, cut.at, cut.at) for cut in shot.cuts),
            *(
                Event("action", number, moment_of(shot, number - 1), shot.seconds)
                for number, subject in enumerate(shot.subjects, 1)
                if subject.then != "none"
            ),
            *(Event("collision", subject, seconds, seconds) for seconds, subject in stage.touches),
        ),
    )


def truth_class(shot: Shot, instance: int) -> int:
    """Index in ``CLASSES`` of one of a shot's instances, 1.. in order."""
    return CLASSES.index(shot.subjects[shot.instances[instance - 1]].kind)


def warped(picture: Tensor, flow: Tensor) -> Tensor:
    """The next frame (C, H, W) read where ``flow`` (H, W, 2) says that this frame's points are in it."""
    height, width = flow.shape[:2]
    rows, columns = torch.meshgrid(torch.arange(height), torch.arange(width), indexing="ij")
    place = torch.stack((columns, rows), -1).to(flow) + 0.5 + flow
    grid = place / torch.tensor([width, height]).to(flow) * 2 - 1
    return F.grid_sample(picture[None], grid[None], align_corners=False, padding_mode="border")[0]


@dataclass(frozen=True)
class _Eye:
    """The camera of one frame, for one size of picture."""

    position: Tensor  # (3,)
    rotation: Tensor  # (3, 3)
    tangent: float  # of half the vertical angle of view
    places: Tensor  # (2, H*W) column and row of every ray, pixels
    rays: Tensor  # (3, H*W) unit directions in the world
    size: tuple[int, int]

    @staticmethod
    def at(path: CameraPath, frame: int, depth: Tensor, sample: float) -> _Eye:
        height, width = depth.shape[1:]
        tangent = float(torch.tan(path.vertical_fov[frame] / 2))
        rows, columns = torch.meshgrid(torch.arange(height), torch.arange(width), indexing="ij")
        places = torch.stack((columns.flatten(), rows.flatten())).to(depth) + sample
        across = (places[0] * 2 - width) / height * tangent
        up = (1 - places[1] * 2 / height) * tangent
        own = F.normalize(torch.stack((across, up, -torch.ones_like(up))), dim=0)
        rotation = path.rotation[frame].to(depth)
        position = path.position[frame].to(depth)
        return _Eye(position, rotation, tangent, places, rotation @ own, (height, width))

    def sees(self, points: Tensor) -> tuple[Tensor, Tensor]:
        """Column and row (2, N) in pixels of points (3, N), and their distance (N,): inf behind the eye."""
        offset = points - self.position[:, None]
        own = self.rotation.T @ offset
        height, width = self.size
        ahead = (-own[2]).clamp(min=1e-4)
        column = (own[0] / ahead / self.tangent * height + width) / 2
        row = (1 - own[1] / ahead / self.tangent) * height / 2
        return torch.stack((column, row)), torch.where(own[2] < 0, offset.norm(dim=0), torch.inf)


def carried(bodies: Bodies, solid: Solid, points: Tensor, frame: int, after: int) -> Tensor:
    """Where points (3, N) on a body in one frame are in another, metres.

    Each moves with the primitives it lies on, by their shares of the melted surface (linear blend skinning,
    Magnenat-Thalmann et al. 1988).
    """
    mine = members(bodies, solid.subject)
    matrix, start, end = _motion(bodies, mine, frame, after)
    _, share = melted(solid, distances(solid, points - solid.centre[:, None]))  # (K, N)
    share = share / share.sum(0)
    moved = matrix @ (points[None] - start[..., None]) + end[..., None]  # (K, 3, N)
    return (share[:, None] * moved).sum(0)


def _motion(bodies: Bodies, mine: Tensor, frame: int, after: int) -> tuple[Tensor, Tensor, Tensor]:
    """Affine motion of K primitives: matrix (K, 3, 3) about a first point (K, 3) that goes to a second."""

    def both(value: Tensor) -> tuple[Tensor, Tensor]:
        return value[frame, mine], value[after, mine]

    (a, a2), (b, b2), (c, c2) = both(bodies.a), both(bodies.b), both(bodies.c)
    (axes, axes2), (size, size2) = both(bodies.axes), both(bodies.size)
    kind = bodies.kind[mine, None, None]
    turn = axes2 @ axes.transpose(-1, -2)
    # Ellipsoids and boxes grow along their own axes; a ring keeps its shape.
    growth = torch.where(kind[..., 0] == RING, torch.ones_like(size), size2 / size.clamp(min=1e-6))
    own = (axes2 * growth[:, None]) @ axes.transpose(-1, -2)
    # A cone turns with its rig, then by the smallest angle that brings its axis where it goes, and stretches.
    span, span2 = (turn @ (b - a)[..., None])[..., 0], b2 - a2
    along, along2 = F.normalize(span, dim=-1), F.normalize(span2, dim=-1)
    swing = torch.linalg.cross(along, along2)
    x, y, z = swing.unbind(-1)
    nil = torch.zeros_like(x)
    skew = torch.stack((nil, -z, y, z, nil, -x, -y, x, nil), -1).view(-1, 3, 3)
    cosine = (along * along2).sum(-1).clamp(min=-0.99)[:, None, None]
    swung = torch.eye(3, device=a.device) + skew + skew @ skew / (1 + cosine)
    length, length2 = span.norm(dim=-1), span2.norm(dim=-1)
    longer = torch.where(length > 1e-6, length2 / length.clamp(min=1e-6), torch.ones_like(length)) - 1
    stretch = torch.eye(3, device=a.device) + longer[:, None, None] * along2[:, :, None] * along2[:, None]
    # A sheet goes where its three corners go.
    flat = [_triangle(*corners) for corners in ((a, b, c), (a2, b2, c2))]
    sheet = flat[1] @ torch.linalg.pinv(flat[0])
    matrix = torch.where(kind == ROUND_CONE, stretch @ swung @ turn, torch.where(kind == SHEET, sheet, own))
    return matrix, a, a2


def _triangle(a: Tensor, b: Tensor, c: Tensor) -> Tensor:
    """Frames (K, 3, 3) of triangles: two edges and the unit normal, as columns."""
    normal = F.normalize(torch.linalg.cross(b - a, c - a), dim=-1)
    return torch.stack((b - a, c - a, normal), -1)


def _in_sight(place: Tensor, distance: Tensor, who: Tensor, depth: Tensor, ids: Tensor) -> Tensor:
    """Whether points that belong to ``who`` (N,) lie on what the next frame shows at ``place`` (2, N)."""
    height, width = depth.shape
    column, row = place[0].floor(), place[1].floor()
    inside = (column >= 0) & (column < width) & (row >= 0) & (row < height) & torch.isfinite(distance)
    index = (row.clamp(0, height - 1) * width + column.clamp(0, width - 1)).nan_to_num().long()
    farthest = F.max_pool2d(depth[None], 3, 1, 1)[0].flatten()[index]
    nearest = -F.max_pool2d(-depth[None], 3, 1, 1)[0].flatten()[index]
    on_it = (distance < 1.04 * farthest) & (distance > 0.96 * nearest)
    return inside & on_it & (ids.flatten()[index] == who)


def _hidden(eye: _Eye, solid: Solid, ids: Tensor) -> float:
    """Share of a subject's silhouette that something else covers; 0 where it has none in the frame."""
    hits = trace(solid, eye.position[:, None], eye.rays, 2 * eye.tangent / eye.size[0])
    whole = int((hits.coverage > 0.5).sum())
    return 1 - int((ids == solid.subject).sum()) / whole if whole >= 8 else 0.0


def _occlusions(hidden: dict[int, list[float]], frames: Sequence[int], fps: int) -> list[Event]:
    """An event for every run of frames in which a subject is mostly hidden."""
    times = [frame / fps for frame in (*frames, frames[-1] + 1)]
    events = []
    for subject, shares in hidden.items():
        covered = [share > HIDDEN for share in (0.0, *shares, 0.0)]
        begins = [i for i in range(len(shares)) if covered[i + 1] and not covered[i]]
        ends = [i for i in range(1, len(shares) + 1) if covered[i] and not covered[i + 1]]
        for begin, end in zip(begins, ends, strict=True):
            events.append(Event("occluded", subject, times[begin], times[end]))
    return events


def _classes(shot: Shot, depth: Tensor, ids: Tensor) -> Tensor:
    """Index in ``CLASSES`` of every pixel, uint8 (T, H, W)."""
    classes = torch.where(torch.isfinite(depth), CLASSES.index(shot.place), 0).to(torch.uint8)
    if shot.occluder != "none":
        classes[ids >= 100] = CLASSES.index(shot.occluder)
    for number, index in enumerate(shot.instances, 1):
        classes[ids == number] = CLASSES.index(shot.subjects[index].kind)
    return classes
