"""The registration: whatever takes it away, it comes back, and nobody fights over it."""
import datetime
import os
import signal
import time

import network
from scenario import scenario
from waiting import expect, until

WEB, OTHER = "10.0.0.1:80", "10.0.0.9:99"

def two_hosts(world, **configuration):
    """The one whose registration is in danger, and one that only looks on."""
    one = world.start("one", {"web/w1": WEB}, **configuration)
    looker = world.start("looker")
    world.until_right()
    return one, looker


def until_back(world, one, lease_before=None):
    """Waits until the record is in etcd as the daemon wrote it, and in every list."""
    def is_back():
        record = world.record("web/w1")
        return record and WEB in record.value and record.lease and record.lease != lease_before
    until(is_back, "web/w1 is in etcd under a lease", world.patience)
    world.until_right()


@scenario(bound=2)
def the_lease_is_revoked(world):
    """Somebody revokes the lease"""
    one, _ = two_hosts(world)
    lease = world.record("web/w1").lease
    with world.recovery():
        world.cluster.revoke(lease)
        until_back(world, one, lease)
    expect(len(world.cluster.leases()) == 1, "one lease, and no orphan")


@scenario(bound=2)
def the_key_is_deleted(world):
    """Somebody deletes the key"""
    one, _ = two_hosts(world)
    with world.recovery():
        world.delete("web/w1")
        until_back(world, one)


@scenario(bound=2)
def the_key_is_overwritten(world):
    """Somebody overwrites the key, without a lease"""
    one, _ = two_hosts(world)
    with world.recovery():
        world.put("web/w1", OTHER)
        until_back(world, one)


@scenario(bound=5)
def the_daemon_is_stopped_for_longer_than_the_time_to_live(world):
    """The daemon is stopped until its lease has ended; the time is from its continuation"""
    one, looker = two_hosts(world, ttl=2)
    one.stop()
    world.until_lacks(looker, "web/w1")
    with world.recovery():
        one.go_on()
        until_back(world, one)


@scenario(bound=5)
def two_daemons_of_one_machine_do_not_fight(world):
    """Two daemons with the same machine identity want the same key: the second one waits, not one write in
    ten seconds; the time is from the end of the first until the second has it"""
    one = world.start("one", {"web/w1": WEB})
    two = world.daemon("two", {"web/w1": OTHER})
    world.run(two)
    two.says("held by this same host", world.patience)
    before = world.cluster.revision()
    time.sleep(10)  # looked on for so long: what is promised is that nothing happens
    expect(world.cluster.revision() == before,
           f"no write in ten seconds, not {world.cluster.revision() - before}")
    with world.recovery():
        expect(one.terminate() == 0, "a clean end of the first")
        two.reader.until(lambda list: ("web", "w1", OTHER) in list.endpoints, "the second has the key",
                         world.patience)


@scenario(bound=10, etcd_options=["--quota-backend-bytes=4000000"])
def etcd_is_full(world):
    """etcd's quota is used up: who is registered stays so; who is not asks on, and leaves no leases
    behind; the time is from when there is room until all is registered"""
    one = world.start("one", {"web/w1": WEB}, ttl=5)
    one.reader.always = frozenset({("web", "w1", WEB)})
    world.cluster.fill_up()
    two = world.daemon("two", {"web/w2": OTHER}, ttl=5, start_timeout=2)
    two.start()
    two.wait_ready()
    until(lambda: "space exceeded" in "\n".join(two.told), "STATUS= says why", world.patience)
    # Longer than two times to live, so that the renewals of the first prove something.
    ends = time.monotonic() + 11
    while time.monotonic() < ends:
        leases = len(world.cluster.leases())
        expect(leases <= 2, f"at most a lease for each daemon, not {leases}")
        time.sleep(0.2)  # between two looks
    with world.recovery():
        world.cluster.make_room()
        world.until_right()
    expect(len(world.cluster.leases()) == 2, "a lease for each daemon")


@scenario(bound=10, etcd_options=["--quota-backend-bytes=4000000"])
def the_lease_is_revoked_while_etcd_is_full(world):
    """The lease is revoked while etcd's quota is used up; the time is from when there is room"""
    one, looker = two_hosts(world)
    world.cluster.fill_up()
    world.cluster.revoke(one.lease)
    world.until_lacks(looker, "web/w1")
    until(lambda: "space exceeded" in one.printed, "the log says why", world.patience)
    with world.recovery():
        world.cluster.make_room()
        until_back(world, one)
    expect(len(world.cluster.leases()) == 1, "one lease")


@scenario(bound=1)
def the_clock_jumps(world):
    """The clock that the daemon reads jumps by a month, forth and back: no registration ends, and the next
    change arrives"""
    shim, clock = (os.path.join(world.directory, name) for name in ("wallclock.so", "clock"))
    network.run("cc", "-shared", "-fPIC", "-O1", "-o", shim,
                os.path.join(os.path.dirname(__file__), "wallclock.c"), "-ldl")
    set_clock(clock, days=0)
    one = world.daemon("one", {"web/w1": WEB}, ttl=5)
    world.run(one, environment={"LD_PRELOAD": shim, "WALLCLOCK": clock})
    world.start("looker")
    world.until_right()
    before = world.cluster.revision()
    for days in (30, -30):
        set_clock(clock, days)
        member = world.follower_of(one)
        member.kill()  # makes the daemon write its status, which shows its clock
        until(lambda: is_away(one.status["since"], days), "its clock has jumped", world.patience)
        world.cluster.start()
    time.sleep(11)  # looked on for more than twice the time to live
    expect(world.cluster.revision() == before, "not one write")
    expect(world.record("web/w1").version == 1, "the key to be the first one")
    with world.recovery():
        world.put("db/d1", OTHER)
        world.until_lists(one, "db/d1")


def set_clock(file, days):
    with open(file + ".new", "w") as clock:
        clock.write(str(days * 86400))
    os.rename(file + ".new", file)


def is_away(instant, days):
    """Whether a time of the status file is about so many days away from now."""
    there = datetime.datetime.fromisoformat(instant)
    away = there - datetime.datetime.now(datetime.timezone.utc)
    return abs(away.total_seconds() - days * 86400) < 3600


@scenario(bound=15)
def two_hundred_services_while_the_leader_dies(world):
    """A host registers two hundred services, and the member that leads is killed in the midst of it (etcd may
    keep what was under way waiting for 7 s); the time is from the kill until all are registered"""
    services = {f"s{n % 10}/i{n}": f"10.0.0.1:{1000 + n}" for n in range(200)}
    leader = world.cluster.lead(world.cluster.members[0])
    one = world.daemon("one", services)
    one.start()
    until(lambda: world.cluster.get("services/"), "the first is registered", world.patience)
    with world.recovery():
        leader.kill()
        one.wait_ready(world.patience)
        world.until_right()
    expect(len(one.reader.list.endpoints) == 200, "all to be listed")
    expect(len(world.cluster.leases()) == 1, "one lease")


@scenario(bound=3)
def a_stop_in_the_midst_of_a_start(world):
    """Twenty starts, each ended by SIGTERM 15 ms later than the one before: no key stays in etcd, and no
    lease for longer than it lives; the time is the longest that a stop took"""
    one = world.daemon("one", {"web/w1": WEB}, ttl=2)
    for turn in range(20):
        one.start()
        time.sleep(turn * 0.015)  # this is the fault: the stop comes at any point of the start
        with world.recovery():
            status = one.terminate()
        # Before the program has taken over SIGTERM the kernel ends it; nothing was done by then.
        expect(status in (0, -15), f"a clean end, not {status}")
        expect(not world.cluster.get("services/"), "no key to stay")
    until(lambda: not world.cluster.leases(), "no lease stays", within=4)


@scenario(bound=5)
def a_reload_in_the_midst_of_a_start(world):
    """Twenty starts, each told by SIGHUP to reload, the first at its first instant and each other 5 ms later
    than the one before: each becomes ready; the time is the longest that one took to it"""
    one = world.daemon("one", {"web/w1": WEB})
    for turn in range(20):
        with world.recovery():
            # What is sent before the program can know of it waits behind the mask.
            one.start(blocked=[signal.SIGHUP])
            time.sleep(turn * 0.005)  # this is the fault: the signal comes at any point of the start
            one.send(signal.SIGHUP)
            one.wait_ready()
        expect(one.terminate() == 0, "a clean end")
    expect("configuration reloaded" in one.printed, "reloads to have happened")
