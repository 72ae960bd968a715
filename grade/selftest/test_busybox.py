"""Debian's busybox-static, unmodified, on the finished kernel: its sessions (grade/selftest/busybox) print what they print on Linux, on one
CPU and on several and under every policy; its shell at the console shows what it shows on a pseudo-terminal; and `make run` puts it, and
files of one's own, into the image. Where it is not installed this file is not collected, and the run's last lines say which package has it
(conftest.py); the set-up installs it on Debian. What is said of Linux is tried where this machine can run it, and is kept elsewhere."""

import os
import stat
import subprocess
import tempfile
from pathlib import Path

import busybox_sessions as busybox
import busybox_terminal
import kernels
import pytest
from test_front_door import real_environment
from user_programs import MASTER, entries

from grade import cpio, soak_programs
from grade.machine import Machine, limit_option

PHASE = 5
TREE = kernels.reference(PHASE)
POLICIES = ["rr", "fcfs", "prio", "mlfq", "sjf", "cfs", "eevdf"]
LIMIT_MS = 60_000  # of virtual time; all sessions together take some eight seconds
# (policy, CPUs, the sessions); the rest with `make test-all`.
RUNS = [("eevdf", 1, busybox.names()), ("eevdf", 4, busybox.names()), *((policy, 2, ["shell"]) for policy in POLICIES)]
if kernels.ALL:
    RUNS = [(policy, cpus, busybox.names()) for policy in POLICIES for cpus in (1, 4)]
NO_LINUX = busybox.no_linux()

kept = busybox.kept


# --- sessions ---------------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("policy, cpus, names", RUNS, ids=[f"{policy}-{cpus}-{len(names)}" for policy, cpus, names in RUNS])
def test_sessions_print_what_linux_prints(tmp_path, policy, cpus, names):
    """With busybox's init as process 1, which then turns the machine off."""
    archive = tmp_path / "archive"
    archive.write_bytes(cpio.archive(busybox.image(TREE, names)))
    with Machine(TREE / "build/checked/kernel.elf", f"{limit_option(LIMIT_MS)} trace=off init=/sbin/init sched={policy}", archive=archive,
                 cpus=cpus, ram_mib=128, limit_ms=LIMIT_MS) as machine:
        end, console = machine.run(), machine.console()
    assert end.kind == "poweroff", console[-2000:]
    printed = busybox.taken_apart(console)
    assert sorted(printed) == sorted(names)
    for name in names:
        assert printed[name].splitlines() == kept(name).splitlines(), f"session {name}"


if not NO_LINUX:
    def test_linux_prints_what_is_kept():
        for name, printed in busybox.on_linux(TREE, busybox.names()).items():
            assert printed.splitlines() == kept(name).splitlines(), f"make oracle, if Linux is right; session {name}"


def test_the_sessions_try_many_applets():
    """Counted are those whose name stands where a command does, of the list that is kept of busybox's applets."""
    words = set()
    for name in busybox.names():
        words |= set((busybox.SCRIPTS / f"{name}.sh").read_text().replace("(", " ").replace(";", " ").split())
    applets = set("""
        awk base64 basename bunzip2 bzcat bzip2 cal cat chgrp chmod chown cmp cp cpio cut date dc dd df diff dirname dos2unix
        du echo ed egrep env expand expr factor fallocate fgrep find fold free grep groups gunzip gzip head hexdump hostid
        hostname id kill killall less link ln ls lzop md5sum mkdir mkfifo mknod mktemp more mount mv nl nohup nproc od paste
        pidof printf ps readlink realpath renice rev rm rmdir sed seq setsid sha1sum sha256sum sha3sum sha512sum shred shuf
        sleep sort stat strings stty tac tail tar taskset tee test time timeout top touch tr truncate tty umount uname
        unexpand uniq unix2dos unlink uptime usleep uudecode uuencode watch wc which whoami xargs xxd xz yes zcat
    """.split())
    assert len(applets & words) >= 100, applets - words


def test_every_session_has_its_file_and_every_file_its_session():
    assert sorted(path.stem for path in busybox.SCRIPTS.glob("*.txt")) == sorted([*busybox.names(), "terminal"])


# --- the terminal -----------------------------------------------------------------------------------------------------------------------


def ends(pid):
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


@pytest.fixture
def tree():
    """The tree once more, by links: what `make run` boots is put together in the tree, and other tests run one meanwhile."""
    with tempfile.TemporaryDirectory(dir=kernels.ROOT / "build", prefix=".busybox-") as folder:
        subprocess.run(["cp", "-al", f"{TREE}/.", folder], check=True)
        for path in ("user/own.cpio", "plain/initramfs.cpio", "checked/initramfs.cpio"):
            (Path(folder) / "build" / path).unlink(missing_ok=True)
        yield Path(folder)


def test_the_console_shows_what_a_terminal_shows(tree):
    """Line editing, jobs stopped, continued and ended by keys, watch and vi. The end of the shell turns the machine off."""
    pid, fd = busybox_terminal.opened(["make", "-s", "run", "INIT=busybox", "ACCEL=tcg", "CHECKED=1",
                                       f"FILES={busybox.SCRIPTS / 'told'}:/session/told"], tree, real_environment())
    try:
        shown = busybox_terminal.typed(fd)
        while busybox_terminal.read(fd):
            pass
        assert shown.splitlines() == kept("terminal").splitlines()
    finally:
        os.close(fd)
        status = ends(pid)
    assert status == 0


if not NO_LINUX:
    def test_a_terminal_of_linux_shows_what_is_kept():
        assert busybox_terminal.on_linux(TREE).splitlines() == kept("terminal").splitlines(), "make oracle, if Linux is right"


# --- the image --------------------------------------------------------------------------------------------------------------------------


@pytest.fixture
def run(tree):
    """run(*words, typed=""): `make run` with words behind it."""
    def run(*words, typed=""):
        return subprocess.run(["make", "-s", "run", "ACCEL=tcg", *words], cwd=tree, env=real_environment(), input=typed,
                              capture_output=True, text=True, check=False)
    return run


@pytest.mark.parametrize("command", ["poweroff -f", "poweroff", "exit"])
def test_a_session_in_a_pipe_is_answered_and_ends(run, command):
    done = run("INIT=busybox", typed=f"type vi | head -n 1; echo $((6 * 7)); id -un; echo $0\n{command}\n")
    assert done.returncode == 0, done.stderr
    assert "vi is vi\n42\nroot\nsh\n" in done.stdout.replace("\r", ""), done.stdout


def test_files_of_ones_own_are_in_the_image(run, tmp_path):
    (tmp_path / "folder/inner").mkdir(parents=True)
    (tmp_path / "folder/inner/text").write_text("a text\n")
    (tmp_path / "hello").write_text("#!/bin/sh\necho hello from a file of my own\n")
    (tmp_path / "hello").chmod(0o755)
    files = f"FILES={tmp_path}/hello:/usr/bin/hello {tmp_path}/folder {tmp_path}/hello"
    done = run("INIT=busybox", files, typed="hello; ./hello; cat folder/inner/text; ls -l folder/inner | cut -c 1-10\npoweroff -f\n")
    assert done.returncode == 0, done.stderr
    assert "hello from a file of my own\nhello from a file of my own\na text\ntotal 4\n-rw-r--r--\n" in done.stdout.replace("\r", "")


def test_a_typed_line_is_read_whole_by_who_has_room_for_it(run):
    """What is left of it would be the next reader's: a shell's, which executes it."""
    done = run("INIT=busybox", typed=f"dd bs=4096 count=1 2>/dev/null | wc -c\n{'x' * 600}\npoweroff -f\n")
    assert done.returncode == 0 and "\n601\n" in done.stdout.replace("\r", ""), done.stdout


def test_a_program_brings_its_libraries(run, tmp_path):
    """A distribution's bash, whose pipes have names in /dev/fd. A file that only looks like a program is put in as it is."""
    (tmp_path / "cut").write_bytes(Path("/bin/bash").read_bytes()[:1000])
    typed = "bash -c 'cat <(echo one) <(echo two); echo ${BASH_VERSINFO:+three}'; wc -c cut\npoweroff -f\n"
    done = run("INIT=busybox", f"FILES=/bin/bash:/bin/bash {tmp_path}/cut", typed=typed)
    assert done.returncode == 0, done.stderr
    assert "one\ntwo\nthree\n1000 cut\n" in done.stdout.replace("\r", ""), done.stdout


@pytest.mark.parametrize("words, says", [
    (["INIT=busybox", "BUSYBOX=no-such-busybox"], "there is no program no-such-busybox; on Debian: apt-get install busybox-static"),
    (["INIT=busybox", f"BUSYBOX={MASTER}/grade/cpio.py"],
     f"there is no program {MASTER}/grade/cpio.py; on Debian: apt-get install busybox-static"),
    (["INIT=busybox", "BUSYBOX=bash"], "there is no static busybox for x86-64 at"),
    (["INIT=busybox", "BUSYBOX=no/such/busybox"], "there is no program no/such/busybox; on Debian: apt-get install busybox-static"),
    (["FILES=/no/such/file"], "FILES=/no/such/file: there is no /no/such/file"),
    (["FILES=/etc/hostname:/bin"],
     "FILES=/etc/hostname:/bin: /bin is a folder in the image; name the file in it: FILE:/bin/NAME"),
    (["FILES=/etc/hostname:/etc/passwd/x"], "FILES=/etc/hostname:/etc/passwd/x: /etc/passwd is no folder in the image"),
])
def test_what_is_missing_is_named_in_one_line(run, words, says):
    done = run(*words)
    assert done.returncode
    assert [line for line in done.stderr.splitlines() if line.startswith("cpio.py: ")][0].startswith(f"cpio.py: {says}"), done.stderr


def test_every_applet_has_its_name_and_busybox_takes_the_place_of_ours():
    found = entries(cpio.archive(busybox.image(TREE, [])))
    applets = subprocess.run(["busybox", "--list-full"], capture_output=True, text=True, check=True).stdout.split()
    assert len(applets) > 200
    for path in applets:
        mode, _, _, data = found[path]
        assert path == "bin/busybox" or (stat.S_ISLNK(mode) and data == b"/bin/busybox"), path
    assert stat.S_ISREG(found["bin/busybox"][0]) and cpio.loader(found["bin/busybox"][3]) is None
    ours = [path.name for path in (TREE / "build/user/bin").iterdir() if not path.suffix]
    left = cpio.without_namesakes([f"bin/{name}" for name in ours] + ["tests/fork"], cpio.busybox_entries("busybox"))
    assert "tests/fork" in left and "bin/chrt" in left and not {"bin/ls", "bin/sort", "bin/sh"} & set(left)


# --- process 1 --------------------------------------------------------------------------------------------------------------------------


def test_process_1_has_the_terminal():
    """Its first descriptors are /dev/console with its lines, as under Linux: what is typed is echoed, and Ctrl-D ends it."""
    with Machine(TREE / "build/checked/kernel.elf", f"{limit_option(5000)} trace=off init=/bin/cat", input=b"a line\n\x04",
                 archive=soak_programs.archive_of(TREE), limit_ms=5000) as machine:
        machine.run()
        assert machine.console().startswith("a line\na line\nprocess 1 (cat) has ended")


# --- whose the terminal is --------------------------------------------------------------------------------------------------------------

# What Linux 6.1 prints with its console on a serial line was looked at by hand: a pseudo-terminal does not hang up with its leader.
HANGS_UP = """\
#!/bin/sh
(
exec 2>&1; echo no leader > /dev/tty; : <> /dev/ttyS0; echo no leader > /dev/tty
exec 5<> /dev/ttyS0 7<> /dev/console
setsid sh -c 'echo none > /dev/tty; : <> /dev/console; echo none > /dev/tty; exec 6<> /dev/ttyS0
    [ $(cut -d " " -f 7 /proc/self/stat) = 1088 ] && [ $(cut -d " " -f 8 /proc/self/stat) = $$ ] && echo has it
    tty < /dev/ttyS0; tty < /dev/console; tty < /dev/tty' < /dev/null
echo late >&5; cat <&5; stty <&5; echo $?; echo console >&7; echo again > /dev/ttyS0
setsid sh -c ': <> /dev/ttyS0; echo its own > /dev/tty; (setsid sh -c ": <> /dev/ttyS0; echo not hers > /dev/tty")
    setsid -c sh -c "echo stolen > /dev/tty"; echo gone > /dev/tty'
)
"""
NONE = "can't create /dev/tty: No such device or address\n"
HUNG_UP = (f"/session/all: line 3: {NONE}" * 2 + f"sh: {NONE}" * 2 + "has it\n/dev/ttyS0\n/dev/console\n/dev/tty\n"
           "sh: write error: Input/output error\nstty: standard input: Input/output error\n1\nconsole\nagain\n"
           f"its own\nsh: {NONE}stolen\nsh: {NONE}")


def shown(tmp_path, inittab, typed=b"", cpus=1, **scripts):
    """What the console shows of busybox's init with such a table and scripts in /session, until the machine is turned off."""
    entries = busybox.image(TREE, [])
    entries["etc/inittab"] = cpio.FILE | 0o644, inittab.encode()
    for name, text in scripts.items():
        entries[f"session/{name}"] = cpio.FILE | 0o755, text.encode()
    archive = tmp_path / "archive"
    archive.write_bytes(cpio.archive(entries))
    with Machine(TREE / "build/checked/kernel.elf", f"{limit_option(LIMIT_MS)} trace=off init=/sbin/init", archive=archive, input=typed,
                 cpus=cpus, ram_mib=128, limit_ms=LIMIT_MS) as machine:
        end, console = machine.run(), machine.console()
    assert end.kind == "poweroff", console[-2000:]
    return console


@pytest.mark.parametrize("cpus", [1, 4])
def test_the_end_of_a_leader_hangs_the_terminal_up(tmp_path, cpus):
    """/dev/ttyS0 is its session's, /dev/console is there for all; which session has it, and what is left of open files when it ends."""
    assert shown(tmp_path, busybox.INITTAB, all=HANGS_UP, cpus=cpus) == HUNG_UP


AT_A_GETTY = (b"tty; sleep 100 & jobs\n", b"cat & wait %2; jobs\n", b'ps -o tty,args | grep "[s]leep"\n', b"kill %1 %2; exit\n", b"exit\n",
              b"\necho second\n", b"poweroff -f\n")
GETTY_SHOWS = ["/dev/ttyS0", "[1]+  Running                    sleep 100", "[2]+  Stopped (tty input)        cat",
               "[1]-  Running                    sleep 100", "4,64   sleep 100", "You have stopped jobs.", "second"]


def test_a_getty_gives_each_session_the_terminal(tmp_path):
    """One after the other, since init starts it again. Its shell controls jobs, as that of Linux on a serial line does."""
    console = shown(tmp_path, "ttyS0::respawn:/sbin/getty -n -l /bin/sh 115200 ttyS0 vt100\n", b"\n" + b"".join(AT_A_GETTY))
    assert [line for line in console.splitlines() if line in GETTY_SHOWS] == GETTY_SHOWS, console
    assert console.count("built-in shell (ash)") == 2


def test_init_gives_a_shell_that_it_asks_for_the_console(tmp_path):
    """By TIOCSCTTY, since it is opened as /dev/console. There, as on Linux, who is in the background may read."""
    typed = b"\ntty; tty < /dev/tty; (read x; echo \"heard $x\") & wait\nwords\ncat /dev/tty & wait %1; jobs\nkill %1; poweroff -f\n"
    lines = shown(tmp_path, "::askfirst:-/bin/sh\n", typed).splitlines()
    found = [line for line in lines if line in ("/dev/console", "/dev/tty", "heard words", "[1]+  Stopped (tty input)        cat /dev/tty")]
    assert found == ["/dev/console", "/dev/tty", "heard words", "[1]+  Stopped (tty input)        cat /dev/tty"], "\n".join(lines)
