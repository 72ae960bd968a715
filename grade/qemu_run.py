#!/usr/bin/env python3
"""Boots the kernel for a person: QEMU on this terminal, from the kernel file or through GRUB from an image, or waiting for a debugger.

The targets of grade/make/run.mk call it; the grader does not (machine.py has its own machine, with a deterministic clock). Standard library
only. QEMU has the terminal, and ends with this process; it is started in the kernel's own folder with plain names, because QEMU takes
commas in some file names for separators. Where standard input is no terminal, its end is passed on as Ctrl-D, which ends the kernel's
monitor.

    qemu_run.py run|run-iso|qemu-gdb|iso --kernel FILE [--append OPTIONS] [--cpus N] [--accel tcg|kvm] ...

Exit status: 0 after the guest's poweroff or Ctrl-A X; 1 with one line on stderr if QEMU cannot be started or fails, or if the kernel
stopped itself (a panic, a boot option or machine that it refuses, the end of its input) or the machine was reset.
"""

import argparse
import contextlib
import ctypes
import os
import re
import select
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

LEAST_QEMU = (7, 2)
# The processor that tests and people run on: a fixed list, because what QEMU calls "max" changes with its version.
PROCESSOR = "qemu64,+smep,+smap,+nx,+fsgsbase,+pdpe1gb,+rdtscp"
TRIAL_SECONDS = 0.5
IMAGE = "crescent.iso"
ARCHIVE = "initramfs.cpio"  # in the kernel's folder, as the kernel knows it
KERNEL_STOPPED, PROGRAM_FAILED = 2 * 0x21 + 1, 2 * 0x22 + 1  # QEMU's exit code by what the kernel hints (exit_hint in arch/arch.h)
CTRL_D = b"\x04"
LEAST_MIB = 8  # below 5 the kernel's file ends behind the memory; what is still too little the kernel says itself
AGAIN_S = 1  # between two of them; nothing waits for it but a session that would have hung


class Refusal(Exception):
    """What stands in the way, as one line for the user."""


def main(arguments):
    """Does what the command line says. Returns an exit status."""
    options = parse(arguments)
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        kernel = Path(options.kernel)
        if not kernel.is_file():
            raise Refusal(f"there is no kernel at {kernel}; make kernel builds it")
        if options.memory < LEAST_MIB:
            raise Refusal(f"MEMORY={options.memory} has no room for the kernel's own file, so nobody could say so; start with 32 or more")
        qemu = None if options.mode == "iso" else find_qemu()
        options.root = Path.cwd()
        if options.archive:
            copy_archive(Path(options.archive), kernel.parent / ARCHIVE)
        os.chdir(kernel.parent)
        if options.mode in ("iso", "run-iso"):
            make_image(kernel.name, options.append, bool(options.archive))
        if qemu:
            run_qemu(qemu, options, kernel.name)
    except Refusal as refusal:
        print(f"{options.mode}: {refusal}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print(f"{options.mode}: interrupted", file=sys.stderr)
        return 1
    return 0


def parse(arguments):
    """Returns the options of the command line; argparse ends the program on a wrong one."""
    parser = argparse.ArgumentParser(description="boots the kernel in QEMU for a person")
    parser.add_argument("mode", choices=("run", "run-iso", "qemu-gdb", "iso"))
    parser.add_argument("--kernel", required=True, help="kernel.elf; its folder also gets the image")
    parser.add_argument("--archive", help="the boot archive, with the programs")
    parser.add_argument("--append", default="", help="boot options, as they stand behind the literal --")
    parser.add_argument("--cpus", type=int, default=1)
    parser.add_argument("--memory", type=int, default=128, help="MiB")
    parser.add_argument("--accel", choices=("tcg", "kvm"), help="default: kvm if a trial boot succeeds, else tcg")
    parser.add_argument("--screen", choices=("none", "curses", "gtk", "sdl"), default="none", help="where the VGA text goes")
    parser.add_argument("--port", type=int, default=1234, help="the debugger's TCP port on localhost")
    return parser.parse_args(arguments)


# --- QEMU ---------------------------------------------------------------------------------------------------------------------------


def run_qemu(qemu, options, kernel):
    """Boots `kernel` (a plain name in the current folder) and returns when the machine was switched off. Raises Refusal if that cannot
    be, or if it ends in another way."""
    machine = machine_arguments(qemu, options)
    boot = boot_arguments(kernel, options.append) + (["-initrd", ARCHIVE] if options.archive else [])
    accel = "tcg" if options.mode == "qemu-gdb" else choose_accel(options, machine + boot)
    if options.mode == "run-iso":
        boot = ["-cdrom", IMAGE, "-boot", "d", "-vga", "std"]
    command = machine + ["-accel", accel] + boot + console_arguments(qemu, options.screen)
    if options.mode == "qemu-gdb":
        command += gdb_arguments(options)
    elif options.screen == "none":
        command += ["-device", "isa-debug-exit,iobase=0xf4,iosize=4"]  # elsewhere who looks at the machine wants to go on looking
    hold_standard_input()
    if os.isatty(0) and options.screen == "none":
        print(f"{options.mode}: {accel.upper()}; poweroff leaves, and Ctrl-A X ends QEMU", file=sys.stderr, flush=True)
    code, reason = attend(command)
    if code == KERNEL_STOPPED:
        raise Refusal("the kernel stopped itself; its last words, above, say why")
    if code == PROGRAM_FAILED:
        raise Refusal("process 1 did not end with status 0, as the line above says")
    if code:
        raise Refusal(f"QEMU failed: {signal.Signals(-code).name if code < 0 else f'exit code {code}'}")
    if reason == "guest-reset":
        raise Refusal("the machine was reset: a triple fault, that is, an exception that the kernel could not even report")


def attend(command):
    """Runs QEMU on this terminal until it ends. Returns (its exit code, why the machine was shut down, in QMP's words, or None)."""
    ours, theirs = socket.socketpair()
    typed = None if os.isatty(0) else subprocess.PIPE
    with ours, theirs:
        ours.sendall(b'{"execute": "qmp_capabilities"}\n')
        command = command + ["-chardev", f"socket,id=qmp,fd={theirs.fileno()}", "-mon", "chardev=qmp,mode=control"]
        try:
            process = subprocess.Popen(command, stdin=typed, pass_fds=[theirs.fileno()], preexec_fn=die_with_parent)
        except OSError as error:
            raise Refusal(f"{command[0]} cannot be started: {error.strerror}") from error
        theirs.close()
        if typed:
            threading.Thread(target=pass_on, args=[process.stdin.fileno()], daemon=True).start()
        else:
            threading.Thread(target=end_with_terminal, args=[process], daemon=True).start()
        try:
            code = process.wait()
        finally:
            process.kill()
            process.wait()
        said = b""
        with contextlib.suppress(ConnectionError):  # it ended without having read our line
            while data := ours.recv(65536):
                said += data
    reason = re.search(rb'"SHUTDOWN".*"reason": "([a-z-]+)"', said)
    return code, reason and reason[1].decode()


def die_with_parent():
    """In the child, on Linux: it ends when its parent does, however that comes to pass."""
    with contextlib.suppress(AttributeError):
        ctypes.CDLL(None).prctl(1, signal.SIGTERM, 0, 0, 0)  # PR_SET_PDEATHSIG


def end_with_terminal(process):
    """Ends a process when the terminal is closed. In a window that runs nothing but make, make alone is told so, and waits for us."""
    terminal = select.poll()
    terminal.register(0, 0)
    if any(event & select.POLLHUP for _, event in terminal.poll()):
        process.terminate()


def pass_on(to):
    """Copies standard input to the file descriptor `to`, and its end as a person would type it: Ctrl-D on a line of its own, for
    whoever reads then, and again for who reads next: a shell whose last command took the first one, or the one that init starts."""
    last = b"\n"
    with contextlib.suppress(OSError):  # QEMU has ended
        while data := os.read(0, 4096):
            write_all(to, data)
            last = data[-1:]
        write_all(to, b"" if last == b"\n" else b"\n")
        while True:
            write_all(to, CTRL_D)
            time.sleep(AGAIN_S)


def write_all(to, data):
    while data:
        data = data[os.write(to, data):]


def find_qemu():
    """Returns the absolute path of the QEMU to use, $QEMU or the one on PATH. Raises Refusal if there is none or it is too old."""
    name = os.environ.get("QEMU") or "qemu-system-x86_64"
    qemu = shutil.which(name)
    if qemu is None:
        raise Refusal(f"there is no QEMU ({name}) here; make setup installs it")
    said = subprocess.run([qemu, "--version"], stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False).stdout
    version = re.search(r"version (\d+)\.(\d+)", said)
    if not version:
        raise Refusal(f"{qemu} is no QEMU: --version says {said.strip()[:60]!r}; name one with QEMU=")
    if tuple(map(int, version.groups())) < LEAST_QEMU:
        raise Refusal(f"{qemu} is version {version[1]}.{version[2]}, too old: Crescent needs 7.2 or newer; name one with QEMU=")
    return os.path.abspath(qemu)


def machine_arguments(qemu, options):
    """The machine without its consoles and without what it boots. It ends instead of starting again when the guest resets itself."""
    return [qemu, "-nodefaults", "-no-user-config", "-cpu", PROCESSOR, "-m", f"{options.memory}M", "-smp", str(options.cpus)]


def copy_archive(archive, place):
    """Puts the boot archive beside the kernel, in one step: somebody else may be starting there. Raises Refusal."""
    try:
        if not place.exists() or place.read_bytes() != archive.read_bytes():
            fd, name = tempfile.mkstemp(dir=place.parent, prefix=".archive-")
            with open(fd, "wb") as file:
                file.write(archive.read_bytes())
            os.replace(name, place)
    except OSError as error:
        raise Refusal(f"the boot archive {archive} cannot be used: {error.strerror}") from error


def boot_arguments(kernel, append):
    """QEMU's own Multiboot loader puts the kernel's path before the command line, so the options begin behind the literal --."""
    return ["-kernel", kernel, "-append", f"-- {append}".strip()]


def console_arguments(qemu, screen):
    """COM1 and QEMU's monitor share this terminal, unless a text screen takes all of it."""
    if screen != "none":
        check_screen(qemu, screen)
    if screen == "curses":
        return ["-no-reboot", "-display", "curses", "-serial", "null", "-monitor", "vc", "-vga", "std"]
    window = ["-vga", "std"] if screen != "none" else []
    return ["-no-reboot", "-display", screen, "-serial", "mon:stdio"] + window


def check_screen(qemu, screen):
    """Raises Refusal if this QEMU was built without the display `screen`."""
    said = subprocess.run([qemu, "-display", "help"], stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False).stdout
    known = [line for line in said.split() if line in ("curses", "gtk", "sdl")]
    if screen not in known:
        raise Refusal(f"this QEMU has no {screen} display; SCREEN= may be: {' '.join(['none'] + known)}")


def gdb_arguments(options):
    """QEMU listens on localhost and executes nothing before a debugger says so; what to type for one is printed. Raises Refusal if the port
    is taken."""
    port = options.port
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except (OSError, OverflowError) as error:
            raise Refusal(f"TCP port {port} cannot be had: {error}; choose another with GDBPORT=") from error
    gdb = shlex.join([os.environ.get("GDB") or "gdb", "-iex", "set auto-load no", "-x", ".gdbinit", options.kernel,
                      "-ex", f"target remote localhost:{port}"])
    print(f"qemu-gdb: QEMU waits for a debugger at localhost:{port}; in another terminal, in {options.root}:\n    {gdb}", file=sys.stderr)
    return ["-S", "-gdb", f"tcp:127.0.0.1:{port}"]


def hold_standard_input():
    """A closed standard input becomes /dev/null: otherwise the first file that QEMU opens would be its console."""
    try:
        os.fstat(0)
    except OSError:
        os.set_inheritable(os.open(os.devnull, os.O_RDONLY), True)


# --- KVM or TCG -----------------------------------------------------------------------------------------------------------------------


def choose_accel(options, command):
    """Returns "kvm" or "tcg": what was asked for, else KVM if a trial boot of this kernel succeeds; if not, one line says why."""
    if options.accel:
        return options.accel
    reason = kvm_refusal(command)
    if reason is None:
        return "kvm"
    print(f"{options.mode}: TCG, because {reason}", file=sys.stderr)
    return "tcg"


def kvm_refusal(command):
    """Boots the kernel under KVM with "poweroff" as its input. Returns None if it ends well in half a second, else the reason.

    That /dev/kvm opens proves little: in some virtual machines a guest then never gets anywhere. A guest that triple-faults starts again
    and again here, and so runs into the limit.
    """
    if not os.path.exists("/dev/kvm"):
        return "there is no /dev/kvm"
    if not os.access("/dev/kvm", os.R_OK | os.W_OK):
        return "/dev/kvm may not be opened"
    trial = command + ["-accel", "kvm", "-display", "none", "-serial", "stdio", "-monitor", "none"]
    try:
        done = subprocess.run(trial, input=b"poweroff\n", capture_output=True, timeout=TRIAL_SECONDS, check=False)
    except subprocess.TimeoutExpired:
        return "a trial boot under KVM did not end within half a second"
    if done.returncode != 0:
        said = done.stderr.decode(errors="replace").strip().splitlines()
        return f"a trial boot under KVM failed: {said[-1] if said else f'exit status {done.returncode}'}"
    return None


# --- the image --------------------------------------------------------------------------------------------------------------------------


def make_image(kernel, append, with_archive=False):
    """Makes the GRUB image of `kernel` (and the boot archive beside it) with boot options `append` in the current folder, unless it is
    there and current already."""
    config = grub_config(append, with_archive)
    sources = [kernel] + [ARCHIVE] * with_archive
    tree = Path("iso/boot")
    written = tree / "grub/grub.cfg"
    image = Path(IMAGE)
    newest = max(Path(source).stat().st_mtime for source in sources)
    if image.exists() and image.stat().st_mtime > newest and written.exists() and written.read_text() == config:
        return
    maker = shutil.which(os.environ.get("GRUB_MKRESCUE") or "grub-mkrescue")
    if maker is None:
        raise Refusal("there is no grub-mkrescue here; make setup installs it")
    try:
        image.unlink(missing_ok=True)
        written.parent.mkdir(parents=True, exist_ok=True)
        for source, name in zip(sources, ["kernel.elf", ARCHIVE]):
            shutil.copyfile(source, tree / name)
        written.write_text(config)
    except OSError as error:
        raise Refusal(f"cannot write {error.filename}: {error.strerror}") from error
    command = [maker, "--locales=", "--fonts=", "--themes=", "-o", f"{IMAGE}.new", "iso"]
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        Path(f"{IMAGE}.new").unlink(missing_ok=True)
        raise Refusal(f"grub-mkrescue failed:\n{done.stderr}")
    os.replace(f"{IMAGE}.new", IMAGE)
    print(f"{image.resolve()}", file=sys.stderr)


def grub_config(append, with_archive=False):
    """Returns GRUB's script. GRUB opens the serial line only to say that loading failed: opening it throws away what was typed before."""
    for word in append.split():
        if "'" in word:
            raise Refusal(f"boot option {word} has a quote in it, which GRUB's script cannot hold")
    options = " ".join(f"'{word}'" for word in append.split())
    return (
        f"if multiboot /boot/kernel.elf -- {options}\n"
        "then\n"
        + (f"    module /boot/{ARCHIVE} {ARCHIVE}\n" if with_archive else "") +
        "    boot\n"
        "fi\n"
        "serial --unit=0 --speed=115200\n"
        "terminal_output console serial\n"
        'echo "GRUB could not load the kernel."\n'
        "sleep --interruptible 30\n"
        "halt\n"
    )


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
