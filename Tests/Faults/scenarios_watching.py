"""The list: whatever happens to the watch or to etcd's history, it becomes what etcd holds."""
import os
import random

from scenario import scenario
from waiting import expect, until

WEB = "10.0.0.1:80"
# How long vanished endpoints stay when most are lost at once; 60 s when nothing is configured.
HOLD = 3


def fill(world, count, service="db"):
    """So many endpoints of other hosts, by service/id."""
    addresses = {f"{service}/i{n}": f"10.{n >> 16}.{n >> 8 & 255}.{n & 255}:5432"
                 for n in range(count)}
    world.put_all(addresses)
    return addresses


def busy(world, count=300):
    """History that is not ours: changes outside of the prefix."""
    for number in range(count):
        world.cluster.put("elsewhere/counter", str(number))


@scenario(bound=5)
def a_compaction_while_the_daemon_is_stopped(world):
    """The daemon is stopped in mid-stride; meanwhile keys are deleted, the history is compacted, and its
    member restarts; the time is from its continuation"""
    one = world.start("one", {"web/w1": WEB})
    fill(world, 5)
    world.until_right()
    member = world.follower_of(one)
    one.stop()
    world.delete("db/i1")
    world.put("db/i7", "10.7.7.7:5432")
    world.cluster.compact()
    member.kill()
    world.cluster.start()
    with world.recovery():
        one.go_on()
        world.until_lacks(one, "db/i1")
        world.until_right()


@scenario(bound=5)
def a_compaction_while_idle_on_a_busy_cluster(world):
    """Nothing changes under the prefix while others write a lot; the history is compacted, then the
    member is killed and a key is deleted (which waits 2 s for others, as after any lost connection)"""
    one = world.start("one", {"web/w1": WEB})
    fill(world, 5)
    world.until_right()
    before = os.stat(one.list)
    busy(world)
    expect(os.stat(one.list).st_ino == before.st_ino, "nothing to be written for others' changes")
    member = world.follower_of(one)
    world.cluster.compact()
    with world.recovery():
        member.kill()
        world.delete("db/i1", through=world.cluster.others(member)[0])
        world.until_lacks(one, "db/i1")
    world.until_right()


@scenario(bound=5)
def a_watch_that_etcd_cancels(world):
    """The daemon is stopped while etcd has more to tell than fits on the way; the history that it was not
    told is compacted, and etcd cancels the watch; the time is from its continuation"""
    one = world.start("one", {"web/w1": WEB})
    one.stop()
    # What the sockets and windows on the way hold, then what etcd keeps for a slow watcher.
    padding = " " * 10_000
    for turn in range(16):
        world.put_all({f"db/i{n}": f"10.1.{turn}.{n}:80" for n in range(100)}, padding=padding)
    for number in range(1500):
        world.put("db/i1", f"10.2.{number >> 8}.{number & 255}:80")
    world.cluster.compact()
    with world.recovery():
        one.go_on()
        world.until_right()
    expect("is compacted away" in one.printed, "etcd to have cancelled the watch")


@scenario(bound=10)
def an_older_snapshot_is_restored(world):
    """The whole cluster is restored from an older snapshot under the same names; the list may go back
    only after the log has said so; the time is from etcd's start"""
    one = world.start("one", {"web/w1": WEB})
    fill(world, 3)
    snapshot = f"{world.directory}/snapshot"
    world.cluster.save_snapshot(snapshot)
    busy(world)
    world.put("db/later", "10.9.9.9:5432")
    world.until_right()
    restore(world, one, snapshot)
    expect("etcd was restored from an older state" in one.printed, "the log to say so")
    expect("db/later" not in one.reader.list.keys, "the later key to be gone")


@scenario(bound=10)
def a_snapshot_is_restored_into_another_cluster(world):
    """The same with another cluster token: etcd has another cluster id then"""
    one = world.start("one", {"web/w1": WEB})
    fill(world, 3)
    snapshot = f"{world.directory}/snapshot"
    world.cluster.save_snapshot(snapshot)
    world.put("db/later", "10.9.9.9:5432")
    world.until_right()
    cluster = one.reader.list.cluster
    restore(world, one, snapshot, token="second")
    expect("connected to a different etcd cluster" in one.printed, "the log to say so")
    expect(one.reader.list.cluster != cluster, "the list to name the other cluster")


def restore(world, daemon, snapshot, token=None):
    """Ends etcd, restores it, and waits until the list is right."""
    daemon.reader.freeze()
    world.cluster.kill()
    world.until_state(daemon, "stale")
    world.cluster.restore_snapshot(snapshot, token)
    daemon.reader.thaw()
    with world.recovery():
        world.cluster.start()
        until(lambda: world.record("web/w1"), "registered", world.patience)
        world.until_right()


@scenario(bound=10)
def etcd_is_wiped(world):
    """The whole cluster loses everything and starts again under the same names; the others' endpoints stay
    for the hold time (3 s here); the time is from etcd's start"""
    one = world.start("one", {"web/w1": WEB}, hold=HOLD)
    fill(world, 3)
    busy(world)
    world.until_right()
    one.reader.freeze()
    world.cluster.kill()
    world.cluster.wipe()
    world.until_state(one, "stale")
    one.reader.thaw()
    with world.recovery():
        world.cluster.start()
        until(lambda: world.record("web/w1"), "registered", world.patience)
        world.until_right()


@scenario(bound=10)
def etcd_is_wiped_while_the_daemon_is_stopped(world):
    """The same, and the daemon is stopped meanwhile; the new history is longer than the old one, so that
    nothing but a new list can tell"""
    one = world.start("one", {"web/w1": WEB}, hold=HOLD)
    fill(world, 3)
    world.until_right()
    one.stop()
    world.cluster.kill()
    world.cluster.wipe()
    world.cluster.start()
    busy(world)
    world.put("db/new", "10.9.9.9:5432")
    with world.recovery():
        one.go_on()
        until(lambda: world.record("web/w1"), "registered", world.patience)
        world.until_right()


# An election, up to 5 s to the next attempt, and a turn as long as the absence.
@scenario(bound=20)
def a_member_that_lags_does_not_take_the_list_back(world):
    """A follower is cut off and misses many changes; it returns at the instant at which the daemon's own
    member is killed, and is the only one left to it"""
    lagging, mine, third = world.cluster.members
    world.cluster.lead(third)
    one = world.start("one", {"web/w1": WEB}, [mine.address])
    # The second daemon knows both: the one that leaves `mine` has the choice.
    two = world.start("two", {"web/w2": "10.0.0.2:80"}, [mine.address, lagging.address])
    until(lambda: world.member_of(two), "connected", world.patience)
    lagging.host.part_from_peers()
    until(lambda: world.member_of(two) is mine, "two has left the member that is cut off", 20)
    fill(world, 2000)
    world.delete("db/i0")
    world.until_right(one, two)
    with world.recovery():
        mine.kill()
        lagging.host.come_back()
        until(lambda: third.answers(), "a quorum", 10)
        world.put("db/last", "10.9.9.9:5432", through=third)
        world.until_lists(two, "db/last")
        world.until_right(two)
    mine.start(world.cluster.initial, world.cluster.token)
    world.until_lists(one, "db/last")


# The same: it was away for as long as it was cut off.
@scenario(bound=20)
def a_follower_that_is_cut_off_catches_up(world):
    """The only member that a daemon knows is cut off from the others, misses changes, and returns; the
    time is from its return"""
    mine = world.cluster.members[1]
    world.cluster.lead(world.cluster.members[0])
    one = world.start("one", {"web/w1": WEB}, [mine.address])
    world.until_right()
    mine.host.part_from_peers()
    world.until_state(one, "stale")
    one.reader.freeze()
    world.put_all({f"db/i{n}": f"10.1.1.{n}:80" for n in range(100)},
                  through=world.cluster.members[0])
    one.reader.thaw()
    with world.recovery():
        mine.host.come_back()
        world.until_lists(one, "db/i99")
        world.until_right()


def hosts_lose_their_leases(world, one):
    """Right after trouble with etcd five of six hosts lose their leases, and nobody said goodbye."""
    keys = {f"db/i{n}": f"10.1.1.{n}:5432" for n in range(5)}
    leases = [world.cluster.grant(60) for _ in keys]
    for (key, addr), lease in zip(keys.items(), leases):
        world.put(key, addr, lease)
    world.until_right()
    one.reader.always = one.reader.list.endpoints
    world.follower_of(one).kill()
    one.says("etcd connection lost", world.patience)
    for lease in leases:
        world.cluster.revoke(lease)
    one.says("most endpoints disappeared at once without deregistering", world.patience)
    return keys


@scenario(bound=1)
def most_hosts_lose_their_leases_and_return(world):
    """Most endpoints vanish at once after a lost connection, and are put back: no list lacks one; the time
    is from the return until the list is what etcd holds"""
    one = world.start("one", {"web/w1": WEB}, hold=10)
    for key, addr in hosts_lose_their_leases(world, one).items():
        world.put(key, addr)
    with world.recovery():
        world.until_right()


@scenario(bound=HOLD + 3)
def most_hosts_lose_their_leases_for_good(world):
    """The same, and they do not return: they are gone after the hold time (3 s here)"""
    one = world.start("one", {"web/w1": WEB}, hold=HOLD)
    with world.recovery():
        hosts_lose_their_leases(world, one)
        one.reader.always = frozenset({("web", "w1", WEB)})
        world.until_right()


@scenario(bound=1)
def every_endpoint_vanishes(world):
    """Every endpoint is deleted while `on_empty = "keep"`: the file stays, the log says why; the time is from
    the return of one until the list is right"""
    one = world.daemon("one", on_empty="keep")
    fill(world, 5)
    world.run(one)
    world.until_right()
    for number in range(4):
        world.delete(f"db/i{number}")
    world.until_right()
    one.reader.freeze()
    world.delete("db/i4")
    one.says("file not updated", world.patience)
    one.reader.thaw()
    with world.recovery():
        world.put("db/i9", "10.9.9.9:5432")
        world.until_right()


@scenario(bound=20)
def a_list_larger_than_a_message(world):
    """Thirty thousand endpoints, which no single message of etcd may carry: a daemon starts beside them,
    then its member is killed"""
    fill(world, 30_000)
    with world.recovery():
        one = world.start("one", {"web/w1": WEB})
    world.until_right()
    expect(len(one.reader.list.endpoints) == 30_001, "all to be listed")
    member = world.follower_of(one)
    with world.recovery():
        member.kill()
        world.put("db/last", "10.9.9.9:5432", through=world.cluster.others(member)[0])
        world.until_lists(one, "db/last")


@scenario(bound=5)
def a_mass_of_changes_while_a_member_dies(world):
    """A thousand changes and deletions, in the midst of which a member is killed; the time is from
    the last change"""
    drawn = random.Random(1)
    one = world.start("one", {"web/w1": WEB})
    two = world.start("two", {"web/w2": "10.0.0.2:80"})
    member = world.follower_of(one)
    other = world.cluster.others(member)[0]
    for number in range(1000):
        if number == 500:
            member.kill()
        key = f"db/i{drawn.randrange(200)}"
        if drawn.random() < 0.3:
            world.delete(key, through=other)
        else:
            world.put(key, f"10.1.{drawn.randrange(4)}.{drawn.randrange(250)}:80", through=other)
    with world.recovery():
        world.until_right(one, two)
    expect(one.reader.list.endpoints == two.reader.list.endpoints, "both lists to be the same")
