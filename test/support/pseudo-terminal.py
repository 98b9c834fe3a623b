"""A command in a pseudo-terminal of ROWS x COLUMNS, in a process group of its own as a shell has it: what comes on the standard input
is typed there, what is drawn there goes to the standard output. Descriptor 3 is told, a line of JSON each: the process id of the
command, its code when it has ended, and once the standard input has ended the modes of the terminal before and now."""

import fcntl
import json
import os
import pty
import select
import signal
import struct
import sys
import termios


def modes(fd):
    return [
        [value.decode("latin-1") if isinstance(value, bytes) else value for value in part]
        if isinstance(part, list)
        else part
        for part in termios.tcgetattr(fd)
    ]


def main():
    rows, columns, *command = sys.argv[1:]
    master, slave = pty.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", int(rows), int(columns), 0, 0))
    before = modes(slave)
    # As long as we have this end, the leader of the session lives and with it the session.
    staying, stay = os.pipe()
    leader = os.fork()
    if leader == 0:
        os.close(master)
        os.close(stay)
        lead(slave, command)
        os.read(staying, 1)
        os._exit(0)
    relay(master)
    tell({"before": before, "after": modes(slave)})


def lead(slave, command):
    """What a shell does to run a command in its foreground."""
    os.setsid()
    fcntl.ioctl(slave, termios.TIOCSCTTY, 0)
    signal.signal(signal.SIGTTOU, signal.SIG_IGN)
    pid = os.fork()
    if pid == 0:
        os.setpgid(0, 0)
        os.tcsetpgrp(slave, os.getpid())
        signal.signal(signal.SIGTTOU, signal.SIG_DFL)
        for fd in (0, 1, 2):
            os.dup2(slave, fd)
        os.closerange(3, 64)
        os.execvp(command[0], command)
    tell({"pid": pid})
    _, status = os.waitpid(pid, 0)
    os.tcsetpgrp(slave, os.getpid())
    tell({"code": os.waitstatus_to_exitcode(status)})


def relay(master):
    """Until nothing more is typed, and all that was drawn was passed on."""
    typing = True
    while True:
        ready, _, _ = select.select([0, master] if typing else [master], [], [], 0.05)
        if typing and 0 in ready:
            typed = os.read(0, 4096)
            typing = bool(typed)
            os.write(master, typed)
        if master in ready:
            os.write(1, os.read(master, 65536))
        elif not typing:
            return


def tell(fact):
    os.write(3, (json.dumps(fact) + "\n").encode())


main()
