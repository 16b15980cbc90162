"""The members of etcd, and the way to them."""
import socket
import threading
import time

import network
from scenario import scenario
from waiting import Failed, expect, until

WEB, DB = "10.0.0.1:80", "10.0.0.2:5432"


def loses_its_member(world, lose, of_leader=False):
    """The daemon's member is lost; a change through another one has to arrive."""
    one = world.start("one", {"web/w1": WEB})
    one.reader.always = frozenset({("web", "w1", WEB)})
    member = world.member_of(one)
    if of_leader:
        world.cluster.lead(member)
    else:
        world.follower_of(one)
    others = world.cluster.others(member)
    with world.recovery():
        lose(member)
        if of_leader:
            until(lambda: any(other.answers() for other in others), "a new leader", world.patience)
        world.put("db/d1", DB, through=others[0])
        world.until_lists(one, "db/d1")
    expect(world.member_of(one) is not member, "the daemon to name another member in its status")
    return one


def starts_beside(world, lose):
    """A member is lost before the daemon starts, and is the first one that it tries."""
    lost = world.cluster.members[2]
    world.cluster.lead(world.cluster.members[0])
    lose(lost)
    # Which one is tried first is drawn; a start that did not try the lost one proves nothing.
    for attempt in range(12):
        one = world.daemon(f"one-{attempt}", {"web/w1": WEB},
                           [lost.address, world.cluster.members[0].address])
        with world.recovery():
            world.run(one)
        if "connection to etcd failed" in one.printed:
            return
        expect(one.terminate() == 0, "a clean end")
    raise Failed("twelve starts, and none tried the lost member first")


def ends_beside(world, daemon):
    """SIGTERM ends the daemon in time, with a clean exit status."""
    with world.recovery():
        status = daemon.terminate(within=world.patience)
    expect(status == 0, f"exit status 0, not {status}")


@scenario(bound=1)
def a_killed_member_is_left(world):
    """A member is killed"""
    loses_its_member(world, lambda member: member.kill())


@scenario(bound=5)
def a_killed_leader_is_left(world):
    """The member that leads is killed; the others elect another one"""
    loses_its_member(world, lambda member: member.kill(), of_leader=True)


@scenario(bound=5)
def a_stopped_member_is_left(world):
    """A member is stopped in mid-stream; its kernel still answers TCP"""
    loses_its_member(world, lambda member: member.stop())


@scenario(bound=5)
def a_stopped_member_is_passed_over_at_start(world):
    """A member that is stopped is the first one tried at the start"""
    starts_beside(world, lambda member: member.stop())


@scenario(bound=5)
def a_member_whose_packets_vanish_is_left(world):
    """All packets from and to a member vanish in mid-stream"""
    loses_its_member(world, lambda member: member.host.vanish())


@scenario(bound=5)
def a_member_whose_packets_vanish_is_passed_over_at_start(world):
    """A member whose packets vanish is the first one tried at the start"""
    starts_beside(world, lambda member: member.host.vanish())


@scenario(bound=5, members=5)
def two_of_five_members_vanish_each_with_two_addresses(world):
    """Two of five members vanish, each named by an IPv4 and an IPv6 address, and the four stand before the next
    one that serves: found within the 5 s of `dial_timeout`; the time is from the loss of the connection"""
    first, last, *lost, _ = world.cluster.members
    world.cluster.lead(world.cluster.members[4])
    for member in lost:
        member.host.vanish()
    last.host.refuse_clients()
    world.patience = 40
    one = world.daemon("one", {"web/w1": WEB}, [
        first.address, *(address for member in lost for address in (member.address, member.address_6)),
        last.address])
    one.start()
    one.wait_ready(world.patience)
    expect(world.member_of(one) is first, "the first to serve")
    last.host.come_back()
    until(last.answers, "the last one serves", world.patience)
    first.host.refuse_clients()
    one.says("etcd connection lost", world.patience)
    with world.recovery():
        world.put("db/d1", DB, through=last)
        world.until_lists(one, "db/d1")


@scenario(bound=10)
def a_member_without_quorum_is_left(world):
    """A member hears no more from the other members, and still answers its clients"""
    loses_its_member(world, lambda member: member.host.part_from_peers())


@scenario(bound=8)
def a_network_that_flaps(world):
    """Ten times all packets vanish for 0.7 s and pass for 0.7 s, with a time to live of 5 s: no registration
    ends; the time is from the last return until a change arrives"""
    one = world.start("one", {"web/w1": WEB}, ttl=5)
    looker = world.start("looker")
    world.until_right()
    for daemon in (one, looker):
        daemon.reader.always = daemon.reader.list.endpoints
    for _ in range(10):
        for member in world.cluster.members:
            member.host.vanish()
        time.sleep(0.7)  # the fault itself, here and below
        for member in world.cluster.members:
            member.host.come_back()
        time.sleep(0.7)
    with world.recovery():
        until(lambda: any(member.answers() for member in world.cluster.members), "etcd", world.patience)
        world.put("db/d1", DB)
        for daemon in (one, looker):
            world.until_lists(daemon, "db/d1")
    expect(world.record("web/w1").version == 1, "the registration to be untouched")


@scenario(bound=10)
def all_members_away_for_longer_than_the_time_to_live(world):
    """No member can be reached for longer than the leases live: the files stay untouched; the time is
    from the return of the members until all is registered again"""
    one = world.start("one", {"web/w1": WEB}, ttl=2)
    two = world.start("two", {"web/w2": DB}, ttl=2)
    world.until_right()
    for daemon in (one, two):
        daemon.reader.freeze()
    for member in world.cluster.members:
        member.host.vanish()
    for daemon in (one, two):
        world.until_state(daemon, "stale")
        daemon.says("the registrations may have expired", world.patience)
        expect(daemon.runs, f"{daemon.name} to live on")
    with world.recovery():
        for daemon in (one, two):
            daemon.reader.thaw()
        for member in world.cluster.members:
            member.host.come_back()
        until(lambda: any(member.answers() for member in world.cluster.members), "etcd", 10)
        until(lambda: world.record("web/w1") and world.record("web/w2"), "both are registered",
              world.patience)
        world.until_right()


@scenario(bound=10)
def a_start_without_etcd_waits_for_it(world):
    """The daemon starts before etcd does; the time is from the start of etcd"""
    world.cluster.kill()
    one = world.daemon("one", {"web/w1": WEB})
    one.start()
    one.says("connection to etcd failed", world.patience)
    with world.recovery():
        world.cluster.start()
        one.wait_ready(world.patience)
        world.until_right()


@scenario(bound=8)
def a_name_is_looked_up_anew(world):
    """The endpoint is a DNS name; its host dies, and the name is given to another one"""
    first, second = world.cluster.members[1:]
    world.cluster.lead(world.cluster.members[0])
    hosts = f"{world.directory}/hosts"
    with open(hosts, "w") as file:
        file.write(f"127.0.0.1 localhost\n{first.host.address} etcd.test\n")
    network.run("mount", "--bind", hosts, "/etc/hosts")
    one = world.start("one", {"web/w1": WEB}, [f"http://etcd.test:{network.CLIENTS}"])
    one.reader.always = frozenset({("web", "w1", WEB)})
    with world.recovery():
        first.kill()
        with open("/etc/hosts", "w") as file:
            file.write(f"127.0.0.1 localhost\n{second.host.address} etcd.test\n")
        world.put("db/d1", DB, through=second)
        world.until_lists(one, "db/d1")


@scenario(bound=1)
def an_ipv6_member_is_left_for_another(world):
    """All endpoints are IPv6 addresses, and a member is killed"""
    one = world.start("one", {"web/w1": WEB}, [member.address_6 for member in world.cluster.members])
    member = world.follower_of(one)
    with world.recovery():
        member.kill()
        world.put("db/d1", DB, through=world.cluster.others(member)[0])
        world.until_lists(one, "db/d1")


@scenario(bound=5)
def a_stop_while_connecting_ends(world):
    """SIGTERM while a connection attempt is under way and nobody answers"""
    one = world.start("one", {"web/w1": WEB})
    one.terminate()
    one.reader.freeze()
    for member in world.cluster.members:
        member.host.vanish()
    one.start()
    one.says("connection to etcd failed", world.patience)
    ends_beside(world, one)


@scenario(bound=5)
def a_stop_beside_a_stopped_member_ends(world):
    """SIGTERM at the instant at which the member in use is stopped"""
    one = world.start("one", {"web/w1": WEB})
    world.member_of(one).stop()
    ends_beside(world, one)


@scenario(bound=5)
def a_stop_beside_a_vanished_member_ends(world):
    """SIGTERM at the instant at which the packets of all members vanish"""
    one = world.start("one", {"web/w1": WEB})
    for member in world.cluster.members:
        member.host.vanish()
    ends_beside(world, one)


def impostor(port, answer):
    """Something that listens and is no etcd: says `answer` to everyone, and hangs up if it is empty."""
    listening = socket.create_server((network.HERE, port))

    def serve(talking):
        with talking:
            talking.recv(4096)
            while answer:
                talking.sendall(answer)
                if not talking.recv(4096):
                    return

    def accept():
        while True:
            threading.Thread(target=without_complaint, args=(serve, listening.accept()[0]),
                             daemon=True).start()
    threading.Thread(target=accept, daemon=True).start()
    return f"http://{network.HERE}:{port}"


def without_complaint(serve, talking):
    try:
        serve(talking)
    except OSError:
        pass  # the other side hung up


@scenario(bound=15)
def others_than_etcd_at_the_endpoints(world):
    """Three of four endpoints are not etcd: one hangs up, one talks HTTP/1.1, one talks nonsense; the member
    that serves is killed and started again"""
    impostors = [impostor(7001, b""), impostor(7002, b"HTTP/1.1 400 Bad Request\r\n\r\n"),
                 impostor(7003, bytes(range(256)) * 40)]
    member = world.cluster.members[1]
    world.cluster.lead(world.cluster.members[0])
    with world.recovery():
        one = world.start("one", {"web/w1": WEB}, [*impostors, member.address])
    member.kill()
    world.until_state(one, "stale")
    with world.recovery():
        world.cluster.start()
        world.put("db/d1", DB)
        world.until_lists(one, "db/d1")
    expect(one.printed.count("connection to etcd failed") < 20, "the log not to be flooded")


@scenario(bound=5)
def a_member_that_comes_and_goes(world):
    """The only member that a daemon knows is killed and started ten times, each time as soon as it has
    answered; the time is from the last start"""
    mine = world.cluster.members[1]
    world.cluster.lead(world.cluster.members[0])
    one = world.start("one", {"web/w1": WEB}, [mine.address])
    one.reader.always = frozenset({("web", "w1", WEB)})
    for _ in range(10):
        mine.kill()
        world.cluster.start([mine])
    with world.recovery():
        world.put("db/d1", DB)
        world.until_lists(one, "db/d1")
    expect(world.record("web/w1").version == 1, "the registration to be untouched")
