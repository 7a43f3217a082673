"""A measurement in a process to itself, so that nothing before it is compiled, cached or held."""

import json
import subprocess
import sys

from workflow import topic


def alone(module: str, *words, seconds: float | None = None) -> dict:
    """What `python -m benchmarks.MODULE --one WORDS` says of itself, in JSON on its last line.

    Raises subprocess.CalledProcessError where it fails, and TimeoutExpired after `seconds`.
    """
    command = [sys.executable, "-m", f"benchmarks.{module}", "--one", *map(str, words)]
    done = subprocess.run(command, cwd=topic.HOME, stdout=subprocess.PIPE, text=True, check=True,
                          timeout=seconds)  # fmt: skip
    return json.loads(done.stdout.splitlines()[-1])
