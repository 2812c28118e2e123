"""The sample PEPs as the reader gives them: nothing lost, nothing faulty, everything on its lines, threads or not."""

import re
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from langgraph_quorum.nodes.documents import Block, parse, read


def words(text: str) -> list[str]:
    return re.findall(r"[a-z0-9]+", text.lower())


def stands_where_it_says(block: Block, raw_lines: tuple[str, ...]) -> bool:
    """Its first words begin its lines, its last word is on the last but for an address that may stand there alone."""
    lines = block.text.splitlines()
    first = words(raw_lines[block.place["line"] - 1])
    last = words(" ".join(raw_lines[block.place["end_line"] - 2 : block.place["end_line"]]))
    behind = iter(first)
    begins = all(word in behind for word in words(lines[0])[:3])
    return begins and all(word in last for word in words(lines[-1])[-1:])


def test_every_heading_and_sentence_of_the_samples_stands_on_its_lines(samples: list[Path]) -> None:
    assert len(samples) == 6
    for sample in samples:
        document = read(sample)
        assert document.raw_lines == tuple(sample.read_text().splitlines())
        checked = list(document.of_kind("heading", "paragraph", "list_item", "quote"))
        assert len(checked) > 5
        wrong = [block for block in checked if not stands_where_it_says(block, document.raw_lines)]
        assert wrong == [], sample.name


def test_code_and_tables_of_the_samples_stand_on_their_lines(samples: list[Path]) -> None:
    for sample in samples:
        document = read(sample)
        for block in document.of_kind("code"):
            raw = document.raw_lines[block.place["line"] - 1 : block.place["end_line"]]
            assert [line.strip() for line in raw] == [line.strip() for line in block.text.splitlines()]


def test_blocks_follow_each_other_down_the_file(samples: list[Path]) -> None:
    for sample in samples:
        lines = [block.place["line"] for block in read(sample).blocks]
        assert lines == sorted(lines)


def test_the_samples_have_no_faults(samples: list[Path]) -> None:
    assert [(sample.name, fault) for sample in samples for fault in read(sample).faults] == []


def test_no_prose_of_the_samples_is_lost(samples: list[Path]) -> None:
    """Every word of the file is in some block, but for markup: directives, targets, and the editor's settings."""
    directive_or_target = re.compile(r"^\s*\.\. (?!\[)|^\s*:[\w-]+:( |$)|^\s*__ ")
    address_or_label = re.compile(r"<[^>]*>|\[[^\]]*\]_?|:\w+:`")
    for sample in samples:
        document = read(sample)
        end = next((n for n, line in enumerate(document.raw_lines) if line == ".."), len(document.raw_lines))
        written = "\n".join(line for line in document.raw_lines[:end] if not directive_or_target.search(line))
        kept = " ".join(block.text for block in document.blocks)
        lost = set(words(address_or_label.sub(" ", written))) - set(words(kept))
        assert {word for word in lost if not word.isdecimal()} == set(), sample.name  # numbers of list items


def test_the_largest_sample_takes_less_than_a_second_of_processor_time(pep: Callable[[int], Path]) -> None:
    data = pep(3156).read_bytes()
    started = time.process_time()
    parse(data, source="pep-3156.rst")
    assert time.process_time() - started < 1


def test_the_header_of_a_pep_is_metadata_and_gives_the_title(pep: Callable[[int], Path]) -> None:
    document = read(pep(654))
    metadata = [block for block in document.blocks if block.kind == "metadata"]
    assert document.title == "PEP 654 – Exception Groups and except*"  # noqa: RUF001
    assert metadata[0].text == "PEP: 654"
    assert metadata[2].text.startswith("Author: Irit Katriel <irit@python.org>,\nYury")
    assert (metadata[2].place["line"], metadata[2].place["end_line"]) == (3, 5)
    assert metadata[8].text == "Post-History: 22-Feb-2021,\n20-Mar-2021,\n03-Oct-2021,"
    assert [link.place["line"] for link in document.links[4:7]] == [11, 12, 13]
    assert {block.place["section"] for block in metadata} == {""}


def test_threads_parse_as_if_they_were_alone(samples: list[Path]) -> None:
    alone = [read(sample) for sample in samples]
    with ThreadPoolExecutor(12) as pool:
        together = list(pool.map(read, samples * 2))
    assert together == alone * 2
