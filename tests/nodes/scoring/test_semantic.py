"""Nearness in meaning, by an embedding."""

from __future__ import annotations

import asyncio
import math
import threading
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from langchain_core.embeddings import DeterministicFakeEmbedding, Embeddings

from langgraph_quorum.nodes.merging.scored import Scored
from langgraph_quorum.nodes.scoring.semantic import TEXT_LENGTH, aconsistencies, similarities
from langgraph_quorum.state.errors import ConfigurationError


class Words(Embeddings):
    """Counts the words of a text: two texts with the same words point the same way."""

    def __init__(self, vectors: Any = None) -> None:
        self.asked: list[list[str]] = []
        self.threads: list[int] = []
        self._vectors = vectors

    def embed_documents(self, texts: list[str]) -> list[list[float]]:
        self.asked.append(texts)
        self.threads.append(threading.get_ident())
        if isinstance(self._vectors, Exception):
            raise self._vectors
        if self._vectors is not None:
            found: list[list[float]] = self._vectors
            return found
        return [[text.count(word) for word in ("red", "green", "blue")] for text in texts]

    def embed_query(self, text: str) -> list[float]:
        raise NotImplementedError


class Late(Words):
    async def aembed_documents(self, texts: list[str]) -> list[list[float]]:
        await asyncio.sleep(3600)
        return []


def peers(*values: Any, kind: str = "review") -> list[Scored]:
    return [Scored(chr(97 + number), "s", value, type=kind) for number, value in enumerate(values)]


async def test_results_that_say_the_same_in_other_words_agree() -> None:
    found = await similarities(peers("red green", "green red", "blue"), Words())
    assert found.scores == pytest.approx({"a": 0.5, "b": 0.5, "c": 0.0})  # (1 + 0) / 2 for a and b
    assert found.evidence == []


async def test_each_text_is_embedded_once_all_in_one_call_off_the_event_loop() -> None:
    words = Words()
    await similarities([*peers("red", "red", "blue"), *peers("red", "green", kind="other")], words)
    assert words.asked == [["blue", "green", "red"]]
    assert threading.get_ident() not in words.threads


async def test_all_texts_of_a_result_are_its_words() -> None:
    words = Words()
    await similarities(peers({"b": ["red", {"c": "blue"}], "a": "green", "n": 3}, "red"), words)
    assert words.asked == [["a: green\nb: red\nc: blue", "red"]]


async def test_of_a_long_result_the_beginning_is_embedded() -> None:
    words = Words()
    await similarities(peers("red" * TEXT_LENGTH, "blue"), words)
    assert [len(text) for text in words.asked[0]] == [4, TEXT_LENGTH]


async def test_who_has_no_words_or_no_peers_is_left_out() -> None:
    lone = Scored("z", "s", "red", type="alone")
    found = await similarities([*peers("red", {"n": 1}, "red"), lone, *peers("red", "red", kind="")], Words())
    assert found.scores.keys() == {"a", "c"}
    words = Words()
    assert (await similarities([lone], words)).scores == {}
    assert words.asked == []


@given(st.lists(st.lists(st.floats(-5, 5), min_size=3, max_size=3).filter(lambda v: math.hypot(*v) > 0.1), min_size=2))
def test_it_is_the_mean_over_all_pairs(vectors: list[list[float]]) -> None:
    texts = [f"text {number:04}" for number in range(len(vectors))]
    results = [Scored(text, "s", text, type="review") for text in texts]
    found = asyncio.run(similarities(results, Words(vectors)))

    def cosine(one: list[float], other: list[float]) -> float:
        return sum(a * b for a, b in zip(one, other, strict=True)) / math.hypot(*one) / math.hypot(*other)

    for place, text in enumerate(texts):
        others = [cosine(vectors[place], other) for number, other in enumerate(vectors) if number != place]
        assert found.scores[text] == pytest.approx(max(0.0, sum(others) / len(others)), abs=1e-9)


@pytest.mark.parametrize(
    ("vectors", "why"),
    [
        (ConnectionError("down"), "raised ConnectionError: down"),
        ([[1.0, 0.0]], "is unusable"),
        ([[1.0, 0.0], [1.0]], "is unusable: its vectors differ in length"),
        ([[1.0, float("nan")], [1.0, 0.0]], "is unusable: a vector has no direction"),
        ([[0.0, 0.0], [1.0, 0.0]], "is unusable: a vector has no direction"),
        ([["x"], ["y"]], "is unusable"),
        (3, "is unusable"),
    ],
)
async def test_an_embedding_that_fails_is_evidence_and_no_error(vectors: Any, why: str) -> None:
    found = await similarities(peers("red", "blue"), Words(vectors))
    assert found.scores == {}
    assert why in found.evidence[0]
    both = await aconsistencies(peers({"n": 1, "t": "red"}, {"n": 1, "t": "blue"}), Words(vectors))
    assert both.scores == {"a": 0.5, "b": 0.5}  # what the fields say stands
    assert both.evidence


@pytest.mark.looptime
async def test_an_embedding_that_does_not_answer_is_not_waited_for() -> None:
    found = await similarities(peers("red", "blue"), Late(), timeout_s=7)
    assert found.evidence == ["no similarity of meaning: the embedding did not answer within 7 s"]


async def test_fields_and_meaning_count_half_each_where_both_measured() -> None:
    results = [*peers({"n": 8, "text": "red"}, {"n": 10, "text": "red green"}), Scored("d", "s", "red", type="review")]
    alone = await aconsistencies(results)
    assert alone.scores == pytest.approx({"a": 0.4, "b": 0.4})  # (0.8 for the number + 0 for the text) / 2
    both = await aconsistencies(results, Words())
    meant = 1 / math.sqrt(2)
    assert both.scores == pytest.approx(
        {"a": (0.4 + (1 + meant) / 2) / 2, "b": (0.4 + meant) / 2, "d": (1 + meant) / 2}
    )


async def test_langchains_own_fake_embedding_will_do() -> None:
    found = await similarities(peers("red", "red"), DeterministicFakeEmbedding(size=8))
    assert found.scores == pytest.approx({"a": 1.0, "b": 1.0})


async def test_a_wrong_argument_is_named() -> None:
    with pytest.raises(ConfigurationError, match=r"^embeddings=.*: give LangChain Embeddings"):
        await similarities(peers("a", "b"), "openai")  # type: ignore[arg-type]
    with pytest.raises(ConfigurationError, match=r"^timeout_s=0: give seconds above 0"):
        await similarities(peers("a", "b"), Words(), timeout_s=0)
