"""The kernel's pure code and its memory allocators as host programs: random operations with fixed seeds against simple models, under
the address and undefined-behaviour sanitizers. Each C program here is a table of cases; each case is a test. Cases named panic_* must
end in the panic given here."""

import functools
import os
import re
import subprocess
from pathlib import Path

import pytest

HERE = Path(__file__).parent
KERNEL = HERE.parents[2] / "kernel"
ONE_CPU = HERE.parents[2] / "phases/retired/kernel"  # headers of the phases before the other CPUs come
CC = os.environ.get("HOSTCC", "gcc")
FLAGS = ["-std=gnu11", "-g", "-Wall", "-Wextra", "-Werror", "-fno-omit-frame-pointer",
         "-fsanitize=address,undefined", "-fno-sanitize-recover=all", "-I", HERE, "-I", HERE / "shim", "-I", ONE_CPU, "-I", KERNEL]
VARIANTS = {"checked": ["-O1", "-DCHECKED"], "plain": ["-O2"]}
ALLOCATORS = ("frames", "slab", "kmalloc", "kstack", "failalloc")
MM = [*sorted(path for path in (KERNEL / "mm").glob("*.c") if path.name.startswith(ALLOCATORS) and path.name != "kstack_reuse.c"),
      KERNEL / "base/lock.c", HERE / "host.c"]
LIB = {"string": "lib/string.c", "format": "lib/format.c", "rbtree": "lib/rbtree.c"}
EXTRA = {"string": ["-fno-builtin", "-fno-tree-loop-distribute-patterns"], "format": ["-Wno-format-overflow", "-Wno-format-truncation"]}
TIMEOUT_S = 60

PANICS = {
    ("frames", "panic_too_little_memory"): "too little memory: 6 MiB usable, 8 needed; start with -m 32 or more",
    ("frames", "panic_no_room_for_the_table"): "needs 512 MiB in one piece",
    ("frames", "panic_put_twice"): "frame_put: .* heads no block in use .*: freed twice?",
    ("frames", "panic_put_of_a_tail"): "frame_put: .* heads no block in use",
    ("frames", "panic_get_of_a_free_block"): "frame_get: .* heads no block in use",
    ("frames", "panic_put_of_no_frame"): "frame_put: .* is no frame",
    ("frames", "panic_wild_link"): "the links of the free frame at 0x.* do not lead back",
    ("frames", "panic_link_that_does_not_lead_back"): "the links of the free frame at 0x.* do not lead back",
    ("frames", "panic_free_frame_with_users"): "in the free list of order .*, but has .* 1 users",
    ("frames", "panic_used_frame_without_users"): "has state 3, but 0 users",
    ("frames", "panic_lost_block"): "frames are free by the table, .* are in the lists",
    ("frames", "panic_overlap"): r"the block at .* \(order 4\) overlaps the one at",
    ("frames", "panic_cached_frame_changed"): "the cache of CPU 0 holds .*, which is no cached frame",
    ("slab", "panic_free_twice"): "slab_free: .* is free already in cache 'middle': freed twice?",
    ("slab", "panic_free_twice_after_use_by_nobody"): "slab_free: .* is in no cache, so not in 'big' either: freed before",
    ("slab", "panic_free_into_another_cache"): "slab_free: .* is in cache 'middle', not in 'line'",
    ("slab", "panic_free_of_a_foreign_pointer"): "slab_free: .* is in no cache, so not in 'middle' either",
    ("slab", "panic_free_of_the_middle"): "slab_free: no object of cache 'middle' begins at",
    ("slab", "panic_kfree_of_an_object_of_a_cache"): "kfree: .* is in cache 'middle'; it goes back by slab_free",
    ("slab", "panic_kfree_of_the_middle_of_a_block"): "kfree: .* did not come from kmalloc",
    ("slab", "panic_write_after_free"): "slab_alloc: .* in cache 'line' was written to after it was freed: byte 100 is 0x00",
    ("slab", "panic_write_after_free_at_the_first_byte"): "slab_alloc: .* in cache 'line' was written to after it was freed",
    ("slab", "panic_write_after_free_is_seen_by_slab_check"): "slab_check: .* in cache 'line' .* after it was freed: byte 127",
    ("slab", "panic_write_past_the_end_is_seen_by_slab_check"): "slab_check: .* in cache 'line' was written to after it was freed",
    ("slab", "panic_wild_link_between_slabs"): "slab_check: the links of a slab .* of cache 'line' do not lead back to it",
    ("slab", "panic_wrong_count"): "slab_check: cache 'line' says that 2 objects are in use, its slabs say 1",
    ("kstack", "panic_own_stack"): r"kstack_free: the running thread's own stack; .* \(lab 1.5\)",
    ("kstack", "panic_kept_stack_freed_twice"): "kstack_free: .* is free already: freed twice?",
    ("kstack", "panic_unmapped_stack_freed_twice"): "kstack_free: .* is free already: freed twice?",
    ("kstack", "panic_never_allocated"): "kstack_free: .* is no kernel stack",
    ("kstack", "panic_no_stack_at_all"): "kstack_free: 0x0 with 0 bytes is no kernel stack",
}


def cases(program):
    """The names in the program's table, in its order. program: "frames" for test_frames.c."""
    text = (HERE / f"test_{program}.c").read_text()
    table = text[text.index("static const struct host_case cases[]"):]
    return re.findall(r'(?:CASE\(|\{ ")(\w+)', table)


def cc(*args, cwd):
    """Runs the host's compiler in cwd. Returns "", or what it said when it failed."""
    done = subprocess.run([CC, *map(str, args)], cwd=cwd, capture_output=True, text=True, timeout=TIMEOUT_S)
    return done.stderr if done.returncode else ""


def build_mm(folder, variant):
    """The three allocator tests of a variant, in folder, from one set of objects. Returns the compiler's errors."""
    flags = FLAGS + VARIANTS[variant]
    errors = cc(*flags, "-c", *MM, cwd=folder)
    objects = sorted(folder.glob("*.o"))
    for program in ("frames", "slab", "kstack"):
        errors = errors or cc(*flags, HERE / f"test_{program}.c", *objects, "-o", program, cwd=folder)
    return errors


def build_lib(folder, program):
    """The test of one file in kernel/lib, in folder. Returns the compiler's errors."""
    flags = FLAGS + VARIANTS["plain"] + EXTRA.get(program, [])
    rename = ["-include", HERE / "rename.h"] if program == "string" else []
    return (cc(*flags, *rename, "-c", KERNEL / LIB[program], "-o", "lib.o", cwd=folder)
            or cc(*flags, HERE / f"test_{program}.c", "lib.o", "-o", program, cwd=folder))


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    """built(program, variant) is the program's path; each is compiled when first asked for, and once even if that fails."""
    @functools.cache
    def folder_of(kind):
        folder = tmp_path_factory.mktemp(kind)
        return folder, build_lib(folder, kind) if kind in LIB else build_mm(folder, kind)

    def path_of(program, variant):
        folder, errors = folder_of(program if program in LIB else variant)
        assert not errors, errors
        return folder / program

    return path_of


def run(path, case):
    """Runs one case; returns its exit code and all it printed."""
    done = subprocess.run([path, case], capture_output=True, text=True, timeout=TIMEOUT_S)
    return done.returncode, done.stdout + done.stderr


ALL = [(program, variant, case)
       for program in ("string", "format", "rbtree", "frames", "slab", "kstack")
       for variant in (["plain"] if program in LIB else VARIANTS)
       for case in cases(program)]


@pytest.mark.parametrize("program, variant, case", [a for a in ALL if not a[2].startswith("panic_")])
def test_the_claim_holds(built, program, variant, case):
    code, output = run(built(program, variant), case)
    assert code == 0, output


@pytest.mark.parametrize("program, case", [a[::2] for a in ALL if a[2].startswith("panic_") and a[1] == "checked"])
def test_the_misuse_is_named(built, program, case):
    code, output = run(built(program, "checked"), case)
    assert code == 3, output
    assert re.search("(panic|refuse): .*" + PANICS[program, case], output), output


def test_every_case_is_listed_by_its_program(built):
    for program in ("frames", "string"):
        listed = subprocess.run([built(program, "plain")], capture_output=True, text=True, check=True, timeout=TIMEOUT_S)
        assert listed.stdout.split() == cases(program)
