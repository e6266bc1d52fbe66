"""The `trustdir` command: the same program as the native one, started by Python."""

import signal
import sys

from trustdir._trustdir import main_from


def main() -> int:
    """Runs the command with the arguments of this process and returns its exit status."""
    # Python's handler only leaves a note for the interpreter, which does not run before the command returns.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    return main_from(["trustdir", *sys.argv[1:]])


if __name__ == "__main__":
    sys.exit(main())
