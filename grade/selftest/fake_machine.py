"""A machine that does not exist, for the tests of the set-up: a PATH of recording stubs stands for what is installed, a stub of apt-get for
the archive, and a small checkout (the real Makefile and grade/setup.sh, a tree.mk of two targets) for the project."""

import fcntl
import os
import pty
import shutil
import subprocess
import termios
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]

# What any system has before the first installation.
BASE_COMMANDS = "sh grep sed awk tr head cut mkdir mv cat rm env dirname printf id uname chmod cp touch echo".split()

# tool: {command: body of the stub}. Every stub writes its name and arguments to calls.log first.
TOOLS = {
    "make": {"make": 'echo "GNU Make 4.3"'},
    "gcc": {
        "gcc": 'case $1 in -dumpmachine) echo x86_64-linux-gnu ;; -dumpfullversion) echo 12.2.0 ;; esac',
        "cc": "exit 0",
        "x86_64-linux-gnu-gcc": 'case $1 in -dumpmachine) echo x86_64-linux-gnu ;; -dumpfullversion) echo 12.2.0 ;; esac',
    },
    "binutils": {name: "exit 0" for name in ("ld", "objcopy", "x86_64-linux-gnu-ld", "x86_64-linux-gnu-objcopy")},
    "nasm": {"nasm": 'echo "NASM version 2.16.01"'},
    "qemu": {"qemu-system-x86_64": 'echo "QEMU emulator version 7.2.22 (Debian 1:7.2+dfsg-7)"'},
    "gdb": {"gdb": 'case $1 in --version) echo "GNU gdb (Debian 13.1-3) 13.1" ;; *) echo 42 ;; esac'},
    "python": {"python3": "echo ok 3.11.2"},
    "unifdef": {"unifdef": "exit 0"},
    "git": {"git": "exit 0"},
    "grub": {"grub-mkrescue": "exit 0"},
    "xorriso": {"xorriso": "exit 0"},
    "mtools": {"mformat": "exit 0"},
    "bubblewrap": {"bwrap": "exit 0"},
    "musl": {"musl-gcc": "exit 0"},
    "busybox": {"busybox": "exit 0"},
}

# Which package of Debian brings which of TOOLS; pytest and its company are told by what the stub of python3 answers.
DEBIAN = {"gcc": "gcc", "nasm": "nasm", "qemu-system-x86": "qemu", "unifdef": "unifdef", "mtools": "mtools", "gdb": "gdb"}

TREE_MK = """\
kernel: build/kernel ## builds the kernel
build/kernel: ; @echo building; touch $@
.PHONY: kernel show
show: ## prints the tools
\t@echo 'PYTHON=$(PYTHON) CROSS=$(CROSS) QEMU=$(QEMU)'
"""


class FakeMachine:
    """A checkout and a PATH of stubs under one folder; apt-get installs stubs by the table DEBIAN."""

    def __init__(self, folder, user="root"):
        """user: "root", "sudo" (someone with sudo) or "nobody" (without)."""
        self.folder = folder
        self.bin = folder / "bin"
        self.calls_log = folder / "calls.log"
        self.checkout = folder / "check out"
        self.bin.mkdir(parents=True)
        for command in BASE_COMMANDS:
            (self.bin / command).symlink_to(shutil.which(command))
        for tool in TOOLS:
            self.install(tool)
        self.stub("uname", 'case $1 in -s) echo Linux ;; -m) echo x86_64 ;; -r) echo 6.1.0 ;; esac')
        self.stub("id", {"root": "echo 0"}.get(user, "echo 1000"))
        if user == "sudo":
            self.stub("sudo", 'exec "$@"')
        self.archive(DEBIAN)
        self.write("os-release", 'ID=debian\nVERSION_ID="12"\n')
        self.write("mounts", "/dev/vda / ext4 rw 0 0\n")
        self.write("i386-pc/multiboot.mod", "")
        self.make_checkout()

    def make_checkout(self):
        (self.checkout / "grade").mkdir(parents=True)
        shutil.copy(ROOT / "Makefile", self.checkout)
        for part in (ROOT / "grade").glob("setup*.sh"):
            shutil.copy(part, self.checkout / "grade")
        (self.checkout / "grade/tree.mk").write_text(TREE_MK)

    def write(self, name, text):
        path = self.folder / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)

    def stub(self, command, body):
        """Puts a command on the machine: it records its call, then runs the shell lines of `body`."""
        path = self.bin / command
        path.unlink(missing_ok=True)
        path.write_text(f'#!/bin/sh\necho "{command} $*" >>"{self.calls_log}"\n{body}\n')
        path.chmod(0o755)

    def install(self, tool):
        for command, body in TOOLS[tool].items():
            self.stub(command, body)

    def remove(self, tool):
        for command in TOOLS[tool]:
            (self.bin / command).unlink()

    def archive(self, packages):
        """What apt-get can bring: {package: tool}. It chatters on both outputs as the real one does."""
        cases = []
        for package, tool in packages.items():
            store = self.folder / "archive" / package
            store.mkdir(parents=True, exist_ok=True)
            for command, body in TOOLS[tool].items():
                self.stub(command + ".new", body)
                (self.bin / (command + ".new")).rename(store / command)
            cases.append(f'*" {package} "*) cp "{store}"/* "{self.bin}" ;;')
        lines = "\n".join(f'case " $* " in {case} esac' for case in cases)
        self.stub("apt-get", f'echo "Reading package lists... Done"\necho "chatter" >&2\ncase "$*" in *install*) {lines}\n;; esac')

    def environment(self):
        return {
            "PATH": str(self.bin),
            "HOME": str(self.folder),
            "SETUP_PATH_ONLY": "1",
            "SETUP_MOUNTS": str(self.folder / "mounts"),
            "SETUP_OS_RELEASE": str(self.folder / "os-release"),
            "SETUP_GRUB_MODULES": str(self.folder / "i386-pc"),
        }

    def make(self, *words, terminal=False):
        """Runs the real make in the checkout. Returns the finished process; with terminal=True it has a controlling terminal."""
        command = [shutil.which("make"), *words]
        if not terminal:
            return subprocess.run(command, cwd=self.checkout, env=self.environment(), stdin=subprocess.DEVNULL, capture_output=True,
                                  text=True, start_new_session=True, check=False)
        master, slave = pty.openpty()

        def own_terminal():
            os.setsid()
            fcntl.ioctl(slave, termios.TIOCSCTTY, 0)

        try:
            return subprocess.run(command, cwd=self.checkout, env=self.environment(), stdin=slave, capture_output=True, text=True,
                                  preexec_fn=own_terminal, check=False)
        finally:
            os.close(master)
            os.close(slave)

    def calls(self, command=None):
        """The calls so far, in order, of one command or of all."""
        lines = self.calls_log.read_text().splitlines() if self.calls_log.exists() else []
        return [line for line in lines if command is None or line.split()[0] == command]
