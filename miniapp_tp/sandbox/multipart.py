"""Reading `multipart/form-data`, without a look at how the SDK writes it (RFC 7578)."""

from __future__ import annotations

from email.message import Message


def parts(content_type: str, body: bytes) -> list[tuple[str, str | bytes]]:
    """Give the names and values of a form; a file's value is bytes.

    Raises:
        ValueError: It is no such form.
    """
    boundary = _parameter("content-type", content_type, "boundary")
    if not boundary:
        raise ValueError("no boundary")
    first, *inner = (b"\r\n" + body).split(b"\r\n--" + boundary.encode())
    if first or not inner or inner[-1].strip() != b"--":
        raise ValueError("the body isn't in the parts that its boundary promises")
    return [_part(one) for one in inner[:-1]]


def _part(one: bytes) -> tuple[str, str | bytes]:
    head, found, value = one.removeprefix(b"\r\n").partition(b"\r\n\r\n")
    headers = dict(line.split(": ", 1) for line in head.decode("ascii").split("\r\n"))
    disposition = {name.lower(): text for name, text in headers.items()}.get("content-disposition", "")
    name = _parameter("content-disposition", disposition, "name")
    if not (found and name and disposition.startswith("form-data")):
        raise ValueError("a part has no name")
    is_file = _parameter("content-disposition", disposition, "filename") is not None
    return name, value if is_file else value.decode()


def _parameter(header: str, text: str, name: str) -> str | None:
    message = Message()
    message[header] = text
    value = message.get_param(name, header=header)
    return value if isinstance(value, str) else None
