"""The users of etcd and the certificates of TLS: whatever becomes void, the list stays and it goes on."""
import os
import time

import network
from certificates import DAY, Authority
from scenario import scenario
from scenarios_registering import until_back
from waiting import expect
from world import PREFIX

WEB, DB = "10.0.0.1:80", "10.0.0.2:5432"
USER, PASSWORD = "discoveryd", "correct-horse"
REFUSED = f"etcd rejected the user {USER}"
NAMELESS = "set username and password_file"
FORBIDDEN = f"user {USER} may not read services/"
UNWANTED = "the server rejected our certificate"
UNTRUSTED = "the server's certificate is not signed by an authority in ca_file"
LEFT_OUT = "ca_file: ignoring authorities that are not valid now"
SYSTEM_AUTHORITIES = "/etc/ssl/certs/ca-certificates.crt"
MOVED = "the TLS files have changed"


def replace(file, text):
    """Writes a file in the place of the one that is there, as a whole and for nobody else."""
    with open(os.open(file + ".new", os.O_WRONLY | os.O_CREAT, 0o600), "w") as new:
        new.write(text)
    os.rename(file + ".new", file)


def copy(file, to, add=False):
    """Replaces a file by what another one holds, or adds that to it."""
    texts = []
    for source in ([to] if add else []) + [file]:
        with open(source) as opened:
            texts.append(opened.read())
    replace(to, "".join(texts))


# ---- users

def write_password(world, password):
    """Returns the settings of the user."""
    file = os.path.join(world.directory, "password")
    replace(file, password + "\n")
    return {"username": USER, "password_file": file}


def add_user(world):
    """Returns the settings of a user who may do what a daemon has to; users are not on yet."""
    world.cluster.add_user(USER, PASSWORD, PREFIX)
    return write_password(world, PASSWORD)


def two_hosts(world, etcd):
    """One that registers, and one that only looks on."""
    one = world.start("one", {"web/w1": WEB}, etcd=etcd)
    looker = world.start("looker", etcd=etcd)
    world.until_right()
    return one, looker


def stays_listed(*daemons):
    """From now on no list may lack what the first daemon registers."""
    for daemon in daemons:
        daemon.reader.always = frozenset({("web", "w1", WEB)})


def expect_logins(world, most, before=0):
    logins = world.cluster.logins() - before
    expect(logins <= most, f"at most {most} logins, not {logins}")


def outlives_its_token(world, seconds):
    """So many seconds end every token. Then changes arrive, and a key that is deleted is put back."""
    etcd = add_user(world)
    world.cluster.switch_users_on()
    one, _ = two_hosts(world, etcd)
    for turn in range(2):
        time.sleep(seconds)  # this is the fault; etcd says nothing of it
        before = world.cluster.logins()
        with world.recovery():
            world.put("db/d1", f"10.0.0.2:{turn + 1}")
            world.delete("web/w1")
            until_back(world, one)
        expect_logins(world, 2, before)
    expect(len(world.cluster.leases()) == 1, "one lease")


# etcd looks once a second for tokens that nobody has used for their time.
@scenario(bound=5, etcd_options=["--auth-token=simple", "--auth-token-ttl=1"])
def the_token_times_out(world):
    """The token of each daemon times out, twice; then a change arrives, and the key, which is deleted, is put
    back: at most a login for each daemon"""
    outlives_its_token(world, 3)


@scenario(bound=5)
def the_signed_token_ends(world):
    """The same with signed tokens (`--auth-token jwt`), which end after 2 s"""
    key, public = (os.path.join(world.directory, name) for name in ("token.key", "token.pub"))
    network.run("openssl", "genrsa", "-out", key, "2048")
    network.run("openssl", "rsa", "-in", key, "-pubout", "-out", public)
    world.cluster.kill()
    world.cluster.wipe()
    for member in world.cluster.members:
        member.options.append(
            f"--auth-token=jwt,pub-key={public},priv-key={key},sign-method=RS256,ttl=2s")
    world.cluster.start()
    outlives_its_token(world, 3)


@scenario(bound=10)
def all_of_etcd_restarts_and_no_token_is_valid(world):
    """All of etcd is killed and started, which makes every token void: nobody is lost, and each of three
    daemons logs in twice at most; the time is from etcd's start"""
    etcd = add_user(world)
    world.cluster.switch_users_on()
    one, looker = two_hosts(world, etcd)
    two = world.start("two", {"web/w2": DB}, etcd=etcd)
    world.until_right()
    stays_listed(one, looker, two)
    world.cluster.kill()
    one.says("etcd connection lost", world.patience)
    with world.recovery():
        world.cluster.start()
        world.put("db/d1", DB)
        world.until_right()
    expect_logins(world, 6)
    expect(world.record("web/w1").version == 1, "the key to be the first one")


@scenario(bound=12)  # a pause after the refusal, then one until the list is asked for again
def the_password_is_changed(world):
    """The user's password is changed in etcd and the connection is lost: the file stays untouched; the time is
    from the change of the password file, which comes last"""
    etcd = add_user(world)
    world.cluster.switch_users_on()
    one = world.start("one", {"web/w1": WEB}, etcd=etcd)
    world.until_right()
    stays_listed(one)
    before = world.cluster.logins()
    member = world.follower_of(one)
    one.reader.freeze()
    world.cluster.change_password(USER, "other-horse")
    member.kill()
    one.says(REFUSED, world.patience)
    world.put("db/d1", DB)
    one.reader.thaw()
    with world.recovery():
        write_password(world, "other-horse")
        world.until_right()
    expect_logins(world, 4, before)
    expect(world.record("web/w1").version == 1, "the key to be the first one")
    for secret in (PASSWORD, "other-horse"):
        expect(secret not in one.printed, "no password in the log")


@scenario(bound=8)
def the_permission_is_taken_away(world):
    """The user may no longer read and write the prefix, and the connection is lost: the file stays untouched,
    the log says why once; the time is from when it is allowed again"""
    etcd = add_user(world)
    world.cluster.switch_users_on()
    one = world.start("one", {"web/w1": WEB}, etcd=etcd)
    world.until_right()
    stays_listed(one)
    member = world.follower_of(one)
    world.cluster.forbid(USER, PREFIX)
    one.reader.freeze()
    member.kill()
    one.says(FORBIDDEN, world.patience)
    world.put("db/d1", DB)
    before = world.cluster.logins()
    time.sleep(4)  # looked on for so long: what is promised is that nothing more is said
    said = one.printed.count(FORBIDDEN)
    expect(said == 1, f"one sentence about it, not {said}")
    expect_logins(world, 3, before)
    one.reader.thaw()
    with world.recovery():
        world.cluster.allow(USER, PREFIX)
        world.until_right()
    expect(world.record("web/w1").version == 1, "the key to be the first one")


@scenario(bound=6)
def users_are_switched_on_and_off(world):
    """Users are switched on, off and on again under a daemon that has one: each time a lost key is put back,
    and a change arrives after the loss of a member"""
    etcd = add_user(world)
    one = world.start("one", {"web/w1": WEB}, etcd=etcd)
    world.until_right()
    cluster = world.cluster
    for turn, switch in enumerate(
            (cluster.switch_users_on, cluster.switch_users_off, cluster.switch_users_on_again)):
        switch()
        with world.recovery():
            world.delete("web/w1")
            until_back(world, one)
        member = world.follower_of(one)
        with world.recovery():
            member.kill()
            world.put(f"db/d{turn}", DB)
            world.until_right()
        cluster.start()
    expect(one.printed.count("etcd connection lost") == 3, "no connection to be lost but by the kills")


@scenario(bound=8)
def users_are_switched_on_under_a_daemon_without_one(world):
    """Users are switched on under a daemon that has none, and the connection is lost: the file stays untouched,
    the log says once what to set; the time is from when they are off again"""
    add_user(world)
    one = world.start("one", {"web/w1": WEB})
    world.until_right()
    stays_listed(one)
    member = world.follower_of(one)
    one.reader.freeze()
    world.cluster.switch_users_on()
    member.kill()
    one.says(NAMELESS, world.patience)
    world.put("db/d1", DB)
    time.sleep(4)  # looked on for so long: what is promised is that nothing more is said
    said = one.printed.count(NAMELESS)
    expect(said == 1, f"one sentence about it, not {said}")
    one.reader.thaw()
    with world.recovery():
        world.cluster.switch_users_off()
        world.until_right()
    expect(world.record("web/w1").version == 1, "the key to be the first one")


# ---- certificates


def changes_after_a_kill(world, one):
    """A new connection is made, for which every certificate is looked at again; a change arrives."""
    member = world.follower_of(one)
    with world.recovery():
        member.kill()
        world.put("db/d1", DB)
        world.until_right()


def starts_past(world, bad, good, sentence, etcd):
    """A start that tries the bad endpoint first says the sentence and goes on to the good one."""
    one = world.daemon("one", {"web/w1": WEB}, [bad, good], etcd={**etcd, "order": "listed"})
    with world.recovery():
        world.run(one)
        world.until_right(one)
    said = one.printed.count(sentence)
    expect(said == 1, f"the sentence {sentence!r} once, not {said} times")


@scenario(bound=3, tls=True)
def all_certificates_are_replaced(world):
    """The certificates of the daemon and of all members are replaced in their files, 12 s before they end: no
    registration ends; after the end of the old ones a member is killed"""
    ends = time.monotonic() + 12
    for member in world.cluster.members:
        member.renew(seconds=12)
    one = world.start("one", {"web/w1": WEB}, ttl=2, etcd=world.certificate(seconds=12))
    looker = world.start("looker", etcd=world.certificate("looker"))
    world.until_right()
    stays_listed(one, looker)
    world.certificate()
    for member in world.cluster.members:
        member.renew()
    one.says(MOVED, within=12)
    expect(time.monotonic() < ends, "the new files to be used before the old certificate ends")
    time.sleep(max(0, ends + 1 - time.monotonic()))  # this is the fault: the old ones end
    changes_after_a_kill(world, one)
    expect(world.record("web/w1").version == 1, "the key to be the first one")
    expect("expired" not in one.printed, "nothing about an expired certificate")


@scenario(bound=3, tls=True)
def a_certificate_that_ends_within_seconds_is_renewed(world):
    """The daemon's certificate lives for 8 s and is renewed as soon as the log tells of its end, twice: each
    new one is used before the end of the old one, no registration ends; then a member is killed"""
    one = world.start("one", {"web/w1": WEB}, ttl=2, etcd=world.certificate(seconds=8))
    looker = world.start("looker", etcd=world.certificate("looker"))
    world.until_right()
    stays_listed(one, looker)
    for turn, seconds in enumerate((8, None)):
        one.says("cert_file: the client certificate expires on", within=8, times=turn + 1)
        world.certificate(seconds=seconds)
        one.says(MOVED, within=8, times=turn + 1)
    changes_after_a_kill(world, one)
    expect(world.record("web/w1").version == 1, "the key to be the first one")
    expect("expired" not in one.printed, "nothing about an expired certificate")


@scenario(bound=12, tls=True)
def a_certificate_ends_and_nobody_renews_it(world):
    """The daemon's certificate ends: said before and after, the connection stays. The connection is lost, and a
    second later there is a new certificate: no registration ends; the time is from there until all is right"""
    one = world.start("one", {"web/w1": WEB}, ttl=15, etcd=world.certificate(seconds=6))
    looker = world.start("looker", etcd=world.certificate("looker"))
    world.until_right()
    stays_listed(one, looker)
    one.says("cert_file: the client certificate expires on", within=8)
    one.says("(the connection continues with the files read before)", within=8)
    world.put("db/d0", DB)
    world.until_right()
    expect("etcd connection lost" not in one.printed, "the connection to stay")
    world.follower_of(one).kill()
    one.says("connection to etcd failed: cert_file: the certificate in", world.patience)
    time.sleep(1)  # this is the fault
    with world.recovery():
        world.certificate()
        world.put("db/d1", DB)
        world.until_right()
    expect(world.record("web/w1").version == 1, "the key to be the first one")


def keeps_its_connection(world, break_files, sentence):
    """`break_files` gets the settings of TLS and replaces files by ones that are whole, but no member agrees
    to. The sentence is said once, and the connection stays; so does the registration. Then they are mended."""
    etcd = world.certificate(seconds=18)  # a third of it is how long the files are not looked at
    etcd["ca_file"] = os.path.join(world.directory, "ca.pem")
    copy(world.authority.file, etcd["ca_file"])
    one = world.start("one", {"web/w1": WEB}, ttl=2, etcd=etcd)
    looker = world.start("looker", etcd=world.certificate("looker"))
    world.until_right()
    stays_listed(one, looker)
    break_files(etcd)
    one.says(sentence, within=10)
    expect("etcd connection lost" not in one.printed, "the connection to stay")
    with world.recovery():
        world.put("db/d0", DB)
        world.until_right()
    time.sleep(5)  # looked on for more than the time to live, and until after the next look
    expect(one.printed.count(sentence) == 1, "one sentence about it")
    expect("etcd connection lost" not in one.printed, "the connection to stay")
    copy(world.authority.file, etcd["ca_file"])
    world.certificate()
    one.says(MOVED, within=8)
    changes_after_a_kill(world, one)
    expect(world.record("web/w1").version == 1, "the key to be the first one")


@scenario(bound=3, tls=True)
def the_authority_is_replaced_by_a_wrong_one(world):
    """The file of authorities is replaced by one that does not fit the members: said once, the connection and
    the registration stay; the time is that of a change meanwhile, and of one after the file is mended and a
    member is killed"""
    def break_files(etcd):
        copy(Authority(world.directory, "wrong").file, etcd["ca_file"])
    keeps_its_connection(world, break_files, UNTRUSTED)


@scenario(bound=3, tls=True)
def the_certificate_is_replaced_by_one_that_members_refuse(world):
    """The same with the daemon's own certificate, of another authority than the members trust"""
    def break_files(etcd):
        other = Authority(world.directory, "wrong").issue("one", seconds=18)
        copy(other.key_file, etcd["key_file"])
        copy(other.file, etcd["cert_file"])
    keeps_its_connection(world, break_files, UNWANTED)


@scenario(bound=3, tls=True)
def the_authority_is_replaced_step_by_step(world):
    """Another authority is added to the file, all members get certificates of it, and the first one is taken
    out of the file: no registration ends; then a member is killed"""
    etcd = world.certificate(seconds=15)
    etcd["ca_file"] = os.path.join(world.directory, "ca.pem")
    copy(world.authority.file, etcd["ca_file"])
    one = world.start("one", {"web/w1": WEB}, ttl=2, etcd=etcd)
    world.until_right()
    stays_listed(one)
    second = Authority(world.directory, "second")
    world.cluster.trust(second)
    copy(second.file, etcd["ca_file"], add=True)
    one.says(MOVED, within=8)
    for member in world.cluster.members:
        old, new = member.renew(), member.renew(authority=second)
        copy(new.key_file, old.key_file)
        copy(new.file, old.file)
    copy(second.file, etcd["ca_file"])
    one.says(MOVED, within=8, times=2)
    world.certificate()
    changes_after_a_kill(world, one)
    expect(world.record("web/w1").version == 1, "the key to be the first one")
    expect("connection to etcd failed" not in one.printed, "every connection to be made at once")


@scenario(bound=3, tls=True)
def an_expired_authority_stands_before_its_renewed_twin(world):
    """An expired authority and one that is not valid yet stand in the file before the valid one of the same name
    and key: said once, and every connection is made at once; then a member is killed"""
    etcd = world.certificate()
    etcd["ca_file"] = os.path.join(world.directory, "ca.pem")
    copy(world.authority.twin("old", -2 * DAY, -DAY), etcd["ca_file"])
    copy(world.authority.twin("early", DAY, 2 * DAY), etcd["ca_file"], add=True)
    copy(world.authority.file, etcd["ca_file"], add=True)
    one = world.start("one", {"web/w1": WEB}, ttl=2, etcd=etcd)
    world.until_right()
    stays_listed(one)
    changes_after_a_kill(world, one)
    said = one.printed.count(LEFT_OUT)
    expect(said == 1, f"one sentence about it, not {said}")
    expect("connection to etcd failed" not in one.printed, "every connection to be made at once")


@scenario(bound=3, tls=True)
def the_system_trusts_an_expired_authority_before_its_renewed_twin(world):
    """The same in the system's file of authorities, without one of the configuration"""
    etcd = world.certificate()
    del etcd["ca_file"]
    bundle = os.path.join(world.directory, "bundle.pem")
    copy(SYSTEM_AUTHORITIES, bundle)
    copy(world.authority.twin("old", -2 * DAY, -DAY), bundle, add=True)
    copy(world.authority.file, bundle, add=True)
    network.run("mount", "--bind", bundle, SYSTEM_AUTHORITIES)  # seen in this box only
    one = world.start("one", {"web/w1": WEB}, ttl=2, etcd=etcd)
    world.until_right()
    stays_listed(one)
    changes_after_a_kill(world, one)
    expect("connection to etcd failed" not in one.printed, "every connection to be made at once")


@scenario(bound=3, tls=True)
def the_authority_ends_and_is_renewed(world):
    """The only authority in the file that signed the members' certificates ends: said at once, with what follows,
    and the connection and the registration stay. Its renewed twin is added: then a member is killed"""
    etcd = world.certificate()
    etcd["ca_file"] = os.path.join(world.directory, "ca.pem")
    copy(world.authority.twin("ending", -60, 8), etcd["ca_file"])
    copy(Authority(world.directory, "other").file, etcd["ca_file"], add=True)
    one = world.start("one", {"web/w1": WEB}, ttl=2, etcd=etcd)
    looker = world.start("looker", etcd=world.certificate("looker"))
    world.until_right()
    stays_listed(one, looker)
    one.says(LEFT_OUT, within=15)
    one.says("the authority that signed the server's certificate", within=5)
    with world.recovery():
        world.put("db/d0", DB)
        world.until_right()
    expect("etcd connection lost" not in one.printed, "the connection to stay")
    copy(world.authority.file, etcd["ca_file"], add=True)
    one.says(MOVED, within=10)
    changes_after_a_kill(world, one)
    expect(world.record("web/w1").version == 1, "the key to be the first one")


@scenario(bound=8, tls=True)
def a_start_with_a_wrong_authority(world):
    """A start with a file of authorities that does not fit the members: the log says so once for each; the time
    is from when the file is mended until all is right"""
    etcd = world.certificate()
    etcd["ca_file"] = os.path.join(world.directory, "ca.pem")
    copy(Authority(world.directory, "wrong").file, etcd["ca_file"])
    one = world.daemon("one", {"web/w1": WEB}, etcd=etcd)
    one.start()
    one.says(UNTRUSTED, world.patience, times=3)
    time.sleep(1)  # looked on through the next attempts: nothing more is said
    said = one.printed.count(UNTRUSTED)
    expect(said == 3, f"one sentence for each of three members, not {said}")
    with world.recovery():
        copy(world.authority.file, etcd["ca_file"])
        one.wait_ready(world.patience)
        world.until_right()


@scenario(bound=2, tls=True)
def a_member_with_a_certificate_for_another_name(world):
    """A member whose certificate is for another name is the first one tried at the start"""
    bad, good, _ = world.cluster.members
    bad.renew(names=("IP:10.77.0.99", "DNS:elsewhere"))
    starts_past(world, bad.address, good.address,
                f"the server's certificate is not for {bad.host.address}", world.certificate())


@scenario(bound=2, tls=True)
def an_endpoint_says_http_where_tls_is_spoken(world):
    """The endpoint tried first says http, and TLS is spoken there"""
    bad, good, _ = world.cluster.members
    starts_past(world, bad.address.replace("https", "http"), good.address,
                "write https://", world.certificate())


@scenario(bound=2)
def an_endpoint_says_https_where_tls_is_not_spoken(world):
    """The endpoint tried first says https, and no TLS is spoken there"""
    bad, good, _ = world.cluster.members
    starts_past(world, bad.address.replace("http", "https"), good.address,
                "write http://", {"ca_file": Authority(world.directory).file})
