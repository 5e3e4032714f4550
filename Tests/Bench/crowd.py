#!/usr/bin/env python3
"""Many readers of one Unix socket: crowd.py SOCKET HEARING DEAF. The deaf connect and never read.

Prints `ready` when all are connected; for each that hears, at the end of its stream, the digest of all that it heard.
"""

import hashlib
import selectors
import socket
import sys


def main():
    path, hearing, deaf = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])

    def connected() -> socket.socket:
        one = socket.socket(socket.AF_UNIX)
        one.connect(path)
        return one

    silent = [connected() for _ in range(deaf)]
    with selectors.DefaultSelector() as ready:
        for _ in range(hearing):
            ready.register(connected(), selectors.EVENT_READ, hashlib.sha256())
        print("ready", flush=True)
        while ready.get_map():
            for key, _ in ready.select():
                if chunk := key.fileobj.recv(1 << 18):
                    key.data.update(chunk)
                else:
                    ready.unregister(key.fileobj)
                    print(key.data.hexdigest(), flush=True)
    for one in silent:
        one.close()


if __name__ == "__main__":
    main()
