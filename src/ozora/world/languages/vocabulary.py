"""Every wording of a language with what it means: the tables of captions, read backwards."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import cache

from ozora.world import concepts
from ozora.world.languages import LANGUAGES
from ozora.world.languages.english.vocabulary import english, inflections, named
from ozora.world.languages.everyday import (
    CAMERA,
    CUTTING,
    FRAMES,
    GLUE,
    JOINTS,
    LAPSING,
    MINUTES,
    MORE,
    NEXT,
    NOT,
    NUMBERS,
    SECONDS,
)
from ozora.world.languages.kin import UNBENT, kin
from ozora.world.languages.lexicon import Language, Noun, fill, refer
from ozora.world.languages.sense import Sense, parts
from ozora.world.languages.tokens import keys

_PLAIN = {  # table → axis, of values that stand for themselves
    "place": "place", "crossing": "place", "staying": "place", "above": "place", "fly": "place",
    "rise": "place", "stand": "place", "time": "time", "when": "time",
    "weather": "weather", "amid": "weather",
    "speed": "speed", "direction": "direction", "facing": "direction", "position": "position",
    "size": "size", "colour": "colour", "material": "material", "framing": "framing", "height": "height",
    "look": "look", "later": "later", "cut": "cut", "occluder": "occluder", "camera": "camera",
    "moves": "camera",
}  # fmt: skip
_UNSAID = {"colour": ("natural",), "material": ("natural",), "occluder": ("none",), "later": ("none",)}
_WAYS = ("up", "down")


@dataclass(eq=False)
class Node:
    """A place in the tree of phrases: where the next token leads, and what ends here means."""

    after: dict[str, Node] = field(default_factory=dict)
    senses: list[Sense] = field(default_factory=list)


@dataclass(eq=False)
class Vocabulary:
    """Phrases of one language in a tree, token by token, and all words that occur in them.

    ``rare`` are words that neither captions nor everyday speech use: only kin of the film set's concepts.
    """

    code: str
    root: Node = field(default_factory=Node)
    words: dict[str, int] = field(default_factory=dict)
    rare: frozenset[str] = frozenset()

    @property
    def spaced(self) -> bool:
        """Whether words are parted by spaces."""
        return self.code == "en" or LANGUAGES[self.code].spaced

    def add(self, phrase: str, *senses: Sense) -> None:
        """Remember that a phrase may mean this; what is empty is passed over."""
        path = keys(phrase)
        if not path or all(key in ",." for key in path):
            return
        node = self.root
        for key in path:
            node = node.after.setdefault(key, Node())
            self.words[key] = self.words.get(key, 0) + 1
        node.senses += [sense for sense in senses if sense not in node.senses]


@cache
def vocabulary(code: str) -> Vocabulary:
    """The vocabulary of a language, built once. Raises KeyError for an unknown code."""
    built = Vocabulary(code)
    pairs = english() if code == "en" else _read(LANGUAGES[code])
    for phrase, sense in (*pairs, *_everyday(code)):
        built.add(phrase, sense)
    for phrase, move in _camera_verbs(built):
        built.add(phrase, Sense("camera", move, role="shot"))
    usual = frozenset(built.words)
    for axis, value, wording in kin(code):
        bare = axis.removeprefix(UNBENT)
        plain = [(wording, Sense(bare, value))]
        for phrase, sense in plain if bare != axis else _more(code, axis, value, wording):
            built.add(phrase, sense)
    built.rare = frozenset(built.words) - usual
    return built


def _camera_verbs(built: Vocabulary) -> list[tuple[str, str]]:
    """What stands after the word camera, as far as it tells one move: "follows", "zooms in"."""
    moves: dict[tuple[str, ...], set[str]] = {}
    for path, node in _paths(built.root, ()):
        for sense in node.senses:
            if sense.axis != "camera" or sense.role:
                continue
            lens = [at for at in range(min(4, len(path))) if _means(built, path[: at + 1], "lens")]
            rest = path[lens[-1] + 1 :] if lens else ()
            rest = rest if built.spaced or lens else ()
            for length in (1, 2, 3) if built.spaced else (2, 3, 4):
                if len(rest) >= length:
                    moves.setdefault(rest[:length], set()).add(sense.value)
    space = " " if built.spaced else ""
    return [
        (space.join(path), min(told))
        for path, told in moves.items()
        if len(told) == 1
        and not _means(built, path[-1:], "glue")
        and not any(_means(built, path[:length], "action") for length in range(1, len(path) + 1))
    ]


def _means(built: Vocabulary, path: tuple[str, ...], axis: str) -> bool:
    """Whether the end of a path, as a phrase of its own, has a sense on this axis."""
    for start in range(len(path)):
        node: Node | None = built.root
        for key in path[start:]:
            node = node.after.get(key) if node is not None else None
        if node is not None and any(sense.axis == axis for sense in node.senses):
            return True
    return False


def _paths(node: Node, path: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], Node]]:
    if node.senses:
        yield path, node
    for key, after in node.after.items():
        yield from _paths(after, (*path, key))


# --- words that captions do not use -------------------------------------------------------------------------


def _everyday(code: str) -> Iterator[tuple[str, Sense]]:
    markers = {"not": NOT, "next": NEXT, "lens": CAMERA, "joint": JOINTS, "second": SECONDS,
               "minute": MINUTES, "cutting": CUTTING, "lapsing": LAPSING}  # fmt: skip
    for axis, words in markers.items():
        yield from ((one, Sense(axis, "")) for one in words[code].split(" | "))
    for number, word in enumerate(NUMBERS[code], 1):
        yield word, Sense("count", str(number))
    for axis, values in MORE.get(code, {}).items():
        for value, text in values.items():
            for word in text.split(" | "):
                yield from _more(code, axis, value, word)
    yield from ((word, Sense("glue", "")) for word in GLUE[code].split())
    yield from ((words, Sense("glue", "")) for words in FRAMES.get(code, "").split(" | ") if words)


def _more(code: str, axis: str, value: str, word: str) -> Iterator[tuple[str, Sense]]:
    role = "weak" if value == "go" or word in ("left", "right") else ""
    if code == "en" and axis == "action":
        yield from ((form, Sense(axis, value, role=role)) for form in inflections(word))
        return
    if code == "en" and axis == "subject":
        yield from named(value, word)
        return
    yield word, Sense(axis, value, role=role)


# --- languages that are given as words and patterns ---------------------------------------------------------


def _read(language: Language) -> Iterator[tuple[str, Sense]]:
    yield from _nouns(language)
    yield from _actions(language)
    yield from _remarks(language)
    yield from _parts_of_patterns(language)
    for table, axis in _PLAIN.items():
        for key, text in language.words.get(table, {}).items():
            value, _, kind = key.partition(":")
            if value in _UNSAID.get(axis, ()):
                continue
            value = "tree" if value == "bush" else value
            kinds = (kind,) if kind and kind not in _WAYS else ()
            for form in _forms(text):
                for words in _spoken_of(language, form):
                    yield from ((one, Sense(axis, value, kinds)) for one in _bent(language, axis, words))


def _nouns(language: Language) -> Iterator[tuple[str, Sense]]:
    several = language.plural
    measures = set()
    for kind, word, other in _named(language, language.words["subject"].items()):
        yield word, Sense("subject", kind)
        yield other, Sense("subject", kind)
    for text in language.words["subject"].values():
        measures |= {one.split("/")[1] for one in text.split(" | ") if not language.genders}
    if several is not None:
        for kind, word, other in _named(language, several.nouns.items()):
            yield word, Sense("subject", kind, role="several")
            yield other, Sense("subject", kind, role="several")
        for count, number in enumerate(("一", *several.numbers), 1):
            for one in number.split("/"):
                if not measures and one != "一":
                    yield one, Sense("count", str(count))
                for measure in measures:
                    counter = measure.replace("一", "") if "一" in measure else measure
                    yield f"{one}{counter}", Sense("count", str(count))
                    yield f"{count}{counter}", Sense("count", str(count))


def _named(language: Language, entries: Iterable[tuple[str, str]]) -> Iterator[tuple[str, str, str]]:
    for kind, text in entries:
        for noun in text.split(" | "):
            word, _, other = (*noun.split("/"), "", "")[:3]
            yield kind, word, other


def _actions(language: Language) -> Iterator[tuple[str, Sense]]:
    several = language.plural
    told: dict[tuple[str, bool], set[str]] = {}
    for table in ("action", "doing", "going", "meets", "meeting"):
        for key, text in language.words.get(table, {}).items():
            action = key.partition(":")[0]
            for form in _forms(text):
                meets = table in ("meets", "meeting")
                bent = {form} if several is None or meets else {form, several.verb(form)}
                for words in bent:
                    for part in parts(words):
                        if _tells(language, part):
                            told.setdefault((part, words == part), set()).add(action)
    for (part, whole), actions in told.items():  # "يقوم" begins more than one verb
        if whole or len(actions) == 1:
            yield from ((part, Sense("action", action)) for action in sorted(actions))
    for key, text in language.words["then"].items():
        yield from ((form, Sense("then", key.partition(":")[0])) for form in _forms(text))
    for text in language.words["outcome"].values():
        # Where what is hit is named again, that reads as what it does.
        yield from ((form, Sense("outcome", "")) for form in _forms(text) if "{" not in form)


def _remarks(language: Language) -> Iterator[tuple[str, Sense]]:
    for table in ("light", "grey_light"):
        for value, text in language.words[table].items():
            tells = (("time", value),) if value in concepts.TIMES else ()
            yield from ((form, Sense("air", "light", tells=tells)) for form in _forms(text))
    for text in language.words["mood"].values():
        yield from ((form, Sense("air", "mood")) for form in _forms(text))
    for value, text in language.words["near"].items():
        for form in _forms(text):
            related = value in concepts.RELATIONS
            yield form, Sense("relation", value, role="near") if related else Sense("near", "")
    for relation, text in language.words["relation"].items():
        for form in _forms(text) if relation != "none" else ():
            before, _, after = form.partition("{other}")
            long_enough = len(after.strip()) >= len(before.strip())
            if before.strip() and not (after.strip() and long_enough):
                sense = Sense("relation", relation, role="before")
                yield before, sense
                yield language.polish(f"{before}un x").removesuffix("un x"), sense  # "à côté d'un"
            if _tells(language, after):
                yield after, Sense("relation", relation, role="after" if long_enough else "glue")


def _parts_of_patterns(language: Language) -> Iterator[tuple[str, Sense]]:
    several = language.plural.patterns if language.plural is not None else {}
    for patterns in (language.patterns, several):
        for form in _forms(patterns.get("passing", "")):
            before, _, after = form.partition("{occluder}")
            yield before, Sense("passing", "", role="before")
            yield after, Sense("passing", "", role="after")
        for form in _forms(patterns.get("coat", "")):
            for part in parts(form.split("/")[0]):
                yield part, Sense("wear", "coat")
        for name, axis in (("then", "next"), ("then_tag", "next"), ("company", "joint"), ("other", "glue")):
            for form in patterns.get(name, "").split(" | "):
                for part in parts(re.sub(r"[\[\]]", "", form)):
                    yield part, Sense(axis, "")


def _spoken_of(language: Language, form: str) -> Iterator[str]:
    """A wording with its slots filled by every noun, as captions fill them."""
    if "{" not in form:
        yield form
        return
    several = language.plural
    tables = [(language.words["subject"], 1)] + ([(several.nouns, 3)] if several is not None else [])
    for table, count in tables:
        for text in table.values():
            for one in text.split(" | "):
                word, kind, other = (*one.split("/"), "", "")[:3]
                slots = refer(language, Noun(word, kind, other, count))
                yield language.polish(fill(form, slots))


def _bent(language: Language, axis: str, word: str) -> set[str]:
    """An adjective as it stands before several or in other cases; anything else as it is."""
    if axis not in ("colour", "size", "material"):
        return {word}
    found = {word}
    if language.plural is not None:
        found.add(language.plural.adjective(word))
    if language.governed is not None and language.genders:
        found |= {language.governed((word,), gender) for gender in language.genders}
    return found


def _forms(text: str) -> Iterator[str]:
    for wording in text.split(" | "):
        yield from wording.split("/")


def _tells(language: Language, part: str) -> bool:
    """Whether part of a pattern can be told from words that are everywhere."""
    words = keys(part)
    if not language.spaced:
        return len(words) > 1 or part in ("推",)
    glue = _glue(_code(language))
    return any(word not in glue and len(word) > 1 for word in words)


@cache
def _glue(code: str) -> frozenset[str]:
    return frozenset(keys(GLUE[code]))


def _code(language: Language) -> str:
    return next(code for code, one in LANGUAGES.items() if one is language)
