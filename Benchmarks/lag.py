"""Lag: from the answer to a put until a file with its revision, or a newer one, is in place."""
import bisect
import itertools
import math


def seen(puts, replacements):
    """When each put was in place, or infinity."""
    newest = list(itertools.accumulate((one.revision for one in replacements), max))
    for put in puts:
        place = bisect.bisect_left(newest, put.revision)
        yield replacements[place].when if place < len(newest) else math.inf


def after_answer(puts, replacements):
    """The lag of each put. Below 0 when the file was quicker than etcd's answer to who put."""
    return [when - put.answered for put, when in zip(puts, seen(puts, replacements))]


def after_sending(puts, replacements):
    """From the sending of each put to its file."""
    return [when - put.sent for put, when in zip(puts, seen(puts, replacements))]


def percentile(values, share):
    """The value that so large a share of all does not exceed."""
    return sorted(values)[max(0, math.ceil(len(values) * share) - 1)] if values else math.nan
