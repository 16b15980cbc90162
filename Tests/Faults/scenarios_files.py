"""The files: whole whatever the disk does, right as soon as it can be, and the cause has its sentence."""
import os
import resource
import shutil
import signal
import stat
import threading

import network
from scenario import scenario
from strace import Strace
from waiting import expect, until

WEB, DB, MORE = "10.0.0.1:80", "10.0.0.2:5432", "10.0.0.3:6379"


def pure_reader(world, on_disk_of_its_own=False):
    """A daemon that registers nothing, beside one endpoint of another host."""
    one = world.daemon("one")
    if on_disk_of_its_own:
        network.run("mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", one.lists)
    world.put("web/w1", WEB)
    world.run(one)
    world.until_right()
    return one


def trouble(world, one, sentence, remedy, has_status=True):
    """A change cannot be written: the sentence is said, the old file stays, and the remedy helps."""
    world.put("db/d1", DB)
    one.says(sentence, world.patience)
    if has_status:
        until(lambda: one.status["outputs"][0]["status"] == "failed", "the status file says so",
              world.patience)
    expect(one.runs, "the daemon to live on")
    with world.recovery():
        remedy()
        world.until_right()
    expect(one.leftovers() == [], f"nothing left over, not {one.leftovers()}")


@scenario(bound=12)
def the_disk_is_full(world):
    """The disk is full; the time is from when there is room"""
    one = pure_reader(world, on_disk_of_its_own=True)
    one.reader.always = one.reader.list.endpoints
    filler = os.path.join(one.lists, "filler")
    with open(filler, "wb", buffering=0) as file:
        try:
            while True:
                file.write(b"x" * 1024)
        except OSError:
            pass
    trouble(world, one, "the disk is full; make room, it is retried", lambda: os.remove(filler))


@scenario(bound=12)
def the_file_system_becomes_read_only(world):
    """The file system is mounted read-only; the time is from when it is writable"""
    one = pure_reader(world, on_disk_of_its_own=True)
    one.reader.always = one.reader.list.endpoints
    network.run("mount", "-o", "remount,ro", one.lists)
    trouble(world, one, "writing is not permitted here; under systemd add ReadWritePaths=",
            lambda: network.run("mount", "-o", "remount,rw", one.lists))


@scenario(bound=12)
def the_directory_is_removed(world):
    """The directory is removed; the time is from when it is made again"""
    one = pure_reader(world)
    one.reader.may_be_absent = True
    shutil.rmtree(one.lists)
    trouble(world, one, f"the directory {one.lists} does not exist; create it",
            lambda: os.mkdir(one.lists))


@scenario(bound=11)
def the_file_is_deleted(world):
    """Somebody deletes the file, and nothing changes in etcd; it is looked at every ten seconds"""
    one = pure_reader(world)
    one.reader.may_be_absent = True
    with world.recovery():
        os.remove(one.list)
        until(lambda: os.path.exists(one.list), "the file is back", world.patience)
    expect("file deleted or changed by another program" in one.printed, "the log to say so")
    world.until_right()


def in_its_place(world, one, place, sentence):
    """Something else stands in the file's place; the time is from its removal."""
    other = one.list + ".other"
    one.reader.may_be_absent = True
    place(other)
    if not os.path.isdir(other):
        os.rename(other, one.list)
    else:
        os.remove(one.list)
        os.rename(other, one.list)
    kind = stat.S_IFMT(os.lstat(one.list).st_mode)

    def remove():
        expect(stat.S_IFMT(os.lstat(one.list).st_mode) == kind, "it to be left as it is")
        os.rmdir(one.list) if stat.S_ISDIR(kind) else os.remove(one.list)
    trouble(world, one, sentence, remove)


@scenario(bound=12)
def a_symbolic_link_in_the_files_place(world):
    """The file becomes a symbolic link, whose target must not be touched; the time is from its removal"""
    one = pure_reader(world)
    target = os.path.join(world.directory, "target")
    shutil.copy(one.list, target)
    before = os.stat(target)
    in_its_place(world, one, lambda path: os.symlink(target, path),
                 "this is a symbolic link, and only a regular file is replaced")
    after = os.stat(target)
    expect((before.st_ino, before.st_mtime_ns) == (after.st_ino, after.st_mtime_ns),
           "the target to be untouched")


@scenario(bound=12)
def a_directory_in_the_files_place(world):
    """The file becomes a directory; the time is from its removal"""
    one = pure_reader(world)
    in_its_place(world, one, os.mkdir, "this is a directory, and only a regular file is replaced")


@scenario(bound=12)
def a_device_in_the_files_place(world):
    """The file becomes a device; the time is from its removal"""
    one = pure_reader(world)
    in_its_place(world, one, lambda path: os.mknod(path, stat.S_IFCHR | 0o666, os.makedev(1, 3)),
                 "this is a device, a pipe or a socket, and only a regular file is replaced")


@scenario(bound=12)
def a_pipe_in_the_files_place(world):
    """The file becomes a pipe that nobody reads; the time is from its removal"""
    one = pure_reader(world)
    in_its_place(world, one, os.mkfifo,
                 "this is a device, a pipe or a socket, and only a regular file is replaced")


@scenario(bound=12)
def a_mount_in_the_files_place(world):
    """Another file is mounted over the file; the time is from when it is unmounted"""
    one = pure_reader(world)
    other = os.path.join(world.directory, "other")
    shutil.copy(one.list, other)
    network.run("mount", "--bind", other, one.list)
    trouble(world, one, "the file is a mount point and cannot be replaced; mount its directory instead",
            lambda: network.run("umount", one.list))


@scenario(bound=12)
def a_link_in_the_place_of_what_is_staged(world):
    """The directory in which files are staged becomes a link to a place of somebody else's, which must not be
    written to; the time is from its removal"""
    one = pure_reader(world)
    staging = os.path.join(one.lists, ".discoveryd")
    elsewhere = os.path.join(world.directory, "elsewhere")
    os.mkdir(elsewhere)
    shutil.rmtree(staging)
    os.symlink(elsewhere, staging)
    trouble(world, one, "a part of the path is a symbolic link or not a directory; use the real path",
            lambda: os.remove(staging))
    expect(os.listdir(elsewhere) == [], "nothing to be written there")


NOBODY = 65534


@scenario(bound=12)
def a_staging_directory_of_another_user(world):
    """The list's directory belongs to another user, who has made the directory in which files are staged and
    puts links to a file of ours in the place of what is staged: that file keeps its mode and its owner; the
    time is from the directory's removal"""
    one = pure_reader(world)
    secret = os.path.join(world.directory, "password")
    with open(secret, "w", opener=lambda path, flags: os.open(path, flags, 0o600)) as file:
        file.write("secret")
    staging = os.path.join(one.lists, ".discoveryd")
    shutil.rmtree(staging)
    for path in (one.lists, staging):
        if path == staging:
            os.mkdir(path)
        os.chown(path, NOBODY, NOBODY)
        os.chmod(path, 0o777)
    removed = threading.Event()

    def swap():
        while not removed.is_set():
            for name in os.listdir(staging) if os.path.isdir(staging) else []:
                path = os.path.join(staging, name)
                try:
                    os.symlink(secret, path + ".link")
                    os.rename(path + ".link", path)
                except OSError:
                    pass  # it has just been moved

    def remove():
        removed.set()
        swapping.join()
        shutil.rmtree(staging)
    swapping = threading.Thread(target=swap)
    swapping.start()
    trouble(world, one, f"belongs to another user, number {NOBODY}", remove)
    found = os.stat(secret)
    expect((stat.S_IMODE(found.st_mode), found.st_uid) == (0o600, os.geteuid()),
           f"the file to be as it was, not {stat.S_IMODE(found.st_mode):o}")


@scenario(bound=12)
def no_descriptor_is_left(world):
    """The daemon may not open one more file; the time is from when it may"""
    one = pure_reader(world)
    before = resource.prlimit(one.process.pid, resource.RLIMIT_NOFILE)
    resource.prlimit(one.process.pid, resource.RLIMIT_NOFILE, (3, before[1]))
    trouble(world, one, "Too many open files",
            lambda: resource.prlimit(one.process.pid, resource.RLIMIT_NOFILE, before),
            has_status=False)
    until(lambda: one.status["outputs"][0]["status"] == "current", "the status file is right",
          world.patience)


@scenario(bound=1)
def the_status_directory_is_removed(world):
    """The directory of the status file is removed: the list goes on"""
    one = pure_reader(world)
    shutil.rmtree(os.path.dirname(one.status_file))
    with world.recovery():
        world.put("db/d1", DB)
        world.until_right()
    expect(one.runs, "the daemon to live on")


@scenario(bound=2)
def a_storm_of_signals(world):
    """SIGHUP two hundred times a second while the list changes a few hundred times; the time is from the
    last change"""
    one = world.start("one", {"web/w1": WEB})
    one.reader.always = frozenset({("web", "w1", WEB)})
    calm = threading.Event()

    def storm():
        while not calm.wait(0.005):
            one.send(signal.SIGHUP)
    storming = threading.Thread(target=storm)
    storming.start()
    for number in range(400):
        world.put(f"db/i{number % 50}", f"10.1.{number >> 8}.{number & 255}:80")
    calm.set()
    storming.join()
    with world.recovery():
        world.until_right()
    expect("configuration reloaded" in one.printed, "reloads to have happened")
    expect(world.record("web/w1").version == 1, "the registration to be untouched")


@scenario(bound=5)
def killed_at_each_system_call_of_a_write(world):
    """The daemon is killed at each system call of the write path, one after the other: the old or the new
    file is there whole; the time is the longest that the next start took until the list was right
    and what was staged was gone"""
    one = pure_reader(world)
    with Strace(one) as trace:
        world.put("db/d0", DB)
        world.until_right()
        calls = trace.until_written()
    # What the write path is; a call that is missing here would be one that nobody tests.
    names = [name for name, _ in calls]
    expect(names.count("fsync") == 2 and {"openat", "mkdirat", "writev", "fchmod", "renameat",
           "close"} <= set(names), f"the calls of a write, not {names}")
    for number, (name, count) in enumerate(calls):
        before = one.reader.list.endpoints
        shutil.rmtree(os.path.join(one.lists, ".discoveryd"))
        with Strace(one, f"inject={name}:signal=SIGKILL:when={count}"):
            world.put("cache/c1", f"10.3.0.{number + 1}:6379")
            expect(one.ended() == -signal.SIGKILL, f"killed at {name}, time {count}")
        after = one.reader.list.endpoints
        expect(after in (before, world.in_etcd()), f"the old or the new list after {name}")
        with world.recovery():
            world.run(one)
            world.until_right()
            expect(one.leftovers() == [], f"nothing left over from {name}, not {one.leftovers()}")


@scenario(bound=5)
def killed_while_it_writes_its_status(world):
    """The daemon is killed in the midst of writing its status file; the next start leaves nothing of it"""
    one = pure_reader(world)
    member = world.follower_of(one)
    with Strace(one, "inject=renameat:signal=SIGKILL:when=1", path=one.status_file):
        member.kill()
        expect(one.ended() == -signal.SIGKILL, "killed at renameat")
    with world.recovery():
        world.run(one)
        world.until_right()
        world.until_state(one, "current")
    left = one.leftovers(os.path.dirname(one.status_file))
    expect(left == [], f"nothing left over, not {left}")
