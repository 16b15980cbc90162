"""The programs in Go, built with Debian's packages."""
import os
import subprocess

HERE = os.path.dirname(os.path.abspath(__file__))
BUILT = os.path.join(HERE, "..", ".build", "benchmarks")


def build(name):
    """Builds the program in the directory of this name, and returns the path of its binary."""
    os.makedirs(BUILT, exist_ok=True)
    binary = os.path.abspath(os.path.join(BUILT, name))
    environment = {**os.environ, "GO111MODULE": "off", "GOPATH": "/usr/share/gocode"}
    if subprocess.run(["go", "build", "-o", binary, "."], cwd=os.path.join(HERE, name),
                      env=environment).returncode:
        raise SystemExit("go build failed; apt install golang-go golang-etcd-server-dev")
    return binary
