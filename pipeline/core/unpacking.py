"""How far a file may unpack: one that is made for it takes little room on disk and fills the memory."""

ALWAYS, RATIO = 1 << 26, 100  # text unpacks to some 4 times its size, a few tiny files to 100


def most_unpacked(n_bytes: int) -> int:
    """Return to how many bytes a file of `n_bytes` may unpack: to ALWAYS, and to RATIO times its size beyond that."""
    return ALWAYS + RATIO * n_bytes
