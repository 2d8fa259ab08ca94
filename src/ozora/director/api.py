"""`from ozora import Ozora`: films from Python in one line."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ozora.backends.backend import Backend, Card
from ozora.backends.embedded import EmbeddedBackend
from ozora.director import verbs
from ozora.director.generate import generate
from ozora.director.parts import Material
from ozora.director.reproduce import request_from
from ozora.director.request import Request
from ozora.director.take import OnPhase, Take


class Ozora:
    """A film maker: holds one backend, loaded on the first take and kept for the next.

    ``weights`` is the name of shipped weights ("micro") or a folder; they are checked here, before any
    compute (``WeightsError``). Another ``backend`` may be given instead.
    """

    def __init__(self, weights: str | Path | None = None, *, backend: Backend | None = None) -> None:
        self.backend: Backend = backend or EmbeddedBackend(weights)

    @property
    def card(self) -> Card:
        """Name, hash and abilities of the weights."""
        return self.backend.card

    def generate(self, prompt: str, *, on_phase: OnPhase | None = None, **settings: Any) -> Take:
        """Film ``prompt`` once; ``settings`` are the fields of :class:`Request`.

        >>> Ozora().generate("a red fox runs across a snowy field", seed=1).save("fox.mp4")  # doctest: +SKIP
        """
        return next(self.takes(Request(prompt, **{**settings, "count": 1}), on_phase=on_phase))

    def picture(self, prompt: str, **settings: Any) -> Take:
        """A still; see :func:`ozora.director.verbs.picture`, as for every verb below."""
        return self._take(verbs.picture(prompt, **_asked(settings)), settings)

    def animate(self, prompt: str, image: verbs.Image | None, **settings: Any) -> Take:
        """A film from a first picture, a last one, keyframes."""
        return self._take(verbs.animate(prompt, image, **_asked(settings)), settings)

    def extend(self, source: Material, prompt: str, **settings: Any) -> Take:
        """A film and what comes after it, or before it."""
        return self._take(verbs.extend(source, prompt, **_asked(settings)), settings)

    def fill(self, before: Material, after: Material, prompt: str, **settings: Any) -> Take:
        """Two films and what leads from one to the other."""
        return self._take(verbs.fill(before, after, prompt, **_asked(settings)), settings)

    def loop(self, prompt: str, **settings: Any) -> Take:
        """A film whose end runs into its beginning."""
        return self._take(verbs.loop(prompt, **_asked(settings)), settings)

    def blend(self, first: Material, second: Material, prompt: str, **settings: Any) -> Take:
        """Two films on one time line, mixed by a curve of influence."""
        return self._take(verbs.blend(first, second, prompt, **_asked(settings)), settings)

    def remix(self, source: Material, prompt: str, **settings: Any) -> Take:
        """A film under new words."""
        return self._take(verbs.remix(source, prompt, **_asked(settings)), settings)

    def recut(self, source: Material, prompt: str, **settings: Any) -> Take:
        """A film of which spans are kept and the rest is filmed anew."""
        return self._take(verbs.recut(source, prompt, **_asked(settings)), settings)

    def edit(self, source: Material, prompt: str, **settings: Any) -> Take:
        """The same film with new words."""
        return self._take(verbs.edit(source, prompt, **_asked(settings)), settings)

    def variation(self, source: Material, **settings: Any) -> Take:
        """Another take of a film under the same words."""
        return self._take(verbs.variation(source, **_asked(settings)), settings)

    def _take(self, request: Request, settings: dict[str, Any]) -> Take:
        return next(self.takes(request, on_phase=settings.get("on_phase")))

    def takes(
        self,
        request: Request,
        *,
        outputs: list[Path] | None = None,
        keep_latents: bool = True,
        on_phase: OnPhase | None = None,
    ) -> Iterator[Take]:
        """Film a request take by take; see :func:`ozora.director.generate.generate`."""
        return generate(
            self.backend, request, outputs=outputs or (), keep_latents=keep_latents, on_phase=on_phase
        )

    def again(self, film: str | Path, *, on_phase: OnPhase | None = None, **overrides: Any) -> Take:
        """Film again what made ``film``, from the metadata inside it."""
        return next(self.takes(request_from(film, self.card, **overrides), on_phase=on_phase))


def _asked(settings: dict[str, Any]) -> dict[str, Any]:
    """The settings of a single take, without whom to tell of its progress."""
    return {**{name: value for name, value in settings.items() if name != "on_phase"}, "count": 1}
