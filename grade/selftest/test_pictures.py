"""docs/policies.md: its pictures and numbers are made from what was kept of one boot, and that is what the kernel does now."""

import copy
import json
import re
import xml.etree.ElementTree as ElementTree

import kernels
import pytest

from grade import pictures
from grade.errors import UserError

DOCS = kernels.ROOT / "docs"
KEPT = json.loads((DOCS / "policies/workload.json").read_text())
PAGE = (DOCS / "policies.md").read_text()


@pytest.fixture(scope="module")
def now():
    return pictures.seen(kernels.reference(5))


def test_what_the_page_shows_is_what_the_kernel_does_now(now):
    """Shifted by no more than a change of some instructions can do; otherwise: make pictures."""
    assert pictures.differences(KEPT, now) == []


def test_pictures_and_numbers_are_those_of_what_was_kept():
    assert pictures.text_of(KEPT) == (DOCS / "policies/workload.json").read_text() and list(KEPT) == list(pictures.SCENES)
    for name in pictures.SCENES:
        assert pictures.picture(name, KEPT[name]) == (DOCS / f"policies/{name}.svg").read_text(), f"{name}.svg: make pictures"
    assert pictures.filled(PAGE, KEPT) == PAGE, "make pictures"
    assert sorted(path.stem for path in (DOCS / "policies").glob("*.svg")) == sorted(pictures.SCENES)


def test_the_page_shows_every_picture_and_has_no_number_of_a_result_that_is_not_computed():
    assert re.findall(r"!\[.+\]\(policies/(.+)\.svg\)", PAGE) == list(pictures.SCENES)
    assert len(pictures.NUMBER.findall(PAGE)) > 20


def test_every_policy_is_there():
    """Those that sched= takes, and those of the classes above."""
    core = (kernels.ROOT / "kernel/sched/core.c").read_text() + (kernels.ROOT / "kernel/sched/classes.h").read_text()
    policies = set(re.findall(r"&(\w+)_class", core)) & {"rr", "fcfs", "sjf", "prio", "mlfq", "cfs", "eevdf"}
    assert len(policies) == 7 and policies <= set(pictures.SCENES)


@pytest.mark.parametrize("spoil, said", [
    (lambda scene: scene["jobs"]["alarm"].append(["READY", 90000, 90100]), "alarm is in other states"),
    (lambda scene: scene["jobs"]["batch"][-1].__setitem__(2, 12211), "batch begins or ends something 1.60 ms"),
    (lambda scene: scene["marks"].append(["miss", 5000, "report"]), "other deadlines or budgets"),
])
def test_a_difference_is_told(spoil, said):
    other = copy.deepcopy(KEPT)
    spoil(other["fcfs"])
    (line,) = pictures.differences(KEPT, other)
    assert line.startswith("fcfs: ") and said in line


def test_a_shift_of_microseconds_and_what_lasts_no_time_are_no_difference():
    other = copy.deepcopy(KEPT)
    for spans in other["eevdf"]["jobs"].values():
        for span in spans:
            span[1], span[2] = span[1] + 9, span[2] + 9
        spans.append(["READY", spans[-1][2], spans[-1][2] + 3])
    assert pictures.differences(KEPT, other) == []


def test_fair_policies_are_compared_by_what_each_job_has_run():
    """Some instructions more or less decide there who is next. Another share is a difference."""
    other = copy.deepcopy(KEPT)
    other["eevdf"]["jobs"]["report"][-1:] = [["READY", *other["eevdf"]["jobs"]["report"][-1][1:]]]
    assert pictures.differences(KEPT, other) == []
    assert pictures.differences(KEPT, {**KEPT, "eevdf": KEPT["rr"], "cfs": KEPT["prio"]}) != []
    assert pictures.served([["RUNNING", 0, 100], ["READY", 100, 200], ["RUNNING", 200, 300]], 250) == 150


def test_figures_are_what_their_names_say():
    """Ready at 0, runs from 1 to 3 ms, preempted until 4, runs to 5, sleeps to 10, waits to 12.5, runs to 14."""
    spans = [["READY", 0, 100], ["RUNNING", 100, 300], ["READY", 300, 400], ["RUNNING", 400, 500], ["BLOCKED", 500, 1000],
             ["THROTTLED", 1000, 1250], ["RUNNING", 1250, 1400]]
    assert pictures.figures(spans) == (14.0, 2.5, 4.5, pytest.approx(100 * 4.5 / 14))
    assert pictures.figures([["RUNNING", 200, 300]]) == (1.0, 0.0, 0.0, 100.0)


def test_what_the_words_say_is_so():
    """The comparisons that the page makes in words."""
    f = {name: {job: pictures.figures(spans) for job, spans in KEPT[name]["jobs"].items()} for name in KEPT}
    switches = {name: KEPT[name]["switches"] for name in KEPT}
    assert f["sjf"]["report"].turnaround > f["fcfs"]["report"].turnaround and pictures.mean(KEPT, "sjf") < pictures.mean(KEPT, "fcfs")
    assert f["prio"]["alarm"].waiting < 0.1 and f["prio-ageing"]["editor"].response > f["prio"]["editor"].response
    assert f["mlfq"]["editor"].response < f["rr"]["editor"].response < f["fcfs"]["editor"].response
    assert f["cfs"]["editor"].response < f["eevdf"]["editor"].response and switches["eevdf"] > switches["cfs"]
    assert f["rt-rr"]["report"].turnaround < f["fifo"]["report"].turnaround
    assert f["rt-rr"]["batch"].turnaround > f["fifo"]["batch"].turnaround
    assert {kind for kind, *_ in KEPT["edf"]["marks"]} == {"deadline"} and f["edf"]["editor"].waiting < 0.1
    assert f["edf"]["alarm"].turnaround < 90 and f["edf"]["batch"].turnaround < 400


def test_every_picture_is_one():
    for name in pictures.SCENES:
        root = ElementTree.parse(DOCS / f"policies/{name}.svg").getroot()
        words = {"".join(element.itertext()) for element in root.iter("{http://www.w3.org/2000/svg}text")}
        assert set(pictures.JOBS) | {pictures.SCENES[name]} <= words


def test_a_page_without_a_place_for_a_table_is_refused():
    with pytest.raises(UserError, match="it wants the lines <!-- edf: begin -->"):
        pictures.filled(PAGE.replace("<!-- edf: begin -->", ""), KEPT)
