"""Changes all over 10,000 endpoints in 100 services, at steady rates.

CPU time counts from the first put until the file has caught up with the last one: who falls behind pays for it.
The list is compared with etcd at the end of each turn, and lists read under way with the puts that were made.
"""
import statistics
import time

import lag
import listfile
from load import Endpoints
from setting import turns
from table import compared, cpu, memory, milliseconds, number, table
from turn import SameList, started

ENDPOINTS = Endpoints(10_000, services=100)
RATES = [20, 200, 2_000]
SECONDS = 10
CATCH_UP = 60
TITLES = ["puts a second", "", "CPU", "lag p50", "lag p99", "files written", "peak RSS", "puts sent late, p99"]
KINDS = [cpu, milliseconds, milliseconds, number, memory, milliseconds]


def measure(setting):
    rows, same = [], SameList()
    with setting.etcd(ENDPOINTS) as (directory, etcd, load), setting.programs(directory) as programs:
        seed = 1
        for rate in RATES:
            found = {one.name: [] for one in programs}
            for program in turns(programs, 1):
                seed += 1
                found[program.name].append(one_turn(setting, program, etcd, load, same, rate, seed))
            rows += compared(f"{rate:,}", KINDS, *[figures(found[one.name]) for one in programs])
    return table(TITLES, rows)


def one_turn(setting, program, etcd, load, same, rate, seed):
    with started(program, etcd, ENDPOINTS.count) as turn:
        same.check(program.name, turn.first)
        time.sleep(1)
        files, before = len(turn.replacements.all), turn.process.cpu_seconds()
        running, texts = load.start(ENDPOINTS, rate, setting.seconds(SECONDS), seed), []
        try:
            while running.is_running():
                time.sleep(1)
                with open(program.path) as file:
                    texts.append(file.read())
            puts = running.finish()
        finally:
            running.end()
        turn.replacements.until_revision(puts[-1].revision, CATCH_UP, turn.process)
        cost = turn.process.cpu_seconds() - before
        written = turn.replacements.all[files:]
        for text in texts:
            listfile.check_revision(text, puts)
        listfile.compare_with_etcd(program.path, etcd)
        same.keep(program.name, turn.text())
        return (cost, lag.after_answer(puts, written), len(written), turn.process.peak(),
                lag.percentile([put.sent - put.due for put in puts], 0.99))


def figures(found):
    """Both turns of a program as one row."""
    costs, lags, files, peaks, late = zip(*found)
    lags = [one for turn in lags for one in turn]
    return [statistics.median(costs), statistics.median(lags), lag.percentile(lags, 0.99),
            statistics.median(files), max(peaks), max(late)]
