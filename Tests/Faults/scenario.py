"""What a scenario is: a function, its promise, and the bound it is held to."""

SCENARIOS = {}


class Scenario:
    def __init__(self, function, bound, members, etcd_options, tls):
        self.function, self.name = function, function.__name__
        self.promise = " ".join(function.__doc__.split())
        self.group = function.__module__.removeprefix("scenarios_")
        self.bound, self.members, self.etcd_options = bound, members, etcd_options
        self.tls = tls


def scenario(bound, members=3, etcd_options=(), tls=False):
    """Marks a function as a scenario.

    `bound` is how many seconds it may take until all is right again, `members` the size of the
    cluster that stands ready when the function is called, `tls` whether it speaks TLS with its clients
    and wants their certificates. The docstring is the promise."""
    def add(function):
        SCENARIOS[function.__name__] = Scenario(function, bound, members, etcd_options, tls)
        return function
    return add
