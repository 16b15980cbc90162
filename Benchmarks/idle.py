"""At rest: CPU time with nothing but keep-alives, and memory."""
import time

from load import Endpoints
from table import compared, cpu, memory, table
from turn import started

SIZES = [1_000, 100_000]
SECONDS = 30
SETTLE = 5
TITLES = ["endpoints", "", "CPU in {:.0f} s", "RSS"]


def measure(setting):
    seconds, rows = setting.seconds(SECONDS), []
    for count in setting.choose(SIZES, SIZES[:1]):
        found = []
        with setting.etcd(Endpoints(count, services=-(-count // 50))) as (directory, etcd, _):
            with setting.programs(directory) as programs:
                for program in programs:
                    with started(program, etcd, count) as turn:
                        time.sleep(setting.choose(SETTLE, 1))
                        before = turn.process.cpu_seconds()
                        time.sleep(seconds)
                        found.append([turn.process.cpu_seconds() - before, turn.process.resident()])
        rows += compared(f"{count:,}", [cpu, memory], *found)
    return table([title.format(seconds) for title in TITLES], rows)
