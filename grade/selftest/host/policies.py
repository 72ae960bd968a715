"""The kernel's scheduler as a host program: its own files on one CPU whose time is moved by hand (sched_machine.c), for one of its phases.

    built = Program(phase, "test_policies", folder)   # builds it there, once
    path = built.path()                               # of the program
    path = built.path("rr.c", "if (over)", "if (1)")  # the same with a kernel file changed
    numbers, events, facts = play(path, "random_rr", seed=3)

Several tests may share the kernel's objects: Program(phase, "test_classes test_class_rules", folder), and built.path(...,
test="test_classes")."""

import os
import subprocess
from pathlib import Path

from grade.events import Event
from phases.table import read_table

HERE = Path(__file__).parent
MASTER = HERE.parents[2]
KERNEL = MASTER / "kernel"
CC = os.environ.get("HOSTCC", "gcc")
FLAGS = ["-std=gnu11", "-g", "-O1", "-Wall", "-Wextra", "-Werror", "-fsanitize=address,undefined", "-fno-sanitize-recover=all", "-DCHECKED"]
SCHED = ("core one_queue idle rq yield tick block wait sleep timer control mutex sync sync_given inherit quantum policies prio ageing mlfq "
         "sjf rr fcfs preempt critical state").split()
CLASSES = ("classes attr lend background fair cfs eevdf eevdf_place fair_class rt rt_class edf admission partition budget "
           "deadline_class account class_tell stat").split()
ROWS = {"quantum", "mlfq_quantum", "mlfq_allotment"}  # that are lists
ONE_CPU = 3                                           # the last phase whose kernel has one CPU
TIMEOUT_S = 60


def cc(*args, cwd):
    done = subprocess.run([CC, *map(str, args)], cwd=cwd, capture_output=True, text=True, timeout=TIMEOUT_S)
    assert done.returncode == 0, done.stderr


class Program:
    def __init__(self, phase, test, folder):
        self.phase, self.tests, self.folder, self.objects, self.count = phase, test.split(), Path(folder), None, 0
        self.flags = [*FLAGS, f"-DPHASE={phase}", f"-DSOLVED={phase}99",
                      *(word for folder in (HERE, HERE / "shim", self.headers(), KERNEL) for word in ("-I", folder))]

    def headers(self):
        """A folder with the headers of a kernel for one CPU, and of this phase otherwise."""
        rows, _ = read_table(MASTER)
        for row in rows:
            if row.retired and row.path.endswith(".h") and (row.in_phase(self.phase) or row.last == ONE_CPU):
                to = self.folder / "one_cpu" / Path(row.path).relative_to("kernel")
                to.parent.mkdir(parents=True, exist_ok=True)
                to.write_text((MASTER / "phases/retired" / row.path).read_text())
        return self.folder / "one_cpu"

    def sources(self):
        names = SCHED + (CLASSES if self.phase >= 5 else [])
        return [*(KERNEL / "sched" / f"{name}.c" for name in names),
                *(KERNEL / "base" / f"{name}.c" for name in ("cmdline", "trace", "lock", "lab")),
                KERNEL / "lib/rbtree.c", KERNEL / "lib/format.c",
                *(HERE / f"{name}.c" for name in ("sched_machine", "sched_stubs", *self.tests))]

    def link(self, test, to, changed=()):
        """A test's program; changed: objects that stand in for those of the same name."""
        path, others = to / test, {f"{name}.o" for name in self.tests if name != test} | {o.name for o in changed}
        if not path.exists():
            cc("-fsanitize=address,undefined", *changed, *(o for o in self.objects if o.name not in others), "-o", path, cwd=to)
        return path

    def path(self, file=None, find=None, replace=None, test=None):
        """The path of a test's program, by default the first's; file: a kernel file (of sched/) in which find, which is there once,
        becomes replace."""
        test = test or self.tests[0]
        if not self.objects:
            cc(*self.flags, "-c", *self.sources(), cwd=self.folder)
            cc(*self.flags, "-include", HERE / "rename.h", "-fno-builtin", "-c", KERNEL / "lib/string.c", cwd=self.folder)
            self.objects = sorted(self.folder.glob("*.o"))
        if not file:
            return self.link(test, self.folder)
        self.count += 1
        folder = self.folder / str(self.count)
        folder.mkdir()
        text = (KERNEL / "sched" / file).read_text()
        assert text.count(find) == 1, f"{file}: {find!r} is there {text.count(find)} times"
        (folder / file).write_text(text.replace(find, replace))
        cc(*self.flags, "-Wno-unused", "-c", folder / file, cwd=folder)
        return self.link(test, folder, [(folder / file).with_suffix(".o")])


def play(path, case, seed=1, checked=True, **environment):
    """Runs a case, with the queues checked at every step or not. Returns ({number: value}, [Event], {fact: [numbers in order]})."""
    done = subprocess.run([path, case], capture_output=True, text=True, timeout=TIMEOUT_S,
                          env=os.environ | {"SEED": str(seed)} | ({} if checked else {"UNCHECKED": "1"}) | environment)
    assert done.returncode == 0, done.stdout[-1000:] + done.stderr[-3000:]
    rows, found, facts = {}, [], {}
    for line in done.stdout.splitlines():
        name, *words = line.split()
        if name == "event":
            n = list(map(int, words[:3] + words[4:]))
            found.append(Event(*n[:3], words[3].upper(), *n[3:7], tuple(n[7:])))
        elif name == "fact":
            facts.setdefault(words[0], []).append(int(words[1]))
        else:
            rows[name] = list(map(int, words)) if name in ROWS else int(words[0])
    return rows, found, facts
