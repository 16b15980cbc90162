"""Masses: more changes, more endpoints, and slower disks than a host can take up."""
import os
import select
import socket
import threading
import time

import network
from flood import Flood
from scenario import scenario
from waiting import expect, until
from world import PREFIX

WEB, SMALL = "10.0.0.1:80", "10.0.0.2:80"
# How many times the memory at the first list what follows may take.
GROWTH = 1.5


def until_equal(world, *daemons):
    """Waits until the lists are what etcd holds. Nothing may change there meanwhile: it is asked once."""
    held = world.in_etcd()
    for daemon in daemons:
        daemon.reader.until(
            lambda list: list.endpoints == held, "the list is what etcd holds", world.patience)


class Kept:
    """What a daemon has when its first list is there, and has to keep: its key, its lease, about as much
    memory."""

    def __init__(self, world, daemon, key):
        self._world, self._daemon, self._key = world, daemon, key
        self._lease, self._memory = world.record(key).lease, daemon.peak_memory

    def look(self):
        record, peak = self._world.record(self._key), self._daemon.peak_memory
        expect(record and (record.lease, record.version) == (self._lease, 1),
               f"{self._key} to be there as before, under the same lease")
        expect(peak < GROWTH * self._memory,
               f"less than {GROWTH} times {self._memory} KiB of memory, not {peak} KiB")


FLOODED, CHANGES, RATE = 5000, 1500, 300


@scenario(bound=3)
def a_flood_into_a_large_service(world):
    """Three hundred changes a second for 5 s in a service of 5,000 endpoints: the lease is kept, memory stays
    below 1.5 times that of the first list; the time is the longest that a change of another service took
    meanwhile, and that from the last change until the list is right"""
    world.put_all({f"big/i{n}": f"10.1.{n >> 8}.{n & 255}:80" for n in range(FLOODED)})
    # A tenth of them changes three times; the others have to be on every list.
    changes = [(f"big/i{n % 500}", f"10.2.{n >> 8}.{n & 255}:80") for n in range(CHANGES)]
    for key, addr in changes:
        world.made.add((*key.split("/"), addr))
    changing = {tuple(key.split("/")) for key, _ in changes}
    one = world.start("one", {"web/w1": WEB}, ttl=3)
    until_equal(world, one)
    one.reader.always = frozenset(
        endpoint for endpoint in one.reader.list.endpoints if endpoint[:2] not in changing)
    kept = Kept(world, one, "web/w1")
    pairs = [(PREFIX + key, f'{{"Addr":"{addr}"}}') for key, addr in changes]
    others = 0
    with Flood(world.cluster.members[0], RATE, pairs) as flood:
        while flood.runs:
            others += 1
            with world.recovery():
                world.put(f"small/i{others}", f"10.3.0.{others}:80")
                world.until_lists(one, f"small/i{others}")
            kept.look()
        with world.recovery():
            until_equal(world, one)
        took = flood.took()
    kept.look()
    expect(took < 2 * CHANGES / RATE, f"a flood, not {CHANGES} changes in {took:.1f} s")
    expect(others > 1, "another service to have changed meanwhile")


LIMITS = {"endpoints": 300}
EXCESS = "exceeds [limits]; its endpoints are not updated"


def big(count):
    """So many endpoints of the service that outgrows the limits."""
    return {f"big/i{n}": f"10.1.{n >> 8}.{n & 255}:80" for n in range(count)}


def without_big(endpoints):
    return {endpoint for endpoint in endpoints if endpoint[0] != "big"}


def until_big_is_named(world, daemon):
    """Waits until STATUS= and the log name the service that exceeds the limits, and that no other is named."""
    until(lambda: f"STATUS=big {EXCESS}" in daemon.status_line, f"STATUS= of {daemon.name} names big",
          world.patience)
    expect(daemon.status_line.count(EXCESS) == 1, f"big only to be named in {daemon.status_line!r}")
    # The state comes before the log, so STATUS= may be there a moment earlier.
    until(lambda: EXCESS in daemon.printed, f"the log of {daemon.name} names big", world.patience)
    named = [line for line in daemon.printed.splitlines() if EXCESS in line]
    expect(all(line.endswith(" service=big") for line in named),
           f"big only to be named in the log of {daemon.name}, not {named}")


@scenario(bound=8)
def a_service_outgrows_the_limits(world):
    """`[limits] endpoints = 300`, and the largest of three services grows from 200 to 400: what was known of
    it stays, the others are updated within 1 s, a daemon that starts is ready within 2 s and shows the others
    alone, STATUS= and the log of both name it; the time is from when it is small again until all lists are
    right (it is looked at every 5 s)"""
    world.put_all(big(200))
    world.put_all({**{f"mid/i{n}": f"10.2.0.{n}:80" for n in range(80)},
                   **{f"small/i{n}": f"10.3.0.{n}:80" for n in range(8)}})
    one = world.start("one", {"small/one": WEB}, limits=LIMITS)
    until_equal(world, one)
    one.reader.always = one.reader.list.endpoints
    world.put_all(big(400))
    until_big_is_named(world, one)

    two = world.daemon("two", {"small/two": SMALL}, limits=LIMITS)
    two.reader.always = frozenset(without_big(one.reader.always))
    began = time.monotonic()
    world.run(two)
    took = time.monotonic() - began
    expect(took < 2, f"two to be ready within 2 s, not {took:.2f} s")
    until_big_is_named(world, two)

    for number in range(10):
        world.put_all({f"{service}/new{number}": f"10.4.{number}.{net}:80"
                       for net, service in enumerate(("big", "mid", "small"))})
        held = without_big(world.in_etcd())
        for daemon in (one, two):
            daemon.reader.until(lambda list: without_big(list.endpoints) == held,
                                "mid and small are what etcd holds", within=1)
        shown = {daemon.name: len(daemon.reader.list.endpoints) - len(held) for daemon in (one, two)}
        expect(200 <= shown["one"] <= 300 and shown["two"] == 0,
               f"what was known of big to stay, not {shown} endpoints of it")
        for daemon in (one, two):
            until_big_is_named(world, daemon)

    one.reader.always = two.reader.always
    for key in [*list(big(400))[150:], *(f"big/new{number}" for number in range(10))]:
        world.delete(key)
    with world.recovery():
        until_equal(world, one, two)
    for daemon in (one, two):
        daemon.says("all services fit within [limits] again", world.patience)
        until(lambda: EXCESS not in daemon.status_line, "STATUS= says nothing more of it", world.patience)


@scenario(bound=2)
def a_service_outgrows_the_limits_alone(world):
    """The only service grows from 300 to 301 with `[limits] endpoints = 300`: what was known of it stays"""
    world.put_all(big(300))
    one = world.start("one", limits=LIMITS)
    until_equal(world, one)
    one.reader.always = one.reader.list.endpoints
    with world.recovery():
        world.put("big/new", "10.4.0.0:80")
        until_big_is_named(world, one)
    world.put("small/i1", SMALL)
    world.until_lists(one, "small/i1")


@scenario(bound=2)
def a_start_in_a_service_beyond_the_limits(world):
    """A daemon starts whose own service is beyond the limits: ready at once"""
    world.put_all({**big(400), "small/i1": SMALL})
    one = world.daemon("one", {"big/own": WEB}, limits=LIMITS, start_timeout=8)
    with world.recovery():
        one.start()
        one.wait_ready()


@scenario(bound=2)
def a_start_in_a_service_that_nobody_shows(world):
    """A daemon starts whose own service no output shows: ready at once"""
    world.put("small/i1", SMALL)
    one = world.daemon("one", {"web/own": WEB}, start_timeout=8)
    with open(one.conf) as file:
        text = file.read()
    with open(one.conf, "w") as file:
        file.write(text.replace("[[service]]", 'services = ["small"]\n[[service]]'))
    with world.recovery():
        one.start()
        one.wait_ready()


@scenario(bound=2)
def what_is_beyond_the_limits_is_named_by_status(world):
    """`discoveryd status` and STATUS= name a service beyond the limits, with how many keys it has now"""
    world.put_all({**big(200), "small/i1": SMALL})
    one = world.start("one", limits=LIMITS)
    until_equal(world, one)
    with world.recovery():
        world.put_all(big(400))
        until_big_is_named(world, one)
        until(lambda: f"{EXCESS}: 400 keys" in one.status_line, "STATUS= says 400 keys", 2)
        world.put("big/new", "10.4.0.0:80")
        until(lambda: f"{EXCESS}: 401 keys" in one.status_line,
              f"STATUS= says 401 keys, not {one.status_line}", 2)
    said = network.run(world.binary, "status", "--control-socket", one.status_file + ".sock")
    expect("[limits]" in said, f"discoveryd status to name big, not {said}")


BURST, KEYS, TTL, HANGS = 20_000, 1000, 5, 15
# Over so many seconds: twice the time to live.
BURST_TAKES = 10


class HangingDisk:
    """A disk that does not answer fsync(2) while it hangs, or nothing at all, below some directories; for a program
    that is started with its environment."""

    def __init__(self, world, *directories, answers_nothing=False):
        shim, self._hanging = (
            os.path.join(world.directory, name) for name in ("hangingdisk.so", "hanging"))
        network.run("cc", "-shared", "-fPIC", "-O1", "-o", shim,
                    os.path.join(os.path.dirname(__file__), "hangingdisk.c"), "-ldl")
        self.environment = {"LD_PRELOAD": shim, "HANGING": self._hanging, "HANGING_DISKS": ":".join(directories),
                            **({"HANGING_WHOLLY": "1"} if answers_nothing else {})}

    def hang(self):
        with open(self._hanging, "x"):
            pass

    def answer(self):
        os.remove(self._hanging)


# With one core the daemon has one thread for all but the network, and that one waits for the disk.
@scenario(bound=2)
def a_burst_while_the_disk_hangs(world):
    """Twenty thousand changes of 1,000 keys in 10 s, while the output's disk does not answer for 15 s, three
    times as long as the lease lives: with two cores or more the lease is kept, memory stays below 1.5 times
    that of the first list; the time is from when the disk answers"""
    def endpoints(turn):
        return {f"big/i{n}": f"10.{turn}.{n >> 8}.{n & 255}:80" for n in range(KEYS)}
    world.put_all(endpoints(0))
    one = world.daemon("one", {"web/w1": WEB}, ttl=TTL)
    disk = HangingDisk(world, one.lists)
    world.run(one, environment=disk.environment)
    until_equal(world, one)
    kept = Kept(world, one, "web/w1")
    disk.hang()
    began = time.monotonic()
    world.put("small/i1", SMALL)
    until(one.leftovers, "a write waits for the disk", world.patience)
    one.reader.freeze()
    for turn in range(BURST // KEYS):
        due = began + BURST_TAKES * turn / (BURST // KEYS)
        time.sleep(max(0, due - time.monotonic()))  # between two parts of the burst
        world.put_all(endpoints(1 + turn))
        kept.look()
    expect(time.monotonic() < began + HANGS, f"the burst to take less than {HANGS} s")
    while time.monotonic() < began + HANGS:
        kept.look()
        time.sleep(0.2)  # between two looks
    one.reader.thaw()
    with world.recovery():
        disk.answer()
        until_equal(world, one)
    kept.look()


@scenario(bound=3)
def the_disks_of_the_state_and_of_the_list_hang(world):
    """The disks of the state directory and of the list answer nothing for 15 s, three times as long as the lease
    lives: with two cores the lease is kept; a service whose check fails, looked at every 0.2 s, is gone from other
    hosts' lists and comes back; `status`, `drain` and the status file say how it is; the time is the longest of
    these, and from when the disks answer until the list is right"""
    well = os.path.join(world.directory, "well")
    one = world.daemon("one", {"web/w1": WEB, "db/d1": "10.0.0.1:5432"}, keeps_state=True, ttl=TTL)
    with open(one.conf, "a") as file:
        # Of the last service, db.
        file.write(f'check = [{{ exec = ["/usr/bin/test", "-e", "{well}"], interval = "200ms" }}]\n')
    open(well, "x").close()
    disk = HangingDisk(world, one.lists, one.state, answers_nothing=True)
    world.run(one, environment=disk.environment)
    looker = world.start("looker")
    world.until_right()
    looker.reader.always = frozenset({("web", "w1", WEB)})
    kept = Kept(world, one, "web/w1")
    disk.hang()
    began = time.monotonic()
    one.reader.freeze()
    world.put("small/i1", SMALL)
    socket = one.status_file + ".sock"
    for _ in range(3):
        with world.recovery():
            os.remove(well)
            world.until_lacks(looker, "db/d1")
        until(lambda: "unhealthy" in [service["status"] for service in one.status["services"]],
              "the status file says that it is unhealthy", world.patience)
        with world.recovery():
            said = network.run(world.binary, "status", "--control-socket", socket)
        expect("unhealthy" in said, f"discoveryd status to say so, not {said}")
        with world.recovery():
            open(well, "x").close()
            world.until_lists(looker, "db/d1")
        kept.look()
    said = network.run(world.binary, "drain", "db", "--control-socket", socket)
    expect("not saved for the next run yet" in said, f"drain to say that it is not kept, not {said}")
    one.says(f"disk or name server does not respond; what depends on it waits: the disk of {one.state}",
             world.patience)
    one.says(f"what depends on it waits: the disk of {one.lists}", world.patience)
    while time.monotonic() < began + HANGS:
        kept.look()
        time.sleep(0.2)  # between two looks
    one.reader.thaw()
    with world.recovery():
        disk.answer()
        until_equal(world, one)
    one.says(f"disk or name server responds again: the disk of {one.state}", world.patience)
    kept.look()
    with open(os.path.join(one.state, "drains.json")) as file:
        expect('"service":"db"' in file.read(), "the drain to be kept by now")


@scenario(bound=1)
def ninety_six_slow_clients_of_the_metrics(world):
    """Ninety-six local clients send half a request each, and come again as soon as they are cut off; the time is
    the longest of a hundred of /healthz, by a client that asks again when it was cut off itself before it had asked"""
    path = os.path.join(world.directory, "metrics.sock")
    world.start("one", {"web/w1": "10.0.0.1:80"}, metrics=f"unix:{path}")
    until(lambda: os.path.exists(path), "the metrics are served", world.patience)

    def connected(text):
        client = socket.socket(socket.AF_UNIX)
        # Waits for its turn, as a client with a timeout would not: see unix(7), EAGAIN.
        client.connect(path)
        client.settimeout(world.patience)
        client.sendall(text)
        return client
    slow = [connected(b"GET /healthz HT") for _ in range(96)]
    calm = threading.Event()

    def come_again():
        while not calm.is_set():
            for client in select.select(slow, [], [], 0.05)[0]:
                client.close()
                slow[slow.index(client)] = connected(b"GET /healthz HT")

    def answer():
        try:
            with connected(b"GET /healthz HTTP/1.0\r\n\r\n") as client:
                return client.recv(65536)
        except (ConnectionResetError, BrokenPipeError):
            return b""
    coming = threading.Thread(target=come_again)
    coming.start()
    try:
        for _ in range(100):
            with world.recovery():
                said = until(answer, "an answer", world.patience)
            expect(said.startswith(b"HTTP/1.1 200"), f"/healthz to be well, not {said[:80]}")
    finally:
        calm.set()
        coming.join()


@scenario(bound=1)
def sixty_four_local_clients_wait_for_a_day(world):
    """Sixty-four local clients of another user wait for a list that does not come, for a day; the time is the
    longest that root's status, drain, undrain and reload took"""
    one = world.start("one", {"web/w1": "10.0.0.1:80"})
    path = one.status_file + ".sock"
    # Whom the group lets in where the daemon is not root's.
    os.chmod(path, 0o666)
    place = os.path.dirname(path)
    while place != "/tmp":
        os.chmod(place, 0o755)
        place = os.path.dirname(place)

    def ask(method, target, user=0):
        client = socket.socket(socket.AF_UNIX)
        os.seteuid(user)  # whoever it is as it connects, to the kernel
        try:
            client.connect(path)
        finally:
            os.seteuid(0)
        client.settimeout(world.patience)
        client.sendall(f"{method} {target} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
        return client
    waiting = [ask("GET", "/v1/wait?count=1000000&timeout=24h", user=65534) for _ in range(64)]
    until(lambda: len(select.select(waiting, [], [], 0)[0]) > 0, "some have found no place", world.patience)
    for method, action in (("GET", "status"), ("POST", "drain"), ("POST", "undrain"), ("POST", "reload"),
                           ("GET", "wait")):
        with world.recovery(), ask(method, f"/v1/{action}") as client:
            answer = client.makefile().readline()
            expect(answer.startswith("HTTP/1.1 200 "), f"{action} to be done, not {answer}")
    for action in ("drain", "undrain"):
        with ask("POST", f"/v1/{action}", user=65534) as client:
            answer = client.makefile().readline()
            expect(answer.startswith("HTTP/1.1 200 "), f"{action} of that user to be done, not {answer}")
