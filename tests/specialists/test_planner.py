"""Planning a document analysis: names that tell documents apart, the largest first, unreadable ones too."""

from __future__ import annotations

from pathlib import Path

import pytest

from langgraph_quorum.nodes.specialists.document.planner import plan_documents, shown_names
from langgraph_quorum.state.errors import DocumentError


def written(folder: Path, name: str, text: str) -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


def test_documents_are_named_by_their_paths_below_the_folder_they_share(tmp_path: Path) -> None:
    paths = [written(tmp_path, name, "text") for name in ("a/x.md", "b/x.md", "y.md")]
    assert shown_names(paths) == ["a/x.md", "b/x.md", "y.md"]


@pytest.mark.parametrize(
    ("paths", "names"),
    [
        (["/etc/one.md", "/var/two.md"], ["one.md", "two.md"]),
        (["/etc/a/one.md", "/var/b/one.md"], ["a/one.md", "b/one.md"]),
        (["/etc/one.md", "/var/etc/one.md", "/x/y.md"], ["etc/one.md", "var/etc/one.md", "x/y.md"]),
    ],
)
def test_documents_that_share_nothing_are_named_by_the_shortest_ends_that_differ(
    paths: list[str], names: list[str]
) -> None:
    assert shown_names([Path(path) for path in paths]) == names


def test_every_document_goes_to_every_specialist_the_largest_document_first(tmp_path: Path) -> None:
    written(tmp_path, "small.md", "# Small\n\nShort.\n")
    written(tmp_path, "large.md", "# Large\n\n" + "A sentence of some words. " * 200)
    work = plan_documents([str(tmp_path)], ["summary", "quality"])
    assert [item["branch_id"] for item in work] == [
        "summary@large.md",
        "quality@large.md",
        "summary@small.md",
        "quality@small.md",
    ]
    assert work[0]["group"] == "large.md"
    assert work[0]["measures"]["size_bytes"] > work[2]["measures"]["size_bytes"]
    assert len(work[0]["payload"]["sha256"]) == 64


def test_a_document_that_cannot_be_read_still_gets_its_branches(tmp_path: Path) -> None:
    written(tmp_path, "fine.md", "# Fine\n\nText.\n")
    written(tmp_path, "empty.md", "")
    work = plan_documents([str(tmp_path)], ["summary"])
    assert {item["group"]: "sha256" in item["payload"] for item in work} == {"fine.md": True, "empty.md": False}


def test_a_source_that_names_nothing_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(DocumentError, match="no such file"):
        plan_documents([str(tmp_path / "nowhere.md")], ["summary"])
