"""From the start of the process to the complete file: time and CPU time."""
import statistics

from load import Endpoints
from setting import turns
from table import compared, milliseconds, table
from turn import SameList, started

#: Endpoints, and how many times A B B A.
SIZES = [(10, 4), (1_000, 4), (10_000, 3), (100_000, 2)]
TITLES = ["endpoints", "", "complete file", "CPU"]


def measure(setting):
    rows = []
    for count, rounds in setting.choose(SIZES, [(10, 1), (1_000, 1)]):
        rows += one_size(setting, count, rounds)
    return table(TITLES, rows)


def one_size(setting, count, rounds):
    same = SameList()
    filled = Endpoints(count, services=-(-count // 50))
    with setting.etcd(filled) as (directory, etcd, _), setting.programs(directory) as programs:
        found = {one.name: [] for one in programs}
        for program in turns(programs, rounds):
            with started(program, etcd, count) as turn:
                same.check(program.name, turn.first)
                found[program.name].append((turn.wall, turn.cpu))
    figures = [[statistics.median(values) for values in zip(*found[one.name])] for one in programs]
    return compared(f"{count:,}", [milliseconds] * 2, *figures)
