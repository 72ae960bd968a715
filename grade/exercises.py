"""exercises.toml, which an instructor may edit: points, core or extra, which files are the student's."""

import re
from dataclasses import dataclass
from pathlib import Path

from .errors import UserError

try:
    import tomllib
except ModuleNotFoundError:  # Python 3.10
    import tomli as tomllib


ANSWERS = re.compile(r"answers[1-9]\.toml")
VISIBILITIES = ("visible", "hidden", "after_due_date", "after_published")  # Gradescope's words


@dataclass(frozen=True)
class Exercise:
    """points: what its tests share. core: counts in the score; extras are listed apart. dropped: given away solved, its tests are not
    run. needs: the exercises (ids) without which its tests cannot pass; all core ones before it unless the file says otherwise. visibility:
    one of VISIBILITIES. hidden: so many of the points are its hidden tests'. hidden_visibility: theirs."""

    id: str
    title: str
    points: float
    core: bool
    dropped: bool
    files: tuple
    visibility: str
    needs: tuple = ()
    hidden: float = 0
    hidden_visibility: str = "after_published"


def read(path):
    """(phase, {id: Exercise}) in the file's order. Raises UserError that names what is wrong."""
    path = Path(path)
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise UserError(f"{path} is not there: the grader grades the tree of a phase, which the master tree's make student makes") from None
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise UserError(f"{path} cannot be read: {error}") from None
    found, defaults = {}, {key: data[key] for key in ("hidden_visibility",) if key in data}
    for entry in data.get("exercise", []):
        exercise = _exercise(path, {**defaults, **entry}, found)
        if exercise.id in found:
            raise UserError(f"{path}: exercise {exercise.id} stands there twice")
        found[exercise.id] = exercise
    if not isinstance(data.get("phase"), int) or not found:
        raise UserError(f"{path}: needs `phase = n` and at least one [[exercise]]")
    return data["phase"], found


def is_answers(path):
    """Whether an exercise's file holds answers and no code; it lies at the top of the tree."""
    return ANSWERS.fullmatch(path) is not None


def _is_students(path):
    return is_answers(path) or path.startswith("kernel/") and ".." not in path.split("/")


def _exercise(path, entry, before):
    name = entry.get("id")
    if not isinstance(name, str):
        raise UserError(f"{path}: an exercise has no id")
    points, files = entry.get("points"), entry.get("files", [])
    if isinstance(points, bool) or not isinstance(points, (int, float)) or not 0 <= points <= 1000:
        raise UserError(f"{path}: exercise {name} needs points from 0 to 1000, not {points!r}")
    if not isinstance(files, list) or not all(isinstance(file, str) and _is_students(file) for file in files):
        raise UserError(f"{path}: exercise {name}: `files` is a list of paths below kernel/, or answersN.toml")
    for key in ("core", "dropped"):
        if not isinstance(entry.get(key, False), bool):
            raise UserError(f"{path}: exercise {name}: `{key}` is true or false")
    hidden = entry.get("hidden_points", 0)
    if isinstance(hidden, bool) or not isinstance(hidden, (int, float)) or not 0 <= hidden <= points:
        raise UserError(f"{path}: exercise {name}: `hidden_points` is a part of its {points} points, not {hidden!r}")
    seen = [entry.get("visibility", "visible"), entry.get("hidden_visibility", "after_published")]
    if not set(map(str, seen)) <= set(VISIBILITIES):
        raise UserError(f"{path}: exercise {name}: `visibility` and `hidden_visibility` are one of {', '.join(VISIBILITIES)}")
    needs = entry.get("needs", [ex.id for ex in before.values() if ex.core])
    if not isinstance(needs, list) or not set(map(str, needs)) <= set(before):
        raise UserError(f"{path}: exercise {name}: `needs` is a list of exercises that stand before it")
    needs = {need for direct in needs for need in (direct, *before[direct].needs)}
    return Exercise(name, entry.get("title", ""), points, entry.get("core", True), entry.get("dropped", False), tuple(files),
                    seen[0], tuple(ex for ex in before if ex in needs), hidden, seen[1])
