"""One reader for JSON, multipart and urlencoded bodies: plain values, lists, objects and uploads."""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass, field
from typing import Any

from starlette.datastructures import UploadFile
from starlette.formparsers import MultiPartException
from starlette.requests import ClientDisconnect, Request

from ozora.serve.wire.errors import ApiError, bad

LONGEST_VALUE = 22 * 2**20
"""Bytes of one form value: a data URL may have 20 971 520 characters."""

MOST_FILES, MOST_FIELDS, DEEPEST, LONGEST_LIST = 16, 256, 4, 64

_NAME = re.compile(r"([^\[\]]{1,128})((?:\[[^\[\]]{0,128}\])*)")


@dataclass(frozen=True)
class Upload:
    """A file that came along: its bytes and the name the client gave it, which is only ever shown."""

    data: bytes = field(repr=False)
    name: str = "upload"

    @property
    def hash(self) -> str:
        """SHA-256 of the bytes."""
        return hashlib.sha256(self.data).hexdigest()


@dataclass(frozen=True)
class Body:
    """What came: values by name, and whether they are a form's (then numbers and flags are text)."""

    values: dict[str, Any]
    form: bool


async def read_body(request: Request) -> Body:
    """Read a request's body by its content type; raises ``ApiError`` for what cannot be read."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    try:
        if kind in ("multipart/form-data", "application/x-www-form-urlencoded"):
            values, form = await _read_form(request), True
        elif kind in ("application/json", "") or kind.endswith("+json"):
            values, form = _read_json(await request.body()), False
        else:
            allowed = "application/json or multipart/form-data"
            raise bad("invalid_type", f"Unsupported content type '{kind[:80]}', allowed: {allowed}.")
    except ClientDisconnect as error:
        raise bad("invalid_value", "The body ended before it was whole.") from error
    for name in ("extra_body", "extra_json"):
        # Some servers had clients send further fields this way; they mean the top level.
        folded = values.pop(name, None)
        if isinstance(folded, str) and form:
            folded = _parse_json(folded, name)
        if folded is not None and not isinstance(folded, dict):
            raise bad("invalid_type", f"Invalid type for '{name}': expected an object.", name)
        values = {**(folded or {}), **values}
    return Body({name: value for name, value in values.items() if value is not None}, form)


def _read_json(raw: bytes) -> dict[str, Any]:
    if not raw.strip():
        return {}
    found = _parse_json(raw, None)
    if not isinstance(found, dict):
        raise bad("invalid_type", "The body must be a JSON object.")
    return found


def _parse_json(raw: bytes | str, param: str | None) -> Any:
    def refuse_constant(name: str) -> Any:
        raise ValueError(f"{name} is no JSON")

    try:
        return json.loads(raw, parse_constant=refuse_constant)
    except (ValueError, RecursionError) as error:
        reason = "nested too deep" if isinstance(error, RecursionError) else str(error)[:120]
        what = "The body" if param is None else f"'{param}'"
        raise bad("invalid_value", f"{what} is not valid JSON ({reason}).", param) from error


async def _read_form(request: Request) -> dict[str, Any]:
    try:
        form = await request.form(
            max_files=MOST_FILES, max_fields=MOST_FIELDS, max_part_size=LONGEST_VALUE
        )
    except (MultiPartException, KeyError, ValueError, AssertionError) as error:
        raise bad("invalid_value", f"The form cannot be read ({str(error)[:120]}).") from error
    except Exception as error:
        # Starlette wraps its own refusals in its HTTP exception; whatever else is wrong is a broken form too.
        if isinstance(error, (ApiError, ClientDisconnect)):
            raise
        told = str(getattr(error, "detail", error))[:120]
        raise bad("invalid_value", f"The form cannot be read ({told}).") from error
    pairs: list[tuple[str, str | Upload]] = []
    for name, value in form.multi_items():
        if isinstance(value, UploadFile):
            pairs.append((name, Upload(await value.read(), (value.filename or "upload")[:255])))
            await value.close()
        else:
            pairs.append((name, value))
    return expand(pairs)


def expand(pairs: list[tuple[str, str | Upload]]) -> dict[str, Any]:
    """Form names to values: ``a[b]`` an object, ``a[]`` a list, ``a[][k]`` and ``a[0][k]`` lists of objects.

    ``a[][k]`` begins a new object when ``k`` is already in the last one. Raises ``ApiError`` for names that
    contradict each other.
    """
    tree: dict[str, Any] = {}
    for name, value in pairs:
        found = _NAME.fullmatch(name)
        if found is None:
            raise bad("unknown_parameter", f"Unknown parameter: '{name[:80]}'.", name[:80])
        path = [found[1], *re.findall(r"\[([^\[\]]*)\]", found[2])]
        if len(path) > DEEPEST:
            raise bad("invalid_type", f"Invalid type for '{found[1]}': nested too deep.", found[1])
        if len(path) == 1 and path[0] in tree and not isinstance(tree[path[0]], (dict, _Rows)):
            # A plain name that repeats is a list too.
            before = tree[path[0]]
            tree[path[0]] = [*before, value] if isinstance(before, list) else [before, value]
            continue
        _put(tree, path, value, found[1])
    return {name: _plain(value) for name, value in tree.items()}


class _Rows(dict[str, Any]):
    """A list under construction: values by their index."""


def _put(node: dict[str, Any], path: list[str], value: Any, name: str) -> None:
    key, rest = path[0], path[1:]
    if isinstance(node, _Rows):
        key = _row(node, key, rest, name)
    if not rest:
        if key in node:
            raise bad("invalid_type", f"Invalid type for '{name}': given more than once.", name)
        node[key] = value
        return
    listed = rest[0] == "" or rest[0].isdigit()
    child = node.setdefault(key, _Rows() if listed else {})
    if not isinstance(child, dict) or isinstance(child, _Rows) is not listed:
        raise bad("invalid_type", f"Invalid type for '{name}': given in two forms that contradict.", name)
    _put(child, rest, value, name)


def _row(rows: _Rows, key: str, rest: list[str], name: str) -> str:
    """The index that a list's key means: its own number, the last item, or a new one."""
    if key:
        if not key.isdigit():
            raise bad("invalid_type", f"Invalid type for '{name}': expected a list.", name)
        return str(int(key))
    last = str(len(rows) - 1)
    if rest and rows and isinstance(rows.get(last), dict) and rest[0] not in rows[last]:
        return last
    if len(rows) >= LONGEST_LIST:
        raise bad("invalid_value", f"Invalid value for '{name}': more than {LONGEST_LIST} items.", name)
    return str(len(rows))


def _plain(value: Any) -> Any:
    if isinstance(value, _Rows):
        return [_plain(value[key]) for key in sorted(value, key=int)]
    if isinstance(value, dict):
        return {key: _plain(child) for key, child in value.items()}
    return value


def canonical(value: Any) -> Any:
    """A body's values in a form that is equal for equal requests: uploads as their hashes."""
    if isinstance(value, Upload):
        return {"sha256": value.hash}
    if isinstance(value, dict):
        return {str(key): canonical(child) for key, child in sorted(value.items())}
    if isinstance(value, list):
        return [canonical(child) for child in value]
    return value


def fingerprint(operation: str, values: Any) -> str:
    """SHA-256 that names a request: its operation and parsed values, however they were encoded."""
    text = json.dumps([operation, canonical(values)], sort_keys=True, ensure_ascii=True)
    return hashlib.sha256(text.encode()).hexdigest()
