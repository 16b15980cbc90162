#!/usr/bin/env python3
"""The dashboard and the alerts against real metrics: two daemons, etcd, HAProxy, and a Prometheus that scrapes them.

    Tests/Dashboard/run.py BINARY
    Tests/Dashboard/run.py --static      only what needs no daemon: form, promtool, unit tests of the alerts

Every query of Examples/grafana/dashboard.json and of its variables must return a value in health, every metric and
label that a query or an alert names must exist, no alert may be there in health, and faults must raise theirs.
Needs Debian's prometheus, etcd-server, haproxy, python3-yaml. Grafana is not in Debian: nothing here opens the
dashboard in it. Exits with 1 when anything failed.
"""
import os
import re
import shutil
import sys
import tempfile
import time

sys.path.append(os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "Faults"))

import alerts
import dashboard
from fleet import FULL, LATE_SERVICE, PLAIN, Fleet
from waiting import Failed, until

#: What has no series in health, with the reason. A fault must show it.
BORN_BY_A_FAULT = {
    "discoveryd_service_oversized_keys": "a series for each service beyond [limits]: none in health",
}
ALL = {"job": "discoveryd-hosts", "instance": f"{FULL}|{PLAIN}"}
ONLY_PLAIN = {**ALL, "instance": PLAIN}
LEGEND = re.compile(r"{{\s*([a-z_]+)\s*}}")


class Suite:
    """Checks by name, and how each ended."""

    def __init__(self):
        self.failures = self.count = 0

    def check(self, name, faults):
        """`faults` returns or yields sentences: with none of them the check has passed."""
        self.count += 1
        began = time.monotonic()
        try:
            found = list(faults())
        except Failed as error:
            found = [str(error)]
        print(f"{'NOT OK' if found else 'ok'} - {name} ({time.monotonic() - began:.1f} s)", flush=True)
        for fault in found:
            print("    " + fault.replace("\n", "\n    "))
        self.failures += bool(found)


def has_value(series):
    return any(each["value"][1] != "NaN" for each in series)


# ---- health ---------------------------------------------------------------------------------


def traffic(fleet):
    """Changes of every kind that health has, which Prometheus is to see happen."""
    fleet.put("services/other/o1", "10.0.0.9:5432")
    fleet.configure(FULL, late=LATE_SERVICE)
    fleet.reload(FULL)
    fleet.put("services/web/w2", "10.0.0.8:8080")
    until(lambda: has_value(fleet.query('discoveryd_service_registered{service="late"} == 1')),
          "Prometheus sees the service that the reload added", 20)
    # Rates need a scrape before and one after.
    claims = f'increase(discoveryd_etcd_requests_total{{method="claim", instance="{FULL}"}}[1m]) > 0'
    until(lambda: has_value(fleet.query(claims)),
          "Prometheus sees requests happen", 20)
    return []


def queries_without_a_value(board, fleet):
    """Each query as Grafana sends it, until it has a value: rates need two scrapes."""
    missing = {}
    for panel, target in board.targets():
        text = dashboard.filled(target["expr"], ALL)
        try:
            until(lambda text=text: has_value(fleet.query(text)), "a value", 15 if not missing else 2)
        except Failed as error:
            missing[text] = f"{panel['title']}: {text}: {error}"
    return missing.values()


def variables_without_a_value(board, fleet):
    for name, variable in board.variables.items():
        if variable["type"] == "datasource":
            continue
        metric, label = dashboard.LABEL_VALUES.fullmatch(variable["query"]["query"]).groups()
        values = fleet.ask(f"label/{label}/values", **{"match[]": dashboard.filled(metric, ALL)})
        wanted = ["discoveryd-hosts"] if name == "job" else [FULL, PLAIN]
        if values != wanted:
            yield f"{name}: {values} instead of {wanted}"


def legends_without_a_label(board, fleet):
    """A legend can name the labels of what the query returned, and no others."""
    for panel, target in board.targets():
        for label in LEGEND.findall(target["legendFormat"]):
            if not any(label in each["metric"] for each in fleet.query(dashboard.filled(target["expr"], ALL))):
                # A fallback stands in for a series that only a fault makes.
                if not any(name in target["expr"] for name in BORN_BY_A_FAULT):
                    yield f"{panel['title']}: no series has the label {label}"


def expressions(board):
    """Every query of the dashboard and every alert, with whose it is."""
    return [*((panel["title"], target["expr"]) for panel, target in board.targets()),
            *((rule["alert"], rule["expr"]) for rule in alerts.rules())]


def names_that_do_not_exist(board, fleet):
    """Each metric with its matchers, asked for alone: behind `or` a misspelt one would go unseen."""
    asked = {}
    for owner, expression in expressions(board):
        labels = set()
        for name, matchers in dashboard.selectors(expression):
            text = name + dashboard.filled(matchers, ALL)
            if text not in asked:
                asked[text] = fleet.query(text)
            for each in asked[text]:
                labels |= set(each["metric"])
            if not asked[text] and name not in BORN_BY_A_FAULT:
                yield f"{owner}: no series is {text}"
            if asked[text] and name in BORN_BY_A_FAULT:
                yield f"{name} has series in health: take it out of BORN_BY_A_FAULT"
        missing = dashboard.groupings(expression) - labels - {"le"}
        if missing and not any(name in BORN_BY_A_FAULT for name, _ in dashboard.selectors(expression)):
            yield f"{owner}: no series has the labels {', '.join(sorted(missing))}"


def metrics_that_nothing_shows(board, fleet):
    """A metric that no panel has is one that nobody looks at."""
    shown = {name for _, target in board.targets() for name, _ in dashboard.selectors(target["expr"])}
    shown = {re.sub("_(bucket|sum|count)$", "", name) for name in shown}
    for line in fleet.page(FULL, "/metrics").splitlines():
        if line.startswith("# TYPE ") and line.split()[2] not in shown:
            yield line.split()[2]


def panels_empty_without_a_reason(board, fleet):
    """On a host without checks, reloads and HAProxy a panel may be empty, if its description says so."""
    for panel in board.panels:
        texts = [dashboard.filled(target["expr"], ONLY_PLAIN) for target in panel["targets"]]
        if "Empty " in panel["description"]:
            continue
        try:
            until(lambda texts=texts: any(has_value(fleet.query(text)) for text in texts), "a value", 5)
        except Failed:
            yield f"{panel['title']} is empty on a plain host, and does not say why"


def checks_that_doctor_does_not_make(fleet):
    """The names that runbooks may use are those that this binary's doctor prints."""
    printed = fleet.doctor(FULL)
    if printed is None:
        print("skipped: this binary has no doctor")
    elif printed != alerts.CHECKS:
        yield f"doctor has {printed}, the alerts may name {alerts.CHECKS}"


def alerts_in_health(fleet):
    """None pending, none firing. What is pending may be a scrape in the midst of the reload."""
    until(lambda: not fleet.alerts(), f"no alert: {[alert['labels'] for alert in fleet.alerts()]}", 5)
    return []


# ---- faults ---------------------------------------------------------------------------------


def raised(fleet, name, instance=FULL, within=20):
    """Waits for an alert to be pending or firing, and says what is wrong with its texts."""
    def found():
        return [alert for alert in fleet.alerts()
                if alert["labels"]["alertname"] == name and alert["labels"]["instance"] == instance]
    alert = until(found, f"{name} on {instance}; there are {[each['labels'] for each in fleet.alerts()]}", within)[0]
    for key, text in alert["annotations"].items():
        if "<no value>" in text or "error " in text or "{{" in text:
            yield f"{name}: {key} reads: {text}"
    if instance not in " ".join(alert["annotations"].values()):
        yield f"{name}: its texts do not name the host"


def an_oversized_service(board, fleet):
    for number in range(60):
        fleet.put(f"services/big/b{number}", f"10.1.0.{number}:80")
    yield from raised(fleet, "DiscoverydServiceOversized")
    for name in BORN_BY_A_FAULT:
        shown = [target for _, target in board.targets() if name in target["expr"]]
        if not shown:
            yield f"no panel shows {name}"
        for target in shown:
            labels = [each["metric"] for each in fleet.query(dashboard.filled(target["expr"], ALL))]
            for label in LEGEND.findall(target["legendFormat"]):
                if not any(label in each for each in labels):
                    yield f"{target['expr']}: no series has the label {label}: {labels}"


def an_invalid_record(_, fleet):
    fleet.put("services/db/broken", "{\"Op\": 7")
    yield from raised(fleet, "DiscoverydRecordsRejected", PLAIN)


def a_failing_check(_, fleet):
    fleet.backend.close()
    yield from raised(fleet, "DiscoverydServiceDown")
    if any(alert["labels"]["alertname"] == "DiscoverydServiceNotRegistered" for alert in fleet.alerts()):
        yield "it is an unregistered service as well: one cause, two alerts"


def a_refused_configuration(_, fleet):
    fleet.write("[[output]]\npath = 7\n", FULL, "conf")
    fleet.reload(FULL)
    yield from raised(fleet, "DiscoverydConfigurationRefused")


def a_haproxy_that_died(_, fleet):
    fleet.kill("haproxy")
    yield from raised(fleet, "DiscoverydHAProxyDiffers")


def an_etcd_that_died(_, fleet):
    fleet.kill("etcd")
    yield from raised(fleet, "DiscoverydEtcdAway")
    yield from raised(fleet, "DiscoverydEtcdAway", PLAIN)


def a_daemon_that_died(_, fleet):
    fleet.kill(PLAIN)
    yield from raised(fleet, "DiscoverydAbsent", PLAIN)


FAULTS = {
    "an oversized service": an_oversized_service,
    "an invalid record": an_invalid_record,
    "a failing check": a_failing_check,
    "a refused configuration": a_refused_configuration,
    "a HAProxy that died": a_haproxy_that_died,
    "an etcd that died": an_etcd_that_died,
    "a daemon that died": a_daemon_that_died,
}

# ---- running --------------------------------------------------------------------------------


def settled(faults, board, fleet):
    """What a check finds, looked for once more while it finds something: after a scrape that came late Prometheus takes
    all series for stale."""
    deadline = time.monotonic() + 15
    while (found := list(faults(board, fleet))) and time.monotonic() < deadline:
        time.sleep(0.5)
    return found


def against_a_fleet(suite, board, fleet):
    suite.check("two hosts, HAProxy and Prometheus start", lambda: fleet.start() or [])
    if suite.failures:
        return
    suite.check("a reload, registrations and changes happen", lambda: traffic(fleet))
    for name, faults in {
        "every query of the dashboard returns a value": queries_without_a_value,
        "every variable has its values": variables_without_a_value,
        "every legend names labels that are there": legends_without_a_label,
        "every metric and label in queries and alerts exists": names_that_do_not_exist,
        "every metric is on the dashboard": metrics_that_nothing_shows,
        "a panel that is empty on a plain host says why": panels_empty_without_a_reason,
    }.items():
        suite.check(name, lambda faults=faults: settled(faults, board, fleet))
    suite.check("doctor makes the checks that runbooks name", lambda: checks_that_doctor_does_not_make(fleet))
    suite.check("no alert in health", lambda: alerts_in_health(fleet))
    for name, fault in FAULTS.items():
        suite.check(f"{name} raises its alert", lambda fault=fault: fault(board, fleet))


def main():
    if len(sys.argv) != 2:
        print(__doc__, file=sys.stderr)
        return 64
    suite, board = Suite(), dashboard.Dashboard()
    suite.check("the dashboard is well-formed", board.faults)
    suite.check("each alert has its texts, a check of doctor and a unit test", alerts.faults)
    suite.check("promtool takes the alerts, and their unit tests pass", alerts.promtool_faults)
    if sys.argv[1] != "--static":
        with tempfile.TemporaryDirectory(prefix="discoveryd-dashboard-") as directory:
            # A copy: the binary may be built anew meanwhile.
            fleet = Fleet(shutil.copy2(sys.argv[1], directory), directory)
            try:
                against_a_fleet(suite, board, fleet)
            finally:
                fleet.end()
                if suite.failures:
                    for name in FULL, PLAIN, "prometheus", "haproxy":
                        tail(name, fleet.file(f"{name}.log"))
    print(f"{suite.count - suite.failures} passed, {suite.failures} failed")
    return 1 if suite.failures else 0


def tail(name, path):
    if os.path.exists(path):
        with open(path, errors="replace") as file:
            for line in file.readlines()[-15:]:
                print(f"    {name} | {line.rstrip()}")


if __name__ == "__main__":
    sys.exit(main())
