"""The commands for people: os-ps, os-cpus, os-runq, os-bt, os-vm, os-user, os-trace, os-check. Each only reads; registers, the selected CPU
and frame stay as they are."""

import contextlib

import gdb

from . import check, programs, spaces, views
from ..memory import BadAddress
from ..state import Corrupt
from .target import frames, kernel, register, registers


class Command(gdb.Command):
    """A command that prints lines. A kernel so broken that a view cannot be made at all gives one line, never a traceback."""

    name, most_arguments = "", 0

    def __init__(self):
        super().__init__(self.name, gdb.COMMAND_DATA, gdb.COMPLETE_NONE)

    def invoke(self, argument, from_tty):
        words = gdb.string_to_argv(argument)
        if len(words) > self.most_arguments:
            raise gdb.GdbError(f"{self.name}: too much behind it: {argument}; help {self.name} says how it is used")
        try:
            for line in self.lines(*words):
                print(line)
        except (BadAddress, Corrupt) as error:
            raise gdb.GdbError(f"{self.name}: the kernel's data cannot be read: {error} (before kmain there is none yet)") from None
        except KeyError as error:
            raise gdb.GdbError(f"{self.name}: {error.args[0]}; is this the kernel that runs?") from None

    def number(self, word, what):
        """A whole number that was typed; also an expression, such as current->tid."""
        with contextlib.suppress(gdb.error, ValueError, OverflowError):
            return int(gdb.parse_and_eval(word))
        raise gdb.GdbError(f"{self.name}: {what} is a number, not '{word}'")


class Ps(Command):
    """os-ps: every thread: id, name, state, class, priority, CPU, how often it got the CPU, and where it is. Where there are programs, also
every process: id, parent, program, state, as which user it acts, and how many pages it has."""

    name = "os-ps"

    def lines(self):
        now = kernel()
        return views.ps_lines(now, frames) + (["", *programs.process_lines(now)] if spaces.has_spaces(now) else [])


class Cpus(Command):
    """os-cpus: a line a CPU: which thread runs there, whether it may be preempted, the spinlocks that it holds, the last one first (a
checked kernel knows them), and where it is."""

    name = "os-cpus"

    def lines(self):
        return views.cpu_lines(kernel(), frames)


class RunQueues(Command):
    """os-runq: each CPU's run queue in order, who runs, the idle thread, the counts."""

    name = "os-runq"

    def lines(self):
        return views.runq_lines(kernel())


class Backtrace(Command):
    """os-bt [TID]: the backtrace of a thread that is switched out, from the frame that switch_context() left on its stack;
    without TID that of the thread that runs. Registers stay as they are."""

    name, most_arguments = "os-bt", 1

    def lines(self, word=None):
        now = kernel()
        if word is None:
            return self.running(now, self.here(now))
        tid = self.number(word, "TID")
        found = views.find_thread(now, tid)
        if not found:
            raise gdb.GdbError(f"os-bt: there is no thread {tid}; os-ps lists them")
        return [line for thread in found for line in self.thread(now, thread)]

    def here(self, now):
        """The number of the CPU that GDB looks at."""
        return gdb.selected_thread().num - 1 if gdb.selected_thread() else 0

    def thread(self, now, thread):
        cpu = next((cpu.id for cpu in views.cpus(now) if int(cpu.current) == thread._address), None)
        return views.backtrace_lines(now, thread) if cpu is None else self.running(now, cpu)

    def running(self, now, cpu):
        """Frames of a CPU: GDB's, because its unwinder is right also at a function's first and last instructions."""
        with contextlib.suppress(*views.UNREADABLE):
            current = now["cpus"][cpu].current
            if int(current):
                return [f"thread {views.label(current.target)}, runs on CPU {cpu}", *views.frame_lines(now, frames(cpu))]
        return [f"CPU {cpu}, before the first thread, at {now.image.symbolise(register('rip'))}"]


class Trace(Command):
    """os-trace [N]: the last N events of the trace of all CPUs, 20 unless said otherwise."""

    name, most_arguments = "os-trace", 1

    def lines(self, word="20"):
        n = self.number(word, "N")
        if not 1 <= n <= 100000:
            raise gdb.GdbError(f"os-trace: N is 1 to 100000, not {n}")
        return views.trace_lines(kernel(), n)


class Spaces(Command):
    """os-vm [PID]: the address space of a process, or of each: its regions, and behind each the pages that its tables name, what a program
may do with them now, and how many entries name them."""

    name, most_arguments = "os-vm", 1

    def lines(self, pid=None):
        return spaces.vm_lines(kernel(), pid and self.number(pid, "PID"))


class Program(Command):
    """os-user [PID [FILE]]: tells GDB the symbols of the program that runs, or of process PID's, in place of those of another one.
Then bt goes on from the kernel into the program, and hbreak main stops in whichever process comes there. FILE: the program with its
symbols, where it is not the one of that name in build/user."""

    name, most_arguments = "os-user", 2
    loaded = None  # the gdb.Objfile of the last one

    def lines(self, pid=None, file=None):
        now = kernel()
        if not spaces.has_spaces(now):
            return ["os-user: programs come with phase 3"]
        try:
            cpu = gdb.selected_thread().num - 1 if gdb.selected_thread() else 0
            process = programs.process_of(now, pid and self.number(pid, "PID"), cpu)
            path, base = programs.find(now, process, file)
        except programs.NoProgram as error:
            raise gdb.GdbError(f"os-user: {error}") from None
        self.load(path, base)
        return [f"process {process.pid} ({process.name}) runs {path}" + (f", at {base:#x}" if base else "")]

    def load(self, path, base):
        """GDB forgets the program before, at whose addresses this one may lie."""
        before = set(gdb.objfiles())
        if Program.loaded and Program.loaded.is_valid():
            gdb.execute(f'remove-symbol-file "{Program.loaded.filename}"', to_string=True)
        gdb.execute(f'add-symbol-file "{path}" -o {base:#x}', to_string=True)
        Program.loaded = next((o for o in gdb.objfiles() if o not in before), None)


class Check(Command):
    """os-check: whether every rule holds that a kernel at rest keeps: links of lists, counts, states against queues, stacks, ids, memory. A
broken rule is one line with what was seen. $os_check is the number of those lines."""

    name = "os-check"

    def lines(self):
        now = kernel()
        broken = check.check(now, registers)
        gdb.set_convenience_variable("os_check", len(broken))
        return [*broken, *check.notes(now)] if broken else [f"os-check: all {len(check.RULES)} rules hold", *check.notes(now)]


for command in (Ps, Cpus, RunQueues, Backtrace, Spaces, Program, Trace, Check):
    command()
