"""Runs a command and tells how it ended, how long it took and how much memory it held at most."""

import os
import signal
import subprocess
import sys
import time
from typing import NamedTuple

# What the kernel calls the peak of a process includes that of the process it was forked from, up to its `exec`:
# so a small interpreter stands between a large test run and the command.
_GUARD = """
import os, sys
report, command = int(sys.argv[1]), sys.argv[2:]
os.set_inheritable(report, False)
_, status, usage = os.wait4(os.posix_spawn(command[0], command, os.environ), 0)
os.write(report, b"%d %d" % (status, usage.ru_maxrss))
"""
CRASHES = (b"Fatal error", b"Swift runtime failure", b"Sanitizer", b"stack smashing", b"malloc")


class Ending(NamedTuple):
    """`code` is the exit code, or minus the signal that ended it."""

    code: int
    stdout: bytes
    stderr: bytes
    seconds: float
    megabytes: float

    @property
    def said(self) -> list[str]:
        return self.stderr.decode().splitlines()


def watched(command: list[str], within: float = 20, input: bytes | None = None, **options) -> Ending:
    """Runs to the end, with `input` through a pipe.

    Fails where that takes longer than `within` seconds; nothing of it outlives the call.
    """
    report, ours = os.pipe()
    guard = [sys.executable, "-I", "-S", "-c", _GUARD, str(ours), *command]
    stdin = subprocess.DEVNULL if input is None else subprocess.PIPE
    options = {"stdin": stdin, "env": os.environ | {"SWIFT_BACKTRACE": "enable=no"}} | options
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "start_new_session": True, "pass_fds": [ours]}
    began = time.monotonic()
    with subprocess.Popen(guard, **(pipes | options)) as running:
        os.close(ours)
        try:
            stdout, stderr = running.communicate(input, timeout=within)
        except subprocess.TimeoutExpired:
            os.killpg(running.pid, signal.SIGKILL)
            raise AssertionError(f"still running after {within} s") from None
    seconds = time.monotonic() - began
    with open(report, "rb") as told:
        status, kilobytes = map(int, told.read().split())
    return Ending(os.waitstatus_to_exitcode(status), stdout or b"", stderr or b"", seconds, kilobytes / 1024)


def survives(ending: Ending, codes: tuple[int, ...] = (0, 65), megabytes: float = 200) -> None:
    """Ended by itself, as it should, without a trap and in bounded memory."""
    assert not any(crash in ending.stderr for crash in CRASHES), ending.stderr[-600:]
    assert ending.code in codes, f"exit {ending.code}: {ending.stderr[-600:]}"
    assert ending.megabytes <= megabytes, f"{ending.megabytes:.0f} MB"
    if ending.code:
        assert len(ending.said) == 1, ending.said
