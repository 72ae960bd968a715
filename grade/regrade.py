"""Earned points survive: a test that fails is no verdict on its exercise while an exercise before it fails, too.

Where the reference is at hand, what failed is judged again in a kernel that has the reference's files of the earlier failing exercises, and
the student's own everywhere else; whoever passes there has earned the points. Where it is not, in a student's own tree, such a test is `not
judged until` the first of those passes (results.py), and the score is `at least` what it says.

    again(rows, exercises, touched)                        # what is to be judged again, and without what
    ready(todo)                                            # what of that comes next: what passes then is the student's own to the rest
    kernels_for(todo, exercises, files, reference, make)   # the kernels for that

Who hands in the files of one lab alone has not failed the labs before it: theirs come from the reference, too.

    lent(exercises, reference, phase)                      # these files"""

from collections import namedtuple

FAILED = ("wrong", "panic", "unsolved", "hang", "runaway", "crash", "corrupt", "build")

# Tests (names) of one exercise to be judged with the reference's files of the exercises `instead` (ids).
Again = namedtuple("Again", "exercise instead tests")


def earlier_failures(rows, exercises, touched):
    """{test: [ids of failing exercises that its own needs]} of the failing tests of exercises on which somebody worked (touched: ids). A
    test of an exercise that is as it was handed out, that meets a stub of its own, or does not build, has failed for itself."""
    failing = {row["exercise"] for row in rows.values() if row["status"] in FAILED}
    found = {}
    for name, row in rows.items():
        if row["status"] not in FAILED or row["exercise"] not in touched or own_stub(row):
            continue
        before = [ex for ex in exercises[row["exercise"]].needs if ex in failing]
        if before:
            found[name] = before
    return found


def own_stub(row):
    return row["status"] == "build" or row["rule"].startswith(f"lab {row['exercise']} is not solved yet")


def again(rows, exercises, touched):
    """[Again] for all that earlier_failures() finds, in the order of the exercises."""
    found = {}
    for name, instead in earlier_failures(rows, exercises, touched).items():
        found.setdefault(rows[name]["exercise"], Again(rows[name]["exercise"], tuple(instead), []))[2].append(name)
    return [found[name] for name in exercises if name in found]


def ready(todo):
    """The Again of a list that need not wait: none of the exercises that would be the reference's is to be judged again itself."""
    waiting = {one.exercise for one in todo}
    return [one for one in todo if not waiting & set(one.instead)]


def kernels_for(todo, exercises, files, reference, make):
    """{test: {variant: kernel}} for a list of Again. files, reference {path: bytes}: the student's and the reference's. make(files) builds
    kernels and returns ({variant: path}, broken files). What does not build together is left out: its first verdict stays."""
    made, found = {}, {}
    for one in todo:
        if one.instead not in made:
            theirs = [path for ex in one.instead for path in exercises[ex].files]
            made[one.instead] = make({**files, **{path: reference[path] for path in theirs if path in reference}})
        kernels, broken = made[one.instead]
        if not broken:
            found |= dict.fromkeys(one.tests, kernels)
    return found


def lent(exercises, reference, phase):
    """{path: bytes} of the reference's files that belong to exercises of labs before this phase's alone."""
    own = {path for exercise in exercises.values() if lab_of(exercise) >= phase for path in exercise.files}
    return {path: reference[path] for exercise in exercises.values() for path in exercise.files if path not in own and path in reference}


def lab_of(exercise):
    return int(exercise.id.partition(".")[0])
