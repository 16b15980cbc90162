"""Restarts, upgrades and reboots: nobody else notices, and there is a list at any time."""
import json
import os
import shutil
import signal
import subprocess
import time

import network
from scenario import scenario
from strace import Strace
from waiting import expect, until

WEB, DB, OTHER = "10.0.0.1:80", "10.0.0.2:5432", "10.0.0.9:99"


def two_hosts(world, **configuration):
    """The one that is restarted, with a state directory, and one that looks on."""
    one = world.start("one", {"web/w1": WEB, "db/d1": DB}, keeps_state=True, **configuration)
    looker = world.start("looker")
    world.until_right()
    looker.reader.always = looker.reader.list.endpoints
    return one, looker


def stays_unseen(world, revision):
    """Not one event was there for others to see."""
    now = world.cluster.revision()
    expect(now == revision, f"no event in etcd, not {now - revision}")
    for key in ("web/w1", "db/d1"):
        expect(world.record(key).version == 1, f"{key} to be the first one")


@scenario(bound=2)
def ten_restarts_go_unseen(world):
    """Ten restarts with `on_stop = "keep"`, as systemd's restarts are: other hosts see not one event; the
    time is the longest from the end of one run until the next is ready"""
    one, _ = two_hosts(world, on_stop="keep")
    before = world.cluster.revision()
    for _ in range(10):
        expect(one.terminate() == 0, "a clean end")
        with world.recovery():
            world.run(one)
    stays_unseen(world, before)
    expect(len(world.cluster.leases()) == 1, "one lease")


@scenario(bound=2)
def a_crash_and_a_start_go_unseen(world):
    """The daemon is killed and started again within the time to live: it goes on with its lease, other hosts
    see not one event"""
    one, _ = two_hosts(world)
    before = world.cluster.revision()
    for _ in range(5):
        one.kill()
        with world.recovery():
            world.run(one)
    stays_unseen(world, before)


@scenario(bound=5)
def a_restart_that_takes_longer_than_the_time_to_live(world):
    """A restart takes longer than the lease lives: registered anew; the time is from the start"""
    one = world.start("one", {"web/w1": WEB}, keeps_state=True, on_stop="keep", ttl=2)
    looker = world.start("looker")
    world.until_right()
    expect(one.terminate() == 0, "a clean end")
    world.until_lacks(looker, "web/w1")
    with world.recovery():
        world.run(one)
        world.until_right()


@scenario(bound=5)
def what_was_kept_is_spoiled(world):
    """What the last run left is truncated, garbage, or of another cluster: the next start is a fresh one"""
    one = world.start("one", {"web/w1": WEB}, keeps_state=True)
    lease = os.path.join(one.state, "lease.json")
    until(lambda: os.path.exists(lease), "the lease is kept", world.patience)
    with open(lease) as file:
        kept = json.load(file)
    for spoiled in ("", "{", "\0" * 4096, '{"lease":1}', "x" * 1_000_000,
                    json.dumps({**kept, "cluster_id": 1, "lease": 4711}),
                    json.dumps({**kept, "owner": "0" * 32, "lease": 4711}),
                    json.dumps({**kept, "lease": -1}), json.dumps({**kept, "lease": 2**63})):
        expect(one.terminate() == 0, "a clean end")
        with open(lease, "w") as file:
            file.write(spoiled)
        with world.recovery():
            world.run(one)
            world.until_right()
        expect(world.record("web/w1").lease != 4711, "a lease of its own")


@scenario(bound=5)
def a_cloned_machine_with_its_state_does_not_fight(world):
    """A machine is cloned with its identity and the daemon's state, and both run: at most two writes in the
    first ten seconds; the time is from the end of one until the other one has the key"""
    one = world.start("one", {"web/w1": WEB}, keeps_state=True)
    two = world.daemon("two", {"web/w1": OTHER}, keeps_state=True)
    lease = os.path.join(one.state, "lease.json")
    until(lambda: os.path.exists(lease), "the lease is kept", world.patience)
    shutil.copy(lease, two.state)
    two.start()
    until(lambda: "READY=1" in two.told, "ready", world.patience)
    before = world.cluster.revision()
    time.sleep(10)  # looked on for so long: what is promised is that little happens
    writes = world.cluster.revision() - before
    expect(writes <= 2, f"at most two writes in ten seconds, not {writes}")
    with world.recovery():
        expect(one.terminate() == 0, "a clean end of the first")
        until(lambda: (record := world.record("web/w1")) and OTHER in record.value,
              "the second has the key", world.patience)


@scenario(bound=2)
def nothing_can_be_kept(world):
    """The state directory is read-only: the daemon registers, is ready and writes its list all the same, and
    says what it cannot do; the time is that of the start"""
    one = world.daemon("one", {"web/w1": WEB}, keeps_state=True)
    network.run("mount", "-t", "tmpfs", "-o", "ro", "tmpfs", one.state)
    with world.recovery():
        world.run(one)
        world.until_right()
    one.says("could not save the lease", world.patience)
    world.put("db/d1", DB)
    world.until_right()
    expect(one.terminate() == 0, "a clean end")


@scenario(bound=2)
def the_state_directory_fills_up(world):
    """The disk of the state directory is full while the list grows: the list itself goes on, and a restart
    is as any other"""
    one = world.daemon("one", {"web/w1": WEB}, keeps_state=True, on_stop="keep")
    network.run("mount", "-t", "tmpfs", "-o", "size=32k", "tmpfs", one.state)
    world.run(one)
    until(lambda: os.path.exists(os.path.join(one.state, "lease.json")), "the lease is kept",
          world.patience)
    before = world.record("web/w1").lease
    addresses = {f"db/i{n}": f"10.1.{n >> 8}.{n & 255}:5432" for n in range(500)}
    with world.recovery():
        world.put_all(addresses)
        world.until_right()
    expect(one.terminate() == 0, "a clean end")
    world.run(one)
    world.until_right()
    expect(world.record("web/w1").lease == before, "the lease to go on")


@scenario(bound=4)
def a_reboot_without_etcd_serves_the_last_list(world):
    """The host reboots, /run is empty, and etcd is away: after the start timeout (2 s here) the last run's
    list is there, and the status says that it is old"""
    one = world.start("one", {"web/w1": WEB}, keeps_state=True, start_timeout=2)
    world.put_all({f"db/i{n}": f"10.1.1.{n}:5432" for n in range(20)})
    world.until_right()
    last = one.reader.list
    kept = os.path.join(one.state, "last-list.json")
    until(lambda: os.path.exists(kept) and "10.1.1.19:5432" in open(kept).read(), "the list is kept",
          world.patience)
    one.reader.may_be_absent = True
    one.kill()
    shutil.rmtree(one.lists)
    os.mkdir(one.lists)
    world.cluster.kill()
    one.reader.forget()
    with world.recovery():
        one.start()
        one.wait_ready()
        one.reader.until(lambda list: list.endpoints == last.endpoints, "the last list", world.patience)
    one.reader.may_be_absent = False
    world.until_state(one, "degraded")
    world.cluster.start()
    world.until_state(one, "current")
    world.until_right()


@scenario(bound=5)
def killed_while_it_keeps_its_lease(world):
    """The daemon is killed in the midst of writing down its lease: the next start is a right one, and leaves
    nothing of it"""
    one = world.start("one", {"web/w1": WEB}, keeps_state=True, ttl=3)
    world.until_right()
    with Strace(one, "inject=renameat:signal=SIGKILL:when=1", path=os.path.join(one.state, "lease.json")):
        world.cluster.revoke(one.lease)
        expect(one.ended() == -signal.SIGKILL, "killed at renameat")
    with world.recovery():
        world.run(one)
        world.until_right()
        # What was claimed under a lease that nobody wrote down goes with it, and is claimed at once.
        until(lambda: (record := world.record("web/w1")) and record.lease == one.lease,
              "under its own lease", world.patience)
        world.until_right()
    expect(one.leftovers(one.state) == [], f"nothing left over, not {one.leftovers(one.state)}")


@scenario(bound=2)
def a_second_daemon_on_the_same_files(world):
    """A second daemon is started by hand on the files of one that runs, five times: it ends with 75 and says who
    has them, nothing that the first one wrote changes, and its lease and its keys stay; the time is the longest
    until the second has ended"""
    one = world.start("one", {"web/w1": WEB}, keeps_state=True)
    lease = os.path.join(one.state, "lease.json")
    until(lambda: os.path.exists(lease), "the lease is kept", world.patience)
    one.reader.always = one.reader.list.endpoints
    before = world.cluster.revision()
    for _ in range(5):
        with world.recovery():
            ended = subprocess.run(
                [world.binary, "run", "-c", one.conf, "--status-file", one.status_file, "--state-directory",
                 one.state, "--control-socket", one.status_file + ".other"],
                stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=world.patience)
        expect(ended.returncode == 75, f"75, not {ended.returncode}: {ended.stderr}")
        expect(f"another discoveryd is running: it holds {one.status_file}: process {one.process.pid}" in ended.stderr,
               f"it to say who has the files, not {ended.stderr}")
        expect(one.status["state"] == "current", f"the status file to be the first one's, not {one.status}")
    expect(world.cluster.revision() == before, "no event in etcd")
    expect(one.leftovers() == [], f"nothing left over, not {one.leftovers()}")


@scenario(bound=5)
def a_start_while_the_run_before_is_ending(world):
    """A daemon is told to end and started again at once, on the same files, while it drains for 2 s: the second
    one waits and is then registered; the time is from the first one's end until all is right"""
    one = world.daemon("one", {"web/w1": WEB}, keeps_state=True)
    with open(one.conf) as file:
        text = file.read()
    with open(one.conf, "w") as file:
        file.write(text.replace("[lease]", '[lease]\ndrain = "2s"'))
    world.run(one)
    first = one.process
    first.send_signal(signal.SIGTERM)
    one.says("draining before deregistering", world.patience)
    one.start()
    one.says(f"waiting for the previous discoveryd to exit: process {first.pid}", world.patience)
    until(lambda: first.poll() is not None, "the first one has ended", world.patience)
    expect(first.returncode == 0, f"a clean end of the first, not {first.returncode}")
    with world.recovery():
        one.wait_ready()
        world.until_right()
