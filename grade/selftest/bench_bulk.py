"""How fast a class is graded: `make bench-bulk [PHASE=1]`. A mixed folder of 60 submissions (right ones, start trees, mutants, hostile
ones) is graded with two jobs; the figures of docs/performance.md: submissions a minute, and the processor time of a submission beside
that of grade/run.py on the same one without sandbox and folder of its own (the reference at hand in both)."""

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import kernels
import overseer
import test_hostile
import test_mutants

RIGHT, START, MUTANTS, HOSTILES = 16, 8, 28, 8
COMPARED = 6
LEAST, MOST = 6, 1.3  # submissions a minute; times the processor time


def make(folder, phase):
    """Lays out the submissions; returns their names."""
    solved = kernels.files_of(phase * 100 + 99, phase)
    mutants = [mutant for mutant in test_mutants.MUTANTS if mutant["phase"] == phase and mutant["file"] in solved]
    cases = [(f"right-{n}", solved) for n in range(RIGHT)] + [(f"start-{n}", kernels.files_of(0, phase)) for n in range(START)]
    cases += [(mutant["id"],
               {**solved, mutant["file"]: test_mutants.mutated(mutant)}) for mutant in mutants[::max(1, len(mutants) // MUTANTS)][:MUTANTS]]
    cases += [(name, {**solved, **test_hostile.hostile(name)}) for name in list(test_hostile.ENDS)[:HOSTILES]]
    for name, files in cases:
        for path, text in files.items():
            (folder / name / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / name / path).write_text(text)
    return [name for name, _ in cases]


def spent(command):
    """(seconds of wall time, of the processors' time) of a command and all that came of it."""
    done = overseer.run(command)
    assert done.status in (0, 1) and not done.left, done
    return done.wall, done.cpu


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--phase", type=int, default=1)
    options = parser.parse_args()
    tree, reference = kernels.start(options.phase), kernels.reference(options.phase) / "grade/given.tar"
    bulk = [sys.executable, str(kernels.ROOT / "grade/bulk.py"), "--tree", str(tree), "--reference", str(reference)]
    with tempfile.TemporaryDirectory(dir=kernels.ROOT / "build", prefix=".bulk-") as folder:
        folder = Path(folder)
        names = make(folder / "all", options.phase)
        subprocess.run([*bulk, "--base", str(folder / "base")], check=True)
        wall, cpu = spent([*bulk, "--base", str(folder / "base"), "--submissions", str(folder / "all"), "--out", str(folder / "out"),
                           "--jobs", "2"])
        print(f"{len(names)} submissions in {wall:.0f} s with 2 jobs: {60 * len(names) / wall:.1f} a minute; "
              f"{cpu / len(names):.1f} s of CPU time each")
        ratios = []
        for name in names[::len(names) // COMPARED][:COMPARED]:
            (folder / "some").mkdir()
            shutil.copytree(folder / "all" / name, folder / "some" / name)
            _, ours = spent([*bulk, "--base", str(folder / "base"), "--submissions", str(folder / "some"), "--out",
                             str(folder / "out1"), "--jobs", "1"])
            for part in ("tree", "dwarf"):  # as in a tree that was graded before
                shutil.copytree(folder / "base" / part, folder / "work" / part)
            _, alone = spent([sys.executable, str(tree / "grade/run.py"), "--tree", str(folder / "all" / name), "--out",
                              str(folder / "alone"), "--work", str(folder / "work"), "--jobs", "1", "--reference", str(reference)])
            ratios.append(ours / alone)
            print(f"  {name}: {ours:.1f} s of CPU time in bulk, {alone:.1f} s alone: {ours / alone:.2f}")
            for used in ("some", "out1", "work", "alone"):
                shutil.rmtree(folder / used)
        mean = sum(ratios) / len(ratios)
        print(f"in bulk {mean:.2f} times the CPU time of grading alone (at most {MOST}), at least {LEAST} a minute wanted")
        scores = {path.parent.name: json.loads(path.read_text())["score"] for path in (folder / "out").glob("*/results.json")}
        assert len(scores) == len(names) and all(scores[name] == 100 for name in names if name.startswith("right-"))
        assert all(scores[name] == 0 for name in names if name.startswith("start-"))
        return 0 if mean <= MOST and 60 * len(names) / wall >= LEAST else 1


if __name__ == "__main__":
    os.environ.pop("TMPDIR", None)
    sys.exit(main())
