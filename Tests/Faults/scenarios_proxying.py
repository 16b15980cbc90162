"""Proxies between the daemon and etcd: no false alarm, and nothing missed."""
import os
import time

from proxies import GrpcProxy, HAProxy, Nginx, SwallowingProxy
from scenario import scenario
from waiting import expect, until

WEB, DB = "10.0.0.1:80", "10.0.0.2:5432"
# Where dev/install-packages.sh puts the newer etcd.
NEWER = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../.build/tools/etcd-3.5/etcd")
SEEMS = "there seems to be a proxy in front of etcd"
DOUBT = "endpoint list may be stale"


def stays_quiet(world, one, seconds):
    """Nothing changes for a while, and the daemon does not doubt its list."""
    # Time is what is to pass here: it is the silence that was taken for a member that stands still.
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        expect(one.status["state"] == "current", f"the list of {one.name} to be current")
        time.sleep(0.1)


def quiet_behind(world, proxy):
    one = world.start("one", {"web/w1": WEB}, [proxy.address])
    one.says(SEEMS, 20)
    stays_quiet(world, one, 15)
    with world.recovery():
        world.put("db/d1", DB)
        world.until_lists(one, "db/d1")
        world.delete("db/d1")
        world.until_lacks(one, "db/d1")
    expect(one.printed.count(SEEMS) == 1, "the proxy to be named once")
    expect(DOUBT not in one.printed, "no doubt of the list")


@scenario(bound=5)
def etcds_own_proxy_in_between_while_nothing_changes(world):
    """etcd's grpc-proxy, of the cluster's version, answers no request for progress: the list stays current
    while nothing changes, the proxy is named once, and a change arrives (a loss waits 2 s for others)"""
    quiet_behind(world, GrpcProxy(world, os.path.join(world.cluster.programs, "etcd"), 23790))


@scenario(bound=5)
def a_newer_proxy_of_etcd_in_between_while_nothing_changes(world):
    """The same with the grpc-proxy of etcd 3.5"""
    quiet_behind(world, GrpcProxy(world, NEWER, 23790))


@scenario(bound=5)
def nginx_in_between_ends_connections(world):
    """nginx ends each connection after 12 requests (keepalive_requests), with GOAWAY: the daemon makes another each
    time, its own key stays the one it was, and a change arrives"""
    proxy = Nginx(world, 23790, 12)
    one = world.start("one", {"web/w1": WEB}, [proxy.address])
    first = world.record("web/w1")
    # Each change of its own record is a request.
    for port in range(81, 106):
        world.move(one, [proxy.address], {"web/w1": f"10.0.0.1:{port}"})
        until(lambda: one.services["web/w1"] in world.record("web/w1").value, f"port {port} in etcd", 10)
    one.says("the server ends the connection: NO_ERROR", within=5, times=2)
    with world.recovery():
        world.put("db/d1", DB)
        world.until_lists(one, "db/d1")
    expect(world.record("web/w1").created == first.created, "the key to be the first one")


@scenario(bound=5)
def haproxy_in_between_ends_what_is_silent(world):
    """HAProxy ends a connection that has been silent for 4 s: what the daemon asks keeps it, the list stays current
    while nothing changes, and a change arrives"""
    one = world.start("one", {"web/w1": WEB}, [HAProxy(world, 23790, 4).address])
    stays_quiet(world, one, 15)
    with world.recovery():
        world.put("db/d1", DB)
        world.until_right()
    expect("connection lost" not in one.printed, "the connection to last")


@scenario(bound=12)
def a_proxy_that_loses_what_a_watch_tells(world):
    """A proxy passes reads on, and nothing of what a watch tells: each change is found by comparison, within
    10 s"""
    member = world.cluster.members[0]
    proxy = SwallowingProxy(member, 23790)
    one = world.start("one", {"web/w1": WEB}, [proxy.address])
    one.says(SEEMS, 30)
    with world.recovery():
        world.put("db/d1", DB)
        world.until_lists(one, "db/d1")
    with world.recovery():
        world.delete("db/d1")
        world.until_lacks(one, "db/d1")
    # The proxy comes to its senses: the watch is believed again.
    proxy.swallows = False
    with world.recovery():
        world.put("db/d2", DB)
        world.until_lists(one, "db/d2")


@scenario(bound=5)
def a_member_that_stands_still_at_each_question(world):
    """The daemon's only member is stopped again and again for a second, at the moments when the silent watch is
    asked for progress, and goes on each time: no proxy is suspected"""
    member = world.cluster.members[0]
    one = world.start("one", {"web/w1": WEB}, [member.address])
    for turn in range(8):
        member.stop()
        time.sleep(0.6 + 0.1 * turn)
        member.go_on()
        time.sleep(1.1)
    with world.recovery():
        world.put("db/d1", DB, through=member)
        world.until_lists(one, "db/d1")
    expect(SEEMS not in one.printed, "no proxy to be suspected")


@scenario(bound=5)
def a_frozen_member_behind_no_progress_is_left(world):
    """Behind a proxy that answers no request for progress, etcd itself stands still: what the proxy passes on no
    longer is noticed, and the daemon goes on with another way to etcd"""
    member, other = world.cluster.members[:2]
    world.cluster.lead(other)
    proxy = SwallowingProxy(member, 23790)
    one = world.daemon("one", {"web/w1": WEB}, [proxy.address, other.address])
    # Which one is tried first is drawn: until it is the proxy.
    until(lambda: starts_at(world, one, proxy.address), "a start through the proxy", 120)
    one.says(SEEMS, 30)
    with world.recovery():
        member.stop()
        until(lambda: one.status["etcd"] == other.address, "the other way to etcd", world.patience)
        world.put("db/d1", DB, through=other)
        world.until_lists(one, "db/d1")


def starts_at(world, one, address):
    world.run(one)
    if one.status["etcd"] == address:
        return True
    expect(one.terminate() == 0, "a clean end")
    return False
