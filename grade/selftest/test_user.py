"""The C library, the shell and the programs of user/, run on this machine: a second opinion on what test_programs.py sees on Crescent.

They are programs for Linux on x86-64. On another machine this file is not collected (conftest.py): none of its tests is skipped, and what
can be judged there is judged by test_programs.py, which runs everywhere. Where there is a dash, it has to agree with what is kept of the
shell's scripts; what user/tests/expected says, Linux has to print."""

import contextlib
import os
import pty
import random
import re
import select
import shutil
import stat
import subprocess

import pytest
import user_programs
from user_programs import MASTER, SCRIPTS, blocks, entries, fits

from grade import cpio, oracle

SHELLS = ["sh", *filter(None, [shutil.which("dash")])]
FOR_ROOT = {"edges_ids", "edges_sched", "ids", "limits", "policies", "schedshow", "setuid", "threads"}  # these have cases for root alone
JUDGED = [name for name in oracle.names(MASTER / "user/tests") if os.getuid() == 0 or name not in FOR_ROOT]


@pytest.fixture(scope="module")
def bin():
    return user_programs.build() / "bin"


def shell(bin, script, cwd, program=None, **more):
    """What the script, given as input, prints (errors too), and the exit status."""
    done = subprocess.run([program or bin / "sh"], input=script.encode(), cwd=cwd, env={"PATH": str(bin), "HOME": "/", "PS1": "$ "},
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=30, **more)
    return done.stdout.decode(), done.returncode


# --- docs/shell.md ------------------------------------------------------------------------------------------------------------------

def test_the_shell_does_what_its_page_says(bin, tmp_path):
    count = 0
    for typed, expected in blocks():
        count += typed.count("\n")
        printed, _ = shell(bin, typed, tmp_path)
        lines = [line.rstrip() for line in printed.splitlines()]
        assert fits(expected, lines), "\n".join(["typed:", typed, "expected:", *expected, "printed:", *lines])
    assert count >= 100, "the page has a hundred commands"


# --- the shell ------------------------------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("program", SHELLS)
@pytest.mark.parametrize("name", sorted(SCRIPTS))
def test_a_script_does_what_is_kept_of_it(bin, tmp_path, name, program):
    path = bin / "sh" if program == "sh" else program
    assert shell(bin, SCRIPTS[name]["script"], tmp_path, path) == (SCRIPTS[name]["prints"], SCRIPTS[name]["status"])


def test_what_follows_a_command_is_its_input(bin, tmp_path):
    """Also where the input is a pipe: the shell reads no further than the command (dash does)."""
    assert shell(bin, "read x\nfirst line\necho got $x\ncat\nnot a command\n", tmp_path) == ("got first line\nnot a command\n", 0)


@pytest.mark.parametrize("script, says", [
    ("if true; echo\n", "end of input"), ("echo )\n", "')'"), ("echo 'open\n", "quotation"), ("fi\n", "'fi'"), ("a | | b\n", "'|'"),
    ("echo $((1/0))\n", "division by zero"), ("echo $((1+))\n", "number is missing"), ("echo ${x!}\n", "bad substitution"),
    ("echo ${x:?gone}\n", "x: gone"), ("for 1 in a; do :; done\n", "'1'"), ("cat < nothing/there\n", "nothing/there: No such file"),
    ("cd nowhere\n", "nowhere: No such file"), ("./here\n", "./here: No such file"), ("/\n", "/: Permission denied"),
    ("shift 3\n", "not that many"), ("kill -FOO 1\n", "FOO: no such signal"), ("echo > /\n", "/: Is a directory"),
    ("set -q\n", "-q: no such option"),
])
def test_a_mistake_is_named_in_one_line(bin, tmp_path, script, says):
    printed, status = shell(bin, script, tmp_path)
    assert says in printed and status != 0
    assert printed.count("\n") == 1, printed


def test_a_long_loop_does_not_grow(bin, tmp_path):
    script = "ulimit -v 4096; i=0; while [ $i -lt 30000 ]; do i=$((i+1)); x=$i${i%0}; set -- $x *; done; echo $i\n"
    assert shell(bin, script, tmp_path) == ("30000\n", 0)


def test_job_control_on_a_terminal(bin, tmp_path):
    """Typed at a terminal: Ctrl-C, Ctrl-Z, bg, fg, a syntax error, Ctrl-D. Each key waits for the prompt or the words before it."""
    import pty
    pid, fd = pty.fork()
    if pid == 0:
        os.chdir(tmp_path)
        os.execve(bin / "sh", ["sh"], {"PATH": str(bin), "PS1": "ready> "})
    seen = ""

    def expect(words):
        nonlocal seen
        while words not in seen:
            assert select.select([fd], [], [], 20)[0], f"expected {words!r} after {seen!r}"
            try:
                got = os.read(fd, 4096)
            except OSError:
                got = b""
            assert got, f"expected {words!r} after {seen!r}"
            seen += got.decode().replace("\r", "")
        seen = seen.split(words, 1)[1]

    prompt = ("", "ready> ")
    for keys, words in [prompt, ("(echo a; cat)\n", "a\n"), ("\x03", "ready> "), ("echo $?\n", "130\n"), prompt,
                        ("(echo b; sleep 100)\n", "b\n"), ("\x1a", "[1] Stopped    ( ... )\n"), prompt, ("bg\n", "( ... ) &\n"), prompt,
                        ("jobs\n", "[1] Running    ( ... )\n"), prompt, ("kill %1; wait\n", "wait\n"), prompt,
                        ("if )\n", "unexpected ')'\n"), prompt, ("echo 'c\n", "> "), ("'\n", "c\n"), prompt,
                        ("while :; do :; done\n", "done\n"), ("\x03", "ready> "), ("exit 5\n", "exit 5\n")]:
        os.write(fd, keys.encode())
        expect(words)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 5
    os.close(fd)


# --- the programs ---------------------------------------------------------------------------------------------------------------------

TEXT = "pear\napple\nApple 10\n\nfig 9\npear\nbanana split 2\n"


@pytest.mark.parametrize("command", [
    "sort f", "sort -r f", "sort -u f", "sort -n n", "sort -rn n", "uniq f", "sort f | uniq -c", "sort f | uniq -d", "head -n 2 f",
    "head -c 7 f", "tail -n 2 f", "tail -n +3 f", "wc -l f", "wc -w < f", "wc -c f n", "grep p f", "grep -v p f", "grep -n '^a' f",
    "grep -ci apple f", "grep 'p.*e' f", "grep '[0-9]$' f", "grep '[^a-z0-9 ]' f", "grep 'x*z' f", "grep p f n", "grep '\\.' f",
    "grep -e apple -e ^b f", "grep -E '(an)+|x{2,}' f", "grep -F . f n", "grep -c '[[:digit:]]\\{2\\}' n",
    "tr a-y b-z < f", "tr -d '\\n' < f", "cut -d ' ' -f 2 n", "cut -c 1-3 < n", "seq 3", "seq 2 5", "seq 5 -2 0", "echo a  b", "echo -n x",
    "printf '%5d|%-5s|%x\\n' 42 ab 255", "printf '\\101\\n'", "env -i A=b env", "cat f n", "cat < f - ", "cp f g && cat g",
    "mkdir -p a/b && ls a", "ls", "touch .h z && ls -a", "ln -s f l && cat l", "mv f h && ls", "uname -s", "tee g < n && cat g", "true",
    "false", "sleep 0.01", "cat nothing/there", "head -n 1 nothing",
])
def test_programs_agree_with_the_hosts(bin, tmp_path, command):
    """Output (without the words of errors, which differ) and exit status, against the host's programs of the same name."""
    answers = []
    for path, folder in ((f"{bin}", tmp_path / "ours"), ("/usr/bin:/bin", tmp_path / "theirs")):
        folder.mkdir()
        (folder / "f").write_text(TEXT)
        (folder / "n").write_text("10 ten\n9 nine\n100 hundred\n-1 less\n9 nine\n")
        done = subprocess.run([bin / "sh", "-c", command], cwd=folder, env={"PATH": path, "LC_ALL": "C"}, stdout=subprocess.PIPE,
                              stderr=subprocess.DEVNULL, timeout=30)
        answers.append((re.sub(r" +", " ", done.stdout.decode()).replace("\n ", "\n").strip(" "), done.returncode))
    assert answers[0] == answers[1]


@pytest.mark.parametrize("command", [
    "ls -z", "rm", "mkdir", "cp x", "mv x", "ln", "sort -z", "wc -x", "head -z", "kill", "nice -n x", "tr a", "seq x", "touch", "chmod 9 f",
    "sleep x", "stress", "fuzz", "cut -f 0", "date x", "uname -z", "grep", "grep (x)\\)", "grep -E [a", "grep -E a{2,1}", "top -d 0",
])
def test_a_bad_call_gets_one_line_and_a_status(bin, command):
    done = subprocess.run([bin / "sh", "-c", command], env={"PATH": f"{bin}:{bin.parent}/tests"}, stdin=subprocess.DEVNULL,
                          capture_output=True, timeout=30)
    assert done.returncode in (1, 2, 125) and done.stderr.count(b"\n") == 1, done


def test_what_was_typed_ahead_of_a_top_that_ends_by_itself_is_the_shells(bin):
    master, terminal = pty.openpty()
    try:
        os.write(master, b"left\n")
        done = subprocess.run([bin / "sh", "-c", "top -n 1; read word; echo $word > /dev/stderr"], env={"PATH": f"{bin}"}, stdin=terminal,
                              stdout=terminal, stderr=subprocess.PIPE, timeout=30)
        os.close(terminal)
        shown = b""
        with contextlib.suppress(OSError):  # EIO: nobody has the terminal any more, and all was read
            while piece := os.read(master, 65536):
                shown += piece
        assert done.stderr == b"left\n" and b"CPU%" in shown
    finally:
        os.close(master)


def patterns(rng, extended, depth=2):
    """A pattern made at random, of what -E has, or without -E the same behind backslashes."""
    back = "" if extended else "\\"

    def piece(depth):
        kind = rng.random()
        if depth and kind < 0.2:
            one = f"{back}({either(depth - 1)}{back})"
        else:
            one = rng.choice(["a", "b", "c", ".", "[ab]", "[^a]", "[a-c]", "[[:alpha:]]", "[]a]", "[^]b]", "[a-]", r"\.", r"\*", r"\["])
        times = ["*", *(back + how for how in ("+", "?", f"{{2{back}}}", f"{{1,3{back}}}", f"{{,2{back}}}", f"{{2,{back}}}"))]
        return one + rng.choice(times) * (rng.random() < 0.4)

    def either(depth):
        return f"{back}|".join("".join(piece(depth) for _ in range(rng.randint(1, 4))) for _ in range(rng.choice([1, 1, 2, 3])))
    return "^" * (rng.random() < 0.3) + either(depth) + "$" * (rng.random() < 0.3)


def test_grep_finds_what_the_hosts_finds(bin):
    rng = random.Random(7)
    text = "".join("".join(rng.choices("abcABC.*[\\]", k=rng.randint(0, 8))) + "\n" for _ in range(100))
    for _ in range(200):
        extended = rng.random() < 0.5
        more = [option for option in ("-i", "-v", "-E" if extended else "-n") if option == "-E" or rng.random() < 0.2]
        command = [*more, *(word for _ in range(rng.choice([1, 1, 2])) for word in ("-e", patterns(rng, extended)))]
        ours, theirs = (subprocess.run([program, *command], input=text, env={"LC_ALL": "C"}, capture_output=True, text=True, timeout=30)
                        for program in (bin / "grep", "/usr/bin/grep"))
        assert (ours.stdout, ours.returncode) == (theirs.stdout, theirs.returncode), command


def test_init_runs_a_command_and_turns_the_machine_off(bin):
    """Without the right to do so it says why it could not. In a sandbox, where it may kill everything."""
    done = subprocess.run(["bwrap", "--unshare-all", "--as-pid-1", "--ro-bind", "/", "/", "--proc", "/proc", "--uid", "1000", bin / "init",
                           bin / "echo", "up"], capture_output=True, text=True, timeout=30)
    assert done.stdout == "up\n", done


@pytest.mark.parametrize("name", JUDGED)
def test_linux_prints_what_is_kept(bin, name):
    """Otherwise the file is not what Linux says, and no kernel may be judged by it."""
    kept = (MASTER / "user/tests/expected" / f"{name}.txt").read_text()
    assert oracle.run(bin.parent / "tests" / name) == kept, f"make oracle, if Linux is right; see {name}.txt"


# --- the C library and the first file system --------------------------------------------------------------------------------------------

def test_the_library_prints_what_the_hosts_prints(bin, tmp_path):
    subprocess.run(["gcc", "-w", "-D_GNU_SOURCE", "-o", tmp_path / "libc", MASTER / "user/tests/libc.c"], check=True)
    theirs = subprocess.run([tmp_path / "libc"], cwd=tmp_path, env={}, stdout=subprocess.PIPE)
    ours = subprocess.run([bin.parent / "tests/libc"], cwd=tmp_path, env={}, stdout=subprocess.PIPE)
    assert ours.stdout.decode().splitlines() == theirs.stdout.decode().splitlines()
    assert ours.returncode == theirs.returncode == 3


def test_programs_are_static_and_nothing_is_both_writable_and_executable(bin):
    from elftools.elf.elffile import ELFFile
    for path in [*bin.iterdir(), *(bin.parent / "tests").iterdir()]:
        with open(path, "rb") as file:
            elf = ELFFile(file)
            kinds = [s["p_type"] for s in elf.iter_segments()]
            assert elf["e_type"] == "ET_EXEC" and "PT_INTERP" not in kinds and "PT_GNU_STACK" in kinds, path
            assert not any(s["p_flags"] & 3 == 3 for s in elf.iter_segments()), path


def test_the_first_file_system_holds_what_it_should(bin):
    found = entries((bin.parent / "initramfs.cpio").read_bytes())
    assert list(found) == sorted(found)
    assert {uid for _, uid, _, _ in found.values()} == {mtime for _, _, mtime, _ in found.values()} == {0}
    assert stat.S_ISLNK(found["init"][0]) and found["init"][3] == b"bin/init"
    assert found["bin/sh"] == (0o100755, 0, 0, (bin / "sh").read_bytes())
    assert {"dev", "proc", "tmp", "etc", "root", "home", "tests", "etc/passwd", "tests/fork"} <= set(found)
    assert found["tmp"][0] == 0o041777


@pytest.mark.parametrize("line, says", [("dir", "expected"), ("dir x 9", "invalid literal"), ("file x 644 nothing/there", "No such file")])
def test_a_bad_list_is_named_with_its_line(tmp_path, line, says):
    path = tmp_path / "list"
    path.write_text(f"# comment\n{line}\n")
    with pytest.raises(cpio.Complaint, match=f":2: .*{says}"):
        cpio.read_list(path)


def test_a_bad_table_of_calls_is_named_with_its_line(tmp_path):
    table = tmp_path / "table"
    table.write_text("0 read 3 int:fd\nread 0\n")
    done = subprocess.run(["awk", "-f", MASTER / "user/lib/stubs.awk", table], capture_output=True, text=True)
    assert done.returncode == 1 and done.stderr == f"{table}:2: expected NUMBER NAME SINCE TYPE:argument ...\n"


def test_the_fuzzer_comes_to_its_end(bin, tmp_path):
    """In a sandbox: its calls are made at random, as many as here end in well under a second."""
    # Without the host's devices: their owner could change them for everyone. A user namespace, where root cannot become nobody, only for
    # those who need one.
    own = ["--unshare-user"] if os.getuid() else []
    sandbox = ["bwrap", *own, "--unshare-pid", "--unshare-ipc", "--unshare-net", "--die-with-parent", "--ro-bind", "/", "/",
               "--tmpfs", "/dev", "--proc", "/proc"]
    fuzz = ["--tmpfs", "/mnt", "--chdir", "/mnt", bin.parent / "tests/fuzz", "7", "4000"]
    done = subprocess.run([*sandbox, *fuzz], stdout=subprocess.PIPE, timeout=60)
    assert done.stdout == b"fuzz: seed 7, 4000 calls, 4 workers\n" and done.returncode == 0


def test_the_fuzzer_does_not_run_as_a_root_that_cannot_become_nobody(bin):
    """Its calls would be those of the files' owner: chmod("/dev/null")."""
    sandbox = ["bwrap", "--unshare-all", "--uid", "0", "--gid", "0", "--ro-bind", "/", "/", "--tmpfs", "/dev", "--proc", "/proc"]
    done = subprocess.run([*sandbox, bin.parent / "tests/fuzz", "1", "1"], capture_output=True, text=True, timeout=60)
    assert done.returncode == 2 and "cannot become nobody" in done.stderr


def test_the_benchmark_measures_everything(bin):
    done = subprocess.run([bin.parent / "tests/bench"], stdout=subprocess.PIPE, text=True, timeout=60)
    figures = dict(line.split() for line in done.stdout.splitlines())
    names = {"getpid", "pipe_round_trip", "fork_exit_wait", "fork_exec_wait", "sched_yield", "first_touch", "cow_break", "fork_64_mib"}
    assert set(figures) == names | {f"{name}_median" for name in names}
    assert all(int(figures[name]) <= int(figures[f"{name}_median"]) for name in names), figures


