"""`--from fox.mp4`: read a film's own metadata back into the request that made it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ozora.backends.backend import Card
from ozora.director.request import Request
from ozora.errors import OzoraError, refuse
from ozora.media.images import is_picture, read_image


def request_from(film: str | Path, card: Card, **overrides: Any) -> Request:
    """The request that reproduces ``film`` byte for byte; ``overrides`` not ``None`` replace its fields.

    Raises ``OzoraError`` when the film is not one of ours, when it was made by other weights, or when it
    began from a picture or clip that is not given again.
    """
    known = _metadata(Path(film))
    try:
        settings, weights = known["settings"], known["weights"]
        fields: dict[str, Any] = {
            "prompt": str(known["prompt"]),
            "negative": str(known["negative"]),
            "caption": None if overrides.get("prompt") else known.get("caption"),
            "seed": int(known["seed"]),
            "size": str(settings["size"]),
            "fps": float(settings["fps"]),
            "steps": int(settings["steps"]),
            "guidance": float(settings["guidance"]),
            "threads": int(settings["threads"]),
            "still": int(settings["frames"]) == 1,
        }
        if not fields["still"]:
            fields["seconds"] = (int(settings["frames"]) - 1) / fields["fps"]
        made_by, given = f"{weights['name']} {str(weights['hash'])[:12]}", dict(known["given"])
        same = weights["hash"] == card.hash
    except (KeyError, TypeError, ValueError) as error:
        raise OzoraError(f"from: {film} carries no metadata that Ozora could film again from.") from error
    if not same:
        raise refuse(
            "from", str(film), f"films made by these weights ({card.name} {card.hash[:12]}), not by {made_by}"
        )
    if overrides.get("seconds") is not None:
        fields["still"] = False
    fields.update({name: value for name, value in overrides.items() if value is not None})
    for name in given:
        if fields.get(name) is None:
            raise OzoraError(f"{name}: {film} began from one that is not in the file, give it again.")
    return Request(**fields)


def _metadata(path: Path) -> dict[str, Any]:
    if is_picture(path):
        return dict(read_image(path).metadata)
    from ozora.media.video import read_metadata

    return read_metadata(path)
