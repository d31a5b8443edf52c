"""Make the environment in .venv: once, with exactly the versions of the lock.

Runs on the reader's own Python before anything is installed, so it uses the standard library
alone. What was installed is remembered in .venv/.installed, with everything the result depends
on; while that agrees, a call costs a tenth of a second.

    python3 tools/install.py [--extras book,test] [--torch-index URL] [--this-python]
"""

import argparse
import hashlib
import importlib.util
import json
import platform
import shutil
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
STAMP = VENV / ".installed"
LOG = VENV / "install.log"
INPUTS = ("pyproject.toml", "constraints.txt")

LARGE_TORCH = (
    "pip takes PyTorch's public wheel, which for Linux brings CUDA: several GB. The CPU build is\n"
    "a tenth of that: name the index of CPU wheels that PyTorch's installation page gives,\n"
    "make env TORCH_INDEX=URL"
)


def missing(version, find_module, find_program, root):
    """One line that names what this machine lacks, with the remedy; None if nothing."""
    if version < (3, 11):
        return (
            f"Python 3.11 or newer is needed; {sys.executable} is {version[0]}.{version[1]}. "
            "Name a newer one: make env PYTHON=python3.11"
        )
    for module in ("venv", "ensurepip"):
        if not find_module(module):
            return (
                f"Python's module {module} is missing. "
                "Debian and Ubuntu: sudo apt install python3-venv"
            )
    if not find_program("git"):
        return "git is missing. Debian: sudo apt install git; macOS: xcode-select --install"
    for name in INPUTS:
        if not (root / name).is_file():
            return f"{name} is missing from {root}. Restore it: git checkout {name}"
    return None


def made_from(root):
    """What the environment depends on, beside its extras and its interpreter."""
    import tomllib  # not at the top: an older Python must get as far as the message above

    settings = tomllib.loads((root / INPUTS[0]).read_text(encoding="utf-8"))
    packaging = {key: settings[key] for key in ("build-system", "project")}
    digest = hashlib.sha256(json.dumps(packaging, sort_keys=True).encode())
    digest.update((root / INPUTS[1]).read_bytes())
    # A virtual environment cannot be moved: its scripts name their folder.
    return {"inputs": digest.hexdigest(), "folder": str(root)}


def interpreter():
    return f"{platform.python_version()} {sys.base_prefix}"


def is_usable(python):
    """Whether an environment that stands there, perhaps half made, can be completed."""
    ask = "import sys, pip, venv; sys.exit(sys.version_info < (3, 11))"
    return python.exists() and not subprocess.run([str(python), "-c", ask]).returncode


def names_package_sources(pip_settings):
    """Whether this machine's pip is already told where packages come from."""
    settings = ("index-url", "extra-index-url", "find-links", "no-index")
    return any(line.split("=")[0].endswith(settings) for line in pip_settings.splitlines())


def run_pip(*arguments):
    with LOG.open("a") as log:
        log.write("$ pip " + " ".join(arguments) + "\n")
        log.flush()
        return subprocess.run(
            [str(PYTHON), "-m", "pip", "--disable-pip-version-check", *arguments],
            cwd=ROOT,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
        ).returncode


def require_pip(*arguments):
    if run_pip(*arguments):
        print("\n".join(LOG.read_text(errors="replace").splitlines()[-15:]))
        sys.exit(
            f"Installing failed; the whole log is {LOG.relative_to(ROOT)}. "
            "Mend what it names and run the command again: it goes on from there."
        )


def install(extras, *, anew, torch_index):
    if anew and subprocess.run([sys.executable, "-m", "venv", "--clear", str(VENV)]).returncode:
        sys.exit(f"The virtual environment could not be made in {VENV}; see the lines above.")
    LOG.write_text("")
    settings = subprocess.run(
        [str(PYTHON), "-m", "pip", "config", "list"], capture_output=True, text=True
    ).stdout
    if torch_index:
        only_torch = ("--no-deps", "--index-url", torch_index, "torch")
        require_pip("install", "-c", "constraints.txt", *only_torch)
    elif sys.platform == "linux" and not names_package_sources(settings):
        print(LARGE_TORCH)
    require_pip("install", "-c", "constraints.txt", "-e", f".[{','.join(extras)}]")
    require_pip("check")


def main():
    parser = argparse.ArgumentParser(description="Make the environment in .venv.")
    parser.add_argument("--extras", default="book,test", help="extras of pyproject.toml")
    parser.add_argument("--torch-index", default="", help="where pip finds PyTorch's wheels")
    parser.add_argument(
        "--this-python", action="store_true", help="remake what another Python made"
    )
    options = parser.parse_args()

    lack = missing(sys.version_info[:2], importlib.util.find_spec, shutil.which, ROOT)
    if lack:
        sys.exit(lack)
    wanted = made_from(ROOT)
    made = json.loads(STAMP.read_text()) if STAMP.is_file() else {}
    present, asked = set(made.pop("extras", [])), set(options.extras.split(","))
    maker = made.pop("interpreter", interpreter())
    another = options.this_python and maker != interpreter()
    if PYTHON.exists() and made == wanted and asked <= present and not another:
        return

    print("Making the environment in .venv (2 to 5 minutes; 2 GB, or 6 with CUDA) ...", flush=True)
    start = time.monotonic()
    moved = bool(made) and made.get("folder") != wanted["folder"]
    anew = another or moved or not is_usable(PYTHON)
    STAMP.unlink(missing_ok=True)
    install(sorted(asked | present), anew=anew, torch_index=options.torch_index)
    stamp = {
        **wanted,
        "interpreter": interpreter() if anew else maker,
        "extras": sorted(asked | present),
    }
    STAMP.write_text(json.dumps(stamp, indent=1) + "\n")
    print(f"The environment is ready ({time.monotonic() - start:.0f} s).")


if __name__ == "__main__":
    main()
