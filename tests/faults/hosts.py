"""Two hosts on one machine: namespaces of network, host name and mounts, joined by a pair of virtual network cards.

They share files, processors and the kernel; each has its own name, address, ports and loopback. The machine's own
network stays as it is, and all is gone when the processes that keep the namespaces end.
"""

import subprocess
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import NamedTuple

ADDRESSES = ("10.99.0.1", "10.99.0.2")


class HostsError(Exception):
    """The machine does not let this user make namespaces, or lacks util-linux or iproute2."""


class Host(NamedTuple):
    """A host: its name, and the process that keeps its namespaces."""

    name: str
    pid: int

    def command(self, folder: Path, *words: str) -> list[str]:
        """Return a command that runs on this host, in a folder."""
        inside = ("sh", "-c", 'cd "$1" && shift && exec "$@"', "sh", str(folder))  # the folder as this host sees it
        return ["nsenter", f"--target={self.pid}", "--net", "--uts", "--mount", "--", *inside, *words]


def _run(*words: str) -> None:
    try:
        subprocess.run(words, check=True, capture_output=True, text=True, timeout=60)
    except subprocess.CalledProcessError as error:
        raise HostsError(f"`{' '.join(words)}`: {error.stderr.strip()}") from None
    except FileNotFoundError as error:
        raise HostsError(f"there is no program {error.filename}") from None


@contextmanager
def _namespaces(name: str, table: Path) -> Iterator[Host]:
    """Start the process of a host that knows the names in `table`."""
    setup = 'hostname "$1" && mount --bind "$2" /etc/hosts && ip link set lo up && echo ready && exec cat'
    words = ["unshare", "--net", "--uts", "--mount", "sh", "-c", setup, "sh", name, str(table)]
    try:
        process = subprocess.Popen(
            words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
    except FileNotFoundError as error:
        raise HostsError(f"there is no program {error.filename}") from None
    with process:
        assert process.stdout
        assert process.stderr
        if process.stdout.readline() != "ready\n":
            raise HostsError(f"`unshare`: {process.stderr.read().strip()}")
        try:
            yield Host(name, process.pid)
        finally:
            process.kill()


@contextmanager
def two_hosts(folder: Path, names: Sequence[str] = ("host0", "host1")) -> Iterator[tuple[Host, Host]]:
    """Make two hosts, which reach each other by name.

    Args:
        folder: for the table of their names.
        names: of each host, the full one first, separated by blanks; the last one is its host name.

    Raises:
        HostsError: with the reason.
    """
    table = folder / "hosts"
    lines = ["127.0.0.1 localhost", *map(" ".join, zip(ADDRESSES, names, strict=True)), ""]
    table.write_text("\n".join(lines), "utf-8")
    with ExitStack() as stack:
        first, second = (stack.enter_context(_namespaces(name.split()[-1], table)) for name in names)
        cards = [("card", "netns", str(host.pid)) for host in (first, second)]
        _run("ip", "link", "add", *cards[0], "type", "veth", "peer", *cards[1])
        for host, address in zip((first, second), ADDRESSES, strict=True):
            inside = ("nsenter", f"--target={host.pid}", "--net", "ip")
            _run(*inside, "address", "add", f"{address}/24", "dev", "card")
            _run(*inside, "link", "set", "card", "up")
        yield first, second
