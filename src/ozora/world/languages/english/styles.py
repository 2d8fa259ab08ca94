"""Two more styles of English: tags between commas, and a rich description of two to four sentences.

Each gives the caption and the facts that it tells.
Both say what ``sentences`` would say of the shot, with its words. What a rich caption tells of light and mood
follows from time, weather and place.
"""

from __future__ import annotations

from random import Random

from ozora.world import concepts
from ozora.world.languages.english import phrases, sentences
from ozora.world.languages.english.grammar import capital, with_article
from ozora.world.languages.english.plurals import plural
from ozora.world.languages.facts import GREY_LOOKS, WITHOUT_WEATHER, light_of, mood_of, shot_fields, told
from ozora.world.shot import Shot
from ozora.world.visible import hidden

_SPOKEN_APART = frozenset(("camera", "framing", "height", "look", "cut", "later", "light", "mood"))
_ALWAYS_RICH = frozenset(("colour", "time", "weather", "direction", "camera", "light", "mood"))

LIGHTS: dict[str, tuple[str, ...]] = {
    "soft": ("soft, even light", "gentle, diffuse light", "muted light with hardly a shadow"),
    "underwater": ("blue light from the surface", "dim blue-green light"),
}
_LEAD_INS = (
    "The film shows {who}.", "Here we see {who}.", "In this shot we see {who}.", "The clip shows {who}.",
)  # fmt: skip
_FRAMED_LEAD_INS = ("{Shot} of {who}.", "{Shot} shows {who}.", "In {shot}, we see {who}.")
_MOTIONS = (
    "{It} moves {how}.", "{It} keeps moving {how}.", "{It} travels {how}.", "{It} goes {how}.",
    "{It} heads {how}.",
)  # fmt: skip
_THEIR_MOTIONS = (
    "{They} move {how}.", "{They} keep moving {how}.", "{They} travel {how}.", "{They} go {how}.",
    "{They} head {how}.",
)  # fmt: skip
_VIEWS = (
    "{Camera}, {views}.", "{Views}, {camera}.", "It is seen {views}, and {camera}.",
    "{Camera}; it is all seen {views}.", "We watch {views}, while {camera}.",
)  # fmt: skip
_CAMERAS = ("{Camera}.", "All the while {camera}.", "Throughout, {camera}.", "As it happens, {camera}.")
_AIRS = (
    "The scene is filled with {light}, and the mood is {mood}.", "In {light}, everything feels {mood}.",
    "Lit by {light}, the scene feels {mood}.", "{A_mood} scene in {light}.", "{Light}, {a_mood} mood.",
    "The mood is {mood}, the picture full of {light}.", "All of it lies in {light}, and the mood is {mood}.",
    "It is {a_mood} scene, filled with {light}.", "{Light} over everything; the air is {mood}.",
)  # fmt: skip


def tags(shot: Shot, seed: int) -> tuple[str, frozenset[str]]:
    """Words between commas: "red fox, running, snowy field, dusk, tracking shot, low angle"."""
    key = f"ozora caption tags {seed} {shot.seed}"
    facts, rng = _told(shot, key), Random(key)
    first = shot.subjects[0]
    parts = sentences.tags(shot, facts - _SPOKEN_APART, rng).split(", ")
    # The first subject, its action, what it does then, the other subjects.
    told_first = 1 + len(shot.subjects) + (first.then != "none")
    tail = parts[told_first:]
    moves = concepts.ACTIONS[first.action].travels
    if "direction" in facts and moves:
        tail.append(rng.choice(phrases.HEADINGS[first.direction]))
    if "speed" in facts and moves:
        tail.append(rng.choice(phrases.ADVERBS[first.speed]))
    if "position" in facts and len(shot.subjects) == 1:
        tail.append(rng.choice(phrases.SIDES[first.position]))
    if shot.occluder != "none":
        tail.append(f"behind {with_article(rng.choice(_occluders(shot)))}")
    if "camera" in facts:
        tail.append(f"{rng.choice(phrases.CAMERA_SHOTS[shot.camera.move])} shot")
    fields = shot_fields(shot)
    if "later" in facts:
        tail.append(f"time lapse to {concepts.synonyms('time', shot.later)[0]}")
    named = [axis for axis in ("framing", "height", "look") if axis in facts]
    tail += [concepts.synonyms(axis, fields[axis])[0] for axis in named]
    rng.shuffle(tail)
    return ", ".join(parts[:told_first] + tail), facts - {"cut"}


def rich(shot: Shot, seed: int) -> tuple[str, frozenset[str]]:
    """What, where and how it moves; then the camera, light and mood: two to four sentences."""
    key = f"ozora caption rich {seed} {shot.seed}"
    facts, rng = (_told(shot, key) | _ALWAYS_RICH) - hidden(shot), Random(key)
    if shot.place in WITHOUT_WEATHER:
        facts = facts - {"weather"}
    all_facts = facts
    motion = _motion(shot, facts, rng)
    if motion:
        facts = facts - {"direction", "speed"}
    framed = rng.random() < 0.25
    scene = _scene(shot, facts - _SPOKEN_APART, rng, framed=framed)
    if motion:
        scene = f"{scene} {motion}"
    camera = _camera(shot, facts - {"framing"} if framed else facts, rng)
    if changes := sentences.remarks_on(shot, facts & {"cut", "later"}, rng):
        camera = f"{camera[:-1]}, {', '.join(changes)}."
    air = _air(shot, rng)
    orders = ((scene, camera, air), (scene, camera, air), (scene, air, camera), (air, scene, camera))
    return " ".join(rng.choice(orders)), all_facts


def _told(shot: Shot, key: str) -> frozenset[str]:
    return told(shot, "full", Random(f"{key} facts"))


def _occluders(shot: Shot) -> tuple[str, ...]:
    return (phrases.DESERT_OCCLUDERS if shot.place == "dunes" else phrases.OCCLUDERS)[shot.occluder]


def _scene(shot: Shot, facts: frozenset[str], rng: Random, *, framed: bool) -> str:
    """The first sentence: finite, or a fragment after "The film shows" or "A wide shot of"."""
    if not framed and rng.random() < 0.7:
        return f"{capital(sentences.main_clause(shot, 'full', facts, rng, fragment=False, finite=True))}."
    close = shot.camera.framing == "close"
    picture = with_article("close-up" if close else f"{phrases.FRAMING_SHOTS[shot.camera.framing]} shot")
    who = sentences.main_clause(shot, "full", facts, rng, fragment=True)
    lead_in = rng.choice(_FRAMED_LEAD_INS if framed else _LEAD_INS)
    return lead_in.format(shot=picture, Shot=capital(picture), who=who)


def _motion(shot: Shot, facts: frozenset[str], rng: Random) -> str:
    """Perhaps a sentence of its own for where the first subject heads, and how fast."""
    first = shot.subjects[0]
    if first.then != "none":  # it would no longer be so
        return ""
    if not concepts.ACTIONS[first.action].travels or len(shot.subjects) > 1 or rng.random() < 0.55:
        return ""
    how = rng.choice(phrases.HEADINGS[first.direction])
    if "speed" in facts:
        how = f"{rng.choice(phrases.ADVERBS[first.speed])} {how}"
    noun = concepts.synonyms("subject", first.kind)[0]
    if first.count > 1:
        they = f"The {plural(noun)}" if rng.random() < 0.5 else "They"
        return rng.choice(_THEIR_MOTIONS).format(They=they, how=how)
    it = f"The {noun}" if first.kind == "person" or rng.random() < 0.5 else "It"
    return rng.choice(_MOTIONS).format(It=it, how=how)


def _camera(shot: Shot, facts: frozenset[str], rng: Random) -> str:
    camera = sentences.remarks_on(shot, frozenset(("camera",)), rng)[0]
    views = []
    if "framing" in facts:
        framing = shot.camera.framing
        wide = f"in {with_article(phrases.FRAMING_SHOTS[framing])} shot"
        views.append("in close-up" if framing == "close" else wide)
    if "height" in facts:
        views.append(rng.choice(phrases.HEIGHTS[shot.camera.height]).removeprefix("seen "))
    rng.shuffle(views)
    if shot.look != "natural":
        fluent = [look for look in phrases.LOOKS[shot.look] if look.startswith(("in ", "as ", "like "))]
        picture = f"as {with_article(rng.choice(phrases.LOOK_SHOTS[shot.look]))} picture"
        views.append(rng.choice(fluent or [picture]))
    pattern = rng.choice(_VIEWS if views else _CAMERAS)
    said = ", ".join(views)
    return pattern.format(camera=camera, Camera=capital(camera), views=said, Views=capital(said))


def _air(shot: Shot, rng: Random) -> str:
    """Light and mood."""
    if "light" in hidden(shot):
        mood = rng.choice(phrases.MOODS[mood_of(shot)])
        return rng.choice(("The mood is {mood}.", "Everything feels {mood}.")).format(mood=mood)
    source = light_of(shot)
    of_time = phrases.GREY_LIGHTS if shot.look in GREY_LOOKS else phrases.LIGHTS
    light = rng.choice(LIGHTS[source] if source in LIGHTS else of_time[source])
    mood = rng.choice(phrases.MOODS[mood_of(shot)])
    a_mood = with_article(mood)
    return rng.choice(_AIRS).format(
        light=light, Light=capital(light), mood=mood, a_mood=a_mood, A_mood=capital(a_mood)
    )
