"""What a list says, apart from the service that the program registers itself."""
import difflib
import json
import re

from programs import OWN

LINE = re.compile(r'\{"id":"([^"]+)".*"mod_revision":(\d+)')
TITLE = re.compile(r'"([^"]+)":\[$')


def services(path):
    """All services as the text has them."""
    with open(path) as file:
        rest = file.read().partition('"services":{\n')[2]
    rest = re.sub(rf'^"{OWN}":\[\n[^\n]*\n\],?\n?', "", rest, count=1, flags=re.MULTILINE)
    # It may have been the last one.
    return rest.replace("],\n}}\n", "]}}\n")


def lists(path, service):
    with open(path) as file:
        return f'"{service}":[\n' in file.read()


def count(text):
    return text.count('"mod_revision":')


def difference(before, after):
    """The first lines in which two lists differ."""
    lines = difflib.unified_diff(before.splitlines(), after.splitlines(), lineterm="", n=0)
    return "\n".join(text for _, text in zip(range(10), lines))


def compare_with_etcd(path, etcd):
    """Fails unless the list is what etcd has: every endpoint, every member, in order."""
    wanted = {}
    for kv in etcd.keys("services/"):
        _, service, id = kv["key"].decode().split("/")
        if service == OWN:
            continue
        value = json.loads(kv["value"])
        ours = value["discoveryd"]
        address, port = value["Addr"].rsplit(":", 1)
        wanted.setdefault(service, []).append({
            "id": id, "addr": value["Addr"], "address": address, "port": int(port), "weight": ours["weight"],
            "zone": ours["zone"], "tags": ours["tags"], "meta": ours["meta"], "state": ours["state"],
            "create_revision": int(kv["create_revision"]), "mod_revision": int(kv["mod_revision"]),
            "version": int(kv["version"]), "lease": f'{int(kv.get("lease", 0)):016x}'})
    with open(path) as file:
        found = json.load(file)["services"]
    found.pop(OWN, None)
    if json.dumps(found) != json.dumps(wanted):
        raise SystemExit("the list is not what etcd has:\n"
                         + difference(json.dumps(wanted, indent=0), json.dumps(found, indent=0)))


def check_revision(text, puts):
    """Fails unless a list that was read under way holds every put up to the revision that it claims."""
    head, _, rest = text.partition('"services":{\n')
    claimed = int(re.search(r'"revision":(\d+)', head)[1])
    found, service = {}, ""
    for line in rest.splitlines():
        if title := TITLE.match(line):
            service = title[1]
        elif said := LINE.match(line):
            found[f"services/{service}/{said[1]}"] = int(said[2])
    for put in puts:
        if put.revision <= claimed and found.get(put.key, 0) < put.revision:
            raise SystemExit(f"a list of revision {claimed} lacks the put {put.revision} of {put.key}")
