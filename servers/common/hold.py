"""Runs a server, and ends it with everything that it started when standard input ends. It never ends another process.

Whoever started this script may be killed at any moment; the end of a pipe is what it leaves behind in any case.
"""

import ctypes
import os
import pathlib
import select
import signal
import subprocess
import sys
import time

PR_SET_CHILD_SUBREAPER = 36
SECONDS_TO_END = 10


def descendants():
    """Children, and theirs. Those whose parent has ended are ours."""
    children = {}
    for stat in pathlib.Path("/proc").glob("[0-9]*/stat"):
        try:
            # The name, in brackets, may hold anything.
            parent = int(stat.read_text().rpartition(")")[2].split()[1])
        except OSError:
            continue
        children.setdefault(parent, []).append(int(stat.parent.name))
    found, open_ones = [], [os.getpid()]
    while open_ones:
        own = children.get(open_ones.pop(), [])
        found += own
        open_ones += own
    return found


def end(number):
    for process in descendants():
        try:
            os.kill(process, number)
        except ProcessLookupError:
            pass


def reap():
    """Whether a child is left."""
    try:
        while os.waitpid(-1, os.WNOHANG) != (0, 0):
            pass
    except ChildProcessError:
        return False
    return True


def main():
    ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    child = subprocess.Popen(sys.argv[1:], stdin=subprocess.DEVNULL, start_new_session=True)
    while child.poll() is None:
        if select.select([sys.stdin], [], [], 0.1)[0] and not os.read(0, 1):
            break
    end(signal.SIGTERM)
    limit = time.monotonic() + SECONDS_TO_END
    while reap():
        if limit < time.monotonic():
            end(signal.SIGKILL)
        time.sleep(0.05)


main()
