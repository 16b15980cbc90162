"""One change at a time: from sending a put to the file that holds it, and what that costs.

Puts on a fixed schedule, slow enough that each is in its file before the next one is sent. Programs take turns
in the order A B B A, each started anew, at one etcd; what the list of one says after its turn the next one has
to say at its start.
"""
import statistics
import time

import lag
from load import Endpoints
from setting import turns
from table import compared, milliseconds, table
from turn import SameList, started

#: Endpoints, and puts a second.
SIZES = [(10, 40), (1_000, 40), (10_000, 20), (100_000, 4)]
CHANGES = 40
TITLES = ["endpoints", "", "put to file", "99th percentile", "CPU per change"]


def measure(setting):
    rows = []
    for count, rate in setting.choose(SIZES, SIZES[:2]):
        rows += one_size(setting, count, rate)
    return table(TITLES, rows)


def one_size(setting, count, rate):
    endpoints, same = Endpoints(count, services=-(-count // 50)), SameList()
    with setting.etcd(endpoints) as (directory, etcd, load), setting.programs(directory) as programs:
        times, costs = {one.name: [] for one in programs}, {one.name: [] for one in programs}
        for number, program in enumerate(turns(programs, setting.choose(2, 1))):
            with started(program, etcd, count) as turn:
                same.check(program.name, turn.first)
                time.sleep(0.5)
                before = turn.process.cpu_seconds()
                puts = load.puts(endpoints, rate, CHANGES / rate, seed=number + 2)
                turn.replacements.until_revision(puts[-1].revision, 30, turn.process)
                costs[program.name].append((turn.process.cpu_seconds() - before) / len(puts))
                times[program.name] += lag.after_sending(puts, turn.replacements.all)
                same.keep(program.name, turn.text())
    figures = [[statistics.median(times[one.name]), lag.percentile(times[one.name], 0.99),
                statistics.median(costs[one.name])] for one in programs]
    return compared(f"{count:,}", [milliseconds] * 3, *figures)
