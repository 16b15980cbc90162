"""Examples/prometheus/alerts.yml: what is wrong with its form, and what promtool says of it."""
import os
import re
import subprocess

import yaml

from dashboard import selectors

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.join(HERE, "..", "..")
PATH = os.path.normpath(os.path.join(ROOT, "Examples", "prometheus", "alerts.yml"))
UNIT_TESTS = os.path.join(HERE, "alerts.test.yml")
OPERATING = os.path.join(ROOT, "docs", "OPERATING.md")
RUNBOOK = re.compile(r"discoveryd doctor: see `([a-z_]+)`\. \S")

#: The checks of `discoveryd doctor`, by the names that it prints.
CHECKS = """configuration user directories consumers unit reload_rights dns tcp tls etcd_version cluster clock latency
    login permissions lease watch files reloads instance ports""".split()


def rules():
    with open(PATH) as file:
        return [rule for group in yaml.safe_load(file)["groups"] for rule in group["rules"]]


def faults():
    """What is wrong with the alerts, in a sentence each."""
    found = []
    names = [rule["alert"] for rule in rules()]
    found += [f"two alerts are called {name}" for name in sorted(set(names)) if names.count(name) > 1]
    for rule in rules():
        found += [f"{rule['alert']}: {fault}" for fault in rule_faults(rule)]
    with open(UNIT_TESTS) as file:
        tests = {test["name"]: test for test in yaml.safe_load(file)["tests"]}
    for name in names:
        if name not in tests:
            found.append(f"{name} has no unit test")
            continue
        samples = [str(case["exp_samples"]) for case in tests[name]["promql_expr_test"]]
        if not any(f'"{name}"' in sample for sample in samples) or all(f'"{name}"' in sample for sample in samples):
            found.append(f"{name}: its unit test does not show it both silent and firing")
    if os.path.exists(OPERATING):
        with open(OPERATING) as file:
            headings = {line.strip("# \n").lower() for line in file if line.startswith("#")}
        found += [f"{name}: docs/OPERATING.md has no such heading" for name in names if name.lower() not in headings]
    else:
        print("skipped: docs/OPERATING.md, to which the alerts point, is not there")
    return found


def rule_faults(rule):
    notes = rule["annotations"]
    for key in "summary", "description", "runbook", "runbook_url":
        if not notes.get(key, "").strip():
            yield f"no {key}"
    runbook = RUNBOOK.match(notes.get("runbook", ""))
    if not runbook or runbook[1] not in CHECKS:
        yield "its runbook names no check of doctor and what to do"
    if notes.get("runbook_url") != f"docs/OPERATING.md#{rule['alert'].lower()}":
        yield "its runbook_url does not point to its own heading"
    if rule["labels"].get("severity") not in ("critical", "warning"):
        yield "no severity"
    if not selectors(rule["expr"]):
        yield "no metric"


def promtool_faults():
    """What promtool refuses."""
    for arguments in ["check", "rules", PATH], ["test", "rules", UNIT_TESTS]:
        run = subprocess.run(["promtool", *arguments], capture_output=True, text=True, check=False)
        if run.returncode != 0:
            yield f"promtool {' '.join(arguments[:2])}:\n{run.stdout}{run.stderr}"
