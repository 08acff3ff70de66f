"""sha256 of 1 GiB that is in memory: `N` times; prints seconds as JSON."""

import hashlib
import json
import sys
import time

BLOCK = bytes(1 << 20)
taken = []
for _ in range(int(sys.argv[1])):
    started, hasher = time.perf_counter(), hashlib.sha256()
    for _block in range(1 << 10):
        hasher.update(BLOCK)
    taken.append(time.perf_counter() - started)
print(json.dumps(taken))
