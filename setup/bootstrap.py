"""Finds a Python that fits and hands over to the set-up.

Runs on any Python 3 that a machine may have, so that the message about a too old one is a sentence and not a
SyntaxError. It installs nothing and imports nothing but the standard library.

Order: FORMERR_PYTHON, the virtual environment that is there already, the Python that runs this file, then
python3.14 down to python3.11 on the PATH.

Exit codes: 10 no Python fits; otherwise those of `formerr_infra.local.install`.
"""

import os
import shutil
import subprocess
import sys

NEEDED = (3, 11)
KNOWN = (14, 13, 12, 11)
ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))


def version_of(python):
    """(major, minor) of an interpreter, or None where it does not run."""
    code = "import sys; print(sys.version_info[0], sys.version_info[1])"
    try:
        out = subprocess.check_output(
            [python, "-c", code], stderr=subprocess.DEVNULL, stdin=subprocess.DEVNULL
        )
        major, minor = out.decode("ascii").split()
        return int(major), int(minor)
    except (OSError, ValueError, subprocess.CalledProcessError):
        return None


def candidates():
    """(path, where it comes from), best first."""
    given = os.environ.get("FORMERR_PYTHON")
    if given:
        yield shutil.which(given) or given, "FORMERR_PYTHON"
        return
    yield os.path.join(ROOT, ".venv", "bin", "python"), "the virtual environment"
    yield sys.executable, "the Python that was called"
    for minor in KNOWN:
        found = shutil.which("python3.%d" % minor)
        if found:
            yield found, "the PATH"


def choose():
    """The first interpreter that fits, and what was looked at."""
    seen = []
    for python, where in candidates():
        if python == sys.executable:
            version = sys.version_info[:2]
        elif os.path.exists(python):
            version = version_of(python)
        else:
            version = None
        if version is None and where == "the virtual environment":
            continue
        if version is not None and version >= NEEDED:
            return python, seen
        said = "does not run" if version is None else "is Python %d.%d" % tuple(version)
        seen.append("  %s (%s) %s" % (python, where, said))
    return None, seen


def main():
    python, seen = choose()
    if python is None:
        sys.stderr.write(
            "Python %d.%d or newer is needed, and none was found:\n%s\n"
            "Install one (python3.11 of your distribution, or pyenv install 3.11), or name it:\n"
            "  FORMERR_PYTHON=/path/to/python3.11 make up\n" % (NEEDED[0], NEEDED[1], "\n".join(seen))
        )
        return 10
    environ = dict(os.environ)
    environ["PYTHONPATH"] = ROOT
    sys.stdout.flush()
    os.chdir(ROOT)
    os.execve(  # noqa: S606  (the interpreter that was chosen, no shell)
        python, [python, "-m", "formerr_infra.local.install"] + sys.argv[1:], environ
    )
    return 1


if __name__ == "__main__":
    sys.exit(main())
