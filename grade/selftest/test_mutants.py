"""The grader against known wrong implementations: every mutant in grade/mutants/ is built, and the test that it names has to fail on
it, for a rule that it names. What came out is kept in build/mutants.json; `make mutants` tries all and prints that as a table.

`make test` tries each other known mistake. CRESCENT_TESTS=all tries all, among them one for each test, so that each is seen to fail."""

import fcntl
import json
import shutil
import tempfile
import time
from collections import Counter

import kernels
import pytest

from grade.build import VARIANTS

try:
    import tomllib
except ModuleNotFoundError:  # Python 3.10
    import tomli as tomllib

TABLE = kernels.ROOT / "build" / "mutants.json"
FIELDS = {"id", "exercise", "file", "find", "replace", "test", "rule"}
LISTS = {int(path.stem[-1]): tomllib.loads(path.read_text(encoding="utf-8"))
         for path in (kernels.ROOT / "grade" / "mutants").glob("phase?.toml")}
PHASES = sorted(LISTS)
MUTANTS = [{**mutant, "phase": phase} for phase in PHASES for mutant in LISTS[phase]["mutant"]]


def mutated(mutant):
    """The text of a mutant's file. Raises AssertionError unless what it replaces stands there once."""
    base = kernels.reference(mutant["phase"])
    text = (base / mutant["file"]).read_text()
    assert text.count(mutant["find"]) == 1, f"{mutant['id']}: `find` stands {text.count(mutant['find'])} times in {mutant['file']}"
    return text.replace(mutant["find"], mutant["replace"])


def made(mutant, folder):
    """The kernels of a mutant, to be built in folder."""
    return kernels.Variants(mutant["phase"], {mutant["file"]: mutated(mutant)}, folder, mutant.get("build", "checked"))


def chosen():
    """The mutants to try: in `make test` each third known mistake."""
    mistakes = {}
    for mutant in MUTANTS:
        if "from" in mutant:
            mistakes.setdefault((mutant["phase"], mutant["from"]), mutant)
    return MUTANTS if kernels.ALL else kernels.some(mistakes.values(), 8)


@pytest.mark.parametrize("mutant", chosen(), ids=lambda mutant: mutant["id"])
def test_a_mutant_is_caught_by_the_test_that_it_names(mutant):
    began = time.monotonic()
    with tempfile.TemporaryDirectory(dir=kernels.ROOT / "build", prefix=".mutant-") as folder:
        variants = made(mutant, folder)
        result = kernels.judge(variants, mutant["test"])
        row = {"id": mutant["id"], "exercise": mutant["exercise"], "caught by": mutant["test"] if result["status"] != "pass" else None,
               "status": result["status"], "rule": result.get("rule", ""), "rule named": names(mutant, result.get("rule", "")),
               "seconds": round(time.monotonic() - began, 2)}
    keep(row)
    evidence = "\n".join(result.get("evidence", []))
    assert result["status"] not in ("pass", "fault",
                                    "unsolved"), f"{mutant['id']} survives {mutant['test']}\n{result.get('rule')}\n{evidence}"
    assert names(mutant, result["rule"]), f"{mutant['id']}: the rule has to speak of '{mutant['rule']}'\n{result['rule']}\n{evidence}"


def names(mutant, rule):
    """Whether a rule is the mutant's. A race may end in one of several ways, and a list has the words of each."""
    return any(words in rule for words in ([mutant["rule"]] if isinstance(mutant["rule"], str) else mutant["rule"]))


def test_a_mutant_of_an_include_file_spares_the_kernel_that_it_was_made_from(tmp_path):
    """NASM writes onto the object that is there, which must not be the reference's under another name."""
    given, include = tmp_path / "given", "kernel/arch/x86_64/registers.inc"
    for part in ("kernel", "build/checked"):
        shutil.copytree(kernels.REFERENCE / part, given / part)
    part = "build/checked/kernel/arch/x86_64/trap.asm.o"
    before, text = (given / part).read_bytes(), (given / include).read_text()
    mutant = kernels.build(given, {include: text.replace("    push rax\n", "    nop\n    push rax\n", 1)}, tmp_path / "made")
    assert (given / part).read_bytes() == before != (mutant.parent / part.partition("checked/")[2]).read_bytes()


def keep(row):
    """Adds a row to the table; several processes do so at once."""
    with open(TABLE.with_suffix(".lock"), "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        rows = {old["id"]: old for old in json.loads(TABLE.read_text())} if TABLE.exists() else {}
        rows[row["id"]] = row
        order = [mutant["id"] for mutant in MUTANTS]
        kept = [rows[name] for name in order if name in rows]
        TABLE.write_text(json.dumps(kept, indent=1) + "\n")


def table(rows):
    """The rows of build/mutants.json as lines for people: who was killed by which test, and whether the rule was named."""
    widths = [max(len(row[key] or "nobody") for row in rows) for key in ("id", "exercise", "caught by")] if rows else []
    lines = [f"{row['id']:<{widths[0]}}  {row['exercise']:<{widths[1]}}  {row['caught by'] or 'nobody':<{widths[2]}}  "
             f"{'rule named' if row.get('rule named') else 'another rule'}: {row['rule']:.80}" for row in rows]
    killed, named = (sum(bool(row.get(key)) for row in rows) for key in ("caught by", "rule named"))
    return [*lines, f"{killed} of {len(rows)} killed, {named} with the rule named"]


def test_the_table_says_who_survives():
    row = {"id": "a-mistake", "exercise": "1.1", "caught by": "a_test", "rule": "a rule", "rule named": True}
    assert table([row, {**row, "id": "another", "caught by": None, "rule": "", "rule named": False}]) == [
        "a-mistake  1.1  a_test  rule named: a rule", "another    1.1  nobody  another rule: ", "1 of 2 killed, 1 with the rule named"]


def test_the_list_of_mutants_is_sound():
    twice = [name for name, n in Counter(mutant["id"] for mutant in MUTANTS).items() if n > 1]
    assert not twice
    for mutant in MUTANTS:
        assert FIELDS <= set(mutant) - {"phase"} <= FIELDS | {"build", "from"}, mutant["id"]
        assert mutated(mutant) and mutant["find"] != mutant["replace"] and mutant["rule"], mutant["id"]
        assert mutant.get("build", "checked") in VARIANTS, mutant["id"]
        mistakes = LISTS[mutant["phase"]]["mistakes"]
        assert mutant.get("from", mistakes[0]) in mistakes, mutant["id"]
        assert kernels.function(mutant["test"], mutant["phase"])


@pytest.mark.parametrize("phase", PHASES)
def test_every_known_mistake_is_a_mutant_or_dropped_for_a_reason(phase):
    known = LISTS[phase]
    covered = {mutant.get("from") for mutant in MUTANTS if mutant["phase"] == phase} | {entry.get("from") for entry in known.get("dropped",
                                                                                                             []) if entry["reason"]}
    assert not [mistake for mistake in known["mistakes"] if mistake not in covered]


@pytest.mark.parametrize("phase", PHASES)
def test_every_graded_test_is_the_catcher_of_a_mutant(phase):
    catchers = {mutant["test"] for mutant in MUTANTS if mutant["phase"] == phase}
    assert not [name for name in kernels.phase_tests(phase) if name not in catchers]


if __name__ == "__main__":
    print(*table(json.loads(TABLE.read_text())), sep="\n")
