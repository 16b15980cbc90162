"""A box for one scenario: namespaces for network, mounts and processes, made with unshare(1).

Nothing of it can be seen outside, two boxes cannot meet, and the kernel ends every process in it
when its first one ends: also when the suite is interrupted or killed.
"""
import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
import traceback

import network
from scenario import SCENARIOS
from waiting import Failed
from world import World

LONGEST = 150
# Runs Python as the first process of a box, which ends with whoever started it.
COMMAND = ["setpriv", "--pdeathsig", "KILL",
           "unshare", "--net", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc",
           sys.executable]


class Boxes:
    """Runs scenarios, each in a box."""

    def __init__(self, binary, programs):
        self.binary, self.programs = binary, programs
        self.running = set()
        self.lock = threading.Lock()

    def run(self, name):
        """Runs one scenario and returns its result; see `run_inside`."""
        began = time.monotonic()
        with tempfile.TemporaryDirectory(prefix="discoveryd-faults-") as directory:
            process = subprocess.Popen(
                [*COMMAND, os.path.join(os.path.dirname(__file__), "run.py"), "--inside",
                 directory, "--etcd", self.programs, self.binary, name],
                stdin=subprocess.DEVNULL)
            with self.lock:
                self.running.add(process)
            try:
                process.wait(LONGEST)
            except subprocess.TimeoutExpired:
                pass
            finally:
                process.kill()
                process.wait()
                with self.lock:
                    self.running.discard(process)
            try:
                with open(os.path.join(directory, "result.json")) as file:
                    result = json.load(file)
            except (FileNotFoundError, json.JSONDecodeError):
                result = {"failure": f"no result within {LONGEST} s", "log": "", "reads": 0,
                          "torn": 0, "wrong": 0, "faults": [], "seconds": None}
        result["took"] = time.monotonic() - began
        return result

    def end(self):
        """Ends every box at once."""
        with self.lock:
            for process in self.running:
                process.send_signal(signal.SIGKILL)


def run_inside(name, directory, binary, programs):
    """Runs one scenario; the caller is the first process of a box. Leaves result.json."""
    scenario = SCENARIOS[name]
    work = os.path.join(directory, "work")
    os.mkdir(work)
    # In memory: how fast a disk syncs is not what is tested.
    network.run("mount", "-t", "tmpfs", "tmpfs", work)
    world = World(scenario, work, binary, programs)
    failure = None
    try:
        world.cluster.start()
        scenario.function(world)
        world.settle()
    except Failed as failed:
        failure = str(failed)
    except Exception:
        failure = traceback.format_exc()
    result = world.finish()
    result["failure"] = failure
    result["log"] = "".join(
        f"--- {daemon.name}\n{daemon.printed[-6000:]}" for daemon in world.daemons)
    with open(os.path.join(directory, "result.json"), "w") as file:
        json.dump(result, file)
