"""Has the allocator keep memory that large bodies and pictures need again, where it can be told so (glibc).

Else the buffers of each are mapped anew and given back, and the faults of their pages cost more than
all that is done with them.
"""

import ctypes
import sys

from novita_mock.settings import MIB

#: Of glibc's <malloc.h>: below this many bytes nothing is mapped by itself, and this much is kept unused.
_M_TRIM_THRESHOLD, _M_TOP_PAD, _M_MMAP_THRESHOLD = -1, -2, -3
MAPPED_FROM, KEPT, PAD = 32 * MIB, 128 * MIB, 16 * MIB


def keep_memory() -> bool:
    """Do so, for this process; whether it could be done."""
    if not sys.platform.startswith("linux"):
        return False
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (OSError, AttributeError):  # another C library, musl for one
        return False
    wanted = ((_M_MMAP_THRESHOLD, MAPPED_FROM), (_M_TRIM_THRESHOLD, KEPT), (_M_TOP_PAD, PAD))
    told = [mallopt(option, value) for option, value in wanted]
    return told == [1] * len(wanted)


def give_back() -> None:
    """What is kept unused goes back to the system; only where ``keep_memory`` could be done."""
    ctypes.CDLL(None).malloc_trim(0)
