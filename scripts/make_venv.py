"""Makes a virtual environment, also where Debian ships Python without ``venv``'s parts."""

import subprocess
import sys


def main() -> None:
    """Makes the environment in the folder that the argument names, or says what is missing."""
    folder = sys.argv[1]
    if sys.version_info < (3, 11):  # noqa: UP036
        sys.exit(f"Python 3.11 or newer is needed, this is {sys.version.split()[0]}: make PYTHON=python3.11 …")
    version = f"python{sys.version_info.major}.{sys.version_info.minor}-venv"
    try:
        import ensurepip  # noqa: F401, PLC0415
    except ImportError:
        subprocess.run(["scripts/system-packages", version], check=False)
    result = subprocess.run([sys.executable, "-m", "venv", folder], check=False)
    if result.returncode:
        sys.exit(f"no virtual environment could be made; on Debian: apt-get install {version}")


if __name__ == "__main__":
    main()
