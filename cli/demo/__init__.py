"""`reeld demo`: the whole daemon against a world of simulators, to watch and to trust."""

from reeld.cli.demo._run import run_demo

__all__ = ["run_demo"]
