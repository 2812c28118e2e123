"""Opening a DOCX, which is a zip archive: what it unpacks to is bounded before anything is unpacked."""

from __future__ import annotations

import io
import zipfile

from langgraph_quorum.state.errors import DocumentError

LARGEST_UNPACKED_BYTES = 200 * 1024 * 1024
"""Of all parts together, as the archive declares them; zipfile unpacks no more of a part than is declared."""
LARGEST_TEXT_BYTES = 50 * 1024 * 1024
"""Of one XML part: its tree takes many times that much memory."""
_OLE = b"\xd0\xcf\x11\xe0"
_ENCRYPTED = 0x1
_BODY = "word/document.xml"


def check_archive(source: str, data: bytes) -> None:
    """Lets a sound archive pass.

    Raises:
        DocumentError: It is damaged, encrypted, no DOCX, or unpacks to too much.
    """
    if data.startswith(_OLE):
        raise DocumentError(source, "has a password or is an old .doc file: save it as .docx without a password")
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            parts = archive.infolist()
    except zipfile.BadZipFile as error:
        problem = f"is damaged or no DOCX ({error}): open it in a word processor and save it anew"
        raise DocumentError(source, problem) from error
    if not any(part.filename == _BODY for part in parts):
        raise DocumentError(source, f"is a zip archive without {_BODY}, so no DOCX: save it as .docx")
    if any(part.flag_bits & _ENCRYPTED for part in parts):
        raise DocumentError(source, "has encrypted parts: save it without a password")
    largest_text = max(part.file_size for part in parts if part.filename.endswith((".xml", ".rels")))
    unpacked = sum(part.file_size for part in parts)
    if unpacked > LARGEST_UNPACKED_BYTES or largest_text > LARGEST_TEXT_BYTES:
        problem = (
            f"unpacks to {unpacked // 1_000_000} MB, which is more than a document needs: split it,"
            " or save it with smaller images"
        )
        raise DocumentError(source, problem)
