"""What the pages show a command to print is what it prints for the same run, as far as no clock decides."""

from __future__ import annotations

import re
from io import StringIO

from rich.console import Console

from langgraph_quorum.orchestration.cli.rendering.review import in_short, render_review
from langgraph_quorum.orchestration.cli.review import OpenQuestion
from tests.docs.pages import DOCS, blocks

WEIGHED = re.compile(r"  - (\S+) weighs ([\d.]+)%: 0\.7 x ([\d.]+)")
ROW = re.compile(r"^(\S+) +([\d.]+)% +([\d.]+)%$", re.MULTILINE)


def lines(text: str) -> list[str]:
    return [line.rstrip() for line in text.strip().splitlines()]


def test_the_question_that_review_md_shows_is_rendered_so() -> None:
    (shown,) = blocks((DOCS / "review.md").read_text("utf-8"), "text")
    ended, asked, *question = re.split(r"\n(?=Approve the result\?)", shown)
    weights = {"summary": (0.3503, 0.9388), "quality": (0.3272, 0.8397), "content": (0.3226, 0.8314)}
    review = {
        "kind": "result",
        "quality": 0.8717,
        "confidence_interval": [0.7195, 1.0],
        "allowed": ["approve", "edit", "pick", "retry", "reject"],
        "attribution": [
            {"branch_id": f"{name}@pep-0020.rst", "weight": weight, "quality": quality, "quality_assumed": False}
            for name, (weight, quality) in weights.items()
        ],
    }
    result = "x" * (3839 - len('""'))
    printed = Console(file=StringIO(), width=100)
    render_review(printed, OpenQuestion("zen", "id", {"review": review}, result, overdue=False), dsn_given=False)
    assert isinstance(printed.file, StringIO)
    assert lines("\n".join(question)) == lines(printed.file.getvalue())
    assert lines(asked) == [in_short(review), "  look and answer: quorum review zen"]
    assert ended == "waiting, 3 of 3 branches"


def test_the_weights_that_answers_md_shows_follow_from_the_figures_beside_them() -> None:
    explained, remerged = (block for block in blocks((DOCS / "answers.md").read_text("utf-8"), "text"))
    ((name, percent, quality),) = WEIGHED.findall(explained)
    seconds, points, again, whole, share = map(
        float, re.findall(r"1/\(1 \+ ([\d.]+)/60\) = ([\d.]+); ([\d.]+)/([\d.]+)\s+= ([\d.]+)", explained)[0]
    )
    assert points == again == round(0.7 * float(quality) + 0.3 / (1 + seconds / 60), 4)
    assert share == round(points / whole, 4)
    assert float(percent) == round(100 * share, 1)

    rows = {branch: (float(first), float(second)) for branch, first, second in ROW.findall(remerged)}
    assert rows[name][0] == round(100 * share, 2)
    qualities = {"summary@pep-0020.rst": 0.9388, "quality@pep-0020.rst": 0.8397, "content@pep-0020.rst": 0.8314}
    for branch, (_, by_quality) in rows.items():
        assert by_quality == round(100 * qualities[branch] / sum(qualities.values()), 2)
