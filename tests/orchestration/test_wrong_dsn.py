"""A DSN that cannot be used is refused with what is wrong in it, as far as that gives no secret away."""

from __future__ import annotations

import pytest

from langgraph_quorum.orchestration.persistence.dsn import check_dsn
from langgraph_quorum.state.errors import ConfigurationError


@pytest.mark.parametrize(
    ("dsn", "mend"),
    [
        ("postgresql://u:secret@h:99999/d", "its port is no number from 1 to 65535"),
        ("postgresql://u:secret@h:abc/d", "its port is no number from 1 to 65535"),
        ("postgresql://u:secret@h/d?conect_timeout=1", "did you mean 'connect_timeout'?"),
        ("host=h quux=1", "one of its options is none that Postgres has: take it out"),
        ("postgresql://u:sec/ret@h/d", ": give postgresql://user:password@host:port/database, with @"),
        ("postgresql://u@se?cret=1@h/d", ": give postgresql://user:password@host:port/database, with @"),
    ],
)
def test_what_is_wrong_in_a_dsn_is_said_without_repeating_what_may_be_a_password(dsn: str, mend: str) -> None:
    with pytest.raises(ConfigurationError) as refused:
        check_dsn(dsn)
    said = str(refused.value)
    assert mend in said
    assert not any(part in said for part in ("sec", "99999", "abc", "cret"))
