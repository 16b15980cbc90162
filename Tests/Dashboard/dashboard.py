"""Examples/grafana/dashboard.json: its panels and queries, and what is wrong with its form."""
import json
import os
import re

PATH = os.path.join(os.path.dirname(__file__), "..", "..", "Examples", "grafana", "dashboard.json")

#: What Grafana puts in for its variables, apart from the dashboard's own.
BUILT_IN = {"__rate_interval": "1m", "__range": "1h", "__interval": "15s"}
VARIABLE = re.compile(r"\$\{?([A-Za-z_]+)\}?")
#: A metric with its matchers, as a query names it; without any it is known by its name.
SELECTOR = re.compile(r"\b([A-Za-z_:][\w:]*)(\{[^}]*\})|\b((?:discoveryd|process)_\w+|up)\b")
GROUPING = re.compile(r"\b(?:by|without|on|ignoring|group_left|group_right)\s*\(([^)]*)\)")
LABEL_VALUES = re.compile(r"label_values\((.*),\s*([a-z_]+)\)")


class Dashboard:
    def __init__(self):
        with open(PATH) as file:
            self.json = json.load(file)
        self.all = self.json["panels"]
        self.panels = [panel for panel in self.all if panel["type"] != "row"]
        self.variables = {each["name"]: each for each in self.json["templating"]["list"]}

    def targets(self):
        """Each panel with each of its targets."""
        return [(panel, target) for panel in self.panels for target in panel["targets"]]

    def faults(self):
        """What is wrong with its form, in a sentence each."""
        found = []
        ids = [panel["id"] for panel in self.all]
        found += [f"two panels have the id {id}" for id in sorted(set(ids)) if ids.count(id) > 1]
        titles = [panel["title"] for panel in self.panels]
        found += [f"two panels are called {title}" for title in sorted(set(titles)) if titles.count(title) > 1]
        if not 36 <= self.json["schemaVersion"] <= 41:
            found.append(f"schemaVersion {self.json['schemaVersion']} is not that of Grafana 10 or 11")
        found += self.overlaps()
        for panel in self.panels:
            found += [f"{panel['title']}: {fault}" for fault in panel_faults(panel)]
        for panel, target in self.targets():
            unknown = set(VARIABLE.findall(target["expr"])) - set(self.variables) - set(BUILT_IN)
            found += [f"{panel['title']}: no variable is called {name}" for name in unknown]
        for name, variable in self.variables.items():
            if not variable.get("description"):
                found.append(f"variable {name} has no description")
            if variable["type"] == "query" and variable["definition"] != variable["query"]["query"]:
                found.append(f"variable {name}: what is shown of its query is not its query")
        if self.variables.get("datasource", {}).get("type") != "datasource":
            found.append("the data source is no variable")
        return found

    def overlaps(self):
        """Panels that cover one another, or leave the 24 columns."""
        found, taken = [], {}
        for panel in self.all:
            place = panel["gridPos"]
            if place["x"] < 0 or place["x"] + place["w"] > 24:
                found.append(f"{panel['title']} is wider than the page")
            cells = [(x, y) for x in range(place["x"], place["x"] + place["w"])
                     for y in range(place["y"], place["y"] + place["h"])]
            found += [f"{panel['title']} covers {other}"
                      for other in sorted({taken[cell] for cell in cells if cell in taken})]
            taken.update(dict.fromkeys(cells, panel["title"]))
        return found


def panel_faults(panel):
    if not panel.get("description", "").strip():
        yield "no description"
    defaults = panel["fieldConfig"]["defaults"]
    if not defaults.get("unit"):
        yield "no unit"
    if not defaults.get("thresholds", {}).get("steps"):
        yield "no thresholds"
    if not panel.get("targets"):
        yield "no query"
    refs = [target["refId"] for target in panel["targets"]]
    if len(refs) != len(set(refs)):
        yield "two queries have one refId"
    for place in [panel, *panel["targets"]]:
        if place["datasource"] != {"type": "prometheus", "uid": "${datasource}"}:
            yield "a data source that is not the variable"
    for target in panel["targets"]:
        for name, matchers in selectors(target["expr"]):
            if "$job" not in matchers or "$instance" not in matchers:
                yield f"{name} is not held to the job and host that are chosen"


def selectors(expression):
    """Each metric of a query with its matchers, "" when it has none."""
    return [(name or bare, matchers) for name, matchers, bare in SELECTOR.findall(expression)]


def groupings(expression):
    """The labels by which a query groups or joins."""
    return {label.strip() for group in GROUPING.findall(expression) for label in group.split(",") if label.strip()}


def filled(expression, values):
    """The query with the values of its variables, as Grafana sends it."""
    return VARIABLE.sub(lambda match: {**BUILT_IN, **values}[match.group(1)], expression)
