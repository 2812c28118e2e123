"""A server with TLS: what the DSN asks for is done, and what it cannot have says why.

The embedded server is built without TLS, so a front does it in its place: it answers the client's SSLRequest as
Postgres does, and refuses whoever comes without, as a `hostssl` line of pg_hba.conf does.
"""

from __future__ import annotations

import asyncio
import datetime
import ssl
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from langgraph_quorum.orchestration.database import open_database
from langgraph_quorum.orchestration.persistence.health import diagnose
from langgraph_quorum.orchestration.persistence.pool import borrowed, open_pool
from langgraph_quorum.orchestration.persistence.pool_settings import PoolSettings
from langgraph_quorum.state.errors import DatabaseError
from tests.pooler import wire
from tests.pooler.proxy import transaction_pooler

REFUSAL = 'no pg_hba.conf entry for host "127.0.0.1", user "postgres", database "postgres", no encryption'


@dataclass(frozen=True)
class Secured:
    """A database that is reached over TCP with TLS only.

    Attributes:
        address: Its DSN without anything about TLS, for the host `localhost`.
        certificate: The server's own, self-signed for `localhost`.
        other: A certificate that has nothing to do with it.
    """

    address: str
    certificate: Path
    other: Path

    def dsn(self, sslmode: str, certificate: Path | None = None, host: str = "localhost") -> str:
        root = {} if certificate is None else {"sslrootcert": str(certificate)}
        return make_conninfo(self.address, host=host, sslmode=sslmode, **root)


def self_signed(folder: Path, name: str) -> tuple[Path, Path]:
    key = ec.generate_private_key(ec.SECP256R1())
    who = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    today, day = datetime.datetime.now(datetime.UTC), datetime.timedelta(days=1)
    certificate = (
        x509.CertificateBuilder(who, who, key.public_key(), x509.random_serial_number(), today - day, today + day)
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .sign(key, hashes.SHA256())
    )
    private = serialization.PrivateFormat.TraditionalOpenSSL
    (folder / f"{name}.crt").write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    (folder / f"{name}.key").write_bytes(
        key.private_bytes(serialization.Encoding.PEM, private, serialization.NoEncryption())
    )
    return folder / f"{name}.crt", folder / f"{name}.key"


@pytest.fixture
async def secured(database: str, tmp_path: Path) -> AsyncIterator[Secured]:
    certificate, key = self_signed(tmp_path, "server")
    other, _ = self_signed(tmp_path, "other")
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate, key)
    parts = conninfo_to_dict(database)
    socket = Path(str(parts["host"])) / f".s.PGSQL.{parts['port']}"

    async def copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(65536):
            writer.write(data)
        writer.close()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(asyncio.IncompleteReadError, ConnectionError, ssl.SSLError, asyncio.CancelledError):
            if (await wire.read_startup(reader)).code != wire.SSL_REQUEST:
                writer.write(wire.fatal("28000", REFUSAL).encoded)
                await writer.drain()
                writer.close()
                return
            writer.write(b"S")
            await writer.start_tls(context)
            behind, to_behind = await asyncio.open_unix_connection(socket)
            await asyncio.gather(copy(reader, to_behind), copy(behind, writer))

    front = await asyncio.start_server(serve, "127.0.0.1", 0)
    port = front.sockets[0].getsockname()[1]
    address = make_conninfo(database, host="localhost", hostaddr="127.0.0.1", port=port, gssencmode="disable")
    yield Secured(address, certificate, other)
    front.close()


async def refusal(dsn: str) -> str:
    with pytest.raises(DatabaseError) as refused:
        async with open_pool(dsn, timeout_s=5):
            pass
    return str(refused.value)


@pytest.mark.parametrize("sslmode", ["prefer", "require", "verify-full"])
async def test_a_database_is_used_over_tls(secured: Secured, sslmode: str) -> None:
    dsn = secured.dsn(sslmode, secured.certificate if sslmode == "verify-full" else None)
    async with open_database(dsn) as pool, borrowed(pool, "looking") as connection:
        assert connection.pgconn.ssl_in_use
        row = await (await connection.execute("SELECT count(*) AS n FROM quorum.runs")).fetchone()
    assert row == {"n": 0}


async def test_whoever_comes_without_tls_is_told_to_ask_for_it(secured: Secured) -> None:
    assert (await refusal(secured.dsn("disable"))).endswith(
        "no encryption: set sslmode=require in the DSN, or allow it without TLS in the server's pg_hba.conf"
    )


async def test_a_certificate_that_is_not_the_servers_is_told_apart(secured: Secured) -> None:
    said = await refusal(secured.dsn("verify-full", secured.other))
    assert "certificate verify failed" in said
    assert "check sslrootcert" in said


async def test_a_certificate_for_another_host_is_told_apart(secured: Secured) -> None:
    said = await refusal(secured.dsn("verify-full", secured.certificate, host="elsewhere.example"))
    assert 'does not match host name "elsewhere.example"' in said
    assert "check sslrootcert" in said


async def test_a_root_certificate_that_is_not_there_is_named(secured: Secured, tmp_path: Path) -> None:
    said = await refusal(secured.dsn("verify-full", tmp_path / "missing.crt"))
    assert "missing.crt" in said
    assert "check sslrootcert" in said


async def test_the_doctor_tells_of_tls_options_that_do_nothing(secured: Secured, database: str) -> None:
    async with transaction_pooler(database) as pooler:  # which has no TLS
        plain = make_conninfo(pooler.dsn, gssencmode="disable")
        settings = PoolSettings(preset="transaction")
        idle = await diagnose(make_conninfo(plain, sslrootcert=str(secured.certificate)), environ={}, pool=settings)
        without = await diagnose(plain, environ={}, pool=settings)
    used = await diagnose(secured.dsn("verify-full", secured.certificate), environ={})
    (problem,) = idle.problems
    assert problem.what == "the connection is not encrypted, although the DSN has sslrootcert"
    assert "sslmode=verify-full" in problem.mend
    assert without.healthy
    assert used.healthy
