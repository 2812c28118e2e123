"""A document's bytes and text: taken from disk within a limit, refused with a mend when they are not a text."""

from __future__ import annotations

import codecs
import os
import re
import stat
from pathlib import Path

from langgraph_quorum.state.errors import DocumentError

DEFAULT_LIMIT_BYTES = 20 * 1024 * 1024
_MIB = 1024 * 1024
_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_CONTROL = re.compile("[\x00-\x08\x0e-\x1a\x1c-\x1f\x7f]")
_SIGNATURES = (
    (b"%PDF-", "a PDF"),
    (b"PK\x03\x04", "a zip archive (as DOCX, ODT and EPUB files are)"),
    (b"\xd0\xcf\x11\xe0", "an old Word, Excel or PowerPoint file"),
    (b"\x89PNG", "a PNG image"),
    (b"\xff\xd8\xff", "a JPEG image"),
    (b"GIF8", "a GIF image"),
    (b"\x1f\x8b", "a gzip archive"),
    (b"\x7fELF", "a program"),
    (b"{\\rtf", "an RTF file"),
)


def read_bytes(path: Path, source: str, limit_bytes: int = DEFAULT_LIMIT_BYTES) -> bytes:
    """The file's bytes.

    Raises:
        DocumentError: There is no such file, it is not a regular file, may not be read, or exceeds `limit_bytes`.
    """
    try:
        _check_is_file(path.stat(), source, limit_bytes)
        with path.open("rb") as file:
            data = file.read(limit_bytes + 1)
    except DocumentError:  # a ValueError, too
        raise
    except (FileNotFoundError, NotADirectoryError):
        raise DocumentError(source, "no such file: check the spelling and the folder you are in") from None
    except PermissionError:
        raise DocumentError(source, f"may not be read: give yourself the right with `chmod u+r {path}`") from None
    except OSError as error:
        problem = f"cannot be read ({error.strerror or error}): check the path and the disk"
        raise DocumentError(source, problem) from error
    except ValueError:  # a path with a NUL character in it
        raise DocumentError(source, "is not a path a file can have: check the spelling") from None
    if len(data) > limit_bytes:
        raise DocumentError(source, _too_large(len(data), limit_bytes))
    return data


def _check_is_file(status: os.stat_result, source: str, limit_bytes: int) -> None:
    if stat.S_ISDIR(status.st_mode):
        raise DocumentError(source, "is a folder: name a file in it, or give the folder to find_documents")
    if not stat.S_ISREG(status.st_mode):
        raise DocumentError(source, "is not a regular file: copy its content into a file")
    if status.st_size > limit_bytes:
        raise DocumentError(source, _too_large(status.st_size, limit_bytes))


def refuse_empty(data: bytes, source: str) -> None:
    """Raises DocumentError when there is nothing, or only white space, in the file."""
    if not data:
        raise DocumentError(source, "is empty: give a file with text")
    if not data.strip():
        raise DocumentError(source, "holds only white space: give a file with text")


def decode(data: bytes, source: str) -> str:
    """The text of a file in UTF-8, or in UTF-16 or UTF-32 when a byte order mark says so.

    Raises:
        DocumentError: The bytes are another kind of file, another encoding, or hold control characters.
    """
    for signature, what in _SIGNATURES:
        if data.startswith(signature):
            raise DocumentError(source, f"is {what}, not a text: name it by its kind, or save its text as a text file")
    encoding = next((encoding for mark, encoding in _MARKS if data.startswith(mark)), "utf-8")
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError as error:
        raise DocumentError(source, _not_decodable(data, error, encoding)) from None
    if found := _CONTROL.search(text):
        raise DocumentError(source, _control_character(text, found.start()))
    if not text.strip():
        raise DocumentError(source, "holds only white space: give a file with text")
    return text


def _too_large(size_bytes: int, limit_bytes: int) -> str:
    return (
        f"has {size_bytes / _MIB:.1f} MiB, the limit is {limit_bytes / _MIB:.1f} MiB: split it into smaller files,"
        " or read it with a higher limit_bytes"
    )


def _not_decodable(data: bytes, error: UnicodeDecodeError, encoding: str) -> str:
    if encoding != "utf-8":
        name = "UTF-8" if encoding == "utf-8-sig" else encoding.upper()
        return f"is marked as {name} but broken at byte {error.start}: save it again as UTF-8"
    if b"\x00" in data or len(re.findall(rb"[\x01-\x08\x0e-\x1a\x1c-\x1f]", data[:4096])) > len(data[:4096]) // 100:
        return f"is binary data, not a text (byte {error.start} is 0x{data[error.start]:02x}): name a text document"
    line = data.count(b"\n", 0, error.start) + 1
    return (
        f"is not UTF-8 (byte {error.start}, on line {line}, is 0x{data[error.start]:02x}): convert it, for instance"
        f" with `iconv -f ISO-8859-1 -t UTF-8`"
    )


def _control_character(text: str, at: int) -> str:
    line = text.count("\n", 0, at) + 1
    if text[at] == "\x00":
        return (
            f"has a NUL character on line {line}: it is binary data, or UTF-16 without a byte order mark"
            " (convert that with `iconv -f UTF-16LE -t UTF-8`)"
        )
    return (
        f"has the control character U+{ord(text[at]):04X} on line {line}: it is binary data, or remove that character"
    )
