"""Download a file whose SHA-256 is known, once, into the user's cache."""

import time
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

import pooch
import requests

from pipeline.core.errors import InputError

PATIENCE = 60.0  # seconds without a byte, after which a server counts as stalled
LEAST_RATE = 1000.0  # bytes per second; 80 MB would take a day
N_RETRIES = 3


class Watched:
    """A file that refuses to be written too slowly."""

    def __init__(self, file: BinaryIO) -> None:
        self._file, self._since, self._n_bytes = file, time.monotonic(), 0
        self.flush = file.flush

    def write(self, chunk: bytes) -> int:
        """Write some bytes.

        Raises:
            requests.Timeout: within the last PATIENCE seconds fewer came than LEAST_RATE asks for.
        """
        self._n_bytes += len(chunk)
        seconds = time.monotonic() - self._since
        if seconds >= PATIENCE:
            if self._n_bytes < LEAST_RATE * seconds:
                raise requests.Timeout(f"{self._n_bytes} bytes in {seconds:.0f} seconds")
            self._since, self._n_bytes = time.monotonic(), 0
        return self._file.write(chunk)


def _fetch(url: str, path: str, registry: object) -> None:
    with open(path, "wb") as file:
        pooch.HTTPDownloader(progressbar=True, timeout=PATIENCE)(url, Watched(file), registry)


def download(url: str, sha256: str, remedy: str, fetch: Callable[[str, str, object], None] = _fetch) -> Path:
    """Return the path of a file of the cache, downloaded if it is missing there. A damaged one is replaced.

    Args:
        url: of the file, by HTTP.
        sha256: of its content, in hex. What has another is deleted, not returned.
        remedy: what to do in case of an error.
        fetch: downloads an address to a path; the third argument is pooch's.

    Raises:
        InputError: the download failed N_RETRIES + 1 times.
    """
    name = Path(url).name
    registry = pooch.create(
        pooch.os_cache("word2vec-lstm-imdb"), base_url="", registry={name: sha256}, urls={name: url}
    )
    registry.retry_if_failed = N_RETRIES
    try:
        return Path(registry.fetch(name, downloader=fetch))
    except requests.RequestException as error:
        status = f", status {error.response.status_code}" if error.response is not None else ""
        raise InputError(f"{url} cannot be downloaded ({type(error).__name__}{status}); {remedy}") from None
    except ValueError:  # pooch raises this for a wrong checksum
        raise InputError(f"{url} served something else: its hash is not the SHA-256 {sha256}; {remedy}") from None
