"""Certificates in files, as administrators have them, made by openssl(1)."""
import os
import ssl
import time

import network

KEY = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]
DAY = 24 * 3600


class Certificate:
    """The files of a certificate and of its key, both PEM."""

    def __init__(self, directory, name):
        self.file = os.path.join(directory, f"{name}.pem")
        self.key_file = os.path.join(directory, f"{name}.key")


class Authority:
    """Signs certificates for servers and clients. Its own is in `file`."""

    def __init__(self, directory, name="ca"):
        self.directory, self.name = os.path.join(directory, name), name
        os.mkdir(self.directory)
        own = Certificate(self.directory, name)
        self.file, self._key = own.file, own.key_file
        network.run("openssl", "req", "-x509", *KEY, "-days", "30", "-subj", f"/CN={name}",
                    "-keyout", self._key, "-out", self.file)

    def issue(self, name, names=("IP:10.77.0.254",), seconds=10 * DAY):
        """Makes a certificate that is valid for so many seconds from now. It takes the place of the one
        that was made with the same name before: first the key, then what belongs to it."""
        new, old = Certificate(self.directory, f"{name}.new"), Certificate(self.directory, name)
        request, settings = (os.path.join(self.directory, f"{name}.{end}") for end in ("csr", "cnf"))
        network.run("openssl", "req", *KEY, "-subj", f"/CN={name}", "-keyout", new.key_file,
                    "-out", request)
        with open(settings, "w") as file:
            file.write(self._settings(name, names))
        now = time.time()
        network.run("openssl", "ca", "-batch", "-notext", "-config", settings, "-extensions", "leaf",
                    "-startdate", instant(now - 60), "-enddate", instant(now + seconds),
                    "-in", request, "-out", new.file)
        os.rename(new.key_file, old.key_file)
        os.rename(new.file, old.file)
        return old

    def twin(self, name, begin, end):
        """Makes another certificate of this authority's own name and key, valid from so many seconds from now
        until so many. Returns its file."""
        own = Certificate(self.directory, name)
        request, settings = (os.path.join(self.directory, f"{name}.{end}") for end in ("csr", "cnf"))
        network.run("openssl", "req", "-new", "-subj", f"/CN={self.name}", "-key", self._key,
                    "-out", request)
        with open(settings, "w") as file:
            file.write(self._settings(name, ("DNS:authority",)))
            file.write("[twin]\nbasicConstraints = critical, CA:TRUE\n")
        now = time.time()
        network.run("openssl", "ca", "-batch", "-notext", "-selfsign", "-config", settings,
                    "-keyfile", self._key, "-extensions", "twin", "-startdate", instant(now + begin),
                    "-enddate", instant(now + end), "-in", request, "-out", own.file)
        return own.file

    def client(self, name="suite"):
        """How the suite itself speaks to servers that show a certificate of this authority, under
        whatever name."""
        own = self.issue(name)
        context = ssl.create_default_context(cafile=self.file)
        context.check_hostname = False
        context.load_cert_chain(own.file, own.key_file)
        return context

    def _settings(self, name, names):
        index = os.path.join(self.directory, f"{name}.index")
        with open(index, "w"):
            pass  # openssl keeps count of what it signed, and wants to begin with something
        return f"""
            [ca]
            default_ca = all
            [all]
            database = {index}
            new_certs_dir = {self.directory}
            certificate = {self.file}
            private_key = {self._key}
            default_md = sha256
            policy = any
            rand_serial = yes
            unique_subject = no
            [any]
            commonName = supplied
            [leaf]
            subjectAltName = {",".join(names)}
            extendedKeyUsage = serverAuth, clientAuth
        """


def instant(seconds):
    """A time as openssl-ca(1) wants it."""
    return time.strftime("%Y%m%d%H%M%SZ", time.gmtime(seconds))
