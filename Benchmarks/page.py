"""docs/BENCHMARKS.md: the tables between their markers."""
import os

PAGE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "docs", "BENCHMARKS.md")


def write(part, text):
    """Puts the text between the markers of the part."""
    begin, end = f"<!-- {part}: begin -->", f"<!-- {part}: end -->"
    with open(PAGE) as file:
        page = file.read()
    before, rest = page.split(begin)
    after = rest.split(end)[1]
    with open(PAGE, "w") as file:
        file.write(f"{before}{begin}\n{text}\n{end}{after}")
