"""`--from fox.mp4`: read a film's own metadata back into the request that made it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ozora.backends.backend import Card
from ozora.backends.machine import precision_here
from ozora.director.parts import Still, part_from_json
from ozora.director.plan import plan
from ozora.director.request import Request
from ozora.director.sources import file_hash
from ozora.errors import OzoraError, refuse
from ozora.media.images import is_picture, read_image


def request_from(film: str | Path, card: Card, **overrides: Any) -> Request:
    """The request that reproduces ``film`` byte for byte; ``overrides`` not ``None`` replace its fields.

    Raises ``OzoraError`` when the film is not one of ours, when it was made by other weights, or when it
    began from a picture or clip that is not given again.
    """
    known = _metadata(Path(film))
    try:
        weights, fields = known["weights"], _fields(known)
        if overrides.get("prompt"):
            fields["caption"] = None
        made_by, given = f"{weights['name']} {str(weights['hash'])[:12]}", dict(known["given"])
        same = weights["hash"] == card.hash
    except (KeyError, TypeError, ValueError) as error:
        raise OzoraError(f"from: {film} carries no metadata that Ozora could film again from.") from error
    if not same:
        raise refuse(
            "from", str(film), f"films made by these weights ({card.name} {card.hash[:12]}), not by {made_by}"
        )
    fields |= _of_the_verb(known, Path(film))
    if overrides.get("seconds") is not None and not fields["parts"]:
        fields["still"] = False
    if overrides.get("quality"):
        fields |= {"steps": None, "guidance": None, "refining": None, "drafts": None}
    fields.update({name: value for name, value in overrides.items() if value is not None})
    for name in given:
        if not fields.get(name if name in ("image", "head", "tail") else "stills"):
            raise OzoraError(f"{name}: {film} began from one that is not in the file, give it again.")
    request = Request(**fields)
    if fields["parts"] and not any(overrides.values()):
        _check_parents(request, known, Path(film), card)
    return request


def _of_the_verb(known: Mapping[str, Any], film: Path) -> dict[str, Any]:
    """What the verbs add to a request; given films and pictures are looked for beside ``film`` by name."""
    fields: dict[str, Any] = {
        "verb": str(known.get("verb", "generate")),
        "ring": bool(known.get("ring", False)),
        "parts": tuple(
            part_from_json({name: _found(value, name, film) for name, value in part.items()})
            for part in known.get("parts", ())
        ),
    }
    if stills := known.get("stills"):
        fields["stills"] = tuple(
            Still(_beside(still, "keyframes", film), still["seconds"], still["part"]) for still in stills
        )
    if image := known.get("image"):
        fields["image"] = _beside({"name": image}, "image", film)
    return fields


def _found(value: Any, name: str, film: Path) -> Any:
    """A part's value; of a given film its path, once its hash is seen to be right."""
    if not isinstance(value, Mapping):
        return value
    path = _beside(value, name, film)
    if file_hash(Path(path)) != value["hash"]:
        raise refuse(name, path, f"the very file that {film.name} was made from, and this one has changed")
    return path


def _beside(value: Mapping[str, Any], name: str, film: Path) -> str:
    """The path of a file by the name that a film's metadata tells."""
    if not value.get("name"):
        raise OzoraError(f"{name}: {film.name} was made from one that was only in memory, not from a file.")
    path = film.parent / str(value["name"])
    if not path.is_file():
        raise refuse(name, str(path), f"the {path.name} that {film.name} was made from, beside it")
    return str(path)


def _check_parents(request: Request, known: Mapping[str, Any], film: Path, card: Card) -> None:
    """Refuse parents that would be used otherwise than they were: without their latents, say."""
    for now, then in zip(plan(request, card).describe()["parts"], known["parts"], strict=True):
        for name, value in then.items():
            if isinstance(value, Mapping) and now[name]["used"] != value["used"]:
                how = f"{value['name']} with the latents that lay beside it when {film.name} was made"
                raise refuse(name, f"{value['name']} as it lies there", how)


def request_of(about: Mapping[str, Any]) -> Request:
    """The request that a take's metadata tells, without what was given to it."""
    return Request(**_fields(about))


def _fields(known: Mapping[str, Any]) -> dict[str, Any]:
    settings = known["settings"]
    fields: dict[str, Any] = {
        "prompt": str(known["prompt"]),
        "negative": str(known["negative"]),
        "caption": known.get("caption"),
        "seed": int(known["seed"]),
        "size": str(settings["size"]),
        "fps": float(settings["fps"]),
        "steps": int(settings["steps"]),
        "guidance": float(settings["guidance"]),
        "refining": int(settings.get("refining", 0)),
        "drafts": int(settings.get("drafts", 1)),
        "threads": int(settings["threads"]),
        "precision": precision_here(str(settings.get("precision", "float32"))),
        "still": int(settings["frames"]) == 1,
    }
    if not fields["still"] and not known.get("parts"):
        fields["seconds"] = (int(settings["frames"]) - 1) / fields["fps"]
    return fields


def _metadata(path: Path) -> dict[str, Any]:
    if is_picture(path):
        return dict(read_image(path).metadata)
    from ozora.media.video import read_metadata

    return read_metadata(path)
