"""What a request brings along or names: pictures and files, as bytes that were looked at."""

from __future__ import annotations

from ozora.serve.house import Caller, House
from ozora.serve.pictures import check_picture, from_url
from ozora.serve.store import shelf
from ozora.serve.wire.errors import not_found
from ozora.serve.wire.fields import Reference


async def picture_bytes(
    house: House, caller: Caller, given: Reference, size: tuple[int, int], param: str
) -> bytes:
    """The bytes of a picture that has exactly ``size``; raises ``ApiError``."""
    if given.upload is not None:
        data = given.upload.data
    elif given.url:
        data = await house.do(from_url, given.url, f"{param}.image_url", house.settings.trusted)
    else:
        data = await house.do(file_bytes, house, caller, given.id, f"{param}.file_id")
    await house.do(check_picture, data, param, size)
    return data


def file_bytes(house: House, caller: Caller, name: str, param: str) -> bytes:
    """The bytes of a file that was uploaded here before; raises ``ApiError``."""
    found = shelf.find_file(house.store, caller.owner, name)
    path = None if found is None else house.blobs.path(f"files/{name}/content")
    if path is None:
        raise not_found("file", name, param)
    return path.read_bytes()
