"""exercises.toml, which an instructor may edit: points, core or extra, which files are the student's."""

from dataclasses import dataclass
from pathlib import Path

from .errors import UserError

try:
    import tomllib
except ModuleNotFoundError:  # Python 3.10
    import tomli as tomllib


@dataclass(frozen=True)
class Exercise:
    """points: what its tests share. core: counts in the score; extras are listed apart. dropped: given away solved, its tests are not
    run. needs: the exercises (ids) without which its tests cannot pass; all core ones before it unless the file says otherwise."""

    id: str
    title: str
    points: float
    core: bool
    dropped: bool
    files: tuple
    visibility: str
    needs: tuple = ()


def read(path):
    """(phase, {id: Exercise}) in the file's order. Raises UserError that names what is wrong."""
    path = Path(path)
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise UserError(f"{path} is not there: the grader grades the tree of a phase, which the master tree's make student makes") from None
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise UserError(f"{path} cannot be read: {error}") from None
    found = {}
    for entry in data.get("exercise", []):
        exercise = _exercise(path, entry, found)
        if exercise.id in found:
            raise UserError(f"{path}: exercise {exercise.id} stands there twice")
        found[exercise.id] = exercise
    if not isinstance(data.get("phase"), int) or not found:
        raise UserError(f"{path}: needs `phase = n` and at least one [[exercise]]")
    return data["phase"], found


def _exercise(path, entry, before):
    name = entry.get("id")
    if not isinstance(name, str):
        raise UserError(f"{path}: an exercise has no id")
    points, files = entry.get("points"), entry.get("files", [])
    if isinstance(points, bool) or not isinstance(points, (int, float)) or not 0 <= points <= 1000:
        raise UserError(f"{path}: exercise {name} needs points from 0 to 1000, not {points!r}")
    if not isinstance(files, list) or not all(isinstance(f, str) and f.startswith("kernel/") and ".." not in f.split("/") for f in files):
        raise UserError(f"{path}: exercise {name}: `files` is a list of paths below kernel/")
    for key in ("core", "dropped"):
        if not isinstance(entry.get(key, False), bool):
            raise UserError(f"{path}: exercise {name}: `{key}` is true or false")
    needs = entry.get("needs", [ex.id for ex in before.values() if ex.core])
    if not isinstance(needs, list) or not set(map(str, needs)) <= set(before):
        raise UserError(f"{path}: exercise {name}: `needs` is a list of exercises that stand before it")
    needs = {need for direct in needs for need in (direct, *before[direct].needs)}
    return Exercise(name, entry.get("title", ""), points, entry.get("core", True), entry.get("dropped", False), tuple(files),
                    entry.get("visibility", "visible"), tuple(ex for ex in before if ex in needs))
