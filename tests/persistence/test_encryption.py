"""A value opens in its place, with its key, as it was; in every other case it is refused, and nothing is given away."""

import pickle
import sys
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given
from hypothesis import strategies as st

from langgraph_quorum.orchestration.persistence.encryption import Encryption, header, key_name
from langgraph_quorum.orchestration.persistence.keys import Keys
from langgraph_quorum.orchestration.persistence.sealing import Place, Sealer, Table
from langgraph_quorum.state.errors import MissingExtraError, SealError

SECRET = b"the marker of a secret"
PLACE = Place("checkpoint_blobs", "thread", ("", "messages", "7"))
OLD, NEW = b"o" * 32, b"n" * 32
TABLES: list[Table] = ["checkpoints", "checkpoint_blobs", "checkpoint_writes", "artifacts", "runs"]

places = st.builds(Place, st.sampled_from(TABLES), st.text(), st.lists(st.text(), max_size=4).map(tuple))


@pytest.fixture(scope="module")
def sealer() -> Sealer:
    return Encryption(Keys("old", {"old": OLD}))


@given(places, st.text(st.characters(exclude_categories=["Cs"])), st.binary())
def test_what_is_sealed_opens_in_its_place(sealer: Sealer, place: Place, kind: str, data: bytes) -> None:
    stored = sealer.seal(place, kind, data)
    assert stored[0] == "sealed"
    assert sealer.unseal(place, *stored) == (kind, data)


@given(places, places)
def test_in_any_other_place_it_does_not_open(sealer: Sealer, here: Place, there: Place) -> None:
    stored = sealer.seal(here, "msgpack", SECRET)
    if here == there:
        assert sealer.unseal(there, *stored)[1] == SECRET
    else:
        with pytest.raises(SealError, match="cannot be opened"):
            sealer.unseal(there, *stored)


@pytest.mark.parametrize(
    ("here", "there"),
    [
        (Place("runs", "ab", ("c",)), Place("runs", "a", ("bc",))),
        (Place("runs", "a", ("b", "")), Place("runs", "a", ("b",))),
        (Place("runs", "a", ("b", "c")), Place("runs", "a", ("bc",))),
        (Place("runs", "a", ("b", "c")), Place("runs", "a", ("c", "b"))),
        (Place("runs", "a", ("b",)), Place("artifacts", "a", ("b",))),
    ],
)
def test_places_that_would_read_the_same_in_a_row_are_told_apart(sealer: Sealer, here: Place, there: Place) -> None:
    with pytest.raises(SealError):
        sealer.unseal(there, *sealer.seal(here, "msgpack", SECRET))


@given(st.data())
def test_with_any_byte_changed_it_does_not_open(sealer: Sealer, data: st.DataObject) -> None:
    kind, stored = sealer.seal(PLACE, "msgpack", SECRET)
    at = data.draw(st.integers(0, len(stored) - 1))
    other = data.draw(st.integers(1, 255))
    changed = stored[:at] + bytes([stored[at] ^ other]) + stored[at + 1 :]
    with pytest.raises(SealError):
        sealer.unseal(PLACE, kind, changed)


@given(st.data())
def test_cut_short_or_made_longer_it_does_not_open(sealer: Sealer, data: st.DataObject) -> None:
    kind, stored = sealer.seal(PLACE, "msgpack", SECRET)
    cut = stored[: data.draw(st.integers(0, len(stored) - 1))]
    for changed in (cut, stored + data.draw(st.binary(min_size=1))):
        with pytest.raises(SealError):
            sealer.unseal(PLACE, kind, changed)


@given(st.binary())
def test_bytes_that_were_never_sealed_do_not_open(sealer: Sealer, data: bytes) -> None:
    with pytest.raises(SealError):
        sealer.unseal(PLACE, "sealed", data)


def test_a_plain_value_is_refused_with_the_way_to_encrypt_it(sealer: Sealer) -> None:
    with pytest.raises(SealError, match=r"not encrypted.*plain_allowed=True") as refused:
        sealer.unseal(PLACE, "msgpack", SECRET)
    assert "marker" not in str(refused.value)


def test_an_old_key_still_opens_and_the_current_one_seals() -> None:
    stored = Encryption(Keys("old", {"old": OLD})).seal(PLACE, "json", SECRET)
    both = Encryption(Keys("new", {"old": OLD, "new": NEW}))
    assert both.unseal(PLACE, *stored) == ("json", SECRET)
    assert key_name(both.seal(PLACE, "json", SECRET)[1]) == "new"


def test_an_unknown_key_is_named_with_the_mend_and_no_secret_is_shown() -> None:
    stored = Encryption(Keys("old", {"old": OLD})).seal(PLACE, "json", SECRET)
    with pytest.raises(SealError, match="key 'old', which was not given: add it") as refused:
        Encryption(Keys("new", {"new": NEW})).unseal(PLACE, *stored)
    assert not any(secret in str(refused.value) for secret in ("marker", "nnnn", "oooo"))


def test_another_key_under_the_same_name_does_not_open() -> None:
    stored = Encryption(Keys("old", {"old": OLD})).seal(PLACE, "json", SECRET)
    with pytest.raises(SealError, match="not the one it was sealed with"):
        Encryption(Keys("old", {"old": NEW})).unseal(PLACE, *stored)


def test_a_value_renamed_to_another_key_of_the_same_bytes_does_not_open() -> None:
    twins = Encryption(Keys("aaa", {"aaa": OLD, "bbb": OLD}))
    kind, stored = twins.seal(PLACE, "json", SECRET)
    with pytest.raises(SealError):
        twins.unseal(PLACE, kind, stored.replace(header("aaa"), header("bbb")))


def test_equal_values_are_stored_differently_each_time(sealer: Sealer) -> None:
    assert len({sealer.seal(PLACE, "json", SECRET)[1] for _ in range(1000)}) == 1000


def test_neither_value_nor_its_kind_is_readable_in_what_is_stored(sealer: Sealer) -> None:
    stored = sealer.seal(PLACE, "msgpack", SECRET)[1]
    assert SECRET not in stored
    assert b"msgpack" not in stored


@given(st.text("abcXYZ019_.-", min_size=1, max_size=64))
def test_a_header_is_read_back_and_ends_where_base64_has_a_seam(name: str) -> None:
    stored = Encryption(Keys(name, {name: OLD})).seal(PLACE, "json", b"")[1]
    assert key_name(stored) == name
    assert len(header(name)) % 3 == 0


def test_many_threads_may_seal_and_open_at_once(sealer: Sealer) -> None:
    def there_and_back(number: int) -> bool:
        place, data = Place("runs", str(number), ()), SECRET * number
        return sealer.unseal(place, *sealer.seal(place, "json", data)) == ("json", data)

    with ThreadPoolExecutor(8) as threads:
        assert all(threads.map(there_and_back, range(200)))


def test_the_words_for_it_show_names_and_no_keys() -> None:
    keys = Keys("new", {"old": OLD, "new": NEW})
    assert repr(Encryption(keys)) == "Encryption(current='new', names=['new', 'old'])"
    assert repr(keys) == str(keys) == "Keys(current='new', names=['new', 'old'])"
    with pytest.raises(TypeError, match="not pickled"):
        pickle.dumps(keys)


def test_without_the_extra_the_command_that_installs_it_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "cryptography.hazmat.primitives.ciphers.aead", None)
    with pytest.raises(MissingExtraError, match=r"langgraph-quorum\[encryption\]"):
        Encryption(Keys("old", {"old": OLD}))
