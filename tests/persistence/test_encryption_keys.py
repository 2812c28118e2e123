"""Keys come from Python or the environment, and never appear in what is said about them."""

import base64
from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from langgraph_quorum.orchestration.persistence.keys import KEYS_VARIABLE, Keys, generate_key
from langgraph_quorum.state.errors import ConfigurationError

KEY = b"\xfb\xff" * 16  # its base64 has both characters in which the two alphabets differ
TEXT = base64.b64encode(KEY).decode()


def test_the_first_of_the_environment_is_current() -> None:
    keys = Keys.from_environment({KEYS_VARIABLE: f"new:{TEXT}, old:{base64.b64encode(bytes(32)).decode()}"})
    assert keys is not None
    assert (keys.current, keys.names) == ("new", ["new", "old"])
    assert keys.by_name == {"new": KEY, "old": bytes(32)}


def test_without_the_variable_there_are_no_keys_but_an_empty_one_is_a_mistake() -> None:
    assert Keys.from_environment({}) is None
    with pytest.raises(ConfigurationError, match="entry 1 is not `name:base64`"):
        Keys.from_environment({KEYS_VARIABLE: ""})


def test_both_alphabets_of_base64_are_read() -> None:
    assert Keys.parse(f"a:{base64.urlsafe_b64encode(KEY).decode()}").by_name == {"a": KEY}


def test_a_generated_key_is_read_back_and_never_the_same() -> None:
    texts = {generate_key("2026") for _ in range(100)}
    assert len(texts) == 100
    assert all(Keys.parse(text).names == ["2026"] for text in texts)


@pytest.mark.parametrize(
    ("text", "mend"),
    [
        (TEXT, "entry 1 is not `name:base64`"),
        (f"a:{TEXT},", "entry 2 is not"),
        (f"a b:{TEXT}", "entry 1 is not"),
        (f"a:{TEXT[:-4]}", "entry 1 holds no base64 of 32 bytes"),
        (f"a:{TEXT}?", "entry 1 holds no base64"),
        (f"a:{TEXT},b:{TEXT[4:]}", "entry 2 holds no base64"),
        (f"a:{TEXT},a:{TEXT}", "entry 2 repeats the name 'a'"),
        (f"a:é{TEXT}", "entry 1 holds no base64"),
    ],
)
def test_a_malformed_text_is_refused_without_repeating_it(text: str, mend: str) -> None:
    with pytest.raises(ConfigurationError, match=mend) as refused:
        Keys.parse(text)
    assert TEXT[4:12] not in str(refused.value)
    assert refused.value.value == "(not shown)"


@given(st.text(st.characters(exclude_characters=",:"), min_size=8))
def test_whatever_is_mistaken_for_a_key_is_not_repeated(text: str) -> None:
    assume(text not in "(not shown) entry 1 is not `name:base64`, with 1 to 64 letters, digits and _ . - as the name")
    with pytest.raises(ConfigurationError) as refused:
        Keys.parse(f"name:{text}")
    assert text.strip() not in str(refused.value)


@pytest.mark.parametrize(
    ("current", "by_name", "mend"),
    [
        ("a", {}, "name one of the keys"),
        ("b", {"a": KEY}, "name one of the keys"),
        ("a", {"a": KEY[:16]}, "give key 'a' as 32 bytes"),
        ("a", {"a": TEXT}, "give key 'a' as 32 bytes"),
        ("", {"": KEY}, "1 to 64 letters"),
        ("a:b", {"a:b": KEY}, "1 to 64 letters"),
        ("a" * 65, {"a" * 65: KEY}, "1 to 64 letters"),
    ],
)
def test_keys_that_cannot_be_used_are_refused(current: str, by_name: Mapping[str, Any], mend: str) -> None:
    with pytest.raises(ConfigurationError, match=mend) as refused:
        Keys(current, by_name)
    assert TEXT not in str(refused.value)


def test_keys_do_not_change_with_the_mapping_they_were_made_from() -> None:
    given_keys = {"a": KEY}
    keys = Keys("a", given_keys)
    given_keys["a"] = bytes(32)
    assert keys.by_name == {"a": KEY}
