"""The checksum of PE files, which Windows verifies for drivers and at start-up, after `CheckSumMappedFile`."""

from __future__ import annotations

from pathlib import Path

from spokeshave.files import iter_chunks
from spokeshave.native.pe.image import MALFORMED, open_image
from spokeshave.native.pe.layout import Directory
from spokeshave_core.problems import Problem, SpokeshaveError

_MODULUS = 0xFFFF
_SIZE = 4


class SignedPeError(SpokeshaveError):
    """A PE file with a certificate."""


def check_unsigned(path: Path, place: str) -> None:
    """Check that a file has no certificate.

    Raises:
        SignedPeError: If it has one, or is damaged.
    """
    try:
        with open_image(path) as image:
            is_signed = bool(image.directory(Directory.CERTIFICATES)[1])
    except MALFORMED as err:
        raise SignedPeError(Problem(place, f"is a damaged PE file ({err})", "Build the file again.")) from err
    if is_signed:
        message = "has a signature with a certificate, which a changed version would invalidate"
        raise SignedPeError(Problem(place, message, "Stamp the wheel first and sign the file afterwards."))


def update_checksum(path: Path) -> None:
    """Compute the checksum again. Zero stays, which means that there is none."""
    with open_image(path) as image:
        header = image.headers.OPTIONAL_HEADER
        offset = int(header.get_field_absolute_offset("CheckSum"))
        has_checksum = bool(header.CheckSum)
    if not has_checksum:
        return
    with path.open("r+b") as stream:
        stream.seek(offset)
        stream.write(bytes(_SIZE))
        stream.seek(0)
        total = 0
        size = 0
        for chunk in iter_chunks(stream):
            # The sum of all 16-bit words with their carries added, which is the file as one number modulo 0xFFFF.
            total = (total + int.from_bytes(chunk, "little")) % _MODULUS
            size += len(chunk)
        stream.seek(offset)
        stream.write(((total or _MODULUS) + size).to_bytes(_SIZE, "little"))
