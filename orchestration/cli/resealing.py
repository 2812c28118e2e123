"""`quorum db new-key` and `quorum db reseal`: the keys of the encryption, and rotating them."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from dataclasses import asdict

from langgraph_quorum.orchestration.cli.databases import database_as_it_is
from langgraph_quorum.orchestration.cli.exits import APPROVED, FAILED, RefusedError
from langgraph_quorum.orchestration.cli.json_output import print_json
from langgraph_quorum.orchestration.cli.streams import read_or_not
from langgraph_quorum.orchestration.cli.words import counted, printable
from langgraph_quorum.orchestration.persistence.contents import read_contents
from langgraph_quorum.orchestration.persistence.encryption import Encryption
from langgraph_quorum.orchestration.persistence.keys import KEYS_VARIABLE, Keys, generate_key
from langgraph_quorum.orchestration.persistence.pool import Pool
from langgraph_quorum.orchestration.persistence.resealing import ResealReport, reseal
from langgraph_quorum.orchestration.persistence.tenants import tenants_status
from langgraph_quorum.state.errors import ConfigurationError


def print_new_key(name: str) -> int:
    """Print a new key as `name:base64`, and return the exit code.

    Raises:
        RefusedError: it cannot be the name of a key.
    """
    try:
        entry = generate_key(name)
    except ConfigurationError as error:
        raise RefusedError(f"NAME: {error.mend}") from error
    sys.stdout.write(f"{entry}\n")
    return APPROVED


async def reseal_database(dsn: str | None, schema: str | None, *, plain_allowed: bool, as_json: bool) -> int:
    """Seal with the current key what is not, say what was done, and return the exit code: 4 when something is left.

    Raises:
        RefusedError: no keys are given, or runs go on that would write plain values.
        QuorumError: keys, DSN or schema make no sense, the extra `encryption` is missing, or the database cannot be
            used; what was done before is kept.
    """
    keys = Keys.from_environment()
    if keys is None:
        raise RefusedError(f"{KEYS_VARIABLE} is not set: give the new key first, then all that values were sealed with")
    sealer = Encryption(keys)
    async with database_as_it_is(dsn, schema=schema) as pool:
        if plain_allowed:
            await _nothing_runs(pool)
        tenant = (await tenants_status(pool)).tenant
        report = await reseal(pool, sealer, plain_allowed=plain_allowed)
    with read_or_not():
        if as_json:
            print_json({**asdict(report), "complete": report.complete, "key": sealer.current, "tenant": tenant})
        else:
            sys.stdout.write("".join(f"{line}\n" for line in _lines(report, sealer.current, tenant)))
    return APPROVED if report.complete else FAILED


async def _nothing_runs(pool: Pool) -> None:
    if live := (await read_contents(pool)).live_leases:
        raise RefusedError(f"--plain-allowed: {counted(live, 'run')} going on: stop every process that runs first")


def _lines(report: ResealReport, key: str, tenant: str | None) -> Iterator[str]:
    yield f"sealed with {key}: {_counts(report.resealed)}"
    if report.left:
        yield f"in use each time: {_counts(report.left)}: do it again"
    if report.refused:
        yield f"left as they are: {_counts(report.refused)}"
    for reason in report.reasons:
        yield f"  {printable(reason)}"
    if not report.complete:
        yield "not complete: keep all keys"
    elif tenant is None:
        yield f"complete: of the keys only {key} is needed any more"
    else:
        yield f"complete for tenant {printable(tenant)}: keep all keys until every tenant is done"


def _counts(found: Mapping[str, int]) -> str:
    return ", ".join(f"{count} {name}" for name, count in found.items()) or "nothing"
