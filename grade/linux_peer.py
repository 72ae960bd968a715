"""Debian's Linux, with which `make bench` compares: the kernel out of the package that linux-image-amd64 asks for, as this machine's apt
gives it. It is fetched once, by any user, into a folder, and stays there.

    linux = peer(Path("build/linux-peer"))     # linux.kernel, linux.package, linux.version
    linux = eevdf_peer(Path("build/linux-peer"), linux)   # one of 6.6 or later: this one, or that of bookworm-backports

Without a network: whoever puts the package's file (linux-image-*.deb) into the folder has it taken from there."""

import hashlib
import json
import re
import subprocess
import tarfile
import tempfile
from collections import namedtuple
from pathlib import Path

from .debian import SUITE, NotToBeHad, apt, archive, called, configuration, sources

META = "linux-image-amd64"     # depends on the package with the kernel
WHAT = "Debian's Linux"
EEVDF_SINCE = "6.6"            # Linux's version
KERNEL = re.compile(r"\./boot/vmlinuz-.+")

Linux = namedtuple("Linux", "kernel package version")  # where its bzImage lies; the package that it is out of


def eevdf_peer(folder, older):
    """A Linux with EEVDF: `older`, the peer of other figures, or None, if it is new enough, or else that of bookworm-backports, in a folder
    in this one. Raises NotToBeHad, OSError."""
    if older and number(older.version) >= number(EEVDF_SINCE):
        return older
    return peer(folder / "eevdf", fetched_backport)


def number(version):
    """What of a version counts here."""
    return tuple(int(part) for part in re.findall(r"\d+", version)[:2])


def peer(folder, fetch=None):
    """The Linux. fetch: fetched() or the like, which brings the package into a folder. Raises NotToBeHad, OSError."""
    kernel, kept = folder / "vmlinuz", folder / "linux.json"
    folder.mkdir(parents=True, exist_ok=True)
    if not kept.exists():
        with tempfile.TemporaryDirectory(dir=folder) as scratch:
            package = next(iter(sorted(folder.glob("linux-image-*.deb"))), None) or (fetch or fetched)(Path(scratch))
            take(package, kernel, Path(scratch) / "new", kept)
    try:
        linux = json.loads(kept.read_text())
        if hashlib.sha256(kernel.read_bytes()).hexdigest() == linux["sha256"]:
            return Linux(kernel, linux["package"], linux["version"])
    except (OSError, ValueError, TypeError, KeyError):
        pass  # what was kept is damaged
    raise NotToBeHad(f"{WHAT} is not to be had: {kernel} is not what was taken out of the package; remove {folder} and it is fetched again")


def fetched(folder):
    """Fetches the package into a folder; returns its path. apt checks it against Debian's signature."""
    config, complaint = configuration(folder), None
    try:
        apt(config, WHAT, "update")
    except NotToBeHad as error:
        complaint = error  # perhaps only of a source that is not Debian's
    try:
        return downloaded(config, folder)
    except NotToBeHad as error:
        raise complaint or error from None


def fetched_backport(folder):
    """The same with the package of bookworm-backports."""
    config = configuration(folder, sources(*archive(f"Linux {EEVDF_SINCE} or later")))
    apt(config, f"Linux {EEVDF_SINCE} or later, of {SUITE},", "update")
    return downloaded(config, folder, "-t", SUITE)


def downloaded(config, folder, *options):
    apt(config, WHAT, "download", META, *options, folder=folder)
    (meta,) = folder.glob(f"{META}_*.deb")
    found = re.search(r"\b(linux-image-\S+-amd64) \(= (\S+)\)", called("dpkg-deb", WHAT, "-f", str(meta), "Depends"))
    if not found:
        raise NotToBeHad(f"{WHAT} is not to be had: {meta.name} names no package with a kernel")
    apt(config, WHAT, "download", f"{found[1]}={found[2]}", folder=folder)
    return next(folder.glob(f"{found[1]}_*.deb"))


def take(package, kernel, new, kept):
    """Takes the kernel out of a package, and notes in the file `kept` what it is. All of the package is read, because damage is seen at
    its end only. new: where what is half done lies."""
    name, version = (called("dpkg-deb", WHAT, "-f", str(package), field).strip() for field in ("Package", "Version"))
    with subprocess.Popen(["dpkg-deb", "--fsys-tarfile", str(package)], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE) as unpacking:
        try:
            data = member(unpacking.stdout)
        except tarfile.TarError:
            data = None
        complaint = unpacking.stderr.read().decode(errors="replace").strip()
    if unpacking.returncode or data is None:
        raise NotToBeHad(f"{WHAT} is not to be had: {package} cannot be unpacked: {complaint or 'there is no kernel in it'}; remove it")
    for path, content in ((kernel, data), (kept, json.dumps({"package": name, "version": version,
                                                             "sha256": hashlib.sha256(data).hexdigest()}).encode())):
        new.write_bytes(content)
        new.replace(path)


def member(stream):
    """The kernel's bytes out of the tar file in a stream, which is read to its end; None if there is none."""
    data = None
    with tarfile.open(fileobj=stream, mode="r|") as files:
        for file in files:
            if file.isfile() and KERNEL.fullmatch(file.name):
                data = files.extractfile(file).read()
    return data
