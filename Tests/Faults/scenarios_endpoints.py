"""The members of etcd, and the way to them."""
from scenario import scenario


@scenario(bound=1)
def a_killed_member_is_left(world):
    """A member is killed: the daemon goes on with another one"""
    one = world.start("one", {"web/w1": "10.0.0.1:80"})
    member = world.follower_of(one)
    other = world.cluster.others(member)[0]
    with world.recovery():
        member.kill()
        world.put("db/d1", "10.0.0.2:5432", through=other)
        world.until_lists(one, "db/d1")


@scenario(bound=5)
def a_stopped_member_is_left(world):
    """A member is stopped in mid-stream, its kernel still answers TCP"""
    one = world.start("one", {"web/w1": "10.0.0.1:80"})
    member = world.follower_of(one)
    other = world.cluster.others(member)[0]
    with world.recovery():
        member.stop()
        world.put("db/d1", "10.0.0.2:5432", through=other)
        world.until_lists(one, "db/d1")


@scenario(bound=5)
def a_member_whose_packets_vanish_is_left(world):
    """All packets from and to a member vanish in mid-stream"""
    one = world.start("one", {"web/w1": "10.0.0.1:80"})
    member = world.follower_of(one)
    other = world.cluster.others(member)[0]
    with world.recovery():
        member.host.vanish()
        world.put("db/d1", "10.0.0.2:5432", through=other)
        world.until_lists(one, "db/d1")
