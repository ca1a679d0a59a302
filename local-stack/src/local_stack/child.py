"""The last steps before a program starts: die with the parent, and never be root.

Runs as a script, standard library only, and then becomes the program (same pid):

    python -I -S child.py --parent PID --signal N [--user namespace|nobody] -- program …

`namespace` makes the process nobody inside a user namespace of its own while it stays root
outside: PostgreSQL, which refuses root, then works in directories that only root may enter.
`--probe` tells by its exit status whether this machine allows that.
"""

import argparse
import ctypes
import os
import pwd
import sys

_CLONE_NEWUSER = 0x10000000
_PR_SET_PDEATHSIG = 1


def become_nobody_in_a_namespace() -> None:
    """Become nobody in a user namespace of our own."""
    uid, gid = os.geteuid(), os.getegid()
    nobody = pwd.getpwnam("nobody")
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(_CLONE_NEWUSER) != 0:
        code = ctypes.get_errno()
        raise OSError(code, os.strerror(code))
    _write("/proc/self/setgroups", "deny")
    _write("/proc/self/uid_map", f"{nobody.pw_uid} {uid} 1")
    _write("/proc/self/gid_map", f"{nobody.pw_gid} {gid} 1")


def become_nobody() -> None:
    """Become nobody, as root can."""
    nobody = pwd.getpwnam("nobody")
    os.setgroups([])
    os.setgid(nobody.pw_gid)
    os.setuid(nobody.pw_uid)


def die_with(parent: int, signal: int) -> None:
    """From now on the kernel sends `signal` when the parent is gone, however it went."""
    if not sys.platform.startswith("linux"):
        return
    # After the change of user: the kernel forgets this setting when credentials change.
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal)
    if os.getppid() != parent:  # it went before we asked
        sys.exit(1)


def _write(path: str, text: str) -> None:
    with open(path, "w") as file:
        file.write(text)


def main() -> None:
    """Run the program as the arguments say: as which user, and no longer than its parent."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--parent", type=int, default=0)
    parser.add_argument("--signal", type=int, default=15)
    parser.add_argument("--user", choices=["same", "namespace", "nobody"], default="same")
    parser.add_argument("--probe", action="store_true")
    parser.add_argument("command", nargs="*")
    arguments = parser.parse_args()
    if arguments.probe:
        become_nobody_in_a_namespace()
        return
    if arguments.user == "namespace":
        become_nobody_in_a_namespace()
    elif arguments.user == "nobody":
        become_nobody()
    if arguments.parent:
        die_with(arguments.parent, arguments.signal)
    os.execvp(arguments.command[0], arguments.command)  # noqa: S606 (no shell wanted)


if __name__ == "__main__":
    main()
