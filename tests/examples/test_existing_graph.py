"""The graph of `examples/existing_graph`: what it does before and after, and the diff that its pages show."""

from __future__ import annotations

import asyncio
import difflib
import importlib
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import httpx
import pytest

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "examples" / "existing_graph"
QUICK_S, SLOW_S = 0.1, 60
GOOD = ["pep-0020.rst", "pep-0257.rst"]
DIGEST = "pep-0020.rst, 3 words\npep-0257.rst, 3 words"


class Web:
    """Pages of three words. One named `slow` takes a minute, one named `gone` raises while the others are read."""

    def __init__(self) -> None:
        self.cancelled: list[str] = []

    async def fetch(self, url: str) -> str:
        try:
            await asyncio.sleep(SLOW_S if url == "slow" else QUICK_S / 2 if url == "gone" else QUICK_S)
        except asyncio.CancelledError:
            self.cancelled.append(url)
            raise
        if url == "gone":
            raise LookupError("404")
        return f"Title: {url}\nword"


@pytest.fixture
def web() -> Web:
    return Web()


@pytest.fixture
def modules(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.syspath_prepend(FOLDER)
    yield
    for name in ("before", "after", "sample_site"):
        sys.modules.pop(name, None)


@pytest.fixture
def before(modules: None, web: Web, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    module = importlib.import_module("before")
    monkeypatch.setattr(module, "fetch", web.fetch)
    return module


@pytest.fixture
def after(modules: None, web: Web, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    module = importlib.import_module("after")
    monkeypatch.setattr(module, "fetch", web.fetch)
    return module


async def digest(module: ModuleType, urls: list[str]) -> tuple[str, float]:
    """The digest of these pages, and the virtual seconds that it took."""
    began = asyncio.get_running_loop().time()
    out = await module.graph.ainvoke({"urls": urls})
    return out["digest"], asyncio.get_running_loop().time() - began


@pytest.mark.looptime
async def test_where_every_page_answers_both_give_the_same(before: ModuleType, after: ModuleType) -> None:
    assert (await digest(before, GOOD))[0] == (await digest(after, GOOD))[0] == DIGEST


@pytest.mark.looptime
async def test_before_a_slow_page_held_up_the_others(before: ModuleType) -> None:
    text, seconds = await digest(before, [*GOOD, "slow"])
    assert text == f"{DIGEST}\nslow, 3 words"
    assert seconds == pytest.approx(SLOW_S)


@pytest.mark.looptime
async def test_after_a_slow_page_is_cut_and_named(after: ModuleType, web: Web) -> None:
    text, seconds = await digest(after, [*GOOD, "slow"])
    assert text == f"{DIGEST}\nmissing slow"
    assert seconds == pytest.approx(QUICK_S + 1)  # the second page makes the quorum, then comes the grace
    assert web.cancelled == ["slow"]


@pytest.mark.looptime
async def test_before_a_failing_page_cancelled_the_others(before: ModuleType, web: Web) -> None:
    with pytest.raises(LookupError, match="404"):
        await digest(before, [*GOOD, "gone"])
    assert web.cancelled == GOOD


@pytest.mark.looptime
async def test_after_a_failing_page_cancels_nobody_and_is_named(after: ModuleType, web: Web) -> None:
    text, seconds = await digest(after, [*GOOD, "gone"])
    assert text == f"{DIGEST}\nmissing gone"
    assert seconds == pytest.approx(QUICK_S)  # all have ended: no grace is waited for
    assert web.cancelled == []


@pytest.mark.looptime
async def test_after_there_is_a_digest_also_where_no_page_answers(after: ModuleType) -> None:
    text, _seconds = await digest(after, ["gone"])
    assert text == "missing gone"


async def test_over_the_sample_site_a_page_that_drips_and_one_that_is_gone_are_missing(
    modules: None, capsys: pytest.CaptureFixture[str]
) -> None:
    await importlib.import_module("after").main(["pep-0020.rst", "pep-0257.rst", "slow", "gone"])
    zen, *missing = re.sub(r"http://127\.0\.0\.1:\d+/", "", capsys.readouterr().out).splitlines()[1:]
    assert zen == "The Zen of Python, 226 words"
    assert missing == ["missing slow", "missing gone"]


async def test_over_the_sample_site_plain_langgraph_gives_the_error_of_the_page_that_is_gone(modules: None) -> None:
    with pytest.raises(httpx.HTTPStatusError, match="404"):
        await importlib.import_module("before").main(["pep-0020.rst", "gone"])


def test_the_lines_that_the_readme_shows_are_of_that_diff() -> None:
    whole = (ROOT / "docs" / "existing-graphs.md").read_text("utf-8")
    found = re.search(r"```diff\n(.*?)\n```", (ROOT / "README.md").read_text("utf-8"), re.DOTALL)
    assert found is not None
    for line in found.group(1).splitlines():
        assert f"\n{line}\n" in whole, line


@pytest.mark.parametrize(
    "page", [FOLDER / "README.md", ROOT / "docs" / "existing-graphs.md"], ids=lambda page: page.name
)
def test_the_diff_of_a_page_is_that_of_the_two_files_and_short(page: Path) -> None:
    found = re.search(r"```diff\n(.*?)\n```", page.read_text("utf-8"), re.DOTALL)
    assert found is not None
    shown = found.group(1).splitlines()
    before, after = ((FOLDER / name).read_text("utf-8").splitlines() for name in ("before.py", "after.py"))
    made = difflib.unified_diff(before, after, "before.py", "after.py", n=2, lineterm="")
    assert shown == [line.rstrip() for line in made]
    assert 0 < sum(line.startswith(("+", "-")) for line in shown[2:]) < 15
