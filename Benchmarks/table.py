"""The table: medians and ratios, in Markdown."""
import difflib
import math
import os
import statistics

BEGIN, END = "<!-- propagation: begin -->", "<!-- propagation: end -->"
PAGE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "docs", "BENCHMARKS.md")
TITLES = """\
| endpoints | | first list | put to file | 99th percentile | CPU per change | memory |
| ---: | --- | ---: | ---: | ---: | ---: | ---: |"""


def rows(size, programs):
    """Two programs of one size, and the ratio of the first to the second."""
    ours, theirs = (figures(program) for program in programs)
    lines = [line(said, program.name, [*map(milliseconds, found[:4]), f"{found[4]:.0f} MB"])
             for said, program, found in zip([f"{size:,}", ""], programs, [ours, theirs])]
    lines.append(line("", "ratio", [f"{left / right:.2f}" for left, right in zip(ours, theirs)]))
    return "\n".join(lines)


def figures(program):
    times = sorted(program.times)
    return [statistics.median(program.firsts), statistics.median(times),
            times[math.ceil(len(times) * 0.99) - 1], statistics.median(program.costs),
            statistics.median(program.memory)]


def milliseconds(seconds):
    return f"{seconds * 1000:.1f} ms" if seconds < 0.1 else f"{seconds * 1000:.0f} ms"


def line(*cells):
    size, name, values = cells
    return f"| {size} | {name} | " .replace("|  |", "| |") + " | ".join(values) + " |"


def difference(before, after):
    """The first lines in which two lists differ."""
    lines = difflib.unified_diff(before.splitlines(), after.splitlines(), lineterm="", n=0)
    return "\n".join(text for _, text in zip(range(10), lines))


def write(text):
    """Puts the table between its markers."""
    with open(PAGE) as file:
        page = file.read()
    before, rest = page.split(BEGIN)
    after = rest.split(END)[1]
    with open(PAGE, "w") as file:
        file.write(f"{before}{BEGIN}\n{text}\n{END}{after}")
