"""Installs what a job's code asks for into a virtual environment of the job's own, over the packages that the
interpreter of this script has, and then becomes the job's command.

usage: lockstep_install.py FOLDER FAILURE_FILE WORD_FOR_PIP... -- INTERPRETER ARGUMENT...
"""

import os
import subprocess
import sys
import sysconfig

# What is installed already counts for pip, which it would not with --target; nothing of the node is
# changed, which it would be with --prefix; .pth files work, and with them `-e`.


def main():
    folder, failure = sys.argv[1:3]
    end = sys.argv.index("--")
    wanted, command = sys.argv[3:end], sys.argv[end + 1:]
    try:
        python, packages = make(folder)
        install(python, wanted)
    except Exception as error:
        # One line, for the job's FailureReason.
        words = "InstallRequirementsError: %s" % error
        sys.stderr.write(words + "\n")
        with open(failure, "w") as out:
            out.write(words + "\n")
        sys.exit(1)
    environment = dict(os.environ)
    environment["VIRTUAL_ENV"] = folder
    environment["PATH"] = os.path.join(folder, "bin") + os.pathsep + environment.get("PATH", os.defpath)
    # For commands of the node that bring an interpreter of their own, such as torchrun.
    known = [environment[name] for name in ["PYTHONPATH"] if environment.get(name)]
    environment["PYTHONPATH"] = os.pathsep.join(known + [packages])
    os.execve(python, [python] + command[1:], environment)


def make(folder):
    """Makes the environment; returns its interpreter and its folder of packages."""
    try:
        import venv
        venv.EnvBuilder(system_site_packages=True, symlinks=True).create(folder)
    except (ImportError, OSError, subprocess.CalledProcessError) as error:
        raise RuntimeError("%s cannot make a virtual environment: %s" % (sys.executable, error))
    python = os.path.join(folder, "bin", "python")
    look = [python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"]
    packages = subprocess.check_output(look).decode().strip()
    # An interpreter that is in an environment itself: its packages are not the system's.
    above = dict.fromkeys(sysconfig.get_path(name) for name in ["purelib", "platlib"])
    if sys.prefix != sys.base_prefix:
        with open(os.path.join(packages, "lockstep_above.pth"), "w") as out:
            for path in above:
                out.write("import site; site.addsitedir(%r)\n" % path)
    return python, packages


def install(python, wanted):
    if not has(python, "pip"):
        made = subprocess.call([python, "-m", "ensurepip"], stdout=2)
        if made != 0:
            raise RuntimeError("%s has no pip to install with" % sys.executable)
    reason = run_pip(python, wanted)
    if reason is None:
        return
    # Building a package in isolation takes an index even where the tools for it are there.
    if is_local(wanted) and has(python, "setuptools"):
        sys.stderr.write("lockstep: once more, with the build tools of this node\n")
        if run_pip(python, ["--no-build-isolation"] + wanted) is None:
            return
    raise RuntimeError("pip could not install what the code's folder asks for: %s" % reason)


def is_local(wanted):
    """Whether something is to be built from a folder."""
    if "." in wanted:
        return True
    lines = []
    for name in wanted[wanted.index("-r") + 1:][:1]:
        with open(name, errors="replace") as text:
            lines = [line.strip() for line in text]
    return any(line.startswith(("-e", "--editable", ".", "/", "file:", "-r", "--requirement")) for line in lines)


def has(python, module):
    look = "import importlib.util, sys; sys.exit(importlib.util.find_spec(%r) is None)" % module
    return subprocess.call([python, "-c", look]) == 0


def run_pip(python, wanted):
    """Returns None, or why it failed."""
    words = [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    pip = subprocess.Popen(words + wanted, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    reason = last = "see the log"
    for line in pip.stdout:
        sys.stderr.buffer.write(line)
        sys.stderr.flush()
        text = line.decode(errors="replace").strip()
        # What git says of a repository that it cannot reach stands indented in pip's own words.
        for mark in ["ERROR: ", "fatal: "]:
            if text.startswith(mark):
                reason = text[len(mark):]
        last = text or last
    # What pip did not expect it tells with a traceback, whose last line says what it was.
    return None if pip.wait() == 0 else last if reason == "Exception:" else reason


main()
