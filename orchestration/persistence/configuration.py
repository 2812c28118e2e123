"""Settings from a file, where the environment does not have them."""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Mapping
from functools import cache
from pathlib import Path

from langgraph_quorum.state.errors import ConfigurationError
from langgraph_quorum.state.words import suggestion

CONFIG_VARIABLE = "QUORUM_CONFIG"
"""The environment variable that names the file."""

SETTINGS = frozenset({"dsn", "pool_mode", "pool_max", "schema", "tenant", "data", "encryption_keys", "artifact_key"})
"""What the file may hold, each for the variable of that name: `pool_max` for QUORUM_POOL_MAX."""

_PLACE = re.compile(r"\(at (.*)\)$")


def configured(environ: Mapping[str, str] | None = None) -> Mapping[str, str]:
    """The environment, with what it lacks from the TOML file that QUORUM_CONFIG names; empty counts as lacking.

    The file is read once in each process, and blocks then. Without QUORUM_CONFIG this is the environment itself.

    Args:
        environ: By default `os.environ`.

    Raises:
        ConfigurationError: The file cannot be read or is not TOML, or it holds a setting that there is not, or one that
            is no text or number. No value is repeated.
    """
    environ = os.environ if environ is None else environ
    path = environ.get(CONFIG_VARIABLE, "").strip()
    if not path:
        return environ
    lacking = {name: value for name, value in _read(path).items() if not environ.get(name, "").strip()}
    return {**environ, **lacking}


@cache
def _read(path: str) -> dict[str, str]:
    try:
        found = tomllib.loads(Path(path).expanduser().read_text("utf-8"))
    except OSError as error:
        raise _wrong(path, f"it cannot be read ({error.strerror}): name a TOML file") from None
    except (UnicodeDecodeError, RuntimeError):
        raise _wrong(path, "it cannot be read: name a TOML file in UTF-8") from None
    except tomllib.TOMLDecodeError as error:
        # The parser's own words may quote what it stumbled over, which may be a secret.
        place = _PLACE.search(str(error))
        where = f" at {place[1]}" if place else ""
        raise _wrong(path, f"it is not TOML{where}: give lines like pool_max = 4 and tenant = 'acme'") from None
    for name, value in found.items():
        if name not in SETTINGS:
            raise _wrong(path, f"there is no setting {name!r}: {suggestion(name, SETTINGS)}")
        if not isinstance(value, str) and (name != "pool_max" or type(value) is not int):
            raise _wrong(path, f"{name}: give a {'whole number' if name == 'pool_max' else 'text in quotes'}")
    return {f"QUORUM_{name.upper()}": str(value) for name, value in found.items()}


def _wrong(path: str, mend: str) -> ConfigurationError:
    return ConfigurationError(CONFIG_VARIABLE, path, mend)
