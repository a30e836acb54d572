"""Has the allocator keep memory that large bodies and pictures need again, where it can be told so (glibc).

Else the buffers of each are mapped anew and given back, and the faults of their pages cost more than
all that is done with them.
ctypes is loaded once it is needed: a start need not wait for it.
"""

import os
import sys
from functools import cache
from pathlib import Path
from typing import Any

from novita_mock.settings import MIB

#: Of glibc's <malloc.h>: below this many bytes nothing is mapped by itself, and this much is kept unused.
_M_TRIM_THRESHOLD, _M_TOP_PAD, _M_MMAP_THRESHOLD, _M_ARENA_MAX = -1, -2, -3, -8
MAPPED_FROM, KEPT, PAD = 32 * MIB, 128 * MIB, 16 * MIB
#: Heaps that all threads share: with one for each thread, every one of them keeps what is unused in it, up to
#: several times of what is in use (measured).
ARENAS = 2
#: How much more than is in use may be held before it goes back, in bytes: what lies between blocks in use is
#: nobody's, and grows with every mixture of sizes.
SURPLUS = 64 * MIB


def keep_memory() -> bool:
    """Do so, for this process; whether it could be done."""
    if not sys.platform.startswith("linux"):
        return False
    try:
        mallopt = _c_library().mallopt
    except (OSError, AttributeError):  # another C library, musl for one
        return False
    wanted = (
        (_M_MMAP_THRESHOLD, MAPPED_FROM),
        (_M_TRIM_THRESHOLD, KEPT),
        (_M_TOP_PAD, PAD),
        (_M_ARENA_MAX, ARENAS),
    )
    told = [mallopt(option, value) for option, value in wanted]
    return told == [1] * len(wanted)


def give_back() -> None:
    """What is kept unused goes back to the system; only where ``keep_memory`` could be done."""
    _c_library().malloc_trim(0)


def give_back_surplus() -> None:
    """The same where much more is held than is in use."""
    try:
        held = int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
        tell = _c_library().mallinfo2
    except (OSError, AttributeError):  # no such system, or an older glibc
        return
    tell.restype = _told()
    told = tell()
    if held - told.uordblks - told.hblkhd > SURPLUS:
        give_back()


def _c_library() -> Any:  # Any: its functions are found by name
    import ctypes

    return ctypes.CDLL(None)


@cache
def _told() -> Any:  # Any: a structure whose fields are found by name
    """What mallinfo2 tells, in bytes and numbers of blocks."""
    import ctypes

    names = (
        "arena", "ordblks", "smblks", "hblks", "hblkhd", "usmblks", "fsmblks", "uordblks", "fordblks",
        "keepcost",
    )  # fmt: skip
    return type("Told", (ctypes.Structure,), {"_fields_": [(name, ctypes.c_size_t) for name in names]})
