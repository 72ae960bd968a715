"""An empty qcow2 image, which QEMU's record and replay needs to keep its snapshots in. qemu-img is not asked for: it is a package of its
own. Layout, in clusters of 64 KiB: header, refcount table, refcount block, L1 table."""

import struct

CLUSTER = 1 << 16


def write_empty(path, size):
    """Writes an image of `size` bytes (at most 512 MiB: one entry of the L1 table) that reads as zeros."""
    header = struct.pack(">4sIQIIQIIQQIIQ", b"QFI\xfb", 2, 0, 0, 16, size, 0, 1, 3 * CLUSTER, 1 * CLUSTER, 1, 0, 0)
    clusters = [header, struct.pack(">Q", 2 * CLUSTER), struct.pack(">4H", 1, 1, 1, 1), struct.pack(">Q", 0)]
    with open(path, "xb") as image:
        for content in clusters:
            image.write(content.ljust(CLUSTER, b"\0"))
