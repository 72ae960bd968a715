"""autograder.zip, used as Gradescope uses it: unpacked into an otherwise empty machine with the system's programs, set up once, and run on
submissions that lie where Gradescope puts them. The machine is a sandbox of its own, in which /autograder may be written and nothing else;
apt-get there says what it was asked for and does nothing, for everything is installed."""

import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import kernels
import pytest
from test_forms import check, schema

from grade import course, sandbox

PACK = kernels.ROOT / "grade/gradescope/pack.py"


class Gradescope:
    """folder: where /autograder lies."""

    def __init__(self, folder):
        self.folder = folder
        for name in ("source", "results", "submission", "bin"):
            (folder / name).mkdir(parents=True)
        (folder / "bin/apt-get").write_text('#!/bin/sh\necho "$@" >> /autograder/asked\n')
        (folder / "bin/apt-get").chmod(0o755)

    def run(self, program):
        """Runs one of the two programs, as root of that machine. Returns what it said."""
        binds = [word for path in sandbox.SYSTEM for word in (
            ("--symlink", os.readlink(path), path) if os.path.islink(path) else ("--ro-bind-try", path, path))]
        done = subprocess.run(["bwrap", "--unshare-pid", "--unshare-net", "--die-with-parent", *binds, "--proc", "/proc", "--dev", "/dev",
                               "--tmpfs", "/tmp", "--bind", str(self.folder), "/autograder", "--chdir", "/autograder", "--clearenv",
                               "--setenv", "PATH", "/autograder/bin:/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin", "--setenv", "HOME",
                               "/tmp", "--", f"/autograder/source/{program}"],
                              capture_output=True, text=True, stdin=subprocess.DEVNULL)
        print(done.stdout + done.stderr)
        return done

    def grade(self, files):
        """results.json of a submission."""
        subprocess.run(["rm", "-rf", self.folder / "submission"], check=True)
        for path, data in files.items():
            (self.folder / "submission" / path).parent.mkdir(parents=True, exist_ok=True)
            (self.folder / "submission" / path).write_bytes(data)
        (self.folder / "results/results.json").unlink(missing_ok=True)
        done = self.run("run_autograder")
        return done, json.loads((self.folder / "results/results.json").read_text())


@pytest.fixture(scope="module")
def gradescope(tmp_path_factory):
    """The machine, set up."""
    folder = tmp_path_factory.mktemp("gradescope")
    subprocess.run([sys.executable, PACK, "--tree", kernels.START, "--reference", kernels.REFERENCE / "grade/given.tar", "--out",
                    folder / "autograder.zip"], check=True)
    made = Gradescope(folder / "autograder")
    with zipfile.ZipFile(folder / "autograder.zip") as archive:
        for info in archive.infolist():
            path = Path(archive.extract(info, made.folder / "source"))
            path.chmod(info.external_attr >> 16 & 0o777)
    done = made.run("setup.sh")
    assert done.returncode == 0, done.stdout + done.stderr
    assert (made.folder / "asked").read_text() == "update -q\ninstall -qy make\n", "nothing else is missing"
    return made


def test_a_submission_becomes_results(gradescope):
    """A file that was handed in loose, as students drop them into the page."""
    files = kernels.files_of(103)
    done, results = gradescope.grade({path.rpartition("/")[2]: text.encode() for path, text in files.items()})
    check(results, schema("gradescope.json"))
    earned = {}
    for test in results["tests"]:
        earned[test["number"]] = earned.get(test["number"], 0) + test["score"]
    assert earned == {"1.1": 20, "1.2": 20, "1.3": 20, "1.4": 0, "1.5": 0} and results["score"] == 60, done.stdout
    assert {test["extra_data"]["status"] for test in results["tests"] if test["number"] == "1.4"} == {"unsolved"}


def test_what_cannot_be_graded_gets_a_reason(gradescope):
    _, results = gradescope.grade({"report.pdf": b"%PDF"})
    check(results, schema("gradescope.json"))
    assert results["score"] == 0 and "make handin packs what belongs in" in results["output"]


def test_the_same_trees_give_the_same_bytes(tmp_path):
    for name in ("first.zip", "second.zip"):
        subprocess.run([sys.executable, PACK, "--tree", kernels.START, "--reference", kernels.REFERENCE / "grade/given.tar", "--out",
                        tmp_path / name], check=True)
    assert (tmp_path / "first.zip").read_bytes() == (tmp_path / "second.zip").read_bytes()


@pytest.mark.parametrize("phase", kernels.PHASES)
def test_the_hidden_tests_of_the_phase_are_packed_and_no_others(tmp_path, phase):
    course.make(tmp_path / "key")
    subprocess.run([sys.executable, PACK, "--tree", kernels.start(phase), "--reference", kernels.reference(phase) / "grade/given.tar",
                    "--course", tmp_path / "key", "--out", tmp_path / "it.zip"], check=True)
    with zipfile.ZipFile(tmp_path / "it.zip") as archive:
        top = "crescent/grade/hidden/"
        packed = {name.removeprefix(top) for name in archive.namelist() if name.startswith(top)}
        archive.extractall(tmp_path / "it")
    hidden = kernels.ROOT / "grade/hidden"
    assert {name.split("/")[0] for name in packed} == {"ktest", f"phase{phase}"}
    there, here = (course.find(folder, tmp_path / "key", phase) for folder in (tmp_path / "it" / top, hidden))
    assert there.code == here.code and {path.name for path in there.tests.iterdir()} >= {path.name for path in here.tests.glob("test_*.py")}
