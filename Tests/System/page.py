#!/usr/bin/python3
"""Does what a page of docs/ tells its reader to do, and looks for what it promises.

    page.py [--with-apt] PAGE COMMAND...     such as page.py docs/HAPROXY.md Tests/System/systemd-box exec

COMMAND runs what follows it as root where the page is followed. Each block of `sh` is run by a bash of its own, in the order of
the page, without its lines that install packages unless they are asked for; it has to succeed. A block of `text` that follows it is what its last line prints: … stands for anything, a line that is … for
any lines. What is not so yet is asked for again by that line, as a reader would, for some seconds. A block below the
line `<!-- not run: WHY -->` is left out.
"""

import pathlib
import re
import subprocess
import sys
import time

PATIENCE = 40


def blocks(page):
    """The blocks of a page: (line, language, whether it is run, text)."""
    found, skipped, inside = [], False, None
    for number, line in enumerate(page.read_text().split("\n"), 1):
        if inside is not None:
            if line.startswith("```"):
                found.append((*inside, "\n".join(text)))
                inside, skipped = None, False
            else:
                text.append(line)
        elif line.startswith("```"):
            inside, text = (number, line[3:].strip(), not skipped), []
        elif line.startswith("<!-- not run: "):
            skipped = True
    return found


def pattern(text):
    lines = []
    for line in text.strip().split("\n"):
        if line.strip() == "…":
            lines.append("(?:.*\n)*?")
        else:
            pieces = [r"\s+".join(map(re.escape, re.split(r"\s+", piece))) for piece in line.strip().split("…")]
            lines.append(r"\s*" + ".*?".join(pieces) + r"\s*\n")
    return re.compile("".join(lines))


class Place:
    """Where the page is followed."""

    def __init__(self, command, takes_apt):
        self.command, self.takes_apt = command, takes_apt

    def run(self, script):
        return subprocess.run([*self.command, "bash", "-euo", "pipefail", "-c", script], stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)

    def rows(self, text):
        return [row for row in text.strip().split("\n") if self.takes_apt or not re.match(r"(apt|apt-get) ", row)]


def asked_until(place, last, said, wanted, line, text):
    """Asks again until what is said ends with what is wanted; ends the program when it does not in time."""
    end = time.monotonic() + PATIENCE
    while not re.search(rf"(?:\A|\n){wanted.pattern}\Z", said.rstrip("\n") + "\n"):
        if time.monotonic() > end:
            sys.exit(f"{line}: {last}\nprints\n{said}\nand not\n{text}")
        time.sleep(0.1)
        said = place.run(last).stdout


def main(place, page):
    done, there = 0, blocks(page)
    for (line, language, is_run, text), after in zip(there, [*there[1:], (0, "", False, "")]):
        if language != "sh" or not is_run:
            continue
        rows = place.rows(text)
        if not rows:
            continue
        promised = after[1] == "text" and after[2]
        script = "\n".join([*rows[:-1], "set +e", rows[-1], "exit 0"] if promised else rows)
        result = place.run(script)
        if result.returncode:
            sys.exit(f"{page.name}:{line}: ended with {result.returncode}: {result.stdout}")
        if promised:
            asked_until(place, rows[-1], result.stdout, pattern(after[3]), f"{page.name}:{after[0]}", after[3])
        done += 1
    if not done:
        sys.exit(f"{page.name}: nothing in it is run")
    print(f"    {page.name}: {done} blocks as they stand")


arguments = sys.argv[1:]
takes_apt = arguments[:1] == ["--with-apt"]
page, *command = arguments[takes_apt:]
main(Place(command, takes_apt), pathlib.Path(page))
