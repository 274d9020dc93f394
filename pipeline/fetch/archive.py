"""The files of a tar archive or a folder, within limits: a small archive cannot fill memory or run without an end."""

import bz2
import gzip
import io
import lzma
import tarfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path, PurePosixPath
from typing import IO, Any, Self

from pipeline.core.errors import InputError, refusing
from pipeline.core.files import check_file
from pipeline.core.unpacking import most_unpacked
from pipeline.fetch.names import is_data
from pipeline.fetch.reviews import MAX_TEXT

MAX_FILES = 2_000_000
OPENERS: dict[bytes, Callable[[IO[bytes]], Any]] = {
    b"\x1f\x8b": lambda file: gzip.GzipFile(fileobj=file),
    b"BZh": bz2.BZ2File,
    b"\xfd7zXZ\0": lzma.LZMAFile,
    b"\x5d\0\0": lzma.LZMAFile,
}


class Limited(io.RawIOBase):
    """What a file unpacks to, in bytes; reading far more than the file's size is an InputError."""

    def __init__(self, file: IO[bytes], path: Path) -> None:
        self._file, self._path = file, path
        self._left = most_unpacked(path.stat().st_size)

    def readable(self) -> bool:
        """Return True."""
        return True

    def readinto(self, buffer: Any) -> int:
        """Read at most as many bytes as `buffer` has room for; return their number."""
        content = self.read(len(buffer))
        buffer[: len(content)] = content
        return len(content)

    def read(self, size: int = -1) -> bytes:
        """Read at most `size` bytes."""
        content = self._file.read(min(size, self._left + 1) if size >= 0 else self._left + 1)
        self._left -= len(content)
        if self._left < 0:
            raise InputError(f"{self._path} unpacks to far more than its size; it is not a corpus, use another file")
        return content


def read_files(path: Path) -> Iterator[tuple[str, bytes]]:
    """Stream the names and contents of the files of a tar, compressed or not, or of the .txt files of a folder.

    Those that are no data by their names, see `is_data`, are left out.

    Raises:
        InputError: there is no such file; it is not a whole tar archive, or unpacks to far more than its size;
            a member or file is a link, a device, a sparse file, outside of the archive, or too large; or there are too
            many.
    """
    files = _of_folder(path) if path.is_dir() else _of_archive(path)
    for number, (name, content) in enumerate(files, 1):
        if number > MAX_FILES:
            raise InputError(f"{path} has more than {MAX_FILES:,} files; use a table, or an archive of fewer reviews")
        yield name, content


class _Member(tarfile.TarInfo):
    """A member whose header is whole: tarfile takes a damaged or a missing one for the end of the archive."""

    @classmethod
    def frombuf(cls, buf: bytes | bytearray, encoding: str, errors: str) -> Self:
        """Read a header; only a block of zeros is the end."""
        try:
            return super().frombuf(buf, encoding, errors)
        except tarfile.HeaderError as error:
            if len(buf) == tarfile.BLOCKSIZE and not any(buf):
                raise
            raise tarfile.ReadError(str(error)) from None


def _of_folder(path: Path) -> Iterator[tuple[str, bytes]]:
    with refusing(path, "cannot be listed", "make its folders readable"):
        files = sorted(path.rglob("*"))
    for file in files:
        name = file.relative_to(path)
        if file.is_symlink() and is_data(name):  # what it points to would be left out silently
            raise InputError(f"{file} is a link; copy what it points to, or remove it")
        if name.suffix.lower() == ".txt" and is_data(name) and not file.is_dir():
            n_bytes = check_file(file, "make it readable")
            _check_member(path, name.as_posix(), n_bytes)
            with refusing(file, "cannot be read", "make it readable, or remove it"):
                content = file.read_bytes()
            yield name.as_posix(), content


def _of_archive(path: Path) -> Iterator[tuple[str, bytes]]:
    check_file(path, "put the archive in its place")
    with refusing(path, "is truncated or not a tar archive", "download it again"), ExitStack() as stack:
        file: Any = stack.enter_context(open(path, "rb"))
        start = file.read(6)
        file.seek(0)
        for magic, opener in OPENERS.items():
            if start.startswith(magic):
                file = stack.enter_context(opener(file))
        tar = stack.enter_context(tarfile.open(fileobj=Limited(file, path), mode="r|", tarinfo=_Member))
        for member in tar:
            # In this order: the next header is looked for behind the size that this one declares.
            _check_kind(path, member)
            _check_member(path, member.name, member.size)
            content = tar.extractfile(member)
            if content is not None and is_data(PurePosixPath(member.name)):
                yield member.name, content.read()
        while rest := tar.fileobj.read(1 << 16):  # to the end, where a compressed file has its checksum
            if any(rest):
                raise ValueError("it goes on after its end")


def _check_kind(path: Path, member: tarfile.TarInfo) -> None:
    problem = ""
    if not (member.isfile() or member.isdir()):
        problem = "a link or device"
    elif member.issparse():
        problem = "a sparse file"
    elif ".." in PurePosixPath(member.name).parts or member.name.startswith("/"):
        problem = "a path out of the archive"
    if problem:
        raise InputError(
            f"{path}: the member {member.name!r} is {problem}; pack plain files only, or use the official archive"
        )


def _check_member(path: Path, name: str, size: int) -> None:
    if size > MAX_TEXT or size < 0:
        raise InputError(f"{path}: {name!r} has {size:,} bytes, a review at most {MAX_TEXT:,}; remove it")
    if not name.isprintable() and any("\ud800" <= c <= "\udfff" for c in name):
        raise InputError(f"{path}: the name {name!r} is not UTF-8; rename the file")
