"""Fields of a request: one declaration each gives the check, the error and the published schema."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from ozora.serve.wire.body import Body, Upload
from ozora.serve.wire.errors import ApiError, bad

Read = Callable[[Any, str, bool], Any]
"""(value, name, whether it came in a form) to what is meant; raises ``ApiError``."""

KINDS = {
    str: "a string", bool: "a boolean", int: "an integer", float: "a number", dict: "an object",
    list: "an array",
}  # fmt: skip

IGNORED = ("user", "safety_identifier")
"""Accepted and without effect, as they were with the service this contract comes from."""


@dataclass(frozen=True)
class Field:
    """A field: its name, how it is read, its JSON schema, other names for it, and whether it must come."""

    name: str
    read: Read
    schema: Mapping[str, Any]
    aliases: tuple[str, ...] = ()
    required: bool = False
    upload: bool = field(default=False)


def read_fields(body: Body, known: Iterable[Field]) -> dict[str, Any]:
    """Check a body against its fields; raises ``ApiError`` for the first that is wrong or missing."""
    known = tuple(known)
    by_name = {name: found for found in known for name in (found.name, *found.aliases)}
    values: dict[str, Any] = {}
    for name, value in body.values.items():
        if name in IGNORED:
            continue
        if name not in by_name:
            raise bad("unknown_parameter", f"Unknown parameter: '{name[:80]}'.", name[:80])
        found = by_name[name]
        if found.name in values:
            told = f"'{found.name}' is given more than once, under different names."
            raise bad("invalid_value", told, found.name)
        values[found.name] = found.read(value, name, body.form)
    for found in known:
        if found.required and found.name not in values:
            raise bad(
                "missing_required_parameter", f"Missing required parameter: '{found.name}'.", found.name
            )
    return values


def wrong_type(name: str, value: Any, expected: str) -> ApiError:
    """The sentence for a value of another type."""
    came = "a file" if isinstance(value, Upload) else KINDS.get(type(value), "null")
    return bad(
        "invalid_type", f"Invalid type for '{name}': expected {expected}, but got {came} instead.", name
    )


def wrong_value(name: str, value: Any, allowed: str) -> ApiError:
    """The sentence for a value outside of what is allowed."""
    shown = value if isinstance(value, str) else json.dumps(value, default=str)
    shown = shown if len(shown) <= 60 else shown[:57] + "..."
    return bad("invalid_value", f"Invalid value for '{name}': '{shown}'. Allowed: {allowed}.", name)


def clean(value: str, name: str) -> str:
    """Text that every database and every font can hold: no lone surrogates, no NUL."""
    if "\0" in value or any("\ud800" <= letter <= "\udfff" for letter in value):
        raise bad(
            "invalid_value", f"Invalid value for '{name}': it holds characters that are not text.", name
        )
    return value


def text(name: str, most: int, *, least: int = 1, about: str = "", **options: Any) -> Field:
    """A string of ``least`` to ``most`` characters, not only of spaces."""

    def read(value: Any, said: str, form: bool) -> str:
        if not isinstance(value, str):
            raise wrong_type(said, value, "a string")
        if not least <= len(value) <= most or (least and not value.strip()):
            raise bad(
                "invalid_value",
                f"Invalid value for '{said}': {len(value)} characters. Allowed: {least} to {most}.",
                said,
            )
        return clean(value, said)

    schema = {"type": "string", "minLength": least, "maxLength": most, "description": about}
    return Field(name, read, schema, **options)


def whole(name: str, lowest: int, highest: int, *, about: str = "", **options: Any) -> Field:
    """An integer in a range."""

    def read(value: Any, said: str, form: bool) -> int:
        if form and isinstance(value, str) and re.fullmatch(r"-?\d{1,20}", value):
            value = int(value)
        if isinstance(value, float) and value.is_integer():
            value = int(value)
        if isinstance(value, bool) or not isinstance(value, int):
            raise wrong_type(said, value, "an integer")
        if not lowest <= value <= highest:
            raise wrong_value(said, value, f"{lowest} to {highest}")
        return value

    schema = {"type": "integer", "minimum": lowest, "maximum": highest, "description": about}
    return Field(name, read, schema, **options)


def number(name: str, lowest: float, highest: float, *, about: str = "", **options: Any) -> Field:
    """A number in a range."""

    def read(value: Any, said: str, form: bool) -> float:
        if form and isinstance(value, str):
            try:
                value = float(value)
            except ValueError:
                raise wrong_type(said, value, "a number") from None
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            raise wrong_type(said, value, "a number")
        if not (math.isfinite(value) and lowest <= value <= highest):
            raise wrong_value(said, value, f"{lowest:g} to {highest:g}")
        return float(value)

    schema = {"type": "number", "minimum": lowest, "maximum": highest, "description": about}
    return Field(name, read, schema, **options)


def flag(name: str, *, about: str = "", **options: Any) -> Field:
    """True or false."""

    def read(value: Any, said: str, form: bool) -> bool:
        if form and value in ("true", "false"):
            return bool(value == "true")
        if not isinstance(value, bool):
            raise wrong_type(said, value, "a boolean")
        return value

    return Field(name, read, {"type": "boolean", "description": about}, **options)


def length(name: str = "seconds", longest: int = 20, **options: Any) -> Field:
    """Whole seconds as a string or a number; becomes an int."""

    def read(value: Any, said: str, form: bool) -> int:
        allowed = f'whole seconds from "1" to "{longest}"'
        if isinstance(value, bool) or not isinstance(value, (str, int, float)):
            raise wrong_type(said, value, f"a string, {allowed}")
        try:
            found = float(value) if isinstance(value, str) else value
            if isinstance(value, str) and not re.fullmatch(r"\d{1,6}(\.0{1,6})?", value):
                raise ValueError
            if not (math.isfinite(found) and found == int(found) and 1 <= found <= longest):
                raise ValueError
        except (ValueError, OverflowError):
            raise wrong_value(said, value, allowed) from None
        return int(found)

    about = "Length of the film in whole seconds. A string; a number is understood too."
    options_known = [str(seconds) for seconds in (4, 8, 12, 16, 20) if seconds <= longest]
    texts = {"type": "string", "pattern": r"^[0-9]{1,3}$", "examples": options_known}
    schema = {"anyOf": [texts, {"type": "integer", "minimum": 1, "maximum": longest}], "description": about}
    return Field(name, read, schema, **options)


def choice(name: str, allowed: tuple[str, ...], *, about: str = "", **options: Any) -> Field:
    """One of a few words."""

    def read(value: Any, said: str, form: bool) -> str:
        if not isinstance(value, str):
            raise wrong_type(said, value, "a string")
        if value not in allowed:
            raise wrong_value(said, value, ", ".join(allowed))
        return value

    return Field(name, read, {"type": "string", "enum": list(allowed), "description": about}, **options)


def words(name: str, allowed: tuple[str, ...], *, about: str = "") -> Field:
    """A list of some of a few words, each once."""

    def read(value: Any, said: str, form: bool) -> list[str]:
        value = from_text(value, said, form)
        if not isinstance(value, list):
            raise wrong_type(said, value, "an array")
        for one in value:
            if one not in allowed:
                raise wrong_value(said, one, ", ".join(allowed))
        if not value:
            raise wrong_value(said, value, "at least one")
        return list(dict.fromkeys(value))

    schema = {"type": "array", "items": {"enum": list(allowed)}, "minItems": 1, "description": about}
    return Field(name, read, schema)


def rows(name: str, keys: Mapping[str, int], most: int, *, about: str = "") -> Field:
    """A list of at most ``most`` objects, each with exactly these ``keys`` (name to most characters)."""

    def read(value: Any, said: str, form: bool) -> list[dict[str, str]]:
        value = from_text(value, said, form)
        if not isinstance(value, list):
            raise wrong_type(said, value, "an array")
        if len(value) > most:
            raise wrong_value(said, f"{len(value)} items", f"at most {most}")
        for one in value:
            if not isinstance(one, dict) or set(one) != set(keys):
                raise wrong_type(f"{said}[]", one, f"an object with {', '.join(keys)}")
            for key, found in one.items():
                if not isinstance(found, str) or not 1 <= len(found) <= keys[key]:
                    raise wrong_value(f"{said}[].{key}", found, f"a string of 1 to {keys[key]} characters")
                clean(found, f"{said}[].{key}")
        return value

    one = {key: {"type": "string", "minLength": 1, "maxLength": size} for key, size in keys.items()}
    item = {"type": "object", "properties": one, "required": list(keys), "additionalProperties": False}
    return Field(name, read, {"type": "array", "items": item, "maxItems": most, "description": about})


def listed(name: str, fields: tuple[Field, ...], most: int, *, about: str = "") -> Field:
    """A list of 1 to ``most`` objects whose values are read by ``fields``."""

    def read(value: Any, said: str, form: bool) -> list[dict[str, Any]]:
        value = from_text(value, said, form)
        if not isinstance(value, list):
            raise wrong_type(said, value, "an array")
        if not 1 <= len(value) <= most:
            raise wrong_value(said, f"{len(value)} items", f"1 to {most}")
        found = []
        for number, one in enumerate(value):
            where = f"{said}[{number}]"
            if not isinstance(one, dict):
                raise wrong_type(where, one, "an object")
            given = {key: inner for key, inner in one.items() if inner is not None}
            try:
                found.append(read_fields(Body(given, form), fields))
            except ApiError as error:
                told = f"In '{where}': {error.message}"
                raise bad(error.code or "invalid_value", told, f"{where}.{error.param}") from error
        return found

    schema = {
        "type": "array", "items": object_schema(fields), "minItems": 1, "maxItems": most, "description": about
    }
    return Field(name, read, schema)


def labels(name: str = "metadata") -> Field:
    """At most 16 pairs of strings."""

    def read(value: Any, said: str, form: bool) -> dict[str, str]:
        value = from_text(value, said, form)
        if not isinstance(value, dict):
            raise wrong_type(said, value, "an object")
        if len(value) > 16:
            raise wrong_value(said, f"{len(value)} pairs", "at most 16")
        for key, told in value.items():
            if not isinstance(told, str):
                raise wrong_type(f"{said}[{key[:64]}]", told, "a string")
            if not 1 <= len(key) <= 64 or len(told) > 512:
                raise wrong_value(said, key, "names of 1 to 64 characters and values of at most 512")
            clean(key, said), clean(told, said)
        return dict(value)

    schema: dict[str, Any] = {
        "type": "object", "maxProperties": 16, "additionalProperties": {"type": "string", "maxLength": 512},
        "propertyNames": {"minLength": 1, "maxLength": 64}, "description": "Stored and given back.",
    }  # fmt: skip
    return Field(name, read, schema)


def lifetime(name: str, *, about: str = "") -> Field:
    """``{"anchor": "created_at", "seconds": n}``, an hour to thirty days; becomes the seconds."""

    def read(value: Any, said: str, form: bool) -> int:
        value = from_text(value, said, form)
        if not isinstance(value, dict):
            raise wrong_type(said, value, "an object")
        for key in value:
            if key not in ("anchor", "seconds"):
                where = f"{said}.{key[:64]}"
                raise bad("unknown_parameter", f"Unknown parameter: '{where}'.", where)
        if value.get("anchor") != "created_at":
            raise wrong_value(f"{said}.anchor", value.get("anchor"), "created_at")
        return int(whole("seconds", 3600, 2_592_000).read(value.get("seconds"), f"{said}.seconds", form))

    parts = {
        "anchor": {"const": "created_at"},
        "seconds": {"type": "integer", "minimum": 3600, "maximum": 2_592_000},
    }
    schema: dict[str, Any] = {
        "type": "object", "properties": parts, "required": list(parts), "additionalProperties": False,
        "description": about,
    }  # fmt: skip
    return Field(name, read, schema)


def from_text(value: Any, name: str, form: bool) -> Any:
    """In a form, an object or a list may come as JSON text."""
    if not (form and isinstance(value, str) and value.lstrip()[:1] in ("{", "[")):
        return value
    try:
        return json.loads(value)
    except (ValueError, RecursionError) as error:
        raise bad("invalid_value", f"Invalid value for '{name}': it is not valid JSON.", name) from error


@dataclass(frozen=True)
class Reference:
    """A file, or where one is: an upload, an address, a file or video kept here."""

    upload: Upload | None = None
    url: str = ""
    id: str = ""


def reference(name: str, keys: Mapping[str, int], *, about: str, bare: bool = False, **options: Any) -> Field:
    """A file or an object with exactly one of ``keys`` (name to most characters): ``image_url``, ``id``…

    With ``bare`` a plain ``data:`` or ``http(s):`` string is understood too.
    """

    def read(value: Any, said: str, form: bool) -> Reference:
        if isinstance(value, Upload):
            return Reference(upload=value)
        value = from_text(value, said, form)
        if bare and isinstance(value, str) and re.match(r"(data:|https?://)", value):
            value = {"image_url": value}
        if isinstance(value, str) and form:
            raise wrong_type(said, value, "a file")
        if not isinstance(value, dict):
            raise wrong_type(said, value, "an object")
        given = {key: found for key, found in value.items() if found is not None}
        for key in given:
            if key not in keys:
                raise bad(
                    "unknown_parameter", f"Unknown parameter: '{said}.{key[:64]}'.", f"{said}.{key[:64]}"
                )
        if len(given) != 1:
            raise wrong_value(
                said, sorted(given), f"a file or exactly one of {', '.join(keys)}" if keys else "a file"
            )
        key, found = next(iter(given.items()))
        if not isinstance(found, str):
            raise wrong_type(f"{said}.{key}", found, "a string")
        if not 1 <= len(found) <= keys[key]:
            raise wrong_value(f"{said}.{key}", f"{len(found)} characters", f"1 to {keys[key]}")
        clean(found, f"{said}.{key}")
        return Reference(url=found) if key == "image_url" else Reference(id=found)

    one: dict[str, Any] = {
        key: {"type": "string", "minLength": 1, "maxLength": most} for key, most in keys.items()
    }
    schema: dict[str, Any] = {
        "type": "object", "properties": one, "additionalProperties": False,
        "minProperties": 1, "maxProperties": 1, "description": about,
    }  # fmt: skip
    return Field(name, read, schema, upload=True, **options)


def unsupported(
    name: str, why: str, *, harmless: tuple[Any, ...] = (), aliases: tuple[str, ...] = ()
) -> Field:
    """A field of the contract that this model has no use for: refused, never silently dropped."""

    def read(value: Any, said: str, form: bool) -> None:
        if value in harmless or (form and value in [str(one).lower() for one in harmless]):
            return
        raise bad("unsupported_parameter", f"Unsupported parameter: '{said}'. {why}", said)

    schema: dict[str, Any] = {"description": f"Not supported. {why}"}
    if harmless:
        schema["enum"] = list(harmless)
    else:
        schema["not"] = {}
    return Field(name, read, schema, aliases)


def object_schema(known: Iterable[Field], *, multipart: bool = False) -> dict[str, Any]:
    """The JSON schema of a body with these fields; in multipart, references are files or objects."""
    properties: dict[str, Any] = {}
    for found in known:
        schema: Mapping[str, Any] = found.schema
        if "not" in schema:
            continue  # refused whatever it is, and the object allows no other properties
        if multipart and found.upload:
            schema = {
                "type": "string", "format": "binary", "description": found.schema.get("description", "")
            }
        properties[found.name] = dict(schema)
    needed = [found.name for found in known if found.required]
    told: dict[str, Any] = {"type": "object", "properties": properties, "additionalProperties": False}
    return told | ({"required": needed} if needed else {})
