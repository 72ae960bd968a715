"""A copy of the reference's tree, with the grader's kernel built in it, for tests that let the grader's programs work in a tree."""

import shutil

import kernels


def copy(folder):
    """Makes the tree in folder (new) and returns it. Nothing will be compiled there: sources and objects keep their times."""
    tree = kernels.student_tree(folder, base=kernels.REFERENCE)
    for top in ("kernel", "build"):
        shutil.copytree(kernels.REFERENCE / top, tree / "build/grade/work/tree" / top,
                        ignore=shutil.ignore_patterns("grade", "plain", "trace"))
    return tree
