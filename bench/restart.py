#!/usr/bin/env python3
"""restart.py SOCKET LOG COMMAND...: starts COMMAND (ipamd), waits until it is
ready, kills it with SIGKILL, starts it again at once, and prints
"MILLISECONDS STATUS ADDRESSES", separated by tabs: from the kill to the first answer of
/readyz, its HTTP status, and how many addresses ipamd has then. Leaves none running.
"""
import http.client
import json
import socket
import subprocess
import sys
import time

DEADLINE_S = 20


class Connection(http.client.HTTPConnection):
  """HTTP over a unix socket."""

  def __init__(self, path):
    super().__init__("ipamd", timeout=5)
    self.path = path

  def connect(self):
    self.sock = socket.socket(socket.AF_UNIX)
    self.sock.settimeout(5)
    self.sock.connect(self.path)


def ask(path, what):
  """The status and body of the answer; None while nobody listens."""
  connection = Connection(path)
  try:
    connection.request("GET", what)
    answer = connection.getresponse()
    return answer.status, answer.read()
  except (OSError, http.client.HTTPException):
    return None
  finally:
    connection.close()


def wait_until_ready(path):
  """The status of the first /readyz that is 200, or the last one's."""
  end = time.monotonic() + DEADLINE_S
  status = 0
  while time.monotonic() < end:
    answer = ask(path, "/readyz")
    if answer:
      status = answer[0]
    if status == 200:
      break
    time.sleep(0.0005)
  return status


def main():
  path, log, command = sys.argv[1], sys.argv[2], sys.argv[3:]
  with open(log, "ab") as out:
    first = subprocess.Popen(command, stdout=out, stderr=out)
    wait_until_ready(path)
    start = time.monotonic()
    first.kill()
    first.wait()
    again = subprocess.Popen(command, stdout=out, stderr=out)
    status = wait_until_ready(path)
    took = (time.monotonic() - start) * 1000
    pool = ask(path, "/v1/pool")
    again.kill()
    again.wait()
  addresses = len(json.loads(pool[1])["addresses"]) if pool else 0
  print(f"{took:.2f}\t{status}\t{addresses}")


if __name__ == "__main__":
  main()
