"""From what was asked to how it is denoised: a quality by name, or steps and guidance."""

from __future__ import annotations

from dataclasses import replace

from ozora.backends.backend import Card, Sampling
from ozora.director.request import Request
from ozora.errors import refuse


def sampling_for(request: Request, card: Card) -> Sampling:
    """Steps, guidance and shift of a request on the weights of ``card``.

    Weights with a few-step student film with it where nothing asks for guidance, since it learnt what
    guidance does. Words to steer away from, the verb edit, a guidance above 1 and more steps than a student
    knows ask for the transformer itself, guided.
    """
    chosen = card.quality(request.quality)
    few = [sampling.steps for sampling in card.qualities.values() if sampling.guidance == 1.0]
    guided = request.guidance is None and (bool(request.negative) or request.verb == "edit")
    guided |= request.guidance is not None and request.guidance > 1
    guided |= request.guidance is None and request.steps is not None and request.steps > max(few, default=0)
    if guided and chosen.guidance == 1.0:
        chosen = card.sampling
    if request.refining and not any(sampling.refining for sampling in card.qualities.values()):
        raise refuse("refining", request.refining, f"0: {card.name} has no refiner")
    named = card.quality(request.quality)
    drafts = named.drafts if chosen is named else chosen.drafts
    return replace(
        chosen,
        refining=named.refining if request.refining is None else request.refining,
        drafts=drafts if request.drafts is None else request.drafts,
        steps=chosen.steps if request.steps is None else request.steps,
        guidance=float(chosen.guidance if request.guidance is None else request.guidance),
    )
