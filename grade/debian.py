"""Packages of Debian's that something is compared with, fetched by any user and installed nowhere: apt works in a folder, on a
configuration, package lists and a cache of its own there.

    config = configuration(folder)           # with this machine's sources
    apt(config, "linux-image-amd64", "update")

or, for what only bookworm-backports has, configuration(folder, sources(*archive("QEMU 10"))) and -t SUITE."""

import os
import re
import subprocess
import tempfile
from pathlib import Path

from . import machine
from .errors import UserError

WALL_S = 3600            # guards the host
LARGEST_FILE = 4 << 30   # bytes
SUITE, BASE = "bookworm-backports", "bookworm"


class NotToBeHad(Exception):
    """Why something of Debian's is not there to compare with; one line."""


def configuration(folder, sources=None):
    """Writes what makes apt work in the folder and nowhere else; returns the file's path. sources: lines as in a sources.list, to be used
    instead of this machine's."""
    apt_folder = folder.absolute() / "apt"  # apt-get may be run elsewhere
    for part in ("lists/partial", "cache/archives/partial", "state", "log", "parts"):
        (apt_folder / part).mkdir(parents=True, exist_ok=True)
    settings = {"Dir::Etc::PreferencesParts": apt_folder / "parts", "Dir::Etc::Preferences": "/dev/null",
                "Dir::State::Lists": apt_folder / "lists", "Dir::State::extended_states": apt_folder / "state/extended",
                "Dir::Cache": apt_folder / "cache", "Dir::Cache::Archives": "archives/", "Dir::Log": apt_folder / "log",
                "Debug::NoLocking": "true", "APT::Sandbox::User": "root", "APT::Update::Error-Mode": "any"}
    if sources is not None:
        (apt_folder / "sources.list").write_text(sources)
        settings |= {"Dir::Etc::SourceList": apt_folder / "sources.list", "Dir::Etc::SourceParts": apt_folder / "parts"}
    hooks = ["APT::Update::Pre-Invoke", "APT::Update::Post-Invoke", "APT::Update::Post-Invoke-Success", "DPkg::Pre-Invoke",
             "DPkg::Pre-Install-Pkgs", "DPkg::Post-Invoke"]  # this machine's: not meant for a private folder
    config = apt_folder / "apt.conf"
    config.write_text("".join(f"#clear {hook};\n" for hook in hooks) + "".join(f'{name} "{value}";\n' for name, value in settings.items()))
    return config


def apt(config, what, *words, folder=None):
    """Runs apt-get with the private configuration, in a folder. what: the name of what is wanted. Raises NotToBeHad."""
    called("apt-get", what, "-c", str(config), "-qq", *words, folder=folder)


def called(program, what, *words, folder=None):
    """What one of Debian's programs prints, as text; it ends with us. what: the name of what is wanted. Raises NotToBeHad with the
    program's first complaint."""
    command = next((word for word in words[2:] if not word.startswith("-")), words[0])
    with tempfile.TemporaryFile() as output:
        try:
            process = machine.start([program, *words], folder, output, [], LARGEST_FILE,
                                    {**os.environ, "LC_ALL": "C", "DEBIAN_FRONTEND": "noninteractive"})
        except UserError:
            raise NotToBeHad(f"{what} is not to be had: there is no {program} here, so this is no Debian") from None
        try:
            process.wait(WALL_S)
        except subprocess.TimeoutExpired:
            raise NotToBeHad(f"{what} is not to be had: {program} {command} took more than {WALL_S} s") from None
        finally:
            process.kill()
            process.wait()
        output.seek(0)
        said = output.read().decode(errors="replace")
    if process.returncode:
        lines = [line for line in said.splitlines() if line.strip()]
        telling = [line for line in lines if line.startswith(("E:", "W:"))]
        raise NotToBeHad(f"{what} is not to be had: {program} {command}: {([*telling, *lines] or ['failed without a word'])[0].strip()}")
    return said


def unpacked(package, root):
    """Unpacks a package into a folder. Raises NotToBeHad."""
    root.mkdir(exist_ok=True)
    called("dpkg-deb", package.name, "-x", str(package), str(root))


# --- what only bookworm-backports has ---------------------------------------------------------------------------------------------------


def archive(what, instead=""):
    """(address, keyring or None) of the Debian archive that this machine's apt uses for BASE. what: is wanted of it; instead: what to do
    without, a sentence's end. Raises NotToBeHad."""
    try:
        done = subprocess.run(["apt-get", "indextargets", "--format", "$(CODENAME)|$(LABEL)|$(COMPONENT)|$(REPO_URI)|$(SOURCESENTRY)",
                               "Created-By: Packages"], stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    except FileNotFoundError:
        raise NotToBeHad(f"there is no apt here, so {what} is not to be had{instead}") from None
    for line in done.stdout.splitlines():
        codename, label, component, uri, entry = (line + "||||").split("|")[:5]
        if codename == BASE and label == "Debian" and component == "main":
            return uri, keyring(entry.rsplit(":", 1)[0], uri)
    raise NotToBeHad(f"this machine's apt has no address for Debian's suite {BASE}, so {what} is not to be had{instead}")


def keyring(sources, uri):
    """The keyring file that an apt source names for an address, or None: apt then takes the keys that it trusts anyway."""
    try:
        text = Path(sources).read_text()
    except OSError:
        return None
    for part in re.split(r"\n\s*\n", text) if sources.endswith(".sources") else text.splitlines():
        found = re.search(r"signed-by\s*[:=]\s*(/[^\s\]]+)", part, re.I)
        if found and uri.rstrip("/") in part:
            return found[1]
    return None


def sources(uri, key):
    """The lines of a sources.list with both suites."""
    options = f"[signed-by={key}] " if key else ""
    return "".join(f"deb {options}{uri} {suite} main\n" for suite in (BASE, SUITE))
