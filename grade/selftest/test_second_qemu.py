"""make test-qemu, as far as it goes without a network: where it takes the archive's address from, that its apt touches nothing outside its
folder, and what it says where the suite is not to be had."""

import os
import subprocess

import kernels  # noqa: F401  (makes grade importable)
import pytest

from grade import debian, second_qemu


@pytest.fixture
def machine(tmp_path, monkeypatch):
    """machine(apt-get's shell lines): a machine whose apt-get is a stub, which records its calls."""
    def make(body):
        bin_folder = tmp_path / "bin"
        bin_folder.mkdir()
        (bin_folder / "apt-get").write_text(f"#!/bin/sh\necho \"$*\" >>{tmp_path}/calls\n{body}\n")
        (bin_folder / "apt-get").chmod(0o755)
        monkeypatch.setenv("PATH", f"{bin_folder}{os.pathsep}{os.environ['PATH']}")
        return tmp_path
    return make


def test_a_machine_without_debian_12_is_told_so(machine, capsys):
    folder = machine("echo 'noble|Ubuntu|main|http://archive.invalid/ubuntu/|/etc/apt/sources.list:1'")
    assert second_qemu.main(["--folder", str(folder / "qemu10"), str(folder)]) == 3
    assert "has no address for Debian's suite bookworm" in capsys.readouterr().err


def test_a_suite_that_cannot_be_fetched_is_told_so(machine, capsys):
    folder = machine("""case $* in
        indextargets*) echo 'bookworm|Debian|main|http://archive.invalid/debian/|/nonesuch:1' ;;
        *) echo 'E: Failed to fetch' >&2; exit 100 ;; esac""")
    assert second_qemu.main(["--folder", str(folder / "qemu10"), str(folder)]) == 3
    assert "bookworm-backports is not to be had: apt-get update: E: Failed to fetch" in capsys.readouterr().err
    calls = (folder / "calls").read_text().splitlines()
    assert len(calls) == 2 and calls[1] == f"-c {folder}/qemu10/apt/apt.conf -qq update"


def test_apt_works_in_the_folder_and_nowhere_else(tmp_path):
    config = debian.configuration(tmp_path, debian.sources("http://archive.invalid/debian/", "/usr/share/keyrings/key.gpg"))
    assert (tmp_path / "apt/sources.list").read_text().splitlines() == [
        "deb [signed-by=/usr/share/keyrings/key.gpg] http://archive.invalid/debian/ bookworm main",
        "deb [signed-by=/usr/share/keyrings/key.gpg] http://archive.invalid/debian/ bookworm-backports main"]
    for line in config.read_text().splitlines():
        name, _, value = line.rstrip(";").partition(" ")
        if name.startswith("Dir::") and name != "Dir::Etc::Preferences":
            assert value.strip('"').startswith((str(tmp_path), "archives/")), line


@pytest.mark.parametrize("name, text, key", [
    ("debian.sources", "Types: deb\nURIs: http://archive.invalid/debian\nSuites: bookworm\nSigned-By: /keys/a.gpg\n\n"
                       "URIs: http://other.invalid\nSigned-By: /keys/b.gpg\n", "/keys/a.gpg"),
    ("sources.list", "deb [arch=amd64 signed-by=/keys/c.gpg] http://archive.invalid/debian bookworm main\n", "/keys/c.gpg"),
    ("sources.list", "deb http://archive.invalid/debian bookworm main\n", None),
])
def test_the_keyring_is_the_one_that_apt_uses(tmp_path, name, text, key):
    (tmp_path / name).write_text(text)
    assert debian.keyring(str(tmp_path / name), "http://archive.invalid/debian/") == key


def test_the_program_finds_its_own_libraries_and_data(tmp_path):
    root = tmp_path / "a folder" / "root"
    for path in ("usr/bin", "usr/share/qemu", "usr/lib/x86_64-linux-gnu", "usr/lib/systemd"):
        (root / path).mkdir(parents=True)
    (root / "usr/lib/x86_64-linux-gnu/libslirp.so.0").write_text("")
    (root / "usr/lib/systemd/a.socket").write_text("")
    (root / "usr/bin/qemu-system-x86_64").write_text('#!/bin/sh\necho "$LD_LIBRARY_PATH" "$@"\n')
    (root / "usr/bin/qemu-system-x86_64").chmod(0o755)
    program = tmp_path / "qemu"
    second_qemu.write_program(program, root)
    said = subprocess.run([program, "-S"], capture_output=True, text=True, check=True).stdout.strip()
    assert said.startswith(f"{root}/usr/lib/x86_64-linux-gnu -L {root}/usr/share/qemu") and said.endswith(" -S")
