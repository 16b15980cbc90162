"""The table: what readers saw during each fault, and how long it took until all was right."""
import os

import network

BEGIN, END = "<!-- faults: begin -->", "<!-- faults: end -->"
PAGE = os.path.join(os.path.dirname(__file__), "..", "..", "docs", "RELIABILITY.md")
TITLES = {
    "endpoints": "The members and the way to them",
    "watching": "The list",
    "proxying": "Proxies",
    "overloading": "Masses",
    "registering": "The registration",
    "crashing": "Crashes",
    "restarting": "Restarts and reboots",
    "files": "The files",
    "securing": "Users and certificates",
}


def faults(scenario, result):
    """Why a scenario failed, as sentences; none when it passed."""
    found = []
    if result["failure"]:
        found.append(result["failure"])
    elif result["seconds"] is None:
        found.append("nothing was measured")
    elif result["seconds"] > scenario.bound:
        found.append(f"right after {result['seconds']:.2f} s, the bound is {scenario.bound:g} s")
    if not result["failure"] and result["reads"] == 0:
        found.append("nobody read the list")
    return found + result["faults"]


def line(scenario, result):
    """One line for the terminal, with all that went wrong below it."""
    found = faults(scenario, result)
    seconds = "-" if result["seconds"] is None else f"{result['seconds']:.2f}"
    text = (f"{'NOT OK' if found else 'ok'} - {spoken(scenario.name)}: {result['reads']} reads, "
            f"{result['torn']} torn, {result['wrong']} wrong, right after {seconds} s of "
            f"{scenario.bound:g} s (took {result['took']:.0f} s)")
    if not found:
        return text
    log = "".join(f"\n    | {entry}" for entry in result["log"].splitlines()[-60:])
    return text + "".join(f"\n    {fault}" for fault in found) + log


def table(results, programs):
    """The whole as a table in Markdown, a section for each kind of fault."""
    said = network.run(os.path.join(programs, "etcd"), "--version")
    lines = [f"{len(results)} faults, with {said.splitlines()[0].replace(' Version:', '')}:"]
    for group, title in TITLES.items():
        rows = [(scenario, result) for scenario, result in results if scenario.group == group]
        if not rows:
            continue
        lines += ["", f"### {title}", "",
                  "| fault | readers saw | right again after | bound |", "| --- | --- | ---: | ---: |"]
        for scenario, result in rows:
            seconds = "never" if result["seconds"] is None else f"{result['seconds']:.2f} s"
            if faults(scenario, result):
                seconds = f"**not as promised** ({seconds})"
            lines.append(
                f"| {scenario.promise} | {result['reads']} reads, {result['torn']} torn, "
                f"{result['wrong']} wrong | {seconds} | {scenario.bound:g} s |")
    return "\n".join(lines) + "\n"


def write(text):
    """Puts the table between its markers."""
    with open(PAGE) as file:
        page = file.read()
    before, rest = page.split(BEGIN)
    after = rest.split(END)[1]
    with open(PAGE, "w") as file:
        file.write(f"{before}{BEGIN}\n{text}\n{END}{after}")


def spoken(name):
    return name.replace("_", " ")
