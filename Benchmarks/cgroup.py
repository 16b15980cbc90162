"""A control group that limits the memory of a program, of version 1 or 2."""
import contextlib
import os
import time

V1, V2 = "/sys/fs/cgroup/memory", "/sys/fs/cgroup"


def open_group(limit):
    """A group with this limit in bytes, or one that limits nothing where none can be made."""
    name = f"discoveryd-benchmark-{os.getpid()}"
    for kind, root in [(GroupV1, V1), (GroupV2, V2)]:
        if os.path.exists(os.path.join(root, kind.PROOF)):
            with contextlib.suppress(OSError):
                return kind(os.path.join(root, name), limit)
    return NoGroup()


class NoGroup:
    """No limit: a program's peak is measured and nothing kills it."""
    limits = False

    def wrap(self, command):
        return command

    def usage(self):
        return 0

    def kills(self):
        return 0

    def close(self):
        pass


class Group:
    """What both versions have in common."""
    limits = True

    def __init__(self, path, limit):
        self.path = path
        os.mkdir(path)
        try:
            self.limit(limit)
        except OSError:
            os.rmdir(path)
            raise

    def wrap(self, command):
        """The command as one that puts itself into the group first."""
        return ["sh", "-c", f'echo $$ > {self.path}/cgroup.procs && exec "$@"', "sh", *command]

    def close(self):
        deadline = time.monotonic() + 10
        while True:
            try:
                return os.rmdir(self.path)
            except OSError:  # a process is still on its way out
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.1)

    def limit(self, limit):
        raise NotImplementedError

    def write(self, name, value):
        with open(os.path.join(self.path, name), "w") as file:
            file.write(str(value))

    def number(self, name, word=None):
        """The number in a file, or behind a word in it."""
        with open(os.path.join(self.path, name)) as file:
            for line in file:
                if word is None or line.split()[0] == word:
                    return int(line.split()[-1])
        return 0


class GroupV1(Group):
    PROOF = "memory.limit_in_bytes"

    def limit(self, limit):
        self.write("memory.limit_in_bytes", limit)
        with contextlib.suppress(OSError):  # where swap is accounted for
            self.write("memory.memsw.limit_in_bytes", limit)

    def usage(self):
        return self.number("memory.usage_in_bytes")

    def kills(self):
        return self.number("memory.oom_control", "oom_kill")


class GroupV2(Group):
    PROOF = "cgroup.controllers"

    def limit(self, limit):
        if not os.path.exists(os.path.join(self.path, "memory.max")):
            with open(os.path.join(V2, "cgroup.subtree_control"), "w") as file:
                file.write("+memory")
        self.write("memory.max", limit)
        with contextlib.suppress(OSError):  # where swap is accounted for
            self.write("memory.swap.max", 0)

    def usage(self):
        return self.number("memory.current")

    def kills(self):
        return self.number("memory.events", "oom_kill")
