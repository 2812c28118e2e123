"""The wheel and the interpreter that has it."""

from tests.packaging.installing import python, wheel

__all__ = ["python", "wheel"]
