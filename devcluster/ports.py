"""Free loopback ports, below the range the kernel hands to outgoing connections, which could take a port between our
look and its use.
"""

import contextlib
import random
import socket

LOWEST, HIGHEST = 20_000, 32_000


def free_ports(count: int) -> list[int]:
    """Different ports that nobody listens on now; a caller that loses one to somebody else chooses again."""
    chosen: set[int] = set()
    while len(chosen) < count:
        port = random.SystemRandom().randrange(LOWEST, HIGHEST)
        with contextlib.suppress(OSError), socket.socket() as probe:
            probe.bind(("127.0.0.1", port))
            chosen.add(port)
    return sorted(chosen)
