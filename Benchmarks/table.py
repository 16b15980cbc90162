"""Tables in Markdown, and how numbers stand in them."""
import math


def table(titles, rows):
    """The first column is text, as is the second when it has no title."""
    marks = ["---" if index == 0 or not title else "---:" for index, title in enumerate(titles)]
    return "\n".join("| " + " | ".join(row) + " |" for row in [titles, marks, *rows])


def compared(what, kinds, ours, theirs):
    """Three rows: discoveryd, the Go program, and the ratio of the first to the second. What is NaN is not known."""
    said = [["–" if value != value else show(value) for show, value in zip(kinds, figures)]
            for figures in (ours, theirs)]
    ratios = [ratio(*pair) if show is not text else "" for show, *pair in zip(kinds, ours, theirs)]
    return [[what, "discoveryd", *said[0]], ["", "Go", *said[1]], ["", "ratio", *ratios]]


def milliseconds(seconds):
    if not math.isfinite(seconds):
        return "never"
    return f"{seconds * 1000:.1f} ms" if abs(seconds) < 0.1 else f"{seconds * 1000:,.0f} ms"


def cpu(seconds):
    return f"{seconds * 1000:.0f} ms" if seconds < 1 else f"{seconds:.2f} s"


def memory(mebibytes):
    return f"{mebibytes:.0f} MiB"


def number(value):
    return f"{value:,.0f}"


def plain(value):
    return f"{value:.2f}"


def text(value):
    return str(value)


def ratio(ours, theirs):
    if not (math.isfinite(ours) and math.isfinite(theirs)) or theirs <= 0 or ours < 0:
        return "–"
    return f"{ours / theirs:.2f}"
