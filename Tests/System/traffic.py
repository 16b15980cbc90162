#!/usr/bin/env python3
"""Steady traffic: 80 requests a second from eight clients, a connection each, until the file appears.
Prints "REQUESTS FAILED SLOWEST_MS WHAT": failed is what is no 200, an error of the connection included.

    traffic.py PORT FILE_THAT_ENDS_IT
"""
import collections, http.client, os, sys, threading, time

port, end = int(sys.argv[1]), sys.argv[2]
seen, slowest, lock = collections.Counter(), 0.0, threading.Lock()


def ask():
    client = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    try:
        client.request("GET", "/", headers={"Connection": "close"})
        answer = client.getresponse()
        answer.read()
        return str(answer.status)
    except (OSError, http.client.HTTPException) as error:
        return type(error).__name__
    finally:
        client.close()


def run():
    global slowest
    due = time.monotonic()
    while not os.path.exists(end):
        began = time.monotonic()
        outcome = ask()
        took = time.monotonic() - began
        with lock:
            seen[outcome] += 1
            slowest = max(slowest, took)
        due = max(due + 0.1, time.monotonic())
        time.sleep(max(0, due - time.monotonic()))


threads = [threading.Thread(target=run) for _ in range(8)]
for thread in threads:
    thread.start()
    time.sleep(0.0125)
for thread in threads:
    thread.join()
failed = sum(count for outcome, count in seen.items() if outcome != "200")
print(sum(seen.values()), failed, round(slowest * 1000),
      ",".join(f"{outcome}:{count}" for outcome, count in sorted(seen.items())))
