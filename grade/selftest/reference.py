"""A copy of the reference's tree, with the grader's kernel built in it, for tests that let the grader's programs work in a tree."""

import shutil

import kernels


def copy(folder, phase=1, kinds=("checked",)):
    """Makes the tree in folder (new) and returns it. Nothing will be compiled there: sources and objects keep their times. kinds: the
    kernels that the grader finds built, and one who works in the tree."""
    base, kept = kernels.reference(phase), shutil.ignore_patterns("grade", "trace", *(set(kernels.VARIANTS) - set(kinds)))
    for kind in kinds:
        kernels.built_reference(base, kind)
    tree = kernels.student_tree(folder, base=base)
    for work in (tree, tree / "build" / "grade" / "work" / "tree"):
        for top in ("kernel", "build"):
            shutil.copytree(base / top, work / top, ignore=kept, dirs_exist_ok=True)
    return tree
