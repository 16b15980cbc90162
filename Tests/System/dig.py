#!/usr/bin/python3
"""What `dig +short @SERVER NAME` prints, where there is no dig: the IPv4 addresses of a name, sorted, a line each.

Without one it prints the code that the server answers with, as a comment; see RFC 1035, 4.1.
"""

import socket
import struct
import sys

server, name = sys.argv[-2].lstrip("@"), sys.argv[-1]
question = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
question.settimeout(2)
question.connect((server, 53))
labels = b"".join(bytes([len(label)]) + label.encode() for label in name.split("."))
question.send(struct.pack(">6H", 7, 0x100, 1, 0, 0, 0) + labels + struct.pack(">xHH", 1, 1))
reply = question.recv(4096)
code, count = reply[3] & 15, struct.unpack(">H", reply[6:8])[0]
place, found = 12 + len(labels) + 5, []
for _ in range(count):
    size = struct.unpack(">H", reply[place + 10:place + 12])[0]
    found.append(socket.inet_ntoa(reply[place + 12:place + 16]))
    place += 12 + size
print("\n".join(sorted(found)) or ("; NXDOMAIN" if code == 3 else f"; code {code}"))
