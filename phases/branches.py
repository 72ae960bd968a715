#!/usr/bin/env python3
"""Makes or updates a student repository: a bare git repository with a branch phase/n for each phase, from the master tree.

    phases/branches.py --repo DIR [--standin] [--drop 2.6c]

phase/1 starts as a root commit, and the first commit of phase/n+1 has phase/n as its parent, so that a student's own branch merges forward.
Later, a branch whose tree changed gets one commit. It is a merge (parents: the branch, then the branch before it) whenever the branch
before it got a commit, so that each branch holds all the earlier ones; the tree of every commit is exactly the generated tree, never what
a merge would have made of it. Nothing of the master's history enters: the objects are written one by one with git's plumbing.

The same master commit gives the same commits: author and date are derived from it (SOURCE_DATE_EPOCH where the master is not a checkout).
Needs git, no identity, no configuration of the caller's."""

import argparse
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from table import Complaint, read_phases
from tree import build

MARK = "crescent.student"  # in the config of a repository of ours
NAME, MAIL = "Crescent", "crescent@localhost"
EPOCH = "946684800"  # where nothing says when: 2000-01-01


def clean_environment():
    """The caller's environment without anything that would change what git does here."""
    env = {k: v for k, v in os.environ.items() if not k.startswith("GIT_")}
    return env | {"GIT_CONFIG_NOSYSTEM": "1", "GIT_CONFIG_GLOBAL": os.devnull, "LC_ALL": "C"}


class Repo:
    """A bare git repository. Every call is git plumbing; one that fails raises Complaint with git's words."""

    def __init__(self, path, date):
        self.path = Path(path)
        who = {f"GIT_{r}_{k}": v for r in ("AUTHOR", "COMMITTER") for k, v in (("NAME", NAME), ("EMAIL", MAIL), ("DATE", f"{date} +0000"))}
        self.env = clean_environment() | who

    def git(self, *args, data=None, **env):
        text = data.encode() if isinstance(data, str) else data
        try:
            run = subprocess.run(["git", f"--git-dir={self.path}", *args], input=text, capture_output=True, env=self.env | env)
        except FileNotFoundError:
            raise Complaint("git: not found; `make setup` installs it") from None
        if run.returncode != 0:
            raise Complaint(f"{self.path}: git {args[0]}: {run.stderr.decode(errors='replace').strip()}")
        return run.stdout.decode().strip()

    def ready(self):
        """Makes the repository if there is none. Raises Complaint if what is there is not ours."""
        if self.path.is_file() or self.path.is_dir() and any(self.path.iterdir()):
            try:
                ours = self.git("config", "--get", "--bool", MARK) == "true"
            except Complaint:
                ours = False
            if not ours:
                raise Complaint(f"{self.path}: is not a student repository made by `make branches`; choose another REPO, or tell git that "
                                f"it is one: git -C REPO config {MARK} true")
            return
        try:
            self.path.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise Complaint(f"{self.path}: cannot be made: {error.strerror}; choose another REPO") from None
        self.git("init", "--quiet", "--bare", "--initial-branch=phase/1")
        self.git("config", MARK, "true")

    def tip(self, branch):
        """The branch's commit, or None."""
        found = self.git("for-each-ref", "--format=%(objectname)", f"refs/heads/{branch}")
        return found or None

    def tree_of(self, commit):
        return self.git("rev-parse", f"{commit}^{{tree}}")

    def contains(self, commit, other):
        """True if other is commit or an ancestor of it."""
        return not self.git("rev-list", "-1", other, "--not", commit)

    def write_tree(self, files):
        """The tree object of {path: (bytes, mode)}."""
        with tempfile.TemporaryDirectory() as folder:
            names = []
            for number, (data, _) in enumerate(files.values()):
                names.append(f"{folder}/{number}")
                Path(names[-1]).write_bytes(data)
            hashes = self.git("hash-object", "-w", "--no-filters", "--stdin-paths", data="\n".join(names)).split()
            lines = [f"{mode:o} {blob} 0\t{path}" for (path, (_, mode)), blob in zip(files.items(), hashes)]
            index = {"GIT_INDEX_FILE": f"{folder}/index"}
            self.git("update-index", "--add", "--index-info", data="\n".join(lines) + "\n", **index)
            return self.git("write-tree", **index)

    def commit(self, tree, parents, message):
        flags = [word for parent in parents for word in ("-p", parent)]
        return self.git("commit-tree", tree, *flags, data=message + "\n")

    def move(self, moves):
        """Sets all branches at once: {branch: (new, old or None)}; none if one was moved by somebody else meanwhile."""
        lines = [f"update refs/heads/{branch} {new} {old or '0' * len(new)}" for branch, (new, old) in moves.items()]
        self.git("update-ref", "--stdin", data="\n".join(lines) + "\n")


def update(repo, trees):
    """Brings the branches to the trees, {phase: (name, files)}. Returns {branch: what happened} for those that got a commit."""
    moves, said = {}, {}
    before = None  # the previous branch and its commit as it will be
    for phase, (name, files) in sorted(trees.items()):
        branch, tree = f"phase/{phase}", repo.write_tree(files)
        old = repo.tip(branch)
        new = old
        if old is None:
            new = repo.commit(tree, [before[1]] if before else [], f"Phase {phase}: {name}")
            said[branch] = "made"
        elif before and not repo.contains(old, before[1]):
            new = repo.commit(tree, [old, before[1]], f"Phase {phase}: with the update of {before[0]}")
            said[branch] = f"updated, {before[0]} merged"
        elif repo.tree_of(old) != tree:
            new = repo.commit(tree, [old], f"Phase {phase}: update")
            said[branch] = "updated"
        if new != old:
            moves[branch] = (new, old)
        before = (branch, new)
    if moves:
        repo.move(moves)
    return said


def master_date(root):
    """Seconds since 1970 of the master's last commit, as text."""
    if os.environ.get("SOURCE_DATE_EPOCH", "").isdigit():
        return os.environ["SOURCE_DATE_EPOCH"]
    if not (root / ".git").exists():
        return EPOCH
    run = subprocess.run(["git", "-c", f"safe.directory={root}", "-C", root, "log", "-1", "--format=%ct"], capture_output=True, text=True,
                         env=clean_environment())
    return run.stdout.strip() or EPOCH


def main(argv=None):
    parser = argparse.ArgumentParser(description="make or update a student repository")
    parser.add_argument("--repo", required=True)
    parser.add_argument("--standin", action="store_true", help="also phases that are only a stand-in")
    parser.add_argument("--drop", action="append", default=[], metavar="EXERCISE")
    args = parser.parse_args(argv)
    root = Path(__file__).resolve().parent.parent
    try:
        chosen = {n: data for n, (_, data) in read_phases(root).items() if args.standin or not data.get("standin")}
        known = {ex["id"]: n for n, data in chosen.items() for ex in data["exercise"]}
        for name in args.drop:
            if name not in known:
                raise Complaint(f"DROP={name}: there is no such exercise; there are {' '.join(known)}")
        trees = {n: (data["name"], build(root, n, 0, [d for d in args.drop if known[d] <= n])) for n, data in chosen.items()}
        repo = Repo(args.repo, master_date(root))
        repo.ready()
        said = update(repo, trees)
    except Complaint as complaint:
        print(f"branches.py: {complaint}", file=sys.stderr)
        return 1
    for branch in (f"phase/{n}" for n in trees):
        print(f"{args.repo}: {branch} {said.get(branch, 'unchanged')}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
